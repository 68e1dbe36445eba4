// The bytes of a configuration file as text.

import { O_RDONLY } from "../../kernel/abi/fs.ts";
import { closeFd, openFile, readUpTo } from "../../kernel/files.ts";

const MARK = "\ufeff";
/** More than any configuration, and little enough to read from a device in a moment. */
const MOST_BYTES = 16777216;

/** What is no UTF-8 becomes U+FFFD. A byte order mark stays, for to LXC it is a part of the first line. */
export function configTextOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const isMarked = bytes.length > 2 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMarked && !text.startsWith(MARK) ? MARK + text : text;
}

/** Throws when it cannot be read, or has no end. */
export function readConfigText(path: string): string {
  const fd = openFile(`${path}`, O_RDONLY);
  try {
    return configTextOf(readUpTo(fd, `${path}`, MOST_BYTES));
  } finally {
    closeFd(fd);
  }
}
