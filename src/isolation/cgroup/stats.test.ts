import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { fieldIn, ioBytes, legacyIoBytes, numberIn } from "./stats.ts";

test("a number is one with its newline, and everything else is not known", () => {
  deepEqual(
    ["12\n", "9007199254740991", "", "max\n", undefined].map((text) => numberIn(text)),
    [12, 9007199254740991, undefined, undefined, undefined],
  );
});

test("a field is found by its whole name", () => {
  deepEqual([fieldIn("slab_x 3\nslab 4\n", "slab"), fieldIn("slab 4\n", "sock")], [4, undefined]);
});

test("io.stat is summed over disks, and the old file has its total", () => {
  deepEqual(
    [
      ioBytes("8:0 rbytes=10 wbytes=2 rios=9\n8:16 rbytes=1 wbytes=0\n"),
      ioBytes(""),
      legacyIoBytes("8:0 Read 4\nTotal 7\n"),
    ],
    [13, 0, 7],
  );
});
