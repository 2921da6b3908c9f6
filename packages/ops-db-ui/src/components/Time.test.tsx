import { useEffect, useState } from "react";
import { expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { Time } from "~/components/Time";
import { setPreferences } from "~/preferences/preferences";
import { SiteTimeProvider } from "~/time/site";
import { answer } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectAccessible, HOSTILE, show } from "~tests/show";

const AT = "2026-03-02T04:05:06.789Z";
const OTHER = "2026-03-02T05:00:00Z";

function answerSite() {
  answer("/api/v1/site", { id: "fyst", name: "FYST" } as never);
  answerAny("/api/v1/sites/fyst", { time_zone: "America/Santiago" });
  answerAny("/api/v1/telescopes", { items: [{ longitude: -67.742 }], next_cursor: null });
}

/** A moment on a page that is left by a key. */
function Leaving() {
  const [isThere, setThere] = useState(true);
  useEffect(() => {
    const leave = () => setThere(false);
    document.addEventListener("keydown", leave);
    return () => document.removeEventListener("keydown", leave);
  }, []);
  return isThere ? <Time at={AT} /> : <p>left</p>;
}

const answerAny = answer as (path: string, body: unknown) => void;

test("shows UTC and names the moment for machines", async () => {
  await show(<Time at={AT} />);
  const time = page.getByText("2026-03-02 04:05:06Z");
  await expect.element(time).toHaveAttribute("datetime", "2026-03-02T04:05:06Z");
  await expectAccessible();
});

test("what is not known is a dash that is read as unknown", async () => {
  await show(<Time at={null} />);
  await expect.element(page.getByText("unknown")).toBeInTheDocument();
  await expectAccessible();
});

test("what is no time stands as it is", async () => {
  await show(<Time at={HOSTILE.markup} />);
  await expect.element(page.getByText(HOSTILE.markup)).toBeVisible();
});

test.each([
  ["site", "2026-03-02 01:05:06-03:00"],
  ["lst", "LST 10:14:00"],
  ["mjd", "MJD 61101.17022"],
] as const)("follows the preference for %s", async (time, words) => {
  answerSite();
  await show(
    <SiteTimeProvider>
      <Time at={AT} />
    </SiteTimeProvider>,
  );
  setPreferences({ time });
  await expect.element(page.getByText(words)).toBeVisible();
});

test("only the time of day where the day stands beside it", async () => {
  await show(<Time at={AT} brief />);
  await expect.element(page.getByText("04:05:06Z", { exact: true })).toBeVisible();
});

test("an age goes on by itself", async () => {
  stopClock(Date.parse(AT) + 5_000);
  await show(<Time at={AT} as="age" />);
  await expect.element(page.getByText("5 s ago")).toBeVisible();
  stopClock(Date.parse(AT) + 8_000);
  await expect.element(page.getByText("8 s ago")).toBeVisible();
});

test("hovering shows all forms", async () => {
  answerSite();
  await show(
    <SiteTimeProvider>
      <Time at={AT} />
    </SiteTimeProvider>,
  );
  await page.getByText("2026-03-02 04:05:06Z").hover();
  const hint = page.getByRole("tooltip");
  await expect.element(hint.getByText("2026-03-02 01:05:06-03:00")).toBeVisible();
  await expect.element(hint.getByText("10:14:00")).toBeVisible();
  await expect.element(hint.getByText("61101.17022")).toBeVisible();
  await expect.element(hint.getByText(/ago$/)).toBeVisible();
  await expectAccessible();
});

test("forms of the site are left out while nobody knows where it is", async () => {
  await show(<Time at={AT} />);
  await page.getByText("2026-03-02 04:05:06Z").click();
  const hint = page.getByRole("tooltip");
  await expect.element(hint.getByText("MJD")).toBeVisible();
  expect([...hint.element().querySelectorAll("dt")].map((name) => name.textContent)).toEqual([
    "UTC",
    "MJD",
    "age",
  ]);
});

test("the focus shows the hint and leaving takes it away", async () => {
  await show(<Time at={AT} />);
  await userEvent.tab();
  const hint = page.getByRole("tooltip");
  await expect.element(hint).toBeVisible();
  await expect.element(page.getByText("2026-03-02 04:05:06Z").first()).toBeVisible();
  await userEvent.tab();
  await expect.element(hint).not.toBeInTheDocument();
});

test("the hint describes what it belongs to", async () => {
  await show(<Time at={AT} />);
  const time = page.getByText("2026-03-02 04:05:06Z");
  const trigger = time.element().parentElement;
  await time.click();
  await expect.element(page.getByRole("tooltip")).toBeVisible();
  expect(trigger?.getAttribute("aria-describedby")).toBe(page.getByRole("tooltip").element().id);
});

test("Escape takes the hint away and nothing else", async () => {
  await show(<Time at={AT} />);
  await userEvent.tab();
  await expect.element(page.getByRole("tooltip")).toBeVisible();
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByRole("tooltip")).not.toBeInTheDocument();
  expect(document.activeElement?.textContent).toBe("2026-03-02 04:05:06Z");
});

test("a tap shows the hint, a second one takes it away", async () => {
  await show(<Time at={AT} />);
  const time = page.getByText("2026-03-02 04:05:06Z").element();
  const tap = () => time.dispatchEvent(new PointerEvent("click", { pointerType: "touch", bubbles: true }));
  tap();
  await expect.element(page.getByRole("tooltip")).toBeVisible();
  tap();
  await expect.element(page.getByRole("tooltip")).not.toBeInTheDocument();
});

test("a click after hovering leaves the hint open", async () => {
  await show(<Time at={AT} />);
  const time = page.getByText("2026-03-02 04:05:06Z");
  await time.hover();
  await expect.element(page.getByRole("tooltip")).toBeVisible();
  time
    .first()
    .element()
    .dispatchEvent(new PointerEvent("click", { pointerType: "mouse", bubbles: true }));
  await expect.element(page.getByRole("tooltip").getByText("MJD")).toBeVisible();
});

test("a press elsewhere takes the hint away", async () => {
  await show(
    <>
      <Time at={AT} />
      <p>elsewhere</p>
    </>,
  );
  await page.getByText("2026-03-02 04:05:06Z").click();
  await expect.element(page.getByRole("tooltip")).toBeVisible();
  await page.getByText("elsewhere").click();
  await expect.element(page.getByRole("tooltip")).not.toBeInTheDocument();
});

test("only one hint is open", async () => {
  await show(
    <>
      <Time at={AT} />
      <br />
      <br />
      <br />
      <br />
      <br />
      <br />
      <br />
      <br />
      <Time at={OTHER} />
    </>,
  );
  await page.getByText("2026-03-02 04:05:06Z").click();
  await page.getByText("2026-03-02 05:00:00Z").click();
  await expect.element(page.getByRole("tooltip").getByText("2026-03-02 05:00:00Z")).toBeVisible();
  expect(page.getByRole("tooltip").elements()).toHaveLength(1);
});

test("the pointer can go onto the hint, to mark and copy what stands there", async () => {
  await show(<Time at={AT} />);
  await page.getByText("2026-03-02 04:05:06Z").hover();
  const hint = page.getByRole("tooltip");
  await expect.element(hint).toBeVisible();
  await hint.hover();
  await expect.element(hint.getByText("MJD")).toBeVisible();
});

test("the hint goes with what it belongs to", async () => {
  await show(<Leaving />);
  await page.getByText("2026-03-02 04:05:06Z").click();
  await expect.element(page.getByRole("tooltip")).toBeVisible();
  await userEvent.keyboard("x");
  await expect.element(page.getByText("left")).toBeVisible();
  await expect.element(page.getByRole("tooltip")).not.toBeInTheDocument();
});

test("the hint stays inside a narrow window", async () => {
  await show(
    <div style={{ textAlign: "end" }}>
      <Time at={AT} />
    </div>,
    { width: "narrow" },
  );
  await page.getByText("2026-03-02 04:05:06Z").click();
  const hint = page.getByRole("tooltip");
  await expect.element(hint).toBeVisible();
  const { left, right } = hint.element().getBoundingClientRect();
  expect(left).toBeGreaterThanOrEqual(0);
  expect(right).toBeLessThanOrEqual(360);
});
