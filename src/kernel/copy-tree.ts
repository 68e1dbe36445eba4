// Copying a whole tree of files: owners, modes, times, attributes, links of both kinds, devices, pipes and holes.
//
// All by descriptors: each entry is opened once without following anything, looked at through that, and read through
// that. So whoever changes the tree meanwhile, a container's processes, leads us nowhere outside, and to no device.

import { LxcError } from "../base/errors.ts";
import { EMLINK, ENOENT, EPERM, EXDEV } from "./abi/errno.ts";
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openHow,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  statx,
} from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryBytes, tryCall } from "./call.ts";
import { copyData, tryShare } from "./copy.ts";
import { AttributeCopier, tryStatx } from "./file-attributes.ts";
import { closeFd } from "./files.ts";
import { rawNamesIn } from "./raw-names.ts";

/** Told after each file and each part of a large one: how many files and bytes there are so far. May throw to stop. */
export type CopyWatch = (files: number, sizeBytes: number) => void;

const PATH_MAX = 4096;
const BLOCK = 512;
const PINNED = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

/**
 * Copies what is in the open folder `from`, and the folder's own attributes, to the open, empty folder `to`. Sockets are left
 * out. Throws when something is mounted in it, and at the first refusal. `path` is how to call `from` in an error.
 */
export function copyTree(from: number, to: number, path: string, watch: CopyWatch): void {
  const copy = new TreeCopy(to, path, watch);
  copy.run(from);
}

/** One entry of the tree: where it is, and what it is. */
interface Entry {
  /** As O_PATH. */
  readonly pin: number;
  readonly status: Uint8Array;
  /** The open folder of the copy that it comes into. */
  readonly to: number;
  /** With a NUL at its end; names need not be UTF-8. */
  readonly name: Uint8Array;
}

class TreeCopy {
  readonly #root: number;
  readonly #path: string;
  readonly #watch: CopyWatch;
  readonly #attributes = new AttributeCopier();
  readonly #how = new Uint8Array(openHow.size);
  /** Files of several names: at which place of the list stands where below the root the first one is. */
  readonly #firsts = new Map<string, number>();
  readonly #firstPaths: Uint8Array[] = [];
  /** The names of the folders we are in. */
  readonly #names: Uint8Array[] = [];
  #shares = true;
  #files = 0;
  #sizeBytes = 0;

  constructor(root: number, path: string, watch: CopyWatch) {
    this.#root = root;
    this.#path = path;
    this.#watch = watch;
    openHow.flags.put(this.#how, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    openHow.resolve.put(this.#how, PINNED);
  }

  run(from: number): void {
    const status = new Uint8Array(statx.size);
    const result = tryStatx(from, status);
    if (result < 0) throw refused(`look at ${this.#path}`, "statx", result);
    this.#copyContents(from, this.#root);
    this.#attributes.toOpen(from, status, this.#root, this.#path);
  }

  #copyContents(from: number, to: number): void {
    for (const name of rawNamesIn(from, this.#path)) this.#copyEntry(from, to, name);
  }

  #copyEntry(from: number, to: number, name: Uint8Array): void {
    const pin = tryPin(from, name, this.#how);
    // It was removed since we read its name.
    if (pin === -ENOENT) return;
    if (pin === -EXDEV) throw mountedThere(this.#pathOf(name));
    if (pin < 0) throw refused(`open ${this.#pathOf(name)}`, "openat2", pin);
    try {
      const status = new Uint8Array(statx.size);
      const result = tryStatx(pin, status);
      if (result < 0) throw refused(`look at ${this.#pathOf(name)}`, "statx", result);
      this.#copyPinned({ pin, status, to, name });
    } finally {
      closeFd(pin);
    }
    this.#files++;
    this.#watch(this.#files, this.#sizeBytes);
  }

  #copyPinned(entry: Entry): void {
    const kind = statx.mode.get(entry.status) & S_IFMT;
    if (kind === S_IFDIR) this.#copyFolder(entry);
    else if (kind === S_IFSOCK || this.#isLinked(entry)) return;
    else if (kind === S_IFREG) this.#copyFile(entry);
    else if (kind === S_IFLNK) this.#copyLink(entry);
    else if (kind === S_IFCHR || kind === S_IFBLK || kind === S_IFIFO) this.#copyNode(entry);
  }

  #copyFolder(entry: Entry): void {
    const { name, to } = entry;
    const what = this.#pathOf(name);
    const from = call(`open ${what}`, "openat", entry.pin, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    try {
      const made = tryBytes(SYS.mkdirat, to, name, 0o700, 0);
      if (made < 0) throw refused(`make the copy of ${what}`, "mkdirat", made);
      const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
      const folder = call(`open the copy of ${what}`, "openat", to, name, flags);
      this.#names.push(name);
      try {
        this.#copyContents(from, folder);
        this.#attributes.toOpen(from, entry.status, folder, what);
      } finally {
        this.#names.pop();
        closeFd(folder);
      }
    } finally {
      closeFd(from);
    }
  }

  #copyFile(entry: Entry): void {
    const what = this.#pathOf(entry.name);
    // What is pinned is a regular file: to open it does nothing else.
    const flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const from = call(`open ${what}`, "openat", AT_FDCWD, `/proc/self/fd/${entry.pin}`, flags);
    try {
      const created = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
      const to = tryBytes(SYS.openat, entry.to, entry.name, created, 0o600);
      if (to < 0) throw refused(`make the copy of ${what}`, "openat", to);
      try {
        this.#copyBytes(entry, from, to, what);
        this.#attributes.toOpen(from, entry.status, to, what);
      } finally {
        closeFd(to);
      }
    } finally {
      closeFd(from);
    }
  }

  #copyBytes(entry: Entry, from: number, to: number, what: string): void {
    const sizeBytes = statx.sizeBytes.get(entry.status);
    if (sizeBytes === 0) return;
    if (this.#shares && tryShare(from, to)) {
      this.#sizeBytes += sizeBytes;
      return;
    }
    // A file system that cannot will not be asked for each file.
    this.#shares = false;
    const holes = statx.blocks.get(entry.status) * BLOCK < sizeBytes;
    copyData({ from, sizeBytes, holes, what }, to, (moved) => {
      this.#sizeBytes += moved;
      this.#watch(this.#files, this.#sizeBytes);
    });
  }

  #copyLink(entry: Entry): void {
    const what = this.#pathOf(entry.name);
    const target = new Uint8Array(PATH_MAX + 1);
    const length = call(`read the link ${what}`, "readlinkat", entry.pin, "", target, PATH_MAX);
    const text = target.slice(0, length + 1);
    call(`make the copy of ${what}`, "symlinkat", text, entry.to, entry.name);
    this.#attributes.toNamed(entry.pin, entry.status, entry.to, entry.name, what);
  }

  #copyNode(entry: Entry): void {
    const { status } = entry;
    const what = this.#pathOf(entry.name);
    const device = deviceNumber(statx.rdevMajor.get(status), statx.rdevMinor.get(status));
    const made = tryBytes(SYS.mknodat, entry.to, entry.name, (statx.mode.get(status) & S_IFMT) | 0o600, device);
    if (made === -EPERM) throw deviceRefused(what);
    if (made < 0) throw refused(`make the copy of ${what}`, "mknodat", made);
    this.#attributes.toNamed(entry.pin, status, entry.to, entry.name, what);
  }

  /** Whether the entry is one more name of a file that was copied already; then it is so in the copy too. */
  #isLinked(entry: Entry): boolean {
    const { status } = entry;
    if (statx.nlink.get(status) < 2) return false;
    const key = `${statx.devMajor.get(status)}:${statx.devMinor.get(status)}:${statx.ino.get(status)}`;
    const first = this.#firsts.get(key) ?? -1;
    if (first < 0) {
      this.#firsts.set(key, this.#firstPaths.length);
      this.#firstPaths.push(this.#rawPathOf(entry.name));
      return false;
    }
    const path = this.#firstPaths[first]!;
    const result = tryCall(SYS.linkat, this.#root, path, entry.to, entry.name, 0);
    // Some file systems allow fewer names than others.
    if (result === -EMLINK) return false;
    if (result < 0) throw refused(`make the copy of ${this.#pathOf(entry.name)}`, "linkat", result);
    return true;
  }

  /** Below the root, with a NUL at its end. */
  #rawPathOf(name: Uint8Array): Uint8Array {
    let length = name.length;
    for (let i = 0; i < this.#names.length; i++) length += this.#names[i]!.length;
    const path = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < this.#names.length; i++) {
      const folder = this.#names[i]!;
      path.set(folder, at);
      at += folder.length;
      path[at - 1] = 47;
    }
    path.set(name, at);
    return path;
  }

  #pathOf(name: Uint8Array): string {
    const raw = this.#rawPathOf(name);
    return `${this.#path}/${new TextDecoder().decode(raw.subarray(0, raw.length - 1))}`;
  }
}

function tryPin(dir: number, name: Uint8Array, how: Uint8Array): number {
  return tryCall(SYS.openat2, dir, name, how, how.length);
}

/** As mknod(2) takes it: makedev(3) in 32 bits, which is what the kernel's call has. */
function deviceNumber(major: number, minor: number): number {
  return Math.floor(minor / 256) * 2 ** 20 + major * 256 + (minor % 256);
}

function mountedThere(path: string): LxcError {
  return new LxcError("wrong-state", `copy ${path}`, "something else is mounted there", {
    errno: EXDEV,
    hint: `unmount it first: umount ${path}`,
  });
}

function deviceRefused(path: string): LxcError {
  return new LxcError("not-permitted", `copy the device ${path}`, "the container's own root may not make devices", {
    errno: EPERM,
    hint: "copy it as root, or remove the device",
  });
}
