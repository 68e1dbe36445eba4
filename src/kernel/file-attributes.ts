// What a file has beside its name and its bytes: owner, mode, extended attributes and times, given to another file.

import { LxcError } from "../base/errors.ts";
import { ENODATA, EOPNOTSUPP, EPERM } from "./abi/errno.ts";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  S_IFLNK,
  S_IFMT,
  STATX_BASIC_STATS,
  statx,
} from "./abi/fs.ts";
import type { CallName } from "./abi/syscalls.ts";
import { SYS } from "./abi/syscalls.ts";
import { refused, tryBytes, tryCall, tryNumbers } from "./call.ts";
import { cString, textOf } from "./memory.ts";

const PERMISSIONS = 0o7777;
/** The most that the kernel gives for a list of names, and for one value (xattr(7)). */
const LONGEST = 65536;

/** What statx tells, as it tells it. Returns 0 or -errno. */
export function tryStatx(fd: number, status: Uint8Array): number {
  return tryCall(SYS.statx, fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, status);
}

/** The inode of an open file, -1 when the kernel does not tell. */
export function inodeOf(fd: number): number {
  const status = new Uint8Array(statx.size);
  return tryStatx(fd, status) < 0 ? -1 : statx.ino.get(status);
}

/** Gives the attributes of one file to another, with one pair of buffers for all of them. */
export class AttributeCopier {
  readonly #names = new Uint8Array(LONGEST);
  readonly #value = new Uint8Array(LONGEST);
  readonly #times = new Uint8Array(32);

  /** For a file or a folder that is open. The owner comes first, for a change of it takes capabilities and bits of the mode away. */
  toOpen(from: number, status: Uint8Array, to: number, what: string): void {
    check(what, "fchown", tryNumbers(SYS.fchown, to, statx.uid.get(status), statx.gid.get(status)));
    check(what, "fchmod", tryNumbers(SYS.fchmod, to, statx.mode.get(status) & PERMISSIONS, 0));
    const length = tryBytes(SYS.flistxattr, from, this.#names, LONGEST, 0);
    this.#copyEach(length, what, (name) => {
      const size = tryCall(SYS.fgetxattr, from, name, this.#value, LONGEST);
      return size < 0 ? size : tryCall(SYS.fsetxattr, to, name, this.#value, size, 0);
    });
    check(what, "utimensat", tryCall(SYS.utimensat, to, 0, this.#timesFrom(status), 0));
  }

  /** For a link, a device or a pipe `name` below `to`, which cannot be opened; `from` is open as O_PATH. */
  toNamed(from: number, status: Uint8Array, to: number, name: Uint8Array, what: string): void {
    const { uid, gid, mode } = statx;
    check(what, "fchownat", tryCall(SYS.fchownat, to, name, uid.get(status), gid.get(status), AT_SYMLINK_NOFOLLOW));
    // The mode of a link means nothing, and fchmodat would follow it.
    if (!isLink(status)) check(what, "fchmodat", tryBytes(SYS.fchmodat, to, name, mode.get(status) & PERMISSIONS, 0));
    const source = cString(`/proc/self/fd/${from}`);
    const length = tryCall(SYS.listxattr, source, this.#names, LONGEST);
    if (length > 0) this.#toPinned(source, length, { to, name }, what);
    const times = this.#timesFrom(status);
    check(what, "utimensat", tryCall(SYS.utimensat, to, name, times, AT_SYMLINK_NOFOLLOW));
  }

  #toPinned(source: Uint8Array, length: number, target: NamedFile, what: string): void {
    const fd = tryBytes(SYS.openat, target.to, target.name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0) throw refused(`copy the attributes of ${what}`, "openat", fd);
    const path = cString(`/proc/self/fd/${fd}`);
    try {
      this.#copyEach(length, what, (name) => {
        const size = tryCall(SYS.getxattr, source, name, this.#value, LONGEST);
        return size < 0 ? size : tryCall(SYS.setxattr, path, name, this.#value, size, 0);
      });
    } finally {
      tryNumbers(SYS.close, fd, 0, 0);
    }
  }

  /** `copy` returns what the kernel said. */
  #copyEach(length: number, what: string, copy: (name: Uint8Array) => number): void {
    if (length < 0 && length !== -EOPNOTSUPP) throw refused(`list the attributes of ${what}`, "flistxattr", length);
    let start = 0;
    for (let at = 0; at < length; at++) {
      if (this.#names[at]! !== 0) continue;
      const name = this.#names.slice(start, at + 1);
      start = at + 1;
      const result = copy(name);
      // It was taken away since.
      if (result >= 0 || result === -ENODATA) continue;
      if (mayBeLost(textOf(name))) continue;
      throw attributeRefused(textOf(name), what, result);
    }
  }

  #timesFrom(status: Uint8Array): Uint8Array {
    this.#times.set(statx.atime.get(status));
    this.#times.set(statx.mtime.get(status), 16);
    return this.#times;
  }
}

interface NamedFile {
  readonly to: number;
  readonly name: Uint8Array;
}

/** Labels of a security module are the host's business, and what only one file system knows is lost on another. Pure. */
export function mayBeLost(name: string): boolean {
  if (name.startsWith("security.")) return name !== "security.capability";
  return name.startsWith("system.") ? !name.startsWith("system.posix_acl_") : name.startsWith("btrfs.");
}

function isLink(status: Uint8Array): boolean {
  return (statx.mode.get(status) & S_IFMT) === S_IFLNK;
}

function check(what: string, name: CallName, result: number): void {
  if (result < 0) throw refused(`give the copy of ${what} its attributes`, name, result);
}

function attributeRefused(name: string, what: string, result: number): LxcError {
  const error = refused(`copy the attribute ${name} of ${what}`, "fsetxattr", result);
  const hint =
    result === -EOPNOTSUPP
      ? "copy to a file system that has such attributes, such as ext4, xfs or btrfs: -p PATH"
      : result === -EPERM
        ? "copy it as root: the container's own root may not give it"
        : error.hint;
  return new LxcError(error.code, error.doing, error.reason, { errno: error.errno, hint });
}
