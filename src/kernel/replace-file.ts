// Replacing a whole file at once: whoever reads it meanwhile sees all of the old bytes or all of the new ones.

import { LxcError } from "../base/errors.ts";
import { baseName, parentOf } from "../base/path.ts";
import { ENOENT } from "./abi/errno.ts";
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFLNK, S_IFMT, S_IFREG } from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { refused, tryCall, tryNumbers, tryPath } from "./call.ts";
import {
  closeFd,
  type FileStatus,
  openAt,
  openDirectory,
  readAll,
  statusOf,
  tryCreateAt,
  tryStatusAt,
  writeAll,
} from "./files.ts";
import { bytesOfText } from "./memory.ts";
import { currentPid } from "./process.ts";

const PERMISSIONS = 0o7777;

/** Replaces what is in the file `path`, as `replaceBytes` does. */
export function replaceFile(path: string, text: string): void {
  replaceBytes(path, bytesOfText(text));
}

/**
 * Puts a new file in the place of the regular file `path`, with its mode and owner; it is on the disk before it takes the
 * name. Throws for anything else, a link included, and when the owner cannot be kept; then nothing has changed.
 */
export function replaceBytes(path: string, bytes: Uint8Array): void {
  const folder = openDirectory(parentOf(path));
  try {
    const fresh = `.${baseName(path)}.${currentPid()}.new`;
    // Left there by a process of our number that was killed.
    tryPath(SYS.unlinkat, folder, fresh, 0, 0);
    createLike(folder, fresh, bytes, regularStatus(folder, path));
    const result = tryCall(SYS.renameat2, folder, fresh, folder, baseName(path), 0);
    if (result < 0) {
      tryPath(SYS.unlinkat, folder, fresh, 0, 0);
      throw refused(`replace ${path}`, "renameat2", result);
    }
    tryNumbers(SYS.fsync, folder, 0, 0);
  } finally {
    closeFd(folder);
  }
}

/** Makes a new file `name` beside the regular file `path`, with its mode and owner. Throws when that name is taken. */
export function createBeside(path: string, name: string, bytes: Uint8Array): void {
  const folder = openDirectory(parentOf(path));
  try {
    createLike(folder, name, bytes, regularStatus(folder, path));
  } finally {
    closeFd(folder);
  }
}

/** What is in the file `path`. Throws when `replaceBytes` would refuse it. */
export function readRegular(path: string): Uint8Array {
  const folder = openDirectory(parentOf(path));
  try {
    regularStatus(folder, path);
    // Without O_NONBLOCK a pipe that took the name since would keep us waiting.
    const fd = openAt(folder, baseName(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      return readAll(fd, path);
    } finally {
      closeFd(fd);
    }
  } finally {
    closeFd(folder);
  }
}

function regularStatus(folder: number, path: string): FileStatus {
  const status = tryStatusAt(folder, baseName(path));
  if (status === undefined)
    throw new LxcError("not-found", `use ${path}`, "there is no such file", {
      errno: ENOENT,
      hint: `see what there is: ls ${parentOf(path)}`,
    });
  const kind = status.mode & S_IFMT;
  if (kind === S_IFREG) return status;
  if (kind !== S_IFLNK) throw new LxcError("wrong-state", `replace ${path}`, "it is no regular file");
  throw new LxcError("wrong-state", `replace ${path}`, "it is a link, which a new file would take the place of", {
    hint: `name the file it leads to: readlink -f ${path}`,
  });
}

/** Makes `name`, and takes it away again when anything of it fails. */
function createLike(folder: number, name: string, bytes: Uint8Array, like: FileStatus): void {
  const fd = tryCreateAt(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  if (fd < 0) throw refused(`make ${name} in the same folder`, "openat", fd);
  try {
    writeAll(fd, bytes, name);
    ownLike(fd, name, like);
    const synced = tryNumbers(SYS.fsync, fd, 0, 0);
    if (synced < 0) throw refused(`write ${name} to the disk`, "fsync", synced);
  } catch (caught) {
    tryPath(SYS.unlinkat, folder, name, 0, 0);
    throw caught as Error;
  } finally {
    closeFd(fd);
  }
}

/** The mode comes last: a change of owner takes some of its bits away. */
function ownLike(fd: number, name: string, like: FileStatus): void {
  const own = statusOf(fd, name);
  if (own.uid !== like.uid || own.gid !== like.gid) {
    const owned = tryNumbers(SYS.fchown, fd, like.uid, like.gid);
    if (owned < 0) throw notOurs(name, owned);
  }
  const changed = tryNumbers(SYS.fchmod, fd, like.mode & PERMISSIONS, 0);
  if (changed < 0) throw refused(`give ${name} its mode`, "fchmod", changed);
}

function notOurs(name: string, result: number): LxcError {
  return new LxcError("not-permitted", "replace a file of another user", "its owner would change", {
    because: refused(`give ${name} its owner`, "fchown", result),
    hint: "do it as its owner, or as root",
  });
}
