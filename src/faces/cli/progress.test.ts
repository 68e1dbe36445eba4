import { equal } from "node:assert/strict";
import { test } from "node:test";
import { progressText } from "./progress.ts";

test("a line of progress takes the place of the last, never wraps, and steers no terminal", () => {
  equal(progressText("removing c1", 80), "\r\x1b[Kremoving c1");
  equal(progressText("0123456789", 10), "\r\x1b[K01234567…");
  equal(progressText("a\x1b[2Jb\n", 80), "\r\x1b[Ka\\x1b[2Jb\\x0a");
});
