import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { AT } from "~/pages/overview/nights.fixtures";
import { ALL, answerPages, PAGES } from "~/pages/pages.fixtures";
import { answer, answers } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectNoSidewaysScroll, HOSTILE, show } from "~tests/show";
import { withTexts } from "~tests/unknown";

beforeEach(() => {
  stopClock(AT);
  answerPages();
});

const EVERY = Object.entries(PAGES);
/** What `ccat` has no command for. */
const WITHOUT_CCAT: ReadonlySet<string> = new Set(["Work, one list", "ended work", "Errors", "Staging"]);

async function open(name: string, width: "narrow" | "normal" = "normal") {
  const [at, content] = PAGES[name] ?? expect.fail();
  const shown = await show(content, { at, me: ALL, width });
  await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect.poll(() => shown.cache.isFetching()).toBe(0);
  return shown;
}

test.each(EVERY.map(([name]) => name).filter((name) => name !== "the verdict beside a page"))(
  "%s can be copied as a line for curl, and for ccat where that can say it",
  async (name) => {
    await open(name);
    await page.getByRole("button", { name: "Copy as" }).first().click();
    await expect.element(page.getByRole("menuitem", { name: "curl" })).toBeVisible();
    expect(page.getByRole("menuitem", { name: "ccat" }).elements()).toHaveLength(
      WITHOUT_CCAT.has(name) ? 0 : 1,
    );
  },
);

const TEXT = `${HOSTILE.markup} ${HOSTILE.rightToLeft} ${HOSTILE.emoji} ${HOSTILE.long}`;

test.each(
  EVERY.flatMap(
    ([name]) =>
      [
        [name, "narrow"],
        [name, "normal"],
      ] as const,
  ),
)("hostile texts in whatever is answered stand on %s as text, %s", async (name, width) => {
  for (const [path, body] of answers()) answer(path, withTexts(path, body, TEXT) as never);
  const { unmount } = await open(name, width);
  if (name !== "the verdict beside a page" && name !== "Work") {
    await expect.element(page.getByText(HOSTILE.markup, { exact: false }).first()).toBeInTheDocument();
  }
  expect(document.querySelector("img[src=x]")).toBeNull();
  expect(document.body.textContent).not.toMatch(/defect/);
  expect(Reflect.get(window, "hit")).toBeUndefined();
  expectNoSidewaysScroll();
  await unmount();
});
