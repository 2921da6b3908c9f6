import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { LifeLine, type LifeStep } from "~/components/LifeLine";
import { stopClock } from "~tests/clock";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, setMedia, show } from "~tests/show";

const STEP: LifeStep = {
  id: "1",
  at: "2026-03-02T04:05:06Z",
  until: null,
  title: "Filed",
  detail: null,
  who: null,
  bytes: null,
  kind: "done",
  tone: "ok",
};

const LIFE: readonly LifeStep[] = [
  { ...STEP, id: "filed", who: "chai at fyst" },
  {
    ...STEP,
    id: "packaged",
    at: "2026-03-02T04:06:00Z",
    until: "2026-03-02T04:06:12Z",
    title: "Packaged",
    detail: "412 files",
    bytes: 12_400_000_000,
  },
  {
    ...STEP,
    id: "failed",
    at: "2026-03-02T05:00:00Z",
    until: "2026-03-02T05:00:30Z",
    title: "Transfer to cologne",
    detail: "connection lost",
    kind: "failure",
    tone: "act",
  },
  {
    ...STEP,
    id: "waited",
    at: "2026-03-02T05:00:30Z",
    until: "2026-03-02T08:00:30Z",
    title: "The route is in outage",
    kind: "wait",
    tone: "watch",
  },
  { ...STEP, id: "next", at: null, title: "Archive at ramses", kind: "next", tone: "unknown" },
];

test("says its figures in its name and lists every step", async () => {
  await show(<LifeLine steps={LIFE} />);
  await expect
    .element(
      page.getByRole("figure", {
        name: "Life line of 5 steps, over 3 h 55 min, 1 failed, last: The route is in outage, next: Archive at ramses",
      }),
    )
    .toBeVisible();
  await expect.element(page.getByRole("figure")).toMatchAriaInlineSnapshot(`
    - figure "Life line of 5 steps, over 3 h 55 min, 1 failed, last: The route is in outage, next: Archive at ramses":
      - list:
        - listitem:
          - paragraph:
            - time: 2026-03-02 04:05:06Z
          - paragraph: Filed
          - paragraph: chai at fyst
          - paragraph: 54 s later
        - listitem:
          - paragraph:
            - time: 04:06:00Z
          - paragraph: Packaged
          - paragraph: 12 s 12.4 GB 1.03 GB/s
          - paragraph: 412 files
          - paragraph: 53 min 48 s later
        - listitem:
          - paragraph:
            - time: 05:00:00Z
          - paragraph: "Failed: Transfer to cologne"
          - paragraph: 30 s
          - paragraph: connection lost
        - listitem:
          - paragraph:
            - time: 05:00:30Z
          - paragraph: "Waits: The route is in outage"
          - paragraph: 3 h
        - listitem:
          - paragraph: to come
          - paragraph: "Next: Archive at ramses"
  `);
  await expectAccessible();
});

test.each(["done", "wait", "failure", "now", "next"] as const)("a step of the kind %s", async (kind) => {
  const tone = ({ done: "ok", wait: "watch", failure: "act", now: "moving", next: "unknown" } as const)[kind];
  await show(<LifeLine steps={[{ ...STEP, kind, tone, at: kind === "next" ? null : STEP.at }]} />);
  await expect.element(page.getByRole("listitem")).toBeVisible();
  expect(document.querySelectorAll("figure li svg")).toHaveLength(2);
  await expectAccessible();
});

test("upright in a narrow window, with the times between steps as words", async () => {
  await show(<LifeLine steps={LIFE} />, { width: "narrow" });
  await expect.element(page.getByText("54 s later")).toBeVisible();
  const [first, second] = page.getByRole("listitem").elements();
  expect(second?.getBoundingClientRect().left).toBe(first?.getBoundingClientRect().left);
  expectNoSidewaysScroll();
});

test("across in a wide one", async () => {
  await show(<LifeLine steps={LIFE} />, { width: "wide" });
  await expect.element(page.getByText("Filed")).toBeVisible();
  const [first, second] = page.getByRole("listitem").elements();
  expect(second?.getBoundingClientRect().top).toBe(first?.getBoundingClientRect().top);
});

test("many steps go on in further rows, never to the side", async () => {
  const many = Array.from({ length: 40 }, (_, index) => ({
    ...STEP,
    id: `${index}`,
    title: `Step ${index}`,
  }));
  await show(<LifeLine steps={many} />);
  await expect.element(page.getByText("Step 39")).toBeVisible();
  expectNoSidewaysScroll();
});

test("what moves says how far it is, how fast, and when it ends", async () => {
  stopClock("2026-03-02T06:00:00Z");
  await show(
    <LifeLine
      steps={[
        {
          ...STEP,
          title: "Moving to cologne",
          kind: "now",
          tone: "moving",
          bytes: 1e9,
          total: 4e9,
          rate: 2e7,
          nextAt: "2026-03-02T06:02:30Z",
          subject: { type: "data_transfer", id: "7" },
        },
      ]}
    />,
  );
  const step = page.getByRole("listitem");
  await expect.element(step).toMatchTextContent(/25 %.*1\.00 GB of 4\.00 GB.*20\.0 MB\/s.*ends in 2 min/);
  await expect
    .element(step.getByRole("link", { name: "Moving to cologne" }))
    .toHaveAttribute("href", "/work/data-transfers/7");
  await expectAccessible();
});

test("without any step it says so in its name", async () => {
  await show(<LifeLine steps={[]} />);
  await expect.element(page.getByRole("figure", { name: "Life line of 0 steps" })).toBeInTheDocument();
});

test.each(Object.entries(HOSTILE))(
  "%s in every field is text inside a narrow window",
  async (_name, text) => {
    await show(<LifeLine steps={[{ ...STEP, title: text, detail: text, who: text }]} />, { width: "narrow" });
    await expect.element(page.getByRole("listitem")).toBeVisible();
    expect(page.getByRole("listitem").element().textContent?.split(text)).toHaveLength(4);
    expectNoSidewaysScroll();
    expect(Reflect.get(window, "hit")).toBeUndefined();
  },
);

test("with forced colours marks and line are drawn in the colours of the system", async () => {
  await setMedia("forced-colors", "active");
  await show(<LifeLine steps={LIFE} />);
  await expect.element(page.getByText("Filed")).toBeVisible();
  const mark = document.querySelector("figure li circle");
  expect(mark === null ? null : getComputedStyle(mark).fill).not.toBe("none");
  await setMedia("forced-colors", "none");
});
