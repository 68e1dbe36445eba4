// Limits of disks between the two versions of cgroups (block/blk-throttle.c, block/bfq-cgroup.c). Pure.

import { blankSeparated } from "../../base/text.ts";
import { decimalIn, isDeviceNumber, kernelIntegerWithin } from "./numbers.ts";
import { cannot, type FileValue, hasValue, hasValues, type Translation } from "./translation.ts";

interface Throttle {
  /** The word in io.max. */
  readonly word: string;
  readonly v1: string;
  /** Whether it is kept in 32 bits, of which all ones is no limit. */
  readonly isNarrow: boolean;
}

const THROTTLES: readonly Throttle[] = [
  { word: "rbps", v1: "blkio.throttle.read_bps_device", isNarrow: false },
  { word: "wbps", v1: "blkio.throttle.write_bps_device", isNarrow: false },
  { word: "riops", v1: "blkio.throttle.read_iops_device", isNarrow: true },
  { word: "wiops", v1: "blkio.throttle.write_iops_device", isNarrow: true },
];
const NARROW_NONE = 4294967295;
const IO_MAX = "io.max takes a device such as 8:0, and rbps=, wbps=, riops= or wiops= with a number above 0, or max";

/** `8:0 1048576` of one of the four files, for io.max. */
export function throttleForSecond(file: string, value: string): Translation {
  const words = blankSeparated(value.trim());
  const device = words[0] ?? "";
  const most = words.length === 2 ? decimalIn(words[1] ?? "") : undefined;
  if (most === undefined || !isDeviceNumber(device)) {
    return cannot(`${file} takes a device such as 8:0 and a number`);
  }
  const row = THROTTLES.find((throttle) => throttle.v1 === file);
  if (row === undefined || (row.isNarrow && most > NARROW_NONE)) return cannot(`${file} takes no such number`);
  const isNone = most === 0 || (row.isNarrow && most === NARROW_NONE);
  return hasValue("io.max", `${device} ${row.word}=${isNone ? "max" : most}`);
}

/** A line of io.max, for as many of the four files as it has words. */
export function throttleForFirst(value: string): Translation {
  const words = blankSeparated(value.trim());
  const device = words[0] ?? "";
  if (words.length < 2 || !isDeviceNumber(device)) return cannot(IO_MAX);
  const files: FileValue[] = [];
  for (const word of words.slice(1)) {
    const equals = word.indexOf("=");
    const row = THROTTLES.find((throttle) => throttle.word === word.slice(0, Math.max(equals, 0)));
    const text = word.slice(equals + 1);
    const most = text === "max" ? 0 : decimalIn(text);
    if (row === undefined || most === undefined || (most === 0 && text !== "max")) return cannot(IO_MAX);
    files.push({ file: row.v1, value: `${device} ${row.isNarrow && most >= NARROW_NONE ? 0 : most}` });
  }
  return hasValues(files);
}

const LEAST_BFQ = 1;
const MOST_BFQ = 1000;
const BFQ = "the scheduler BFQ takes a weight from 1 to 1000, for one disk with its number such as 8:0 in front";

/** blkio.bfq.weight or blkio.bfq.weight_device, for io.bfq.weight, which is both. */
export function proportionForSecond(file: string, value: string): Translation {
  const words = blankSeparated(value.trim());
  const isOne = file === "blkio.bfq.weight";
  if (words.length !== (isOne ? 1 : 2) || !isProportion(words)) return cannot(BFQ);
  return hasValue("io.bfq.weight", words.join(" "));
}

/** The reverse. */
export function proportionForFirst(value: string): Translation {
  const all = blankSeparated(value.trim());
  const words = all[0] === "default" ? all.slice(1) : all;
  if (!isProportion(words)) return cannot(BFQ);
  return hasValue(words.length === 1 ? "blkio.bfq.weight" : "blkio.bfq.weight_device", words.join(" "));
}

/** `100`, `8:0 100` or `8:0 default`. */
function isProportion(words: readonly string[]): boolean {
  const last = words[words.length - 1] ?? "";
  const isWeight = kernelIntegerWithin(last, LEAST_BFQ, MOST_BFQ) !== undefined;
  if (words.length === 1) return isWeight;
  return words.length === 2 && isDeviceNumber(words[0] ?? "") && (isWeight || last === "default");
}
