// Mounting, by path and by descriptor. Every function throws when the kernel refuses, unless it says otherwise.

import { AT_EMPTY_PATH, AT_RECURSIVE } from "./abi/fs.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MNT_DETACH,
  MOUNT_ATTR_IDMAP,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_BIND,
  MS_RDONLY,
  MS_REMOUNT,
  mountAttr,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "./abi/mount.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryCall, tryNumbers, tryPath, tryPaths, tryTexts } from "./call.ts";
import { closeFd } from "./files.ts";

export function mountFileSystem(type: string, to: string, flags: number, options: string): void {
  call(`mount ${type} on ${to}`, "mount", type, to, type, flags, options);
}

export function bind(from: string, to: string): void {
  call(`bind ${from} on ${to}`, "mount", from, to, 0, MS_BIND);
}

/** Makes an existing mount read-only. */
export function remountReadOnly(to: string): void {
  // A bind mount ignores MS_RDONLY when it is made, so the flag needs a second call (mount(2), "Creating a bind mount").
  call(`make ${to} read-only`, "mount", 0, to, 0, MS_REMOUNT | MS_BIND | MS_RDONLY);
}

/** Changes how mount events spread, by one of MS_PRIVATE, MS_SLAVE, MS_SHARED, with MS_REC for all below. */
export function setPropagation(to: string, flags: number): void {
  call(`change how mounts below ${to} spread`, "mount", 0, to, 0, flags);
}

/** A new file system that is not mounted anywhere yet, as a descriptor (Linux 5.2). Options are `key=value` or `key`. */
export function makeFileSystem(type: string, source: string, attributes: number, options: readonly string[]): number {
  const doing = `make a ${type} file system`;
  const context = call(doing, "fsopen", type, FSOPEN_CLOEXEC);
  try {
    if (source !== "") setOption(context, type, `source=${source}`);
    for (let i = 0; i < options.length; i++) setOption(context, type, options[i]!);
    const made = tryNumbers(SYS.fsconfig, context, FSCONFIG_CMD_CREATE, 0);
    if (made < 0) throw refused(doing, "fsconfig", made);
    const mount = tryNumbers(SYS.fsmount, context, FSMOUNT_CLOEXEC, attributes);
    if (mount < 0) throw refused(doing, "fsmount", mount);
    return mount;
  } finally {
    closeFd(context);
  }
}

function setOption(context: number, type: string, option: string): void {
  const equals = option.indexOf("=");
  const result =
    equals < 0
      ? tryCall(SYS.fsconfig, context, FSCONFIG_SET_FLAG, option, 0, 0)
      : tryTexts(SYS.fsconfig, context, FSCONFIG_SET_STRING, option.slice(0, equals), option.slice(equals + 1));
  if (result < 0) throw refused(`set the ${type} option ${option}`, "fsconfig", result);
}

/** A copy of the mount at `path` below `dir` that is not mounted anywhere yet; with `recursive`, of all below it too. */
export function cloneTree(dir: number, path: string, recursive: boolean): number {
  const result = tryCloneTree(dir, path, recursive);
  if (result < 0) throw refused(`copy the mount ${path}`, "open_tree", result);
  return result;
}

/** Like `cloneTree`, but returns -errno. An empty path is `dir` itself, which may be any file. */
export function tryCloneTree(dir: number, path: string, recursive: boolean): number {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  return tryPath(SYS.open_tree, dir, path, flags, 0);
}

/** Mounts the tree `fd` on the open file or folder `target`: no path is looked up, so none can be changed meanwhile. */
export function attachTree(fd: number, target: number, what: string): void {
  const result = tryAttachTree(fd, target);
  if (result < 0) throw refused(`mount ${what}`, "move_mount", result);
}

/** Like `attachTree`, but returns -errno. */
export function tryAttachTree(fd: number, target: number): number {
  return tryPaths(SYS.move_mount, fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/** Sets and clears MOUNT_ATTR_* flags of the mount `fd` (Linux 5.12), and how it spreads when `propagation` is not 0. */
export function setMountAttributes(fd: number, set: number, clear: number, propagation: number): void {
  const result = trySetMountAttributes(fd, false, set, clear, propagation);
  if (result < 0) throw refused("change the flags of a mount", "mount_setattr", result);
}

/** Like `setMountAttributes`, for all mounts below too when `recursive`. Returns -errno. */
export function trySetMountAttributes(
  fd: number,
  recursive: boolean,
  set: number,
  clear: number,
  propagation: number,
): number {
  const attributes = new Uint8Array(mountAttr.size);
  mountAttr.attrSet.put(attributes, set);
  mountAttr.attrClr.put(attributes, clear);
  mountAttr.propagation.put(attributes, propagation);
  const flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  return tryCall(SYS.mount_setattr, fd, "", flags, attributes, attributes.length);
}

/**
 * Shows the owners of the files of the mount `fd` and of all below it, which are mounted nowhere yet, as the user
 * namespace behind `space` maps them (Linux 5.12). Returns -errno.
 */
export function tryShiftOwners(fd: number, space: number): number {
  const attributes = new Uint8Array(mountAttr.size);
  mountAttr.attrSet.put(attributes, MOUNT_ATTR_IDMAP);
  mountAttr.usernsFd.put(attributes, space);
  return tryCall(SYS.mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes, attributes.length);
}

/**
 * Makes the folder `root` the root of this process and its mount namespace, and takes the old root away: the old one is
 * stacked on the new one and unmounted from there (pivot_root(2), 'pivot_root(".", ".")').
 */
export function pivotRoot(root: number): void {
  call("enter the root file system", "fchdir", root);
  call("make the root file system the root", "pivot_root", ".", ".");
  call("take the host's root away", "umount2", ".", MNT_DETACH);
  call("enter the root file system", "chdir", "/");
}
