import { expect, test } from "vitest";
import { HELP_TITLES, helpPageOf } from "~/help/pages";
import { helpText } from "~/help/texts";

test.each([
  ["/", "overview"],
  ["/work", "work"],
  ["/work/ended/$kind", "work"],
  ["/errors/$id", "errors"],
  ["/observations", "observations"],
  ["/observations/$id", "observation"],
  ["/packages/$id", "package"],
  ["/staging/$id", "staging"],
  ["/places/locations/$name", "place"],
  ["/sign-in", "sign-in"],
  ["/help/$page", "overview"],
])("the page %s has the help text %s", (address, page) => {
  expect(helpPageOf(address)).toBe(page);
});

test.each(Object.entries(HELP_TITLES))(
  "the help text %s is titled %s and has sections",
  async (page, title) => {
    const text = await helpText(page);
    expect(text?.title).toBe(title);
    expect(text?.sections.length).toBeGreaterThan(1);
  },
);

test.each(["nothing", "../package", "constructor", ""])("there is no help text %j", async (page) => {
  expect(await helpText(page)).toBeNull();
});
