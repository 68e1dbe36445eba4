// Copying the bytes of a file to another one, in the cheapest way the kernel has.

import { EBADF, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EXDEV } from "./abi/errno.ts";
import { FICLONE } from "./abi/fs.ts";
import { refused, tryCall, tryNumbers } from "./call.ts";

/** The most that one call of copy_file_range(2) or sendfile(2) moves. */
const AT_ONCE = 0x7ffff000;

/** Copies all of the file `from` to the empty file `to`; `what` names it. Shares its blocks where the file system can. */
export function copyContents(from: number, to: number, what: string): void {
  if (tryNumbers("ioctl", to, FICLONE, from) === 0) return;
  let copied = 0;
  for (;;) {
    const moved = tryCall("copy_file_range", from, 0, to, 0, AT_ONCE, 0);
    if (moved > 0) {
      copied += moved;
      continue;
    }
    if (copied > 0 && moved === 0) return;
    if (copied > 0 || (moved < 0 && !cannotShare(-moved))) throw refused(`copy ${what}`, "copy_file_range", moved);
    // Some file systems cannot, and some of the kernel's own say 0 at once (copy_file_range(2), "BUGS").
    sendContents(from, to, what);
    return;
  }
}

function cannotShare(errno: number): boolean {
  return [EBADF, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EXDEV].includes(errno);
}

function sendContents(from: number, to: number, what: string): void {
  for (;;) {
    const moved = tryCall("sendfile", to, from, 0, AT_ONCE);
    if (moved < 0) throw refused(`copy ${what}`, "sendfile", moved);
    if (moved === 0) return;
  }
}
