import { expect, test } from "vitest";
import { operationOf } from "~/actions/call-by-path";

test("finds the operation of an address with its ids filled in", () => {
  expect(operationOf("POST", "/api/v1/data-locations/chai-disk:resume")).toBe("resume_data_location");
  expect(operationOf("GET", "/api/v1/open-work/groups")).toBe("get_open_work_groups");
});

test("finds nothing for what the contract does not have", () => {
  expect(operationOf("POST", "/api/v1/data-locations/chai-disk:explode")).toBeNull();
  expect(operationOf("DELETE", "/api/v1/data-locations/chai-disk:resume")).toBeNull();
  expect(operationOf("POST", "/api/v1/data-locations/a/b:resume")).toBeNull();
});
