// The bytes of a configuration file as text.

import { readBytes } from "../../kernel/files.ts";

const MARK = "\ufeff";

/** What is no UTF-8 becomes U+FFFD. A byte order mark stays, for to LXC it is a part of the first line. */
export function configTextOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const isMarked = bytes.length > 2 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMarked && !text.startsWith(MARK) ? MARK + text : text;
}

export function readConfigText(path: string): string {
  return configTextOf(readBytes(path));
}
