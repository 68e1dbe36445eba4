// Prints what its modules made when they were loaded, and what this process has.

import { print } from "../../../src/faces/cli/print.ts";
import { exitNow } from "../../../src/kernel/process.ts";

interface Row {
  readonly name: string;
  readonly parts: readonly string[];
}

const rows: Row[] = [];
for (const name of ["one", "two"]) rows.push({ name, parts: [name.toUpperCase(), name.padEnd(5, ".")] });
const byName = new Map<string, Row>();
for (const row of rows) byName.set(row.name, row);

exitNow(main(process.argv.slice(2)));

function main(words: readonly string[]): number {
  rows.push({ name: "three", parts: words });
  for (const row of rows) print(`${row.name}: ${row.parts.join(" ")}\n`);
  print(`${byName.get("two")?.parts[1] ?? ""} ${byName.size} ${process.env["LXCTS_SAID"] ?? "nothing"}\n`);
  return words.length;
}
