import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { mapsIn, withSelf } from "./usernsexec.ts";

test("b is both, and what is no map is none", () => {
  deepEqual(mapsIn("u:0:100000:10"), [{ kind: "u", inside: 0, outside: 100000, count: 10 }]);
  deepEqual(mapsIn("b:5:7:1"), [
    { kind: "u", inside: 5, outside: 7, count: 1 },
    { kind: "g", inside: 5, outside: 7, count: 1 },
  ]);
  const wrong = [
    "",
    "b",
    "x:0:1:1",
    "b:0:1",
    "b:0:1:0",
    "b:0:1:2:3",
    "b:-1:1:1",
    "b:0:x:1",
    "b:0:1:4294967295",
    "b:0: 1:1",
  ];
  deepEqual(
    wrong.map((word) => mapsIn(word)),
    wrong.map(() => undefined),
  );
});

test("the caller comes after the maps that begin at 0 and follow each other", () => {
  const maps = (mapsIn("u:0:100000:10") ?? []).concat(mapsIn("u:10:200000:5") ?? [], mapsIn("g:1:100000:10") ?? []);
  deepEqual(withSelf(maps, 1000, 1001).slice(3), [
    { kind: "u", inside: 15, outside: 1000, count: 1 },
    { kind: "g", inside: 0, outside: 1001, count: 1 },
  ]);
});

test("who is mapped already stays as they are", () => {
  const maps = mapsIn("b:0:1000:1") ?? [];
  deepEqual(withSelf(maps, 1000, 1000), maps);
});
