// Numbers of 64 bits, as system calls take them: in two halves, since a number of the language holds 53. Pure.

import { digitOf, isBlank } from "../../base/text.ts";

const HALF = 4294967296;

/** Each half is from 0 to 2^32 - 1. */
export interface Word {
  readonly high: number;
  readonly low: number;
}

export const NO_BITS: Word = { high: 0, low: 0 };
export const ALL_BITS: Word = { high: 0xffffffff, low: 0xffffffff };

/**
 * The number that strtoull with base 0 reads, as LXC does: decimal, `0x` or `0` octal, after blanks. Undefined for
 * anything else, for a sign, and for more than 64 bits.
 */
export function parseWord(text: string): Word | undefined {
  let at = 0;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  let base = 10;
  if (text.charAt(at) === "0" && at + 1 < text.length) {
    const isHex = text.charAt(at + 1) === "x" || text.charAt(at + 1) === "X";
    base = isHex ? 16 : 8;
    at += isHex ? 2 : 1;
  }
  if (at >= text.length) return undefined;
  let high = 0;
  let low = 0;
  for (; at < text.length; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (digit < 0 || digit >= base) return undefined;
    low = low * base + digit;
    high = high * base + Math.floor(low / HALF);
    low = low % HALF;
    if (high >= HALF) return undefined;
  }
  return { high, low };
}

/** `0x` and hexadecimal digits, as few as needed. */
export function wordText(word: Word): string {
  const high = word.high === 0 ? "" : hexDigits(word.high, 1);
  return `0x${high}${hexDigits(word.low, word.high === 0 ? 1 : 8)}`;
}

function hexDigits(value: number, least: number): string {
  let text = "";
  let left = value;
  while (left > 0 || text.length < least) {
    text = "0123456789abcdef".charAt(left % 16) + text;
    left = Math.floor(left / 16);
  }
  return text;
}

export function maskedWord(word: Word, mask: Word): Word {
  return { high: (word.high & mask.high) >>> 0, low: (word.low & mask.low) >>> 0 };
}

/** Negative, 0 or positive, as `left` is less than, equal to or greater than `right`. */
export function compareWords(left: Word, right: Word): number {
  return left.high === right.high ? left.low - right.low : left.high - right.high;
}
