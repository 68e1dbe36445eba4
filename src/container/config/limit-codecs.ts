// Kinds of value for lxc.limit.*: sizes, shares and numbers as people write them. Pure.

import { lowerCase } from "../../base/text.ts";
import { type Codec, numberFrom } from "./codecs.ts";

const NONE: readonly string[] = [];
const UNITS = "kmgt";
/** Nothing that a kernel counts is larger. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Bytes, as `512M`, `1.5GiB` or `4096`; K, M, G and T are powers of 1024. */
export const sizeBytes: Codec<number> = {
  name: "a size such as 512M or 2G",
  words: NONE,
  json: "number",
  parse: sizeBytesIn,
  format: (value) => String(value),
};

/** The same with 0 for none at all. */
export const sizeOrNone: Codec<number> = {
  name: "a size such as 512M, or 0 for none",
  words: NONE,
  json: "number",
  parse: (text) => (text === "0" ? 0 : sizeBytesIn(text)),
  format: (value) => String(value),
};

function sizeBytesIn(text: string): number | undefined {
  let end = 0;
  while (end < text.length && isNumeral(text.charCodeAt(end))) end++;
  const number = decimalIn(text.slice(0, end));
  const factor = factorOf(text.slice(end).trimStart());
  if (number === undefined || factor === 0) return undefined;
  const bytes = Math.floor(number * factor);
  return bytes > 0 && bytes <= MOST ? bytes : undefined;
}

/** 1 without a unit, 0 for what is none. */
function factorOf(unit: string): number {
  if (unit === "" || unit === "B") return 1;
  const at = UNITS.indexOf(lowerCase(unit.charAt(0)));
  const rest = unit.slice(1);
  if (at < 0 || (rest !== "" && rest !== "B" && rest !== "iB")) return 0;
  return 1024 ** (at + 1);
}

/** A number such as 2 or 1.5, without sign and exponent. */
function decimalIn(text: string): number | undefined {
  const dot = text.indexOf(".");
  const whole = dot < 0 ? text : text.slice(0, dot);
  const part = dot < 0 ? "0" : text.slice(dot + 1);
  if (whole === "" || part === "" || whole.length > 15 || part.length > 9 || part.includes(".")) return undefined;
  return Number(`${whole}.${part}`);
}

function isNumeral(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}

/** How many processors' time, such as 1.5. The kernel counts hundredths at the least (1 ms of 100 ms). */
export const processors: Codec<number> = {
  name: "a number of processors such as 2 or 1.5",
  words: NONE,
  json: "number",
  parse: (text) => {
    for (let at = 0; at < text.length; at++) if (!isNumeral(text.charCodeAt(at))) return undefined;
    const value = decimalIn(text);
    return value === undefined || value < 0.01 || value > 100000 ? undefined : value;
  },
  format: (value) => String(value),
};

/** Which processors: numbers and ranges. */
export const processorList: Codec<string> = {
  name: "processors by number, such as 0-3,6",
  words: NONE,
  json: "text",
  parse: (text) => (text.split(",").every(isRange) ? text : undefined),
  format: (value) => value,
};

function isRange(text: string): boolean {
  const parts = text.split("-");
  const first = numeralIn(parts[0] ?? "");
  const last = parts.length === 1 ? first : numeralIn(parts[1] ?? "");
  return parts.length < 3 && first !== undefined && last !== undefined && first <= last;
}

function numeralIn(text: string): number | undefined {
  if (text === "" || text.length > 5) return undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return undefined;
  }
  return parseInt(text, 10);
}

/** A share beside others, which have 100 unless they say otherwise. */
export const weight: Codec<number> = numberFrom(1, 10000, "a weight from 1 to 10000, where others have 100");
export const countFromOne: Codec<number> = numberFrom(1, 4194304, "a whole number from 1 to 4194304");
export const perSecond: Codec<number> = numberFrom(1, 4294967295, "a whole number a second, from 1 on");
