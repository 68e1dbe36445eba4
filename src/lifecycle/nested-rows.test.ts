import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { decodeNested, encodeNested, type NestedRow } from "./nested-rows.ts";

const row: NestedRow = {
  level: 2,
  path: "outer/in/deep",
  state: "RUNNING",
  pid: 42,
  isDefined: true,
  autostart: true,
  unprivileged: false,
  groups: ["a", "b c"],
  interfaces: [],
  addresses: ["10.0.0.1", "fe80::1"],
};

test("what is written is read again", () => {
  deepEqual(decodeNested(`${encodeNested(row)}\n`, "outer"), [row]);
});

test("signs that would steer a terminal or the lines themselves are shown instead", () => {
  const hostile: NestedRow = { ...row, groups: ["a\tb\nc\x1b[2J"], interfaces: ["\x1f"] };
  deepEqual(decodeNested(encodeNested(hostile), "outer"), [
    { ...row, groups: ["a\\x09b\\x0ac\\x1b[2J"], interfaces: ["\\x1f"] },
  ]);
});

test("a line that is cut, of another container, or with a name that is none is left out", () => {
  const line = encodeNested(row);
  const wrong = [
    line.slice(0, -1),
    line.replace("outer/", "other/"),
    line.replace("in/deep", "in//deep"),
    line.replace("in/deep", "in/.."),
    line.replace("deep", ".deep"),
    line.replace("deep", "d\x1b[2Jeep"),
    line.replace("RUNNING", "DANCING"),
    line.replace("42", "-2"),
    line.replace(/^2/, "0"),
    "",
  ];
  deepEqual(decodeNested(wrong.join("\n"), "outer"), []);
});

test("no more rows than a list may have", () => {
  const many = `${encodeNested(row)}\n`.repeat(5000);
  deepEqual(decodeNested(many, "outer").length, 4096);
});
