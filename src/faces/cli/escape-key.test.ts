import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { escapeByteIn, escapeName } from "./escape-key.ts";

test("an escape is a letter, with or without a caret, in either case", () => {
  deepEqual(["^a", "a", "^B", "Z", "z"].map(escapeByteIn), [1, 1, 2, 26, 26]);
  deepEqual(["", "^", "^^", "ab", "^ab", "1", "{", "`", "é"].map(escapeByteIn), Array(9).fill(undefined));
  equal(escapeName(2), "Ctrl+b");
});
