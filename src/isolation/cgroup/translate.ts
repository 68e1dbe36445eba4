// The same limit for the other version of cgroups, where the kernel's own arithmetic says that it is the same. Pure.

import { type Counterpart, counterpartOf } from "./counterparts.ts";
import { type CgroupLimit, controllerOf } from "./limit.ts";
import { bytesIn, wholePages } from "./numbers.ts";
import { bandwidthForFirst, bandwidthForSecond, sharesForFirst, sharesForSecond } from "./translate-cpu.ts";
import { proportionForFirst, proportionForSecond, throttleForFirst, throttleForSecond } from "./translate-io.ts";
import { cannot, hasValue, type Translation } from "./translation.ts";

/**
 * `limit` for the other version. Some are one thing in two files, such as memory and swap, so it looks at `all` limits of
 * the configuration. Those who are two files here and one there give the same answer for each.
 */
export function translated(limit: CgroupLimit, all: readonly CgroupLimit[]): Translation {
  const row = counterpartOf(limit.version, limit.file);
  if (row === undefined || row.meaning === "nearest") {
    return cannot(`version ${3 - limit.version} has nothing that does the same`);
  }
  return limit.version === 1 ? forSecond(row, limit.value, all) : forFirst(row, limit, all);
}

/** From version 1 to version 2. */
function forSecond(row: Counterpart, value: string, all: readonly CgroupLimit[]): Translation {
  switch (row.meaning) {
    case "bytes":
      return bytes(value, { from: row.v1, to: row.v2, none: "-1", otherNone: "max" });
    case "memory-and-swap":
      return swapAlone(value, all);
    case "bandwidth":
      return bandwidthForSecond(wordFor(all, 1, "cpu.cfs_quota_us"), wordFor(all, 1, "cpu.cfs_period_us"));
    case "shares":
      return sharesForSecond(value);
    case "throttle":
      return throttleForSecond(row.v1, value);
    case "proportion":
      return proportionForSecond(row.v1, value);
    default:
      return unchanged(row.v1, row.v2, value);
  }
}

/** From version 2 to version 1. */
function forFirst(row: Counterpart, limit: CgroupLimit, all: readonly CgroupLimit[]): Translation {
  const value = limit.value;
  switch (row.meaning) {
    case "bytes":
      return bytes(value, { from: row.v2, to: row.v1, none: "max", otherNone: "-1" });
    case "memory-and-swap":
      return memoryAndSwap(value, all);
    case "bandwidth":
      return bandwidthForFirst(value);
    case "shares":
      return sharesForFirst(limit.file, value);
    case "throttle":
      return throttleForFirst(value);
    case "proportion":
      return proportionForFirst(value);
    default:
      return unchanged(row.v2, row.v1, value);
  }
}

/** The kernel reads both files with the same code; only an empty set of processors means another thing in each. */
function unchanged(from: string, to: string, value: string): Translation {
  return value.trim() === "" ? cannot(`${from} is empty, which is not the same in both versions`) : hasValue(to, value);
}

interface Sizes {
  readonly from: string;
  readonly to: string;
  /** How a file says that there is no limit. */
  readonly none: string;
  readonly otherNone: string;
}

function bytes(value: string, sizes: Sizes): Translation {
  const text = value.trim();
  if (text === sizes.none) return hasValue(sizes.to, sizes.otherNone);
  const size = bytesIn(text);
  if (size === undefined) return cannot(notBytes(sizes.from, sizes.none));
  // What is beyond our numbers is read the same by both.
  return hasValue(sizes.to, size === Number.POSITIVE_INFINITY ? text : String(size));
}

function notBytes(file: string, none: string): string {
  return `${file} takes bytes, with K, M, G, T, P or E behind the number, or ${none}`;
}

/** memory.memsw.limit_in_bytes is memory and swap in one number, memory.swap.max is swap alone. */
function swapAlone(value: string, all: readonly CgroupLimit[]): Translation {
  const sum = bytesOrNone(value, "-1");
  const memory = bytesOrNone(wordFor(all, 1, "memory.limit_in_bytes") ?? "-1", "-1");
  if (sum === undefined || memory === undefined) return cannot(notBytes("memory.memsw.limit_in_bytes", "-1"));
  if (sum < 0) return hasValue("memory.swap.max", "max");
  if (memory < 0) return cannot("version 2 counts swap alone, so memory.limit_in_bytes is needed as well");
  if (!Number.isFinite(sum) || !Number.isFinite(memory))
    return cannot("the difference to memory.limit_in_bytes is too large");
  const swap = wholePages(sum) - wholePages(memory);
  if (swap < 0) return cannot("the limit for memory and swap is lower than memory.limit_in_bytes");
  return hasValue("memory.swap.max", String(swap));
}

/** The reverse. A limit that is written for version 1 is the one that will hold, so it comes first. */
function memoryAndSwap(value: string, all: readonly CgroupLimit[]): Translation {
  const swap = bytesOrNone(value, "max");
  const legacy = wordFor(all, 1, "memory.limit_in_bytes");
  const memory =
    legacy === undefined ? bytesOrNone(wordFor(all, 2, "memory.max") ?? "max", "max") : bytesOrNone(legacy, "-1");
  if (swap === undefined || memory === undefined) return cannot(notBytes("memory.swap.max", "max"));
  if (swap < 0) return hasValue("memory.memsw.limit_in_bytes", "-1");
  if (memory < 0) return cannot("version 1 counts memory and swap together, so a limit of memory is needed as well");
  const sum = wholePages(memory) + wholePages(swap);
  if (!Number.isSafeInteger(sum)) return cannot("the sum of memory and swap is too large");
  return hasValue("memory.memsw.limit_in_bytes", String(sum));
}

/** -1 for no limit; undefined for what the kernel does not take. */
function bytesOrNone(value: string, none: string): number | undefined {
  return value.trim() === none ? -1 : bytesIn(value.trim());
}

/** What the last of the limits says that count for this file: one that names the file itself, before a promise. */
function wordFor(all: readonly CgroupLimit[], version: number, file: string): string | undefined {
  let found: CgroupLimit | undefined;
  for (const limit of all) {
    if (limit.version !== version || limit.file !== file) continue;
    if (found === undefined || limit.readBack !== true || found.readBack === true) found = limit;
  }
  return found?.value;
}

/** What to write instead, as a hint. */
export function counterpartHint(limit: CgroupLimit): string {
  const row = counterpartOf(limit.version, limit.file);
  const prefix = limit.version === 1 ? "lxc.cgroup2." : "lxc.cgroup.";
  const version = 3 - limit.version;
  if (row === undefined) {
    return `see whether a file of ${controllerOf(limit.file)} in version ${version} helps, and set ${prefix}FILE`;
  }
  const file = `${prefix}${limit.version === 1 ? row.v2 : row.v1}`;
  return row.meaning === "nearest" ? `the nearest there is ${file}; it is not the same` : `use ${file}`;
}
