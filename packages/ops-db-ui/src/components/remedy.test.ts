import { expect, test } from "vitest";
import { remedySteps } from "~/components/remedy";

test("each sentence is a step", () => {
  expect(remedySteps("Give the credential these rights. Then retry the work.", null)).toEqual([
    { text: "Give the credential these rights.", command: null },
    { text: "Then retry the work.", command: null },
  ]);
});

test("a command has the name of the place and a reason, and nothing to fill in", () => {
  const remedy =
    "Check the storage. When it is sound again, run: ccat-transfer trust LOCATION --reason TEXT.";
  expect(remedySteps(remedy, "us.lta")).toEqual([
    { text: "Check the storage.", command: null },
    {
      text: "When it is sound again, run:",
      command: 'ccat-transfer trust us.lta --reason "checked, and sound again"',
    },
  ]);
});

test("a full stop inside of a name does not end a step", () => {
  expect(remedySteps("Supply its authority as ca.crt in the folder.", null)).toHaveLength(1);
});

test("a command in which the service has filled in the place already", () => {
  const remedy = "Check the storage. When it is sound again, run: ccat-transfer trust us.lta --reason TEXT.";
  expect(remedySteps(remedy, "us.lta").at(-1)).toEqual({
    text: "When it is sound again, run:",
    command: 'ccat-transfer trust us.lta --reason "checked, and sound again"',
  });
});
