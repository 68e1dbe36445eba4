// The only code that performs MountSteps. Runs in the container's first process, in its mount namespace, before exec.
//
// Places are open folders, never paths from the host's root: what the container's files say cannot lead out of them.

import { asLxcError, LxcError, withHint } from "../../base/errors.ts";
import { plain } from "../../base/number.ts";
import { joinPath } from "../../base/path.ts";
import { EACCES, EEXIST, EINVAL, ENOENT, EPERM } from "../../kernel/abi/errno.ts";
import {
  AT_FDCWD,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  S_IFCHR,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from "../../kernel/abi/fs.ts";
import {
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_MOVE,
  MS_REC,
  MS_REMOUNT,
  MS_SLAVE,
} from "../../kernel/abi/mount.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, refused, tryBytes, tryCall, tryPath } from "../../kernel/call.ts";
import { closeFd, statusOf, tryCreateAt, tryOpenAt } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import {
  attachTree,
  makeFileSystem,
  setMountAttributes,
  tryAttachTree,
  tryCloneTree,
  trySetMountAttributes,
} from "../../kernel/mounts.ts";
import { makeDirectoryBelow, makeFileBelow, openBelow, tryOpenBelow } from "../../kernel/resolve.ts";
import { bootIdText } from "./boot-id.ts";
import { mountRefused, shareRefused, sourceRefused, targetRefused } from "./entry-refusals.ts";
import type { MountHelper } from "./mount-helper.ts";
import { attributesFor } from "./mount-options.ts";
import type { EntryStep, FileSystemStep, LayerStep, MountStep, ReadOnlyStep } from "./steps.ts";

const LAYER_MODE = 0o755;

/** Where a path is: a folder that is open, and the rest of the path below it. */
interface Place {
  readonly dir: number;
  readonly path: string;
}

/** Builds a container's file system below the open mount `root`. */
export class RootfsBuilder {
  readonly root: number;
  /** What we mounted ourselves, by where: nothing in it is the container's doing yet. */
  readonly #mounted = new Map<string, number>();

  readonly #helper: MountHelper;

  constructor(root: number, helper: MountHelper) {
    this.root = root;
    this.#helper = helper;
  }

  /** Throws at the first step the kernel refuses, unless the step is optional. */
  run(steps: readonly MountStep[]): void {
    for (const step of steps) this.#runStep(step);
  }

  /** The mount made at `at`, or -1. */
  mountedAt(at: string): number {
    return this.#mounted.get(at) ?? -1;
  }

  /** Closes what was opened on the way; the mounts stay. */
  close(): void {
    for (const [, fd] of this.#mounted) closeFd(fd);
    this.#mounted.clear();
  }

  /** Mounts the open file `fd` on a new empty file at `at`, replacing what was there. */
  mountFile(fd: number, at: string, what: string): void {
    const tree = tryCloneTree(fd, "", false);
    if (tree < 0) throw refused(`copy ${what}`, "open_tree", tree);
    const target = this.#emptyFile(at);
    attachTree(tree, target, `${what} on /${at}`);
    closeFd(target);
    closeFd(tree);
  }

  #runStep(step: MountStep): void {
    switch (step.kind) {
      case "file-system":
        this.#mountFileSystem(step);
        break;
      case "read-only":
        this.#makeReadOnly(step);
        break;
      case "entry":
        this.#mountEntry(step);
        break;
      case "layer":
        this.#makeLayer(step);
        break;
      case "directory":
        closeFd(this.#openDirectory(step.at, step.mode));
        break;
      case "node":
        this.#makeNode(step.at, step.major, step.minor);
        break;
      case "link":
        this.#makeLink(step.at, step.target);
        break;
      case "dependent":
        this.#makeDependent(step.at);
        break;
      case "boot-id":
        this.#setBootId(step.file, step.over);
        break;
    }
  }

  /** The closest folder of ours that `path` is in: the deepest mount we made, or the root. */
  #place(path: string): Place {
    let at = path;
    for (;;) {
      const slash = at.lastIndexOf("/");
      if (slash < 0) return { dir: this.root, path };
      at = at.slice(0, slash);
      const fd = this.#mounted.get(at);
      if (fd !== undefined) return { dir: fd, path: path.slice(at.length + 1) };
    }
  }

  #openDirectory(path: string, mode: number): number {
    const place = this.#place(path);
    return makeDirectoryBelow(place.dir, place.path, mode);
  }

  /** Through the container's own folder, and no link below it. */
  #makeLayer(step: LayerStep): void {
    const found = tryOpenAt(AT_FDCWD, step.folder, O_PATH | O_DIRECTORY);
    // Its path may be closed to the root of a user namespace, and open to the one who asked for the mount.
    const folder = found === -EACCES ? this.#helper.folder(step.folder) : found;
    try {
      if (folder < 0) throw refused(`open ${step.folder}`, "openat", folder);
      closeFd(makeDirectoryBelow(folder, step.at, LAYER_MODE));
    } catch (caught) {
      if (!step.optional || !(caught instanceof LxcError)) throw caught;
    } finally {
      if (found >= 0) closeFd(found);
    }
  }

  #mountFileSystem(step: FileSystemStep): void {
    const fd = newFileSystem(step);
    const target = this.#openDirectory(step.to, 0o755);
    attachTree(fd, target, `${step.type} on /${step.to}`);
    closeFd(target);
    this.#mounted.set(step.to, fd);
  }

  #makeReadOnly(step: ReadOnlyStep): void {
    const place = step.whole ? { dir: this.mountedAt(step.at), path: "" } : this.#place(step.at);
    const kept: number[] = [];
    for (const path of step.keep) kept.push(tryCloneTree(place.dir, joinPath(place.path, path), true));
    if (step.whole) setMountAttributes(place.dir, MOUNT_ATTR_RDONLY, 0, 0);
    else if (!coverReadOnly(place, step.at)) return;
    for (let i = 0; i < kept.length; i++) {
      const tree = kept[i]!;
      const path = step.keep[i]!;
      if (tree < 0) continue;
      const target = openBelow(place.dir, joinPath(place.path, path), O_PATH);
      attachTree(tree, target, `/${step.at}/${path} again`);
      closeFd(target);
      closeFd(tree);
    }
  }

  #mountEntry(step: EntryStep): void {
    try {
      if ((step.flags & MS_REMOUNT) !== 0) this.#remountEntry(step);
      else if ((step.flags & MS_BIND) !== 0) this.#bindEntry(step);
      else this.#mountTyped(step);
    } catch (caught) {
      if (!step.optional || !(caught instanceof LxcError)) throw caught;
    }
  }

  #bindEntry(step: EntryStep): void {
    const recursive = (step.flags & MS_REC) !== 0;
    let tree = this.#treeOf(step, recursive);
    // In a user namespace a folder comes only with what the host has mounted in it: without, what that hides would be seen.
    const isForced = tree === -EINVAL && !recursive;
    if (isForced) tree = this.#treeOf(step, true);
    if (tree < 0) throw sourceRefused(step, tree);
    try {
      if (step.idmap !== "") this.#shift(tree, step);
      const change = attributesFor(step.flags);
      if (change.set !== 0 || change.clear !== 0 || step.propagation !== 0) {
        const isWhole = step.isShare || isForced;
        const result = trySetMountAttributes(tree, isWhole, change.set, change.clear, propagationOf(step));
        if (result < 0) throw refused(`set the options of /${step.to}`, "mount_setattr", result);
      }
      const target = step.isShare ? this.#targetLike(tree, step) : this.#targetOf(step);
      const result = tryAttachTree(tree, target);
      if (result < 0) throw targetRefused(step, result);
      closeFd(target);
    } finally {
      closeFd(tree);
    }
  }

  #shift(tree: number, step: EntryStep): void {
    try {
      this.#helper.shift(tree, step.idmap);
    } catch (caught) {
      const because = asLxcError(caught as Error);
      throw step.isShare ? shareRefused(step, because) : because;
    }
  }

  /** A folder for a folder, and a file for a file, made when missing. */
  #targetLike(tree: number, step: EntryStep): number {
    const place = this.#place(step.to);
    const isFolder = (statusOf(tree, step.source).mode & S_IFMT) === S_IFDIR;
    return isFolder ? makeDirectoryBelow(place.dir, place.path, 0o755) : makeFileBelow(place.dir, place.path, 0o644);
  }

  #treeOf(step: EntryStep, recursive: boolean): number {
    if (step.sourceInside) return this.#treeInside(step.source, recursive);
    return this.#treeOfHost(step.source, recursive);
  }

  #treeInside(source: string, recursive: boolean): number {
    const from = openBelow(this.root, source, O_PATH);
    const tree = tryCloneTree(from, "", recursive);
    closeFd(from);
    return tree;
  }

  #treeOfHost(source: string, recursive: boolean): number {
    const tree = tryCloneTree(AT_FDCWD, source, recursive);
    // Its path may be closed to the root of a user namespace, and open to the one who asked for the mount.
    return tree === -EACCES && source.startsWith("/") ? this.#helper.tree(source, recursive) : tree;
  }

  #mountTyped(step: EntryStep): void {
    const target = this.#targetOf(step);
    try {
      const to = `/proc/self/fd/${target}`;
      const flags = step.flags & MS_MOVE ? MS_MOVE : step.flags;
      const result = tryCall(SYS.mount, step.source, to, step.type === "none" ? 0 : step.type, flags, step.data);
      if (result < 0) throw mountRefused(step, result);
      if (step.propagation !== 0) this.#spread(step);
    } finally {
      closeFd(target);
    }
  }

  /** What the entry does not name stays as it is: in a user namespace it must. */
  #remountEntry(step: EntryStep): void {
    const target = this.#targetOf(step);
    try {
      if ((step.flags & MS_BIND) !== 0) {
        const change = attributesFor(step.flags);
        setMountAttributes(target, change.set, change.clear, propagationOf(step));
        return;
      }
      const to = `/proc/self/fd/${target}`;
      call(`change the mount /${step.to}`, "mount", 0, to, 0, step.flags, step.data);
    } finally {
      closeFd(target);
    }
  }

  /** Sets how events of the mount just made spread: the target must be opened again to mean the new mount. */
  #spread(step: EntryStep): void {
    const mount = openBelow(this.root, step.to, O_PATH);
    try {
      call(`change how /${step.to} spreads`, "mount", 0, `/proc/self/fd/${mount}`, 0, step.propagation);
    } finally {
      closeFd(mount);
    }
  }

  #targetOf(step: EntryStep): number {
    if (step.to === "") return openBelow(this.root, ".", O_PATH | O_DIRECTORY);
    const place = this.#place(step.to);
    if (step.create === "dir") return makeDirectoryBelow(place.dir, place.path, 0o755);
    if (step.create === "file") return makeFileBelow(place.dir, place.path, 0o644);
    const target = tryOpenBelow(place.dir, place.path, O_PATH);
    if (target !== -ENOENT) return target < 0 ? openBelow(place.dir, place.path, O_PATH) : target;
    throw new LxcError("not-found", `mount ${step.source} on /${step.to}`, "there is no such place in the container", {
      errno: ENOENT,
      hint: "add create=dir or create=file to the options of that line of lxc.mount.entry",
    });
  }

  /** Calls `make` with the open folder that `at` is in, reached through no link, and the last part of `at`. Returns -errno. */
  #inFolder(at: string, make: (dir: number, name: string) => number): number {
    const place = this.#place(at);
    const slash = place.path.lastIndexOf("/");
    if (slash < 0) return make(place.dir, place.path);
    const dir = tryOpenBelow(place.dir, place.path.slice(0, slash), O_PATH | O_DIRECTORY);
    if (dir === -ENOENT) return dir;
    // Opened once more for its error, which names the link.
    if (dir < 0) openBelow(place.dir, place.path.slice(0, slash), O_PATH | O_DIRECTORY);
    const result = make(dir, place.path.slice(slash + 1));
    closeFd(dir);
    return result;
  }

  #makeNode(at: string, major: number, minor: number): void {
    const device = Math.floor(minor / 256) * 2 ** 20 + major * 256 + (minor % 256);
    const result = this.#inFolder(at, (dir, name) =>
      tryPath(SYS.mknodat, plain(dir), `${name}`, S_IFCHR | 0o666, device),
    );
    if (result >= 0 || result === -EEXIST) return;
    if (result !== -EPERM) throw refused(`make the device /${at}`, "mknodat", result);
    // A container without CAP_MKNOD on the host's devices gets the host's own node instead, as in LXC.
    const node = openHostDevice(at, major, minor);
    this.mountFile(node, at, `the host's /${at}`);
    closeFd(node);
  }

  #makeLink(at: string, target: string): void {
    const result = this.#inFolder(at, (dir, name) => tryCall(SYS.symlinkat, target, dir, name));
    if (result < 0 && result !== -EEXIST && result !== -ENOENT)
      throw refused(`make the link /${at}`, "symlinkat", result);
  }

  #makeDependent(at: string): void {
    const place = this.#place(at);
    const mount = openBelow(place.dir, place.path, O_PATH);
    const result = trySetMountAttributes(mount, true, 0, 0, MS_SLAVE);
    closeFd(mount);
    if (result < 0) throw refused(`change how /${at} spreads`, "mount_setattr", result);
  }

  /** As in LXC nothing depends on it: where there is no such file, or no way to mount on it, the host's is seen. */
  #setBootId(file: string, over: string): void {
    const place = this.#place(over);
    const target = tryOpenBelow(place.dir, place.path, O_PATH);
    if (target < 0) return;
    const own = this.#place(file);
    const made = tryCreateAt(own.dir, own.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o444);
    try {
      if (made < 0) return;
      const text = bytesOfText(bootIdText(randomBytes()));
      if (tryBytes(SYS.write, made, text, text.length, 0) < 0) return;
      const tree = tryCloneTree(made, "", false);
      if (tree < 0) return;
      setMountAttributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, 0);
      tryAttachTree(tree, target);
      closeFd(tree);
    } finally {
      if (made >= 0) closeFd(made);
      closeFd(target);
    }
  }

  /** Opens an empty file at `at` to be mounted on, made when missing. */
  #emptyFile(at: string): number {
    const result = this.#inFolder(at, (dir, name) => tryPath(SYS.mknodat, plain(dir), `${name}`, S_IFREG, 0));
    const place = this.#place(at);
    if (result < 0 && result !== -EEXIST) return makeFileBelow(place.dir, place.path, 0o000);
    return openBelow(place.dir, place.path, O_PATH);
  }
}

function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(16);
  call("draw a boot id", "getrandom", bytes, bytes.length, 0);
  return bytes;
}

/** In a user namespace the kernel makes what shows it only where a whole one can be seen already. */
function newFileSystem(step: FileSystemStep): number {
  try {
    return makeFileSystem(step.type, step.source, step.attributes, step.options);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.errno !== EPERM || (step.type !== "proc" && step.type !== "sysfs")) throw error;
    throw new LxcError(error.code, error.doing, `part of /${step.to} is covered or read-only where we are`, {
      errno: EPERM,
      hint: "when that is a container, let it have containers: lxc.include = /usr/share/lxc/config/nesting.conf in its configuration",
    });
  }
}

/** The node of the host that is to be the container's, and nothing else of that name (CVE-2025-31133). */
function openHostDevice(at: string, major: number, minor: number): number {
  const byHand = `put it right on the host: mknod -m 666 /${at} c ${major} ${minor}`;
  const node = tryOpenAt(AT_FDCWD, `/${at}`, O_PATH | O_NOFOLLOW);
  if (node < 0) throw withHint(refused(`open /${at} of the host`, "openat", node), byHand);
  const status = statusOf(node, `/${at}`);
  if ((status.mode & S_IFMT) === S_IFCHR && status.rdevMajor === major && status.rdevMinor === minor) return node;
  closeFd(node);
  throw new LxcError(
    "not-permitted",
    `make the device /${at}`,
    `/${at} of the host is not the device ${major}:${minor}`,
    { hint: byHand },
  );
}

/** Puts a read-only copy of what is there over it. Returns false when nothing is there. */
function coverReadOnly(place: Place, at: string): boolean {
  const tree = tryCloneTree(place.dir, place.path, true);
  if (tree === -ENOENT) return false;
  if (tree < 0) throw refused(`make /${at} read-only`, "open_tree", tree);
  setMountAttributes(tree, MOUNT_ATTR_RDONLY, 0, 0);
  const target = openBelow(place.dir, place.path, O_PATH);
  attachTree(tree, target, `/${at} read-only`);
  closeFd(target);
  closeFd(tree);
  return true;
}

/** MS_REC is an argument of its own for mount_setattr, which takes the spreading alone. */
function propagationOf(step: EntryStep): number {
  return step.propagation & ~MS_REC;
}
