// Copying the bytes of a file to another one, in the cheapest way the kernel has.

import { EBADF, EINVAL, ENOSYS, ENXIO, EOPNOTSUPP, EPERM, EXDEV } from "./abi/errno.ts";
import { FICLONE, SEEK_DATA, SEEK_HOLE, SEEK_SET } from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { refused, tryCall, tryNumbers } from "./call.ts";

/** The most that one call of copy_file_range(2) or sendfile(2) moves. */
const AT_ONCE = 0x7ffff000;

/** Copies all of the file `from` to the empty file `to`; `what` names it. Shares its blocks where the file system can. */
export function copyContents(from: number, to: number, what: string): void {
  if (tryNumbers(SYS.ioctl, to, FICLONE, from) === 0) return;
  let copied = 0;
  for (;;) {
    const moved = tryCall(SYS.copy_file_range, from, 0, to, 0, AT_ONCE, 0);
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
    const moved = tryCall(SYS.sendfile, to, from, 0, AT_ONCE);
    if (moved < 0) throw refused(`copy ${what}`, "sendfile", moved);
    if (moved === 0) return;
  }
}

/** What one call moves while somebody watches: less than a second on any disk. */
const WATCHED_AT_ONCE = 64 * 1024 * 1024;

/** Whether `to`, an empty file, now shares all blocks of the file `from` (ioctl_ficlone(2)). */
export function tryShare(from: number, to: number): boolean {
  return tryNumbers(SYS.ioctl, to, FICLONE, from) === 0;
}

/**
 * Copies the first `sizeBytes` of the file `from` to the empty file `to`, or as much as there still is; `moved` is told of
 * each part. With `holes`, what takes no room on the disk takes none afterwards (lseek(2), SEEK_DATA).
 */
export function copyData(source: DataSource, to: number, moved: (sizeBytes: number) => void): void {
  const { from, sizeBytes, what } = source;
  if (!source.holes) {
    moveBytes(from, to, sizeBytes, what, moved);
    return;
  }
  let at = 0;
  while (at < sizeBytes) {
    const data = tryNumbers(SYS.lseek, from, at, SEEK_DATA);
    if (data === -ENXIO) break;
    const start = data < 0 ? at : data;
    const hole = data < 0 ? sizeBytes : tryNumbers(SYS.lseek, from, start, SEEK_HOLE);
    const end = hole < 0 ? sizeBytes : Math.min(hole, sizeBytes);
    if (end <= start) break;
    tryNumbers(SYS.lseek, from, start, SEEK_SET);
    tryNumbers(SYS.lseek, to, start, SEEK_SET);
    moveBytes(from, to, end - start, what, moved);
    at = end;
  }
  const result = tryNumbers(SYS.ftruncate, to, sizeBytes, 0);
  if (result < 0) throw refused(`copy ${what}`, "ftruncate", result);
}

export interface DataSource {
  readonly from: number;
  readonly sizeBytes: number;
  readonly holes: boolean;
  /** Its name, for errors. */
  readonly what: string;
}

/** Moves `count` bytes from where one file is to where the other is; fewer when the first one ends. */
function moveBytes(from: number, to: number, count: number, what: string, moved: (sizeBytes: number) => void): void {
  let left = count;
  let ranges = true;
  while (left > 0) {
    const wanted = Math.min(left, WATCHED_AT_ONCE);
    const result = ranges
      ? tryCall(SYS.copy_file_range, from, 0, to, 0, wanted, 0)
      : tryCall(SYS.sendfile, to, from, 0, wanted);
    if (result > 0) {
      left -= result;
      moved(result);
    } else if (ranges && (result === 0 || cannotShare(-result))) {
      ranges = false;
    } else {
      if (result === 0) return;
      throw refused(`copy ${what}`, ranges ? "copy_file_range" : "sendfile", result);
    }
  }
}
