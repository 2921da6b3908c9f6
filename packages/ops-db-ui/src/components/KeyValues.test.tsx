import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { KeyValues } from "~/components/KeyValues";
import { State } from "~/components/State";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, show } from "~tests/show";

test("names and values belong together", async () => {
  await show(
    <KeyValues
      items={[
        ["size", "12.4 GB"],
        ["state", <State key="state" of="archived" />],
      ]}
    />,
  );
  await expect.element(page.getByText("12.4 GB")).toBeVisible();
  const pairs = [...document.querySelectorAll("dl > div")].map((pair) => [
    pair.querySelector("dt")?.textContent,
    pair.querySelector("dd")?.textContent,
  ]);
  expect(pairs).toEqual([
    ["size", "12.4 GB"],
    ["state", "archived"],
  ]);
  await expectAccessible();
});

test("hostile values are text inside a narrow window", async () => {
  await show(<KeyValues items={Object.entries(HOSTILE)} />, { width: "narrow" });
  await expect.element(page.getByText(HOSTILE.markup)).toBeVisible();
  await expect.element(page.getByText(HOSTILE.long)).toBeVisible();
  expectNoSidewaysScroll();
  expect(Reflect.get(window, "hit")).toBeUndefined();
});
