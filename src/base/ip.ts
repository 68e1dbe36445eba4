// Internet addresses as text and as bytes in network order. Pure.

import { digitOf, wholeNumberIn } from "./text.ts";

/** The four bytes of a dotted address, as inet_pton(3) reads it. */
export function ipv4Bytes(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  let at = 0;
  for (const part of parts) {
    const value = part.startsWith("-") || (part.length > 1 && part.startsWith("0")) ? undefined : wholeNumberIn(part);
    if (value === undefined || value > 255) return undefined;
    bytes[at] = value;
    at++;
  }
  return bytes;
}

export function ipv4Text(bytes: Uint8Array): string {
  return bytes.length < 4 ? "" : `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** The sixteen bytes of an IPv6 address, as inet_pton(3) reads it: `::` once, a dotted tail allowed. */
export function ipv6Bytes(text: string): Uint8Array | undefined {
  const gap = text.indexOf("::");
  if (gap < 0) {
    const whole = groups(text, true);
    return whole !== undefined && whole.length === 16 ? bytesOf(whole) : undefined;
  }
  const head = groups(text.slice(0, gap), false);
  const tail = groups(text.slice(gap + 2), true);
  if (head === undefined || tail === undefined || head.length + tail.length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(bytesOf(head));
  bytes.set(bytesOf(tail), 16 - tail.length);
  return bytes;
}

/** The short form of RFC 5952, as inet_ntop(3) writes it. */
export function ipv6Text(bytes: Uint8Array): string {
  if (bytes.length < 16) return "";
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0));
  const run = longestRunOfZeros(words);
  // glibc writes the last 32 bits of ::a.b.c.d and ::ffff:a.b.c.d dotted.
  const mapped = run.start === 0 && (run.length === 6 || (run.length === 5 && words[5] === 0xffff));
  const end = mapped ? 6 : 8;
  let text = "";
  for (let i = 0; i < end; i++) {
    if (run.length > 1 && i === run.start) text += "::";
    if (run.length > 1 && i >= run.start && i < run.start + run.length) continue;
    if (text !== "" && !text.endsWith(":")) text += ":";
    text += hex(words[i] ?? 0);
  }
  if (!mapped) return text;
  return `${text}${text.endsWith(":") ? "" : ":"}${ipv4Text(bytes.slice(12, 16))}`;
}

interface Run {
  start: number;
  length: number;
}

function longestRunOfZeros(words: readonly number[]): Run {
  const best: Run = { start: -1, length: 0 };
  let start = -1;
  for (let i = 0; i <= words.length; i++) {
    if (i < words.length && words[i] === 0) {
      if (start < 0) start = i;
    } else {
      if (start >= 0 && i - start > best.length) {
        best.start = start;
        best.length = i - start;
      }
      start = -1;
    }
  }
  return best;
}

/** The bytes of colon separated groups, none for no text; at the end of an address the last one may be dotted. */
function groups(text: string, atEnd: boolean): number[] | undefined {
  const bytes: number[] = [];
  if (text === "") return bytes;
  const parts = text.split(":");
  let left = parts.length;
  for (const part of parts) {
    left--;
    if (atEnd && left === 0 && part.includes(".")) {
      const dotted = ipv4Bytes(part);
      if (dotted === undefined) return undefined;
      addBytes(bytes, dotted);
      continue;
    }
    const value = hexIn(part);
    if (value === undefined) return undefined;
    bytes.push(value >> 8, value & 255);
  }
  return bytes.length <= 16 ? bytes : undefined;
}

function addBytes(bytes: number[], more: Uint8Array): void {
  for (let i = 0; i < more.length; i++) bytes.push(more[i] ?? 0);
}

function hexIn(text: string): number | undefined {
  if (text === "" || text.length > 4) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = digitOf(text.charCodeAt(i));
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

function hex(value: number): string {
  const digits = "0123456789abcdef";
  let text = "";
  for (let rest = value; rest > 0; rest = rest >> 4) text = digits.charAt(rest & 15) + text;
  return text === "" ? "0" : text;
}

function bytesOf(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length);
  let at = 0;
  for (const value of values) {
    bytes[at] = value;
    at++;
  }
  return bytes;
}
