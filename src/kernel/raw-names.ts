// The names in a folder as the bytes that they are: to Linux they are no text, and some are not UTF-8.

import { DIRENT64_NAME_AT, dirent64 } from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { refused, tryBytes } from "./call.ts";

const BUFFER = 32768;

/** The names in the open folder `fd` but `.` and `..`, each with a NUL at its end, as bytes: they need not be UTF-8. */
export function rawNamesIn(fd: number, what: string): Uint8Array[] {
  const names: Uint8Array[] = [];
  const bytes = new Uint8Array(BUFFER);
  for (;;) {
    const length = tryBytes(SYS.getdents64, fd, bytes, BUFFER, 0);
    if (length < 0) throw refused(`list ${what}`, "getdents64", length);
    if (length === 0) return names;
    let at = 0;
    while (at + DIRENT64_NAME_AT < length) {
      const size = dirent64.reclen.get(bytes.subarray(at, at + DIRENT64_NAME_AT));
      if (size <= DIRENT64_NAME_AT || at + size > length) break;
      const name = nameIn(bytes.subarray(at + DIRENT64_NAME_AT, at + size));
      if (name.length > 0) names.push(name);
      at += size;
    }
  }
}

/** Up to the first NUL and with it; nothing for `.` and `..`. */
function nameIn(field: Uint8Array): Uint8Array {
  let end = 0;
  while (end < field.length && field[end]! !== 0) end++;
  if (end >= field.length) return new Uint8Array(0);
  const dots = end < 3 && field[0]! === 46 && (end === 1 || field[1]! === 46);
  return dots ? new Uint8Array(0) : field.slice(0, end + 1);
}
