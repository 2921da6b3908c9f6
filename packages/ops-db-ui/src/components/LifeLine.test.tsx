import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { LifeLine, type LifeStep } from "~/components/LifeLine";
import { expectAccessible, show } from "~tests/show";

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
          - paragraph: 12 s · 12.4 GB · 1.03 GB/s
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
          - paragraph: not yet
          - paragraph: "Next: Archive at ramses"
  `);
  await expectAccessible();
});
