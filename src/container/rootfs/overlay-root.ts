// Mounting a root file system of layers. Runs in the container's first process.
//
// Every layer is opened once, by its path on the host; the kernel gets descriptors. What is missing below the last folder
// that is there is made through that folder, and no link below it is followed.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { baseName, below, parentOf } from "../../base/path.ts";
import { blankSeparated } from "../../base/text.ts";
import { EACCES, EINVAL, ELOOP, ENODEV, ENOENT, ENOTDIR, EPERM } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, ST_RDONLY, statfs } from "../../kernel/abi/fs.ts";
import { MNT_DETACH } from "../../kernel/abi/mount.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, refused, tryCall } from "../../kernel/call.ts";
import { closeAll, closeFd, tryOpenAt, tryReadText } from "../../kernel/files.ts";
import { attachTree, tryCloneTree } from "../../kernel/mounts.ts";
import { makeOverlay } from "../../kernel/overlay.ts";
import { makeDirectoryBelow } from "../../kernel/resolve.ts";
import { type OverlayPaths, overlayPathsIn } from "./layers.ts";
import type { MountHelper } from "./mount-helper.ts";

const LAYER_MODE = 0o755;
/** The id map of the host. */
const ALL_IDS: readonly string[] = ["0", "0", "4294967295"];

export interface OverlayWish {
  /** Behind `overlay:` in lxc.rootfs.path. */
  readonly path: string;
  /** `key=value` or `key`, for the kernel. */
  readonly options: readonly string[];
  /** Whose id map its owners are shown by: "container", the path of a user namespace, or "" for the host's. */
  readonly idmap: string;
  /** The open folder that is to be mounted on. Layers with other owners are mounted there for a moment. */
  readonly target: number;
}

/** Where a layer is on the host: all the folders that must be opened before somebody else's root does. */
export function overlayFolders(path: string): string[] {
  const { lowers, upper } = overlayPathsIn(path);
  return lowers.concat(foldersAbove(upper));
}

/** An overlay that is mounted nowhere yet, as a descriptor. */
export function makeOverlayRoot(wish: OverlayWish, helper: MountHelper): number {
  const paths = overlayPathsIn(wish.path);
  const layers = new Layers(wish, helper);
  try {
    const lowers = paths.lowers.map((lower): number => layers.open(lower));
    const written = layers.openUpper(paths);
    // Only the host's root may set attributes of the kind trusted (overlayfs documentation, "userxattr").
    const options = isHostsUser() ? wish.options : ["userxattr"].concat(wish.options);
    const mount = makeOverlay({ lowers, upper: written.upper, work: written.work }, options);
    refuseReadOnly(mount, paths);
    return mount;
  } catch (caught) {
    throw overlayRefused(wish.path, asLxcError(caught as Error));
  } finally {
    layers.close();
  }
}

interface WritableLayer {
  readonly upper: number;
  readonly work: number;
}

/** The layers of one overlay, as long as it is made. */
class Layers {
  readonly #wish: OverlayWish;
  readonly #helper: MountHelper;
  readonly #open: number[] = [];
  /** Those with other owners: copies, mounted on the target. */
  readonly #mounted: number[] = [];

  constructor(wish: OverlayWish, helper: MountHelper) {
    this.#wish = wish;
    this.#helper = helper;
  }

  open(path: string): number {
    const fd = this.#tryOpen(path);
    if (fd < 0) throw layerRefused(path, fd);
    return this.#wish.idmap === "" ? fd : this.#shifted(fd);
  }

  /** Opens the layer for changes and the folder beside it, made when missing, as in LXC. */
  openUpper(paths: OverlayPaths): WritableLayer {
    const parent = parentOf(paths.upper);
    for (const above of foldersAbove(paths.upper)) {
      if (this.#tryOpen(above) < 0) continue;
      const folder = this.open(above);
      const rest = below(above, parent) ?? "";
      const beside = rest === "" ? folder : this.#made(folder, rest, parent);
      const upper = this.#made(beside, baseName(paths.upper), paths.upper);
      return { upper, work: this.#made(beside, baseName(paths.work), paths.work) };
    }
    throw layerRefused(paths.upper, -ENOENT);
  }

  close(): void {
    // The overlay has copies of its own. The topmost first: taking one away takes what is mounted on it away too.
    for (let i = this.#mounted.length - 1; i >= 0; i--) {
      call("take a layer away", "umount2", `/proc/self/fd/${this.#mounted[i]!}`, MNT_DETACH);
    }
    closeAll(this.#open);
  }

  #tryOpen(path: string): number {
    const fd = tryOpenAt(AT_FDCWD, path, O_PATH | O_DIRECTORY);
    // What is out of reach for the root of a user namespace was opened before; that descriptor stays the helper's.
    return fd === -EACCES ? this.#helper.folder(path) : this.#keep(fd);
  }

  /** A copy of the mount of the open folder, with other owners. Before Linux 6.15 a layer must be mounted somewhere. */
  #shifted(folder: number): number {
    const tree = this.#keep(tryCloneTree(folder, "", true));
    if (tree < 0) throw refused("copy the mount of a layer", "open_tree", tree);
    this.#helper.shift(tree, this.#wish.idmap);
    attachTree(tree, this.#wish.target, "a layer for a moment");
    this.#mounted.push(tree);
    return tree;
  }

  /** `name` in the open folder `dir`, which is `path` on the host. */
  #made(dir: number, name: string, path: string): number {
    try {
      return this.#keep(makeDirectoryBelow(dir, name, LAYER_MODE));
    } catch (caught) {
      throw layerNotMade(path, asLxcError(caught as Error));
    }
  }

  #keep(fd: number): number {
    if (fd >= 0) this.#open.push(fd);
    return fd;
  }
}

/** The folders that `path` is in, the nearest first. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  let at = path;
  while (at !== "/") {
    at = parentOf(at);
    folders.push(at);
  }
  return folders;
}

function isHostsUser(): boolean {
  const words = blankSeparated((tryReadText("/proc/self/uid_map") ?? "").trim());
  return words.length === ALL_IDS.length && words.every((word, i): boolean => word === ALL_IDS[i]);
}

/** The kernel makes an overlay that cannot be written to when its folders cannot, and says so in its own log only. */
function refuseReadOnly(mount: number, paths: OverlayPaths): void {
  const system = new Uint8Array(statfs.size);
  if (tryCall(SYS.fstatfs, mount, system) < 0 || statfs.flags.get(system) % 2 !== ST_RDONLY) return;
  closeFd(mount);
  throw new LxcError("not-permitted", `write to ${paths.upper}`, "the container's root may not write there", {
    hint: `give ${paths.upper} and ${paths.work} to the container's root, on a file system that can be written to`,
  });
}

function layerRefused(path: string, result: number): LxcError {
  const doing = `open the layer ${path}`;
  if (result === -EACCES) {
    return new LxcError("not-permitted", doing, "the container's root may not come to it", {
      errno: EACCES,
      hint: `let everybody pass through the folders above it: chmod o+x ${parentOf(path)}`,
    });
  }
  if (result !== -ENOENT && result !== -ENOTDIR) return refused(doing, "openat", result);
  return new LxcError("not-found", doing, "there is no such folder", {
    errno: -result,
    hint: "correct lxc.rootfs.path in the container's configuration",
  });
}

function layerNotMade(path: string, error: LxcError): LxcError {
  const { code, errno } = error;
  const doing = `make the layer ${path}`;
  if (errno === ENOTDIR || errno === ELOOP) {
    const hint = `move ${path} away, or name another folder in lxc.rootfs.path`;
    return new LxcError(code, doing, "a symbolic link or a file stands in its path", { errno, hint });
  }
  if (errno === EACCES || errno === EPERM) {
    const owned = `give ${parentOf(path)} to the container's root, whom lxc.idmap says (chown), or set lxc.rootfs.options = idmap=container`;
    return new LxcError("not-permitted", doing, "the container's root may not write there", { errno, hint: owned });
  }
  const hint = `put it on a file system that can be written to and has room: mount -o remount,rw, or df ${parentOf(path)}`;
  return new LxcError(code, doing, error.reason, { errno, hint });
}

function overlayRefused(path: string, because: LxcError): LxcError {
  const doing = `mount the root file system overlay:${path}`;
  return new LxcError(because.code, doing, "its layers cannot be put together", {
    errno: because.errno,
    because,
    hint: hintFor(because),
  });
}

function hintFor(error: LxcError): string {
  if (error.hint !== "") return error.hint;
  if (error.errno === ENODEV) return "the kernel has no overlay file system: /proc/filesystems lists those there are";
  if (error.errno === ELOOP)
    return "a layer is in another layer of this or another overlay; give each a folder of its own";
  if (error.errno === EINVAL)
    return "the upper layer must be on a file system such as ext4, xfs, btrfs or tmpfs, and on no other overlay; the kernel's log says more";
  return "";
}
