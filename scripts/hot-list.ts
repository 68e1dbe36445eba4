// hot-list.ts PROGRAM.c: what scripts/hot-functions.txt is to say, from the symbols of functions on standard input as used-functions.c prints them.
// What most processes use comes first, and of that what is used first. Kinds, of which few are used, come last.

import { readFileSync } from "node:fs";
import { Program } from "./function-order.ts";

const [path = ""] = process.argv.slice(2);
const program = new Program(readFileSync(path, "utf8"));
const counts = new Map<string, number>();
for (const symbol of readFileSync(0, "utf8").trim().split("\n")) {
  const key = program.keyOf(symbol);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
// What loads a module has run when the program is made.
const keys = [...counts.keys()].filter((key) => !/^init\([^)]*\)$/.test(key));
const isKind = (key: string) => key.endsWith("*");
const sorted = keys.toSorted(
  (a, b) => Number(isKind(a)) - Number(isKind(b)) || (counts.get(b) ?? 0) - (counts.get(a) ?? 0),
);
process.stdout.write(`${sorted.join("\n")}\n`);
