// Removing folders with all they hold, without ever following a link or crossing a mount.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { isHeard, tellProgress } from "../base/progress.ts";
import { EBUSY, EISDIR, ELOOP, ENOENT, ENOTDIR, EPERM, EXDEV } from "./abi/errno.ts";
import {
  AT_REMOVEDIR,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  openHow,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { refused, tryBytes, tryCall } from "./call.ts";
import { closeFd } from "./files.ts";
import { cString, textOf } from "./memory.ts";
import { rawNamesIn } from "./raw-names.ts";

/**
 * Removes the folder or file `name` below the open folder `dir` with all it holds; nothing there is fine. A mount in it,
 * a bind mount too, is refused and left alone (openat2(2), RESOLVE_NO_XDEV). `path` is how to call it in an error.
 */
export function removeTree(dir: number, name: string, path: string): void {
  removeNamed(dir, cString(name), path);
}

function removeNamed(dir: number, name: Uint8Array, path: string): void {
  const fd = tryOpenFolder(dir, name);
  if (fd === -ENOENT) return;
  if (fd === -ENOTDIR || fd === -ELOOP) {
    removeEntry(dir, name, path, 0);
    return;
  }
  if (fd < 0) throw refusedRemoval(path, "openat2", fd);
  try {
    removeContents(fd, path, "");
  } finally {
    closeFd(fd);
  }
  removeEntry(dir, name, path, AT_REMOVEDIR);
}

/** Empties the open folder `fd`, except for the entry `keep` ("" for none). */
export function removeContents(fd: number, path: string, keep: string): void {
  const names = rawNamesIn(fd, path);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (keep !== "" && textOf(name) === keep) continue;
    const result = tryBytes(SYS.unlinkat, fd, name, 0, 0);
    if (result === 0 || result === -ENOENT) continue;
    const below = joinPath(path, textOf(name));
    // POSIX says EPERM for a folder, Linux EISDIR.
    if (result !== -EISDIR && result !== -EPERM) throw refusedRemoval(below, "unlinkat", result);
    removeNamed(fd, name, below);
    if (isHeard()) tellProgress(`removing ${below}`);
  }
}

function removeEntry(dir: number, name: Uint8Array, path: string, flags: number): void {
  const result = tryBytes(SYS.unlinkat, dir, name, flags, 0);
  if (result < 0 && result !== -ENOENT) throw refusedRemoval(path, "unlinkat", result);
}

function tryOpenFolder(dir: number, name: Uint8Array): number {
  const how = new Uint8Array(openHow.size);
  openHow.flags.put(how, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  openHow.resolve.put(how, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  return tryCall(SYS.openat2, dir, name, how, how.length);
}

function refusedRemoval(path: string, name: "openat2" | "unlinkat", result: number): LxcError {
  if (result !== -EXDEV && result !== -EBUSY) return refused(`remove ${path}`, name, result);
  return new LxcError("wrong-state", `remove ${path}`, "something is mounted there", {
    errno: -result,
    hint: `unmount it first: umount ${path}`,
  });
}
