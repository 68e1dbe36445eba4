// Reads and checks one configuration many times, and prints how many milliseconds each time took, median first, then the least.
// Built natively by bench.ts: `read-config CONFIG COMMON ROUNDS`, where COMMON is what CONFIG includes.

import { readFileSync } from "node:fs";
import { problemsIn } from "../src/container/config/checks.ts";
import { ConfigDocument } from "../src/container/config/document.ts";
import { NO_VARIABLES } from "../src/container/config/keys.ts";
import { type IncludedFile, readConfig } from "../src/container/config/load.ts";

const A_ROUND = 20;
const text = readFileSync(process.argv[2] ?? "", "utf8");
const common = readFileSync(process.argv[3] ?? "", "utf8");
const rounds = parseInt(process.argv[4] ?? "50", 10);

const times: number[] = [];
for (let i = 0; i < rounds; i++) {
  const begin = Date.now();
  for (let j = 0; j < A_ROUND; j++) readOnce();
  times.push((Date.now() - begin) / A_ROUND);
}
const sorted = times.toSorted((a, b) => a - b);
console.log(`${sorted[Math.floor(rounds / 2)] ?? 0} ${sorted[0] ?? 0}`);

function readOnce(): void {
  const read = readConfig(new ConfigDocument(text), "config", included, NO_VARIABLES);
  if (read.errors.length + problemsIn(read.config).length > 0) throw new Error("the configuration is wrong");
}

function included(path: string): IncludedFile[] {
  return path.endsWith("/") ? [] : [{ path, text: common }];
}
