// Paths below a root that the container may have written: no link, magic or not, is followed out of it.

import { LxcError, withHint } from "../base/errors.ts";
import { EACCES, EEXIST, ELOOP, ENOENT, ENOSPC, ENOTDIR, EROFS, EXDEV } from "./abi/errno.ts";
import {
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  openHow,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { refused, tryPath, tryPathBytes } from "./call.ts";
import { closeFd } from "./files.ts";

const STRICT = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

/** Opens `path` below the folder `root`, following no link at all (openat2(2), Linux 5.6). Returns -errno when it cannot. */
export function tryOpenBelow(root: number, path: string, flags: number): number {
  return openWith(root, path, flags, 0, STRICT);
}

/** Opens `path` as a process inside `root` would see it: links are followed, but never out of `root`. Returns -errno. */
export function tryOpenInside(root: number, path: string, flags: number): number {
  return openWith(root, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/** Like `tryOpenBelow`, but throws, and says so when a link stands in the way. */
export function openBelow(root: number, path: string, flags: number): number {
  const fd = tryOpenBelow(root, path, flags);
  if (fd < 0) throw refusedBelow(path, fd);
  return fd;
}

/** Makes the folder `path` and those above it, below `root`, and opens it as O_PATH. */
export function makeDirectoryBelow(root: number, path: string, mode: number): number {
  const there = tryOpenBelow(root, path, O_PATH | O_DIRECTORY);
  if (there !== -ENOENT) {
    if (there < 0) throw refusedBelow(path, there);
    return there;
  }
  const parent = openParent(root, path, mode);
  try {
    const result = tryPath(SYS.mkdirat, parent.fd, parent.name, mode, 0);
    if (result < 0 && result !== -EEXIST)
      throw withNextStep(path, refused(`make the folder ${path} in the container`, "mkdirat", result));
    return openBelow(parent.fd, parent.name, O_PATH | O_DIRECTORY);
  } finally {
    if (parent.fd !== root) closeFd(parent.fd);
  }
}

/** Makes an empty file `path`, and the folders above it, below `root`; opens it as O_PATH. An existing file is kept. */
export function makeFileBelow(root: number, path: string, mode: number): number {
  const there = tryOpenBelow(root, path, O_PATH);
  if (there !== -ENOENT) {
    if (there < 0) throw refusedBelow(path, there);
    return there;
  }
  const parent = openParent(root, path, 0o755);
  try {
    const made = openWith(parent.fd, parent.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, STRICT);
    if (made < 0 && made !== -EEXIST)
      throw withNextStep(path, refused(`make the file ${path} in the container`, "openat2", made));
    if (made >= 0) closeFd(made);
    return openBelow(parent.fd, parent.name, O_PATH);
  } finally {
    if (parent.fd !== root) closeFd(parent.fd);
  }
}

interface Parent {
  readonly fd: number;
  readonly name: string;
}

/** The folder that `path` is in, made when missing; `root` itself when `path` has one part. */
function openParent(root: number, path: string, mode: number): Parent {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  const slash = bare.lastIndexOf("/");
  const above = bare.slice(0, Math.max(slash, 0));
  const name = bare.slice(slash + 1);
  if (above === "") return { fd: root, name };
  return { fd: makeDirectoryBelow(root, above, mode), name };
}

function openWith(root: number, path: string, flags: number, mode: number, resolve: number): number {
  const how = new Uint8Array(openHow.size);
  openHow.flags.put(how, flags | O_CLOEXEC);
  openHow.mode.put(how, mode);
  openHow.resolve.put(how, resolve);
  return tryPathBytes(SYS.openat2, root, path === "" ? "." : path, how);
}

function refusedBelow(path: string, result: number): LxcError {
  if (result === -ELOOP || result === -EXDEV || result === -ENOTDIR) {
    return new LxcError(
      "not-permitted",
      `use ${path} in the container`,
      "a symbolic link or a file stands in its path",
      {
        errno: -result,
        hint: `make every part of ${path} in the root file system a plain folder`,
      },
    );
  }
  return withNextStep(path, refused(`open ${path} in the container`, "openat2", result));
}

/** What the table says of the container path does not help with a root file system. */
function withNextStep(path: string, error: LxcError): LxcError {
  if (error.errno === EROFS)
    return withHint(error, `its file system is read-only: mount that writable, or make ${path} there before`);
  if (error.errno === ENOSPC) return withHint(error, "its file system is full: free some space or inodes (df, df -i)");
  if (error.errno !== EACCES) return error;
  return withHint(
    error,
    "give the files of lxc.rootfs.path to the container's root, whom lxc.idmap says, or set lxc.rootfs.options = idmap=container",
  );
}
