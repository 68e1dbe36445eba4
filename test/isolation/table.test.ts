// Every row of what isolates a container, with the test that fails without it: the table is printed, and its tests must be there.

import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");

interface Row {
  /** Of the reference of LXC's behaviour, or "keys". */
  readonly section: string;
  readonly what: string;
  readonly file: string;
  readonly name: string;
}

/** `section | what | file | test`, one a line; # begins a comment. */
function rowsIn(text: string): Row[] {
  const rows: Row[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [section = "", what = "", file = "", name = ""] = line.split(" | ").map((part) => part.trim());
    rows.push({ section, what, file, name });
  }
  return rows;
}

/** The names that a file gives its tests; of one that is put together, as it is written. */
function testsIn(file: string): string[] {
  const found: string[] = [];
  for (const match of readFileSync(join(ROOT, file), "utf8").matchAll(/\btest\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gs)) {
    found.push((match[2] ?? "").replaceAll(/\\(.)/g, "$1"));
  }
  return found;
}

const rows = rowsIn(readFileSync(join(import.meta.dirname, "rows.txt"), "utf8"));

test("each row of the table of isolation names a test that is there", () => {
  const missing = rows.filter((row) => !testsIn(row.file).includes(row.name));
  deepEqual(missing, []);
  ok(rows.length > 0);
});

test("no row stands twice, and the table is printed", () => {
  const said = rows.map((row) => `${row.section} ${row.what}`);
  deepEqual(said, [...new Set(said)]);
  const width = Math.max(...said.map((text) => text.length));
  for (const row of rows) console.log(`${`${row.section} ${row.what}`.padEnd(width)}  ${row.file}: ${row.name}`);
});
