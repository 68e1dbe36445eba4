// Reads and changes random configurations, and prints a digest of what came of it: `config-fuzz SEED COUNT`. Runs in both engines.

import { LxcError } from "../../src/base/errors.ts";
import { findingLine } from "../../src/base/finding.ts";
import { ConfigDocument } from "../../src/container/config/document.ts";
import { edited } from "../../src/container/config/edit.ts";
import { findingsIn } from "../../src/container/config/findings.ts";
import { type IncludedFile, type ReadConfig, readConfig } from "../../src/container/config/load.ts";
import { systemFindings } from "../../src/container/config/system-config.ts";
import { upgradeText } from "../../src/container/config/upgrade.ts";
import { usernetFindings } from "../../src/container/config/usernet.ts";
import { Environment } from "../../src/kernel/environment.ts";
import { knownKeys, randomConfig, randomValue } from "./config-text.ts";
import { Digest, Random } from "./random.ts";

const A_DIGEST = 50;
const ENVIRONMENT = new Environment("PATH=/bin\0");

const seed = parseInt(process.argv[2] ?? "1", 10);
const count = parseInt(process.argv[3] ?? "1000", 10);
const random = new Random(seed);
const keys = knownKeys();
let digest = new Digest();
for (let i = 1; i <= count; i++) {
  tryOne(randomConfig(random, keys));
  if (i % A_DIGEST === 0) {
    console.log(`${i} ${digest.value}`);
    digest = new Digest();
  }
}

function tryOne(text: string): void {
  const document = new ConfigDocument(text);
  must(document.text() === text, "a document that nobody changed is the same", text);
  tell(readConfig(document, "config", included, ENVIRONMENT));
  for (const finding of usernetFindings("usernet", text)) digest.add(findingLine(finding));
  for (const finding of systemFindings("lxc.conf", text)) digest.add(findingLine(finding));
  upgradeTwice(text);
  changeOne(text);
}

function tell(read: ReadConfig): void {
  for (const finding of findingsIn(read)) digest.add(findingLine(finding));
  for (const used of read.config.used()) {
    for (const line of used.setting.lines()) digest.add(`${used.key} = ${line}`);
  }
}

function upgradeTwice(text: string): void {
  const once = upgradeText(text).text;
  digest.add(once);
  must(upgradeText(once).text === once, "what was upgraded needs no upgrade", text);
}

/** A change leaves every other line as it is, and means what was asked for, or is refused. */
function changeOne(text: string): void {
  const key = random.pick(keys);
  const values: string[] = [];
  const amount = random.below(3);
  for (let i = 0; i < amount; i++) values.push(randomValue(random));
  const append = amount > 0 && random.below(2) === 0;
  try {
    const result = edited(
      text,
      { key, values, append },
      { file: "config", readInclude: included, environment: ENVIRONMENT },
    );
    digest.add(`${key} ${result.refused.length} ${result.text}`);
    for (const finding of result.refused) digest.add(findingLine(finding));
    must(keepsOthers(text, result.text, key), `setting ${key} leaves other lines`, text);
  } catch (caught) {
    const error = caught as LxcError;
    digest.add(error.message);
    must(error.message.includes("a value must not hold a line break"), error.message, text);
  }
}

/** Whether the lines of other keys are the same, in the same order. */
function keepsOthers(before: string, after: string, key: string): boolean {
  return othersIn(before, key) === othersIn(after, key);
}

function othersIn(text: string, key: string): string {
  let others = "";
  for (const line of text.split("\n")) {
    const entry = new ConfigDocument(line).entries()[0];
    const own = entry !== undefined && (entry.key === key || entry.key.startsWith(`${key}.`));
    if (!own && line !== "") others += `${line}\n`;
  }
  return others;
}

function included(path: string): IncludedFile[] {
  if (path.length % 3 === 0) throw new LxcError("syscall-failed", `open ${path}`, "openat: no such file or directory");
  return [
    {
      path,
      text: path.length % 2 === 0 ? `lxc.include = ${path}x\n` : "lxc.tty.max = 3\nlxc.cap.drop = kill\nlxc.bogus=1",
    },
  ];
}

function must(holds: boolean, what: string, text: string): void {
  if (holds) return;
  console.log(`NOT TRUE (seed ${seed}): ${what}\n${JSON.stringify(text)}`);
  process.exit(1);
}
