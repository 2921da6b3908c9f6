import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { Age } from "~/components/Age";
import { Time } from "~/components/Time";
import { greenNight } from "~/pages/overview/nights.fixtures";
import { Clock } from "~/shell/Clock";
import { LiveState } from "~/shell/LiveState";
import { Verdict } from "~/shell/Verdict";
import { atClock } from "~/time/now";
import { answer } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { show } from "~tests/show";

const RIGHT = "2026-03-02T06:00:00Z";
const HOUR = 3_600_000;
const YEAR = 8_766 * HOUR;

function at(difference: number) {
  stopClock(Date.parse(RIGHT) + difference);
}

test.each([
  ["hours ahead", 7 * HOUR],
  ["hours behind", -7 * HOUR],
  ["years ahead", 12 * YEAR],
  ["years behind", -56 * YEAR],
])("a browser whose clock is %s shows the times of the data centre", async (_, difference) => {
  at(difference);
  answer("/api/v1/status", { ...greenNight, at: RIGHT });
  await show(
    <>
      <Verdict />
      <LiveState />
      <Clock />
      <p>
        filed <Time at="2026-03-02T05:55:00Z" as="age" />
      </p>
      <p>
        next <Time at="2026-03-05T06:00:00Z" as="age" />
      </p>
      <Age of={{ dataUpdatedAt: Date.now() - 20_000 }} />
    </>,
  );
  await expect.element(page.getByText("filed 5 min ago")).toBeVisible();
  await expect.element(page.getByText("next in 3 d")).toBeVisible();
  await expect.element(page.getByText("06:00:00 UTC")).toBeVisible();
  await expect.element(page.getByText("20 s old")).toBeVisible();
  await expect.element(page.getByText("live", { exact: true })).toBeVisible();
  await expect.element(page.getByRole("link", { name: "Verdict: green. Overview" })).toBeVisible();
});

test("a clock that is wrong by seconds is left alone, as is one that answers are late for", async () => {
  at(40_000);
  answer("/api/v1/status", { ...greenNight, at: RIGHT });
  await show(<Verdict />);
  await expect.element(page.getByRole("link", { name: "Verdict: green. Overview" })).toBeVisible();
  expect(atClock(0).getTime()).toBe(0);
});

test("a time of the data centre that is none changes nothing", async () => {
  at(0);
  answer("/api/v1/status", { ...greenNight, at: "soon" });
  await show(<Verdict />);
  await expect.element(page.getByRole("link", { name: "Verdict: green. Overview" })).toBeVisible();
  expect(atClock(0).getTime()).toBe(0);
});
