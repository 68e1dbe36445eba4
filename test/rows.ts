// Tables of what has a test: a line is some words and, last, a file and a test of it, with ` | ` between; # begins a comment.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

export interface Row {
  readonly words: readonly string[];
  readonly file: string;
  readonly name: string;
}

export function rowsIn(file: string): Row[] {
  const rows: Row[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const parts = line.split(" | ").map((part) => part.trim());
    rows.push({ words: parts.slice(0, -2), file: parts.at(-2) ?? "", name: parts.at(-1) ?? "" });
  }
  return rows;
}

/** Those whose test is not there. */
export function withoutTest(rows: readonly Row[]): Row[] {
  return rows.filter((row) => !testsIn(row.file).includes(row.name));
}

export function printRows(rows: readonly Row[]): void {
  const said = rows.map((row) => row.words.join(" "));
  const width = Math.max(...said.map((text) => text.length));
  for (const [at, row] of rows.entries()) console.log(`${(said[at] ?? "").padEnd(width)}  ${row.file}: ${row.name}`);
}

/** The names that a file gives its tests; of one that is put together, as it is written. */
function testsIn(file: string): string[] {
  const found: string[] = [];
  for (const match of readFileSync(join(ROOT, file), "utf8").matchAll(/\btest\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gs)) {
    found.push((match[2] ?? "").replaceAll(/\\(.)/g, "$1"));
  }
  return found;
}
