// A file of one version of cgroups on a host that has the other one: what it would say, and what writing it would do. Pure.

import { blankSeparated } from "../../base/text.ts";
import { type Counterpart, counterpartOf, counterpartsOf, sameCount } from "./counterparts.ts";
import type { CgroupLimit } from "./limit.ts";
import { counterpartHint, translated } from "./translate.ts";
import { cannot, type Translation } from "./translation.ts";

/** The content of a file that the host has; undefined when there is none. */
export type ReadFile = (file: string) => string | undefined;

export interface Content {
  readonly text: string;
  /** Those it was made of. */
  readonly files: readonly string[];
  /** Why there is no exact content, as a part of a sentence; "" when there is one. */
  readonly why: string;
}

/** From here on a limit of version 1 is none, in whole pages. */
const NO_LIMIT = 2 ** 62;
const IO_WORDS: readonly string[] = ["rbps", "wbps", "riops", "wiops"];

/** Which version has a file of this name, when a host is known not to have it; 0 for neither that we know. */
export function versionWith(file: string): number {
  for (const version of [1, 2]) {
    if (counterpartOf(version, file) !== undefined || sameCount(version, file) !== "") return version;
  }
  return 0;
}

/** What `file` of `version` would say, from the files of the other version. */
export function contentOf(version: number, file: string, read: ReadFile): Content {
  const same = sameCount(version, file);
  if (same !== "") return readAlike(same, read);
  const all = counterpartsOf(version, file);
  const first = all[0];
  if (first === undefined || first.meaning === "nearest") return unknown(noEqual(version, file));
  // One number of shares is told by two files.
  const rows = first.meaning === "shares" ? [first] : all;
  const files = rows.map((row): string => otherOf(version, row));
  const limits: CgroupLimit[] = [];
  for (const name of files) {
    const text = read(name);
    if (text === undefined) return unknown(`${name} is not there either`);
    for (const value of valuesIn(name, text)) limits.push(limitOf(3 - version, name, value));
  }
  return translatedContent({ version, file, files }, limits, read);
}

interface Wanted {
  readonly version: number;
  readonly file: string;
  readonly files: readonly string[];
}

function translatedContent(wanted: Wanted, limits: readonly CgroupLimit[], read: ReadFile): Content {
  const memory = memoryFile(3 - wanted.version);
  const text = read(memory);
  const isWithSwap = wanted.file === swapFile(wanted.version) && text !== undefined;
  const known = isWithSwap ? limits.concat([limitOf(3 - wanted.version, memory, plain(memory, text))]) : limits;
  const values: string[] = [];
  for (const limit of limits) {
    const translation = translated(limit, known);
    if (translation.why !== "") return unknown(translation.why);
    for (const each of translation.files) {
      if (each.file === wanted.file && !values.includes(each.value)) values.push(each.value);
    }
  }
  if (values.length === 0 && limits.length > 0) return unknown(`${wanted.file} has no value for it`);
  const lines = wanted.file === "io.max" ? mergedLines(values) : values.filter((value) => !isNoThrottle(wanted, value));
  return { text: lines.map((line): string => `${line}\n`).join(""), files: wanted.files, why: "" };
}

/** The kernel has a line only for disks with a limit. */
function isNoThrottle(wanted: Wanted, value: string): boolean {
  return wanted.file.startsWith("blkio.throttle.") && value.endsWith(" 0");
}

/** What writing `value` to `file` of `version` comes to in files of the other version. */
export function writesFor(version: number, file: string, value: string, read: ReadFile): Translation {
  const row = counterpartOf(version, file);
  if (row === undefined || row.meaning === "nearest") return cannot(noEqual(version, file));
  const all: CgroupLimit[] = [limitOf(version, file, value)];
  for (const partner of partnersOf(version, file)) {
    const now = contentOf(version, partner, read);
    if (now.why === "") all.push(limitOf(version, partner, now.text.trim()));
  }
  return translated(limitOf(version, file, value), all);
}

/** The files that together with `file` are one file of the other version, or one number there. */
function partnersOf(version: number, file: string): string[] {
  if (version === 1 && file === "cpu.cfs_quota_us") return ["cpu.cfs_period_us"];
  if (version === 1 && file === "cpu.cfs_period_us") return ["cpu.cfs_quota_us"];
  return file === swapFile(version) ? [memoryFile(version)] : [];
}

function swapFile(version: number): string {
  return version === 1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max";
}

function memoryFile(version: number): string {
  return version === 1 ? "memory.limit_in_bytes" : "memory.max";
}

function otherOf(version: number, row: Counterpart): string {
  return version === 1 ? row.v2 : row.v1;
}

function limitOf(version: number, file: string, value: string): CgroupLimit {
  return { label: file, version, file, value };
}

/** One value, or one a line for files with a line for each disk. */
function valuesIn(file: string, text: string): string[] {
  const isByDisk = file === "io.max" || file === "io.bfq.weight" || file.endsWith("_device");
  if (!isByDisk) return [plain(file, text)];
  return text.split("\n").filter((line): boolean => line.trim() !== "");
}

/** Version 1 has a number for no limit of memory. */
function plain(file: string, text: string): string {
  const value = text.trim();
  return file.endsWith("limit_in_bytes") && Number(value) >= NO_LIMIT ? "-1" : value;
}

/** One line of io.max for each disk, as the kernel writes it. */
function mergedLines(values: readonly string[]): string[] {
  const disks: string[] = [];
  for (const value of values) {
    const disk = blankSeparated(value)[0] ?? "";
    if (!disks.includes(disk)) disks.push(disk);
  }
  return disks.map((disk): string => lineFor(disk, values));
}

function lineFor(disk: string, values: readonly string[]): string {
  const words = IO_WORDS.map((name): string => {
    const begins = `${disk} ${name}=`;
    const value = values.find((each): boolean => each.startsWith(begins));
    return value === undefined ? `${name}=max` : value.slice(disk.length + 1);
  });
  return `${disk} ${words.join(" ")}`;
}

function readAlike(file: string, read: ReadFile): Content {
  const text = read(file);
  return text === undefined ? unknown(`${file} is not there either`) : { text, files: [file], why: "" };
}

function unknown(why: string): Content {
  return { text: "", files: [], why };
}

function noEqual(version: number, file: string): string {
  if (counterpartOf(version, file) === undefined) return `version ${3 - version} has nothing that does the same`;
  return `version ${3 - version} has nothing that does the same: ${counterpartHint(limitOf(version, file, ""))}`;
}
