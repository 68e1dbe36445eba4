// Numbers as the kernel reads them in cgroup files. Pure.

import { cInteger, lowerCase, wholeNumberIn } from "../../base/text.ts";

const PAGE_BYTES = 4096;
const SUFFIXES = "kmgtpe";

/** A number as kstrtoll reads it with base 0: decimal, `0x` or `0` in front, a sign. Undefined beyond 2^53. */
export function kernelInteger(text: string): number | undefined {
  return cInteger(text.trim());
}

/** Like `kernelInteger`, and undefined for what is not from `least` to `most`. */
export function kernelIntegerWithin(text: string, least: number, most: number): number | undefined {
  const value = kernelInteger(text);
  return value === undefined || value < least || value > most ? undefined : value;
}

/** A number as sscanf reads `%llu`: decimal digits and nothing else. Undefined beyond 15 of them. */
export function decimalIn(text: string): number | undefined {
  return text.startsWith("-") ? undefined : wholeNumberIn(text);
}

/**
 * Bytes as memparse reads them: a number with base 0, and one of K, M, G, T, P and E in either case. Infinity for what is
 * beyond 2^53, undefined for what the kernel refuses.
 */
export function bytesIn(text: string): number | undefined {
  const isHex = text.startsWith("0x") || text.startsWith("0X");
  const last = lowerCase(text.slice(-1));
  // 0x1E is a number: E is a suffix only behind a decimal or octal one.
  const power = last === "" || (isHex && last === "e") ? 0 : SUFFIXES.indexOf(last) + 1;
  const head = power > 0 ? text.slice(0, -1) : text;
  const code = head.charCodeAt(0);
  if (head === "" || code < 48 || code > 57) return undefined;
  const number = cInteger(head) ?? (isDecimal(head) ? Number.POSITIVE_INFINITY : undefined);
  if (number === undefined) return undefined;
  const bytes = number * 1024 ** power;
  return bytes > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : bytes;
}

/** Beyond 2^53 and within 64 bits. */
function isDecimal(text: string): boolean {
  if (text.startsWith("0") || text.length < 16 || text.length > 19) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

/** The kernel counts memory in whole pages, and leaves away the rest. */
export function wholePages(bytes: number): number {
  return Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES;
}

/** `8:0`, as a block device is named in cgroup files. */
export function isDeviceNumber(text: string): boolean {
  const colon = text.indexOf(":");
  return colon > 0 && decimalIn(text.slice(0, colon)) !== undefined && decimalIn(text.slice(colon + 1)) !== undefined;
}
