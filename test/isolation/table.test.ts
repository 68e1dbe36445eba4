// Every row of what isolates a container, with the test that fails without it: the table is printed, and its tests must be there.

import { deepEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { printRows, rowsIn, withoutTest } from "../rows.ts";

const rows = rowsIn(join(import.meta.dirname, "rows.txt"));

test("each row of the table of isolation names a test that is there", () => {
  deepEqual(withoutTest(rows), []);
  ok(rows.length > 0);
});

test("no row stands twice, and the table is printed", () => {
  const said = rows.map((row) => row.words.join(" "));
  deepEqual(said, [...new Set(said)]);
  printRows(rows);
});
