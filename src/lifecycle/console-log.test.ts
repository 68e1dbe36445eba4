import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { piecesOf } from "./console-log.ts";

/** What a log of at most `limit` bytes has written, file after file, when `texts` come one after another. */
function filesOf(texts: readonly string[], limit: number): string[] {
  const files = [""];
  for (const text of texts) {
    for (const { fresh, start, end } of piecesOf(files[files.length - 1]!.length, text.length, limit)) {
      if (fresh) files.push("");
      files[files.length - 1] += text.slice(start, end);
    }
  }
  return files;
}

test("a file is filled to its last byte, and the next begins with the byte after that", () => {
  deepEqual(filesOf(["abc", "defgh", "ij", "klmnopqrstu"], 4), ["abcd", "efgh", "ijkl", "mnop", "qrst", "u"]);
  deepEqual(filesOf(["abcd"], 4), ["abcd"]);
  deepEqual(filesOf(["abcd", "", "e"], 4), ["abcd", "e"]);
});

test("nothing to write begins nothing anew, and a file that is too large already is not written to", () => {
  deepEqual(piecesOf(4, 0, 4), []);
  deepEqual(piecesOf(9, 2, 4), [{ fresh: true, start: 0, end: 2 }]);
});
