import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { AT } from "~/pages/overview/nights.fixtures";
import { ALL, answerPages, PAGES } from "~/pages/pages.fixtures";
import { answer, answers, requests } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { show } from "~tests/show";
import { vocabulariesOf, withUnknown } from "~tests/unknown";

beforeEach(() => {
  stopClock(AT);
  answerPages();
});
/** What a person must see of values that are new, by page. */
const SEEN: Readonly<Record<string, string>> = {
  Overview: "Attention.severity Turn FlowStep.step SignOfLife.what LocationType RecentEvent.action",
  "the verdict beside a page": "Verdict.level",
  Work: "Turn",
  "Work, opened": "Turn OpenWorkKind OpenWorkRow.status OpenWorkRow.reason",
  "Work, one list": "Turn OpenWorkKind OpenWorkRow.status OpenWorkRow.reason",
  work: "Turn Event.action ccat_ops_db__enumerations__Status DataTransferRow.error_category DataTransferRow.waiting_reason",
  "ended work": "ccat_ops_db__enumerations__Status",
  Errors: "Severity Error.category",
  "an error": "Event.action Severity Error.category Error.subject_type",
  Observations: "ExecutionStatus DataState ExecutionData.reason",
  "an observation": "Event.action ExecutionStatus Package.waiting_reason JobState",
  "a package":
    "PackageState LocationType PhysicalCopyStatus StepKind LifeStep.reason LifeStep.error_category Service.state",
  "a place": "Turn LocationType Event.action StorageType DeletionMode Service.state DeletionTrigger",
  Staging: "JobState",
  "a staging job": "JobState",
};

/** What a page says that cannot be drawn, or that says what nobody said. */
const FAULT = /defect|undefined/;

test.each(Object.entries(PAGES))("%s stands, whatever a newer API says", async (name, [address, content]) => {
  const expected = SEEN[name]?.split(" ") ?? expect.fail();
  const drawn = async (vocabulary?: string) => {
    const { cache, unmount } = await show(content, { at: address, me: ALL });
    await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect.poll(() => cache.isFetching(), OFTEN).toBe(0);
    if (vocabulary !== undefined) {
      await expect
        .poll(() => document.body.textContent, { ...OFTEN, message: vocabulary })
        .toMatch(/some.new.value/i);
    }
    const text = document.body.textContent;
    await unmount();
    return text;
  };
  expect(await drawn()).not.toMatch(FAULT);
  const asked = new Set(requests().map((request) => request.address.replace(/\?.*/, "")));
  const given = [...answers()].filter(([path]) => asked.has(path));
  const renew = (vocabularies: readonly string[]) => {
    for (const [path, body] of given) {
      answer(path, vocabularies.reduce((it, one) => withUnknown(path, it, one), body as unknown) as never);
    }
  };
  const vocabularies = [...new Set(given.flatMap(([path, body]) => vocabulariesOf(path, body)))];
  expect(vocabularies).toEqual(expect.arrayContaining(expected));
  const faults: string[] = [];
  for (const vocabulary of expected) {
    renew([vocabulary]);
    if (FAULT.test(await drawn(vocabulary))) faults.push(vocabulary);
  }
  // What nobody need see must not be in the way either: all of it at once.
  const others = vocabularies.filter((one) => !expected.includes(one));
  renew(others);
  if (FAULT.test(await drawn())) faults.push(others.join(" or "));
  expect(faults).toEqual([]);
});

const OFTEN = { interval: 20 };
