// Making the root file system of a copy. Runs as the container's root where that is not the host's.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { ENOENT, ENOTDIR } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../kernel/abi/fs.ts";
import { call, refused } from "../kernel/call.ts";
import { type CopyWatch, copyTree } from "../kernel/copy-tree.ts";
import { closeAll, closeFd, exists, makeDirectory, openDirectory, statusOf, tryOpenAt } from "../kernel/files.ts";
import { makeOverlay } from "../kernel/overlay.ts";
import type { RootfsCopy } from "./copy-plan.ts";

const FOLDER_MODE = 0o755;
const PERMISSIONS = 0o7777;

/** Makes what `copy` says in the folder of the container. `userXattr` says how its overlays keep what only they know. */
export function copyRootfs(copy: RootfsCopy, folder: string, userXattr: boolean, watch: CopyWatch): void {
  switch (copy.kind) {
    case "none":
      return;
    case "folder":
      copyFolder(copy.from, joinPath(folder, "rootfs"), watch);
      return;
    case "merged":
      copyMerged(copy.lowers, copy.upper, joinPath(folder, "rootfs"), { userXattr, watch });
      return;
    case "layers":
      // As in LXC: where an overlay is mounted by whoever looks at it from outside.
      makeDirectory(joinPath(folder, "rootfs"), FOLDER_MODE);
      makeDirectory(joinPath(folder, "overlay"), FOLDER_MODE);
      makeDirectory(joinPath(folder, "overlay/work"), FOLDER_MODE);
      copyChanges({ lowers: copy.lowers, from: copy.from, below: copy.below }, folder, watch);
      return;
  }
}

function copyFolder(from: string, to: string, watch: CopyWatch): void {
  const source = openSource(from);
  try {
    copyInto(source, from, to, watch);
  } finally {
    closeFd(source);
  }
}

function copyInto(source: number, from: string, to: string, watch: CopyWatch): void {
  // Until its own mode is known nobody comes to what is in it.
  if (!makeDirectory(to, 0o700))
    throw new LxcError("wrong-state", `make ${to}`, "something of that name is there already");
  const target = openDirectory(to);
  try {
    copyTree(source, target, from, watch);
  } finally {
    closeFd(target);
  }
}

interface MergedOptions {
  readonly userXattr: boolean;
  readonly watch: CopyWatch;
}

/** Through a read-only overlay of all layers, which is mounted nowhere: the one for changes stays as it is. */
function copyMerged(lowers: readonly string[], upper: string, to: string, options: MergedOptions): void {
  const paths = exists(upper) ? [upper].concat(lowers) : lowers;
  const first = paths[0] ?? "";
  if (paths.length === 1) {
    copyFolder(first, to, options.watch);
    return;
  }
  const layers = paths.map((path): number => openSource(path));
  const mount = makeOverlay({ lowers: layers, upper: -1, work: -1 }, options.userXattr ? ["userxattr"] : []);
  closeAll(layers);
  const source = call(`open the overlay of ${first}`, "openat", mount, ".", O_RDONLY | O_DIRECTORY);
  try {
    copyInto(source, first, to, options.watch);
  } finally {
    closeFd(source);
    closeFd(mount);
  }
}

interface Layers {
  readonly lowers: readonly string[];
  readonly from: string;
  readonly below: boolean;
}

function copyChanges(copy: Layers, folder: string, watch: CopyWatch): void {
  const delta = joinPath(folder, "overlay/delta");
  const to = copy.below ? joinPath(folder, "base") : delta;
  if (copy.from !== "" && exists(copy.from)) copyFolder(copy.from, to, watch);
  else makeLike(copy.lowers[0] ?? "", to);
  if (copy.below) makeLike(to, delta);
}

/** An empty folder with the owner and mode of another: for an overlay shows those of its topmost layer. */
function makeLike(like: string, to: string): void {
  const source = openSource(like);
  const status = statusOf(source, like);
  closeFd(source);
  makeDirectory(to, 0o700);
  const target = openDirectory(to);
  try {
    call(`give ${to} its owner`, "fchown", target, status.uid, status.gid);
    call(`give ${to} its mode`, "fchmod", target, status.mode & PERMISSIONS);
  } finally {
    closeFd(target);
  }
}

function openSource(path: string): number {
  const fd = tryOpenAt(AT_FDCWD, `${path}`, O_RDONLY | O_DIRECTORY);
  if (fd >= 0) return fd;
  if (fd === -ENOENT) {
    throw new LxcError("not-found", `copy the root file system ${path}`, "there is no such folder", {
      errno: ENOENT,
      hint: "correct lxc.rootfs.path in the source's configuration",
    });
  }
  if (fd !== -ENOTDIR) throw refused(`open ${path}`, "openat", fd);
  throw new LxcError("unsupported", `copy the root file system ${path}`, "it is no folder", {
    hint: "only plain folders and overlays can be copied",
  });
}
