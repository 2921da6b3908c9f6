import { expect, test } from "vitest";
import { whereOf } from "~/pages/work/where";

test("filters of which the contract takes several are lists, the others single values; an order is no filter", () => {
  const query = {
    reason: ["given_up"],
    kind: "deletion",
    waiting_since: ["2026-03-02T04:00:00Z"],
    sort: "waiting_since",
  };
  expect(whereOf(query)).toEqual({
    reason: ["given_up"],
    kind: ["deletion"],
    waiting_since: "2026-03-02T04:00:00Z",
  });
});
