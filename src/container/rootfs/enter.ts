// The container's root: mounted where it can be built, then made the root of its first process. Runs in that process.

import { LxcError } from "../../base/errors.ts";
import { EACCES, ENOENT, ENOTDIR } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH } from "../../kernel/abi/fs.ts";
import { MS_REC, MS_SHARED, MS_SLAVE } from "../../kernel/abi/mount.ts";
import { refused } from "../../kernel/call.ts";
import { closeFd, openDirectory, openFile } from "../../kernel/files.ts";
import { attachTree, pivotRoot, setMountAttributes, setPropagation, tryCloneTree } from "../../kernel/mounts.ts";
import { attributesFor, splitOptions } from "./mount-options.ts";

/** Keeps what is mounted from now on to this mount namespace; mounts of the host still arrive, as in LXC. */
export function isolateMounts(): void {
  setPropagation("/", MS_SLAVE | MS_REC);
}

/** Mounts the folder `rootfs` on `mountPoint` with the options of lxc.rootfs.options. Returns the open mount. */
export function mountRootfs(rootfs: string, mountPoint: string, options: string): number {
  if (rootfs === "") return openDirectory("/");
  const tree = tryCloneTree(AT_FDCWD, rootfs, true);
  if (tree < 0) throw rootfsRefused(rootfs, tree);
  const wanted = splitOptions(options.split(","));
  const change = attributesFor(wanted.flags);
  if (change.set !== 0 || change.clear !== 0 || wanted.propagation !== 0) {
    setMountAttributes(tree, change.set, change.clear, wanted.propagation & ~MS_REC);
  }
  const target = openFile(mountPoint, O_PATH | O_DIRECTORY);
  attachTree(tree, target, `${rootfs} on ${mountPoint}`);
  closeFd(target);
  return tree;
}

/** Makes the mount `root` this process's root. A container without one of its own stays in the host's. */
export function enterRootfs(root: number, rootfs: string): void {
  if (rootfs === "") return;
  pivotRoot(root);
  setPropagation("/", MS_SHARED | MS_REC);
}

function rootfsRefused(rootfs: string, result: number): LxcError {
  if (result !== -ENOENT && result !== -ENOTDIR && result !== -EACCES) {
    return refused(`mount the root file system ${rootfs}`, "open_tree", result);
  }
  const reason = result === -EACCES ? "it cannot be reached" : "there is no such folder";
  return new LxcError("not-found", `mount the root file system ${rootfs}`, reason, {
    errno: -result,
    hint: "correct lxc.rootfs.path in the container's configuration",
  });
}
