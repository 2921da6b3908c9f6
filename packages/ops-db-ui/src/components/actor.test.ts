import { expect, test } from "vitest";
import { actorName } from "~/components/actor";

test.each([
  ["k.weber (session)", "k.weber"],
  ["k.weber (laptop)", "k.weber (laptop)"],
  ["transfer-cologne", "transfer-cologne"],
])("%s is called %s", (actor, name) => {
  expect(actorName(actor)).toBe(name);
});
