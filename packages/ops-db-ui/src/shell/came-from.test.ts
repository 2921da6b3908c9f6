import { expect, test } from "vitest";
import { neighbour, rememberList } from "~/shell/came-from";

test("leads to the neighbours in the list, and nowhere at its ends", () => {
  rememberList({}, () => ["/p/1", "/p/2", "/p/3"]);
  expect(neighbour("/p/2", -1)).toBe("/p/1");
  expect(neighbour("/p/2", 1)).toBe("/p/3");
  expect(neighbour("/p/1", -1)).toBeNull();
  expect(neighbour("/p/3", 1)).toBeNull();
});

test("nothing is before or after what no list has", () => {
  expect(neighbour("/nowhere", 1)).toBeNull();
});

test("a list inside the page does not hide the list that led to the page", () => {
  rememberList({}, () => ["/q/1", "/q/2"]);
  rememberList({}, () => ["/copies/1"]);
  expect(neighbour("/q/1", 1)).toBe("/q/2");
});

test("the newest list counts, with the rows that it has now", () => {
  const key = {};
  let rows = ["/r/1", "/r/2"];
  rememberList({}, () => ["/r/1", "/r/old"]);
  rememberList(key, () => rows);
  rows = ["/r/1", "/r/new"];
  expect(neighbour("/r/1", 1)).toBe("/r/new");
});

test("a list that is refreshed again and again does not push others out", () => {
  rememberList({}, () => ["/s/1", "/s/2"]);
  const key = {};
  for (let time = 0; time < 50; time += 1) rememberList(key, () => ["/t/1"]);
  expect(neighbour("/s/1", 1)).toBe("/s/2");
});
