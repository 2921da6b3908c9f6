import { expect, test } from "vitest";
import { copy, GIVEN_UP, PACKAGE, WAITING } from "~/pages/observations/observations.fixtures";
import { isThrough, stagesOf } from "~/pages/observations/stages";

const siteOf = (location: string) => location.split(".")[0];
const states = (of: typeof PACKAGE) => stagesOf(of, siteOf).map(({ id, state }) => `${id} ${state}`);

test("a package that passed everything is through, whatever its spare copies wait for", () => {
  expect(states(PACKAGE)).toEqual(["packaged done", "sent done", "archived done", "removed done"]);
  expect(isThrough(stagesOf(PACKAGE, siteOf))).toBe(true);
});

test("the first stage that is not passed says how it stands, and all after it come next", () => {
  expect(states(GIVEN_UP)).toEqual(["packaged failed", "sent next", "archived next", "removed next"]);
  expect(states(WAITING)).toEqual(["packaged done", "sent wait", "archived next", "removed next"]);
  const moving = { ...WAITING, state: "transferring", waiting_reason: null } as const;
  expect(states(moving)).toEqual(["packaged done", "sent now", "archived next", "removed next"]);
  expect(isThrough(stagesOf(moving, siteOf))).toBe(false);
});

test("a stage tells when it was passed and in which archives the package is", () => {
  const two = {
    ...PACKAGE,
    copies: [...PACKAGE.copies, copy("us.lta", "long_term_archive", "verified", "2026-11-30T03:00:00Z")],
  };
  const [packaged, sent, archived] = stagesOf(two, siteOf);
  expect(packaged?.at).toBe(PACKAGE.sealed_at);
  expect(sent?.at).toBe("2026-11-30T01:54:41Z");
  expect(archived).toMatchObject({ at: "2026-11-30T03:00:00Z", note: "cologne.lta, us.lta" });
});

test("a copy that is missing or corrupt is not there", () => {
  const lost = {
    ...WAITING,
    copies: [...WAITING.copies, copy("cologne.input-buffer", "buffer", "corrupt", null)],
  };
  expect(states(lost)).toContain("sent wait");
});

test("files that are still at the source are not removed, though the package is archived", () => {
  const kept = { ...PACKAGE, source_files: { present: 1, deleted: 399 } };
  expect(states(kept)).toEqual(["packaged done", "sent done", "archived done", "removed wait"]);
});

test("a site that archives its own data has nothing to send", () => {
  const local = {
    ...PACKAGE,
    copies: [copy("ccat.lta", "long_term_archive", "verified", "2026-11-30T03:00:00Z")],
  };
  expect(states(local)).toContain("sent done");
});

test("a package that is under way moves, whatever the API calls that", () => {
  expect(states({ ...WAITING, state: "transferring", waiting_reason: "in_progress" })).toContain("sent now");
});
