// The container's root: mounted where it can be built, then made the root of its first process. Runs in that process.

import { LxcError } from "../../base/errors.ts";
import { EACCES, ENOENT, ENOTDIR } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, S_IFDIR, S_IFMT } from "../../kernel/abi/fs.ts";
import { MS_REC, MS_SHARED, MS_SLAVE } from "../../kernel/abi/mount.ts";
import { refused } from "../../kernel/call.ts";
import { closeFd, openDirectory, statusOf, tryOpenAt } from "../../kernel/files.ts";
import {
  attachTree,
  pivotRoot,
  setMountAttributes,
  setPropagation,
  tryAttachTree,
  tryCloneTree,
} from "../../kernel/mounts.ts";
import { isOverlay } from "./layers.ts";
import type { MountHelper } from "./mount-helper.ts";
import { attributesFor, type MountOptions, splitOptions } from "./mount-options.ts";
import { makeOverlayRoot, overlayFolders } from "./overlay-root.ts";

/** Keeps what is mounted from now on to this mount namespace; mounts of the host still arrive, as in LXC. */
export function isolateMounts(): void {
  setPropagation("/", MS_SLAVE | MS_REC);
}

/** How a container's root file system gets where it is built. */
export interface RootfsMount {
  /** The kind of storage; "" is a folder. */
  readonly type: string;
  /** Where it is on the host; "" for the host's own root. */
  readonly rootfs: string;
  readonly mountPoint: string;
  /** The words of lxc.rootfs.options. */
  readonly options: readonly string[];
}

const IDMAP = "idmap=";

/** The folders of the host it is made of, for `MountHelper`. */
export function hostFolders(wish: RootfsMount): string[] {
  if (wish.rootfs === "") return [];
  const folders = isOverlay(wish.type) ? overlayFolders(wish.rootfs) : [wish.rootfs];
  return folders.concat([wish.mountPoint]);
}

/** Mounts it. Returns the open mount. */
export function mountRootfs(wish: RootfsMount, helper: MountHelper): number {
  const { rootfs, mountPoint } = wish;
  if (rootfs === "") return openDirectory("/");
  const space = wish.options.find((word) => word.startsWith(IDMAP)) ?? IDMAP;
  const idmap = space.slice(IDMAP.length);
  const wanted = splitOptions(wish.options.filter((word) => !word.startsWith(IDMAP)));
  if (!isOverlay(wish.type)) {
    const tree = folderTree(rootfs, idmap, helper);
    setOptions(tree, wanted);
    const target = openMountPoint(mountPoint, helper);
    const result = tryAttachTree(tree, target);
    if (result < 0) throw rootNotAttached(tree, rootfs, mountPoint, result);
    closeFd(target);
    return tree;
  }
  const target = openMountPoint(mountPoint, helper);
  const options = wanted.data === "" ? [] : wanted.data.split(",");
  const overlay = makeOverlayRoot({ path: rootfs, options, idmap, target }, helper);
  setOptions(overlay, wanted);
  attachTree(overlay, target, `overlay:${rootfs} on ${mountPoint}`);
  closeFd(target);
  return overlay;
}

/** A copy of the mount at the folder `rootfs`, mounted nowhere. */
function folderTree(rootfs: string, idmap: string, helper: MountHelper): number {
  const own = tryCloneTree(AT_FDCWD, rootfs, true);
  const tree = own === -EACCES ? helper.tree(rootfs, true) : own;
  if (tree < 0) throw rootfsRefused(rootfs, tree);
  if (idmap !== "") helper.shift(tree, idmap);
  return tree;
}

function setOptions(tree: number, wanted: MountOptions): void {
  const change = attributesFor(wanted.flags);
  if (change.set === 0 && change.clear === 0 && wanted.propagation === 0) return;
  setMountAttributes(tree, change.set, change.clear, wanted.propagation & ~MS_REC);
}

function openMountPoint(path: string, helper: MountHelper): number {
  const own = tryOpenAt(AT_FDCWD, path, O_PATH | O_DIRECTORY);
  const target = own === -EACCES ? helper.folder(path) : own;
  if (target < 0) throw refused(`open ${path}`, "openat", target);
  return target;
}

/** Makes the mount `root` this process's root. A container without one of its own stays in the host's. */
export function enterRootfs(root: number, rootfs: string): void {
  if (rootfs === "") return;
  pivotRoot(root);
  setPropagation("/", MS_SHARED | MS_REC);
}

function rootfsRefused(rootfs: string, result: number): LxcError {
  const doing = `mount the root file system ${rootfs}`;
  if (result === -EACCES) {
    return new LxcError("not-permitted", doing, "the container's root may not come to it", {
      errno: EACCES,
      hint: `let everybody pass through the folders above it: chmod o+x ${closedFolder(rootfs)}`,
    });
  }
  if (result !== -ENOENT && result !== -ENOTDIR) return refused(doing, "open_tree", result);
  return new LxcError("not-found", doing, "there is no such folder", {
    errno: -result,
    hint: "correct lxc.rootfs.path in the container's configuration",
  });
}

/** move_mount(2) has one number for many reasons. */
function rootNotAttached(tree: number, rootfs: string, mountPoint: string, result: number): LxcError {
  if ((statusOf(tree, rootfs).mode & S_IFMT) === S_IFDIR)
    return refused(`mount ${rootfs} on ${mountPoint}`, "move_mount", result);
  return new LxcError("not-found", `mount the root file system ${rootfs}`, "it is no folder", {
    errno: ENOTDIR,
    hint: "correct lxc.rootfs.path in the container's configuration; an image must be unpacked or mounted first",
  });
}

/** The first folder on the way to `path` that we may not pass through. */
function closedFolder(path: string): string {
  let at = path.indexOf("/", 1);
  while (at > 0) {
    const folder = path.slice(0, at);
    const fd = tryOpenAt(AT_FDCWD, `${folder}/.`, O_PATH | O_DIRECTORY);
    if (fd === -EACCES) return folder;
    if (fd >= 0) closeFd(fd);
    at = path.indexOf("/", at + 1);
  }
  return path;
}
