// Names that nobody else has thought of.

import { call } from "../kernel/call.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** `count` random letters and digits, as mkdtemp(3) puts them behind a name. */
export function randomLetters(count: number): string {
  const bytes = new Uint8Array(count);
  call("draw a name", "getrandom", bytes, count, 0);
  let text = "";
  for (let at = 0; at < count; at++) text += LETTERS.charAt(bytes[at]! % LETTERS.length);
  return text;
}
