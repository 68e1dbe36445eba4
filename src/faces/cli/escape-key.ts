// The key that leaves lxc-console, as --escape names it. Pure.

import { lowerCase } from "../../base/text.ts";

const A = 97;
const Z = 122;

/** The control byte that `^a` or `a` stands for, in either case; undefined for what is no such key. */
export function escapeByteIn(text: string): number | undefined {
  const letter = lowerCase(text.startsWith("^") ? text.slice(1) : text);
  const code = letter.length === 1 ? letter.charCodeAt(0) : 0;
  return code < A || code > Z ? undefined : code - A + 1;
}

/** `Ctrl+a` of 1. */
export function escapeName(byte: number): string {
  return `Ctrl+${String.fromCharCode(A + byte - 1)}`;
}
