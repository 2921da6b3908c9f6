import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { HELP_TITLES } from "~/help/pages";
import { helpText } from "~/help/texts";
import { HelpArticle } from "~/pages/help/HelpPage";
import { expectAccessible, expectNoSidewaysScroll, show } from "~tests/show";

test.each(Object.entries(HELP_TITLES))(
  "%s is readable, leads to its sections and fits a narrow window",
  async (name, title) => {
    const text = await helpText(name);
    await show(<HelpArticle text={text} />, { width: "narrow" });
    await expect.element(page.getByRole("heading", { level: 1, name: title })).toBeVisible();
    const targets = [...document.querySelectorAll<HTMLAnchorElement>('nav a[href^="#"]')].map((link) =>
      link.hash.slice(1),
    );
    expect(targets.map((id) => document.getElementById(id)?.tagName)).toEqual(targets.map(() => "H2"));
    expectNoSidewaysScroll();
    await expectAccessible();
  },
);

test("a name without a text lists all that there are", async () => {
  await show(<HelpArticle text={null} />);
  await expect.element(page.getByRole("heading", { level: 1, name: "No such help text" })).toBeVisible();
  await expect
    .element(page.getByRole("link", { name: "Staging" }).first())
    .toHaveAttribute("href", "/help/staging");
});
