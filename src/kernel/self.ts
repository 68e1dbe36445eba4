// Our own executable, in a form that nothing inside a container can write through (CVE-2019-5736).

import { baseName } from "../base/path.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  O_CLOEXEC,
  O_PATH,
  O_RDONLY,
  ST_RDONLY,
  STATX_ATTR_MOUNT_ROOT,
  STATX_BASIC_STATS,
  statfs,
  statx,
} from "./abi/fs.ts";
import { MOUNT_ATTR_RDONLY, mountAttr, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from "./abi/mount.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryCall, tryNumbers, tryPath } from "./call.ts";
import { closeFd, openFile, statusOf } from "./files.ts";
import { effectiveUser, setCommandName, tryExecFd } from "./process.ts";

const OWN_PROGRAM = "/proc/self/exe";
const ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/**
 * A close-on-exec descriptor on our own executable, for `tryExecFd`. What runs from it shows a /proc/PID/exe that cannot
 * be opened for writing, by anyone, now or after it ended.
 */
export function openOwnProgram(): number {
  const mounted = tryMountReadOnly();
  return mounted >= 0 ? mounted : copyToMemory();
}

/**
 * A read-only mount of the one file, in no mount namespace (Linux 5.12, CAP_SYS_ADMIN). The kernel dissolves it when the
 * descriptor is closed: from then on it can be neither made writable, nor cloned, nor mounted, only executed and read.
 * Returns -errno where it is refused.
 */
export function tryMountReadOnly(): number {
  const fd = tryPath(SYS.open_tree, AT_FDCWD, OWN_PROGRAM, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0);
  if (fd < 0) return fd;
  const change = new Uint8Array(mountAttr.size);
  mountAttr.attrSet.put(change, MOUNT_ATTR_RDONLY);
  const result = tryCall(SYS.mount_setattr, fd, "", AT_EMPTY_PATH, change, change.length);
  if (result >= 0) return fd;
  closeFd(fd);
  return result;
}

/** A copy in memory, sealed against every change (memfd_create(2)); needs no privilege, and the size of the file. */
export function copyToMemory(): number {
  const name = "lxc";
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  // Before Linux 6.3 there is no MFD_EXEC, and every memfd can be executed.
  let memory = tryCall(SYS.memfd_create, name, flags | MFD_EXEC);
  if (memory < 0) memory = call("copy our own program", "memfd_create", name, flags);
  const from = openFile(OWN_PROGRAM, O_RDONLY);
  while (call("copy our own program", "sendfile", memory, from, 0, 0x7ffff000) > 0);
  closeFd(from);
  call("seal the copy of our own program", "fcntl", memory, F_ADD_SEALS, ALL_SEALS);
  return memory;
}

/**
 * Whether we already run from `openOwnProgram`. A read-only bind mount of just this file looks the same, and serves as
 * well.
 */
export function runsProtected(): boolean {
  const status = new Uint8Array(statx.size);
  if (tryCall(SYS.statx, AT_FDCWD, OWN_PROGRAM, 0, STATX_BASIC_STATS, status) < 0) return false;
  if (statx.nlink.get(status) === 0) return isSealed();
  // The low byte pair of the attributes: u64 fields are exact up to 2^53, and these masks are small.
  if (Math.floor(statx.attributes.get(status) / STATX_ATTR_MOUNT_ROOT) % 2 === 0) return false;
  const system = new Uint8Array(statfs.size);
  return tryCall(SYS.statfs, OWN_PROGRAM, system) === 0 && statfs.flags.get(system) % 2 === ST_RDONLY;
}

/**
 * Whether nobody in a container that we can start may write to the file anyway: no map of an ordinary user has the host's
 * root, whose it is. That saves a user, who may make no mounts, the copy of it.
 */
function isOutOfReach(): boolean {
  if (effectiveUser() === 0) return false;
  const fd = tryPath(SYS.openat, AT_FDCWD, OWN_PROGRAM, O_PATH | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const status = statusOf(fd, "our own program");
  closeFd(fd);
  return status.uid === 0 && (status.mode & 0o022) === 0;
}

function isSealed(): boolean {
  const fd = tryPath(SYS.openat, AT_FDCWD, OWN_PROGRAM, O_RDONLY, 0);
  if (fd < 0) return false;
  const seals = tryNumbers(SYS.fcntl, fd, F_GET_SEALS, 0);
  closeFd(fd);
  return seals >= 0 && (seals & ALL_SEALS) === ALL_SEALS;
}

/**
 * Starts this program again from `openOwnProgram`, with the same arguments (the first is the name it was invoked by) and
 * environment; returns at once when that has been done before. For tools that enter containers, before all else.
 */
export function protectOwnProgram(args: readonly string[], environment: () => readonly string[]): void {
  const name = baseName(`${args[0] ?? ""}`);
  if (runsProtected()) {
    // Until Linux 6.14 the kernel names a process after the number of the descriptor it was executed from.
    setCommandName(name);
    return;
  }
  if (isOutOfReach()) return;
  const result = tryExecFd(openOwnProgram(), args, environment());
  throw refused(`start ${name} from a protected copy`, "execveat", result);
}
