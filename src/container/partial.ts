// What a creation in progress has made so far, in the file `partial` of the container: whoever finds it can take it back.
//
// As in LXC, the file is there and locked while a living process creates the container, and there and unlocked when that
// process died. LXC's is empty; ours lists what was made, so that nothing else is ever removed.

import { asLxcError, LxcError } from "../base/errors.ts";
import { baseName, joinPath, normalPath, parentOf } from "../base/path.ts";
import { wholeNumberIn } from "../base/text.ts";
import type { IdMapping } from "../isolation/id-maps.ts";
import { ENOENT, ENOTDIR } from "../kernel/abi/errno.ts";
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
} from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryNumbers, tryPath } from "../kernel/call.ts";
import {
  closeFd,
  createFile,
  exists,
  isDirectory,
  makeDirectory,
  readAll,
  statusOf,
  tryOpenAt,
  writeAll,
} from "../kernel/files.ts";
import { tryLock } from "../kernel/locks.ts";
import { bytesOfText, textOf } from "../kernel/memory.ts";
import { effectiveUser } from "../kernel/process.ts";
import { removeContents, removeTree } from "../kernel/remove.ts";
import { type Container, directoryOf } from "./container.ts";
import { withContainerLock } from "./lock.ts";
import { asRoot, type MappedRoot, mappedRootOf } from "./mapped-root.ts";

const PARTIAL = "partial";

/**
 * How to take a thing back: a `file` or a `tree` is removed, a `folder` only if it is empty, and of `contents` all but
 * our own list.
 */
export type MadeKind = "file" | "tree" | "folder" | "contents";

export interface Made {
  readonly kind: MadeKind;
  readonly path: string;
}

/** Lines that tell by which id maps the container's root owns what was made (`lxc.idmap`). */
export function linesOfMaps(maps: readonly IdMapping[]): string {
  let text = "";
  for (const map of maps) text += `map ${map.kind} ${map.inside} ${map.outside} ${map.count}\n`;
  return text;
}

/** The maps that a file tells. Pure. */
export function mapsIn(text: string): IdMapping[] {
  const maps: IdMapping[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const [word, kind, ...numbers] = line.split(" ");
    if (word !== "map" || (kind !== "u" && kind !== "g") || numbers.length !== 3) continue;
    const inside = wholeNumberIn(numbers[0] ?? "");
    const outside = wholeNumberIn(numbers[1] ?? "");
    const count = wholeNumberIn(numbers[2] ?? "");
    if (inside === undefined || outside === undefined || count === undefined) continue;
    maps.push({ kind, inside, outside, count });
  }
  return maps;
}

/** One line of the file, for what is about to be made. */
export function lineOf(made: Made): string {
  return `${made.kind} ${made.path}\n`;
}

/** What a file lists. A line that is cut off or makes no sense is left out. Pure. */
export function madeIn(text: string): Made[] {
  const found: Made[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const kind = kindNamed(line.slice(0, line.indexOf(" ")));
    const path = line.slice(line.indexOf(" ") + 1);
    if (kind !== undefined && path.startsWith("/") && path !== "/" && normalPath(path) === path)
      found.push({ kind, path });
  }
  return found;
}

function kindNamed(word: string): MadeKind | undefined {
  if (word === "file" || word === "tree" || word === "folder" || word === "contents") return word;
  return undefined;
}

/** What a file holds. */
interface PartialList {
  readonly made: readonly Made[];
  readonly maps: readonly IdMapping[];
}

/** A creation of ours. What is recorded before it is made can be taken back, by us or by whoever finds us dead. */
export class Creation {
  readonly #container: Container;
  readonly #maps: readonly IdMapping[];
  #made: Made[] = [];
  #fd = -1;

  /** `maps` are those of the container, whose root owns what is in its root file system. */
  constructor(container: Container, maps: readonly IdMapping[]) {
    this.#container = container;
    this.#maps = maps;
  }

  /** Notes what is about to be made. */
  record(kind: MadeKind, path: string): void {
    const made: Made = { kind, path };
    this.#made.push(made);
    if (this.#fd >= 0) this.#write(lineOf(made));
  }

  /** Somebody else made it first: it is not ours to remove. */
  forget(path: string): void {
    this.#made = this.#made.filter((made) => made.path !== path);
  }

  /** Makes the folder `path` and those above it that are missing. */
  makeFolders(path: string, mode: number): void {
    if (isDirectory(path)) return;
    const parent = parentOf(path);
    if (parent !== path && !exists(parent)) this.makeFolders(parent, mode);
    if (makeDirectory(path, mode)) this.record("folder", path);
  }

  /** Makes and locks the file; the container's folder is there, and its lock is held. */
  mark(): void {
    const path = partialFileOf(this.#container);
    // LXC's has no right at all, and an ordinary user could never clear it away.
    this.#fd = createFile(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    if (!tryLock(this.#fd)) throw new LxcError("bug", `lock ${path}`, "somebody else has locked our new file");
    this.#write(linesOfMaps(this.#maps) + this.#made.map((made) => lineOf(made)).join(""));
  }

  /** The container is complete. */
  finish(): void {
    const path = partialFileOf(this.#container);
    const result = tryPath(SYS.unlinkat, AT_FDCWD, path, 0, 0);
    if (result < 0) throw refused(`remove ${path}`, "unlinkat", result);
    closeFd(this.#fd);
    this.#fd = -1;
  }

  /** Takes everything back. Returns what could not be, which is no more than a warning. */
  undo(): LxcError[] {
    const partial = this.#fd >= 0 ? partialFileOf(this.#container) : "";
    const failures = takeBackAs(mappedRootOf(this.#maps), this.#madeByAll(), partial);
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
    return failures;
  }

  /** With what a process that filled the root file system for us has recorded. */
  #madeByAll(): readonly Made[] {
    if (this.#fd < 0 || this.#maps.length === 0) return this.#made;
    tryNumbers(SYS.lseek, this.#fd, 0, 0);
    return madeIn(textOf(readAll(this.#fd, PARTIAL)));
  }

  #write(text: string): void {
    writeAll(this.#fd, bytesOfText(text), partialFileOf(this.#container));
  }
}

/** As the container's root where we alone may not; then all failures but the first stay unknown. */
function takeBackAs(mapped: MappedRoot | undefined, made: readonly Made[], partial: string): LxcError[] {
  if (mapped === undefined || effectiveUser() === 0) return takeBack(made, partial);
  try {
    asRoot(mapped, () => {
      const failures = takeBack(made, partial);
      if (failures[0] !== undefined) throw failures[0];
    });
  } catch (caught) {
    // Where nobody can be the container's root nothing was made by it.
    if (takeBack(made, partial).length > 0) return [asLxcError(caught as Error)];
  }
  return [];
}

/** Newest first; the list itself goes before the folders it is in. */
function takeBack(made: readonly Made[], partial: string): LxcError[] {
  const failures: LxcError[] = [];
  const newestFirst = made.toReversed();
  for (const one of newestFirst) {
    try {
      if (one.kind === "contents") emptyFolder(one.path, joinPath(one.path, PARTIAL) === partial ? PARTIAL : "");
      else if (one.kind !== "folder") removePath(one.path);
    } catch (caught) {
      failures.push(asLxcError(caught as Error));
    }
  }
  // With something left the list stays too, for the next one to try.
  if (failures.length > 0) return failures;
  if (partial !== "") tryPath(SYS.unlinkat, AT_FDCWD, partial, 0, 0);
  for (const one of newestFirst) if (one.kind === "folder") tryPath(SYS.unlinkat, AT_FDCWD, one.path, AT_REMOVEDIR, 0);
  return failures;
}

function emptyFolder(path: string, keep: string): void {
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd === -ENOENT) return;
  if (fd < 0) throw refused(`open ${path}`, "openat", fd);
  try {
    removeContents(fd, path, keep);
  } finally {
    closeFd(fd);
  }
}

/** Removes whatever is at `path`, and all below it. */
export function removePath(path: string): void {
  const parent = tryOpenAt(AT_FDCWD, parentOf(path), O_RDONLY | O_DIRECTORY);
  if (parent === -ENOENT || parent === -ENOTDIR) return;
  if (parent < 0) throw refused(`open ${parentOf(path)}`, "openat", parent);
  try {
    removeTree(parent, baseName(path), path);
  } finally {
    closeFd(parent);
  }
}

function partialFileOf(container: Container): string {
  return joinPath(directoryOf(container), PARTIAL);
}

/**
 * Clears away what a creation that died has left; does nothing when there is none. Throws when one is going on. The
 * container's lock is held. Returns whether there was a dead one.
 */
export function clearDeadCreation(container: Container): boolean {
  const path = partialFileOf(container);
  const fd = tryOpenAt(AT_FDCWD, path, O_RDWR | O_NOFOLLOW);
  if (fd === -ENOENT || fd === -ENOTDIR) return false;
  if (fd < 0) throw refused(`open ${path}`, "openat", fd);
  try {
    if (!tryLock(fd)) throw beingCreated(container);
    const list = listIn(fd, path, container);
    const failures = takeBackAs(mappedRootOf(list.maps), list.made, path);
    if (failures[0] !== undefined) throw failures[0];
    return true;
  } finally {
    closeFd(fd);
  }
}

/** As `clearDeadCreation`, taking the lock when there is anything to look at. For whoever uses a container. */
export function clearIfDead(runDir: string, container: Container): void {
  if (!exists(partialFileOf(container))) return;
  withContainerLock(runDir, container, () => {
    clearDeadCreation(container);
  });
}

/** For a start, which changes nothing of what it finds: throws where a creation goes on or was never finished. */
export function refuseUnfinished(container: Container): void {
  const path = partialFileOf(container);
  const fd = tryOpenAt(AT_FDCWD, path, O_RDWR | O_NOFOLLOW);
  if (fd < 0) return;
  const isDead = tryLock(fd);
  closeFd(fd);
  if (!isDead) throw beingCreated(container);
  throw new LxcError("wrong-state", `use ${container.name}`, "its creation was never finished", {
    hint: `create it again: lxc-create -n ${container.name} -P ${container.lxcpath} clears away what is left; or lxc-destroy does`,
  });
}

function beingCreated(container: Container): LxcError {
  return new LxcError("wrong-state", `use ${container.name}`, "it is being created by another process", {
    hint: "wait until that lxc-create has ended",
  });
}

/** Believes only a list that nobody but us could have written. An empty one is LXC's: its folder was for the container. */
function listIn(fd: number, path: string, container: Container): PartialList {
  const status = statusOf(fd, path);
  if (status.uid !== effectiveUser() || (status.mode & 0o022) !== 0 || status.nlink !== 1) {
    throw new LxcError("not-permitted", `clear away the broken creation of ${container.name}`, `${path} is not ours`, {
      hint: `look at ${directoryOf(container)} and remove it by hand`,
    });
  }
  const text = status.sizeBytes > 0 ? textOf(readAll(fd, path)) : "";
  if (text !== "") return { made: madeIn(text), maps: mapsIn(text) };
  const directory = directoryOf(container);
  const made: Made[] = [
    { kind: "folder", path: directory },
    { kind: "contents", path: directory },
  ];
  return { made, maps: mapsIn("") };
}

/** The first failure stays what it is; what could not be taken back is added to its hint. */
export function withLeftovers(error: LxcError, leftovers: readonly LxcError[], container: Container): LxcError {
  const first = leftovers[0];
  if (first === undefined) return error;
  return new LxcError(error.code, error.doing, error.reason, {
    errno: error.errno,
    because: error.because,
    hint: `${first.message}; then remove what is left in ${directoryOf(container)}`,
  });
}
