// Asking a server of names for the IPv4 addresses of one, in bytes (RFC 1035). Pure.

import { ipv4Text } from "./ip.ts";

const HEAD_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;
/** "Recursion desired". */
const ASKS = 1;

/** The question with the number `id`. Undefined for what is no name. */
export function dnsQuestion(id: number, name: string): Uint8Array | undefined {
  const bytes: number[] = [id >> 8, id & 255, ASKS, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  for (const label of name.split(".")) {
    const letters = new TextEncoder().encode(label);
    if (letters.length === 0 || letters.length > 63) return undefined;
    bytes.push(letters.length);
    for (let i = 0; i < letters.length; i++) bytes.push(letters[i]!);
  }
  bytes.push(0, 0, TYPE_A, 0, CLASS_IN);
  const question = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) question[i] = bytes[i]!;
  return question;
}

/** The addresses of an answer; none for "there is no such name". Undefined for what is no answer to that question. */
export function dnsAddresses(answer: Uint8Array, id: number): string[] | undefined {
  if (answer.length < HEAD_BYTES || numberAt(answer, 0) !== id || (answer[2]! & 0x80) === 0) return undefined;
  let at = HEAD_BYTES;
  for (let left = numberAt(answer, 4); left > 0; left--) at = behindName(answer, at) + 4;
  const found: string[] = [];
  for (let left = numberAt(answer, 6); left > 0; left--) {
    const head = behindName(answer, at);
    if (head + 10 > answer.length) return undefined;
    const length = numberAt(answer, head + 8);
    const data = head + 10;
    if (data + length > answer.length) return undefined;
    if (numberAt(answer, head) === TYPE_A && length === 4) found.push(ipv4Text(answer.slice(data, data + 4)));
    at = data + length;
  }
  return found;
}

/** Labels up to an empty one, or to a pointer of two bytes. */
function behindName(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const length = bytes[at]!;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
  return at;
}

function numberAt(bytes: Uint8Array, at: number): number {
  return at + 1 < bytes.length ? bytes[at]! * 256 + bytes[at + 1]! : 0;
}
