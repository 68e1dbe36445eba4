// Whether the kernel has kept a limit as it was written. Pure.

import { blankSeparated } from "../../base/text.ts";
import type { CgroupLimit } from "./limit.ts";
import { bytesIn, decimalIn, wholePages } from "./numbers.ts";

/** From here on the kernel says "no limit" in version 1, in whole pages. */
const NO_LIMIT = 2 ** 62;

/** What the kernel made of `limit` if that is another thing, as `content`, its file, says; undefined when it holds. */
export function madeOf(limit: CgroupLimit, content: string): string | undefined {
  const file = limit.file;
  if (file.startsWith("memory.")) return differing(content, sameBytes(limit.value, content.trim()));
  if (file.startsWith("cpuset.")) return differing(content, sameSet(limit.value, content));
  if (file === "io.max" || file.startsWith("blkio.throttle.")) return deviceMade(limit, content);
  const first = content.split("\n")[0] ?? "";
  return differing(first, sameWords(limit.value, first));
}

function differing(content: string, isSame: boolean): string | undefined {
  if (isSame) return undefined;
  return content.trim() === "" ? "nothing" : content.trim();
}

function sameBytes(wanted: string, content: string): boolean {
  const isNone = wanted === "max" || wanted === "-1";
  if (isNone) return content === "max" || Number(content) >= NO_LIMIT;
  const size = bytesIn(wanted);
  const held = bytesIn(content);
  // Beyond 2^53 the exact number is not known, so it cannot be another one.
  return size !== undefined && held !== undefined && (size === held || wholePages(size) === held);
}

/** As `50000 100000`, or with the word default in front, which the kernel shows whether it was written or not. */
function sameWords(wanted: string, line: string): boolean {
  return withoutDefault(wanted).join(" ") === withoutDefault(line).join(" ");
}

function withoutDefault(line: string): string[] {
  const words = blankSeparated(line.trim());
  return words[0] === "default" ? words.slice(1) : words;
}

/** The line of the limit's disk must have all its words; without limits there is no line. */
function deviceMade(limit: CgroupLimit, content: string): string | undefined {
  const words = blankSeparated(limit.value);
  const device = words[0] ?? "";
  const wanted = words.slice(1);
  const line = content.split("\n").find((text) => text.startsWith(`${device} `));
  const held = line === undefined ? [] : blankSeparated(line);
  const isKept = (word: string): boolean => held.includes(word) || (line === undefined && isNoThrottle(word));
  return wanted.every((word) => isKept(word)) ? undefined : (line ?? `nothing for ${device}`);
}

function isNoThrottle(word: string): boolean {
  return word === "0" || word.endsWith("=max");
}

/** The same numbers in whatever ranges; what is no plain list is not compared. */
function sameSet(wanted: string, content: string): boolean {
  const ranges = rangesIn(wanted);
  const held = rangesIn(content);
  return ranges === undefined || held === undefined || ranges === held;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** `0-3,5` in its shortest form; undefined for what is no list of numbers and ranges. */
export function rangesIn(list: string): string | undefined {
  const found: Range[] = [];
  for (const part of list.trim().split(",")) {
    if (part.trim() === "") continue;
    const dash = part.indexOf("-");
    const first = decimalIn(part.slice(0, dash < 0 ? part.length : dash).trim());
    const last = dash < 0 ? first : decimalIn(part.slice(dash + 1).trim());
    if (first === undefined || last === undefined || last < first) return undefined;
    found.push({ first, last });
  }
  found.sort((a, b) => a.first - b.first);
  const shortest: string[] = [];
  let start = -1;
  let end = -2;
  for (const { first, last } of found) {
    if (first > end + 1) {
      if (end >= 0) shortest.push(rangeText(start, end));
      start = first;
    }
    end = Math.max(end, last);
  }
  if (end >= 0) shortest.push(rangeText(start, end));
  return shortest.join(",");
}

function rangeText(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}
