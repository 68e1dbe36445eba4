// What a container uses, read again and again by descriptors that stay open. Runs in lxc-top.

import { joinPath } from "../../base/path.ts";
import { EMFILE, ENOENT } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_PATH, O_RDONLY } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes, tryPath } from "../../kernel/call.ts";
import { closeFd, tryOpenAt } from "../../kernel/files.ts";
import { bytesOfText, cString } from "../../kernel/memory.ts";
import type { AskPath } from "./items.ts";
import { type CgroupLayout, type Hierarchy, hierarchyOf, unifiedOf } from "./layout.ts";
import { Amounts, type MeterRow, meterRows, type Wish } from "./meter-files.ts";
import { usualPayload } from "./names.ts";
import { isMarked } from "./socket-mark.ts";

/** Of io.stat with more disks than fit the first ones count. */
const ROOM_BYTES = 16384;
const PATH_MAX = 4096;
/** In letters, each of which may take three bytes; the rest is for the name of a file. */
const LONGEST_PLACE = 1024;

/** What the meters of all containers share. */
export class MeterRoom {
  readonly rows: readonly MeterRow[];
  /** The folder of each row in which containers have their places, open for as long as we run; -1 where there is none. */
  readonly bases: readonly number[];
  readonly hierarchies: readonly (Hierarchy | undefined)[];
  /** The one whose paths are asked for. */
  readonly main: Hierarchy | undefined;
  readonly bytes = new Uint8Array(ROOM_BYTES);
  /** The end of the path of each row's file. */
  readonly #files: Uint8Array[] = [];
  readonly #path = new Uint8Array(PATH_MAX);
  /** How many more descriptors may be kept open; beyond that a file is opened each time. */
  #descriptorsLeft: number;

  constructor(layout: CgroupLayout, wish: Wish, descriptors: number) {
    const bases: number[] = [];
    const hierarchies: (Hierarchy | undefined)[] = [];
    this.rows = meterRows(layout, wish);
    this.main = hierarchyOf(layout, "");
    this.#descriptorsLeft = descriptors;
    for (const { controller, file } of this.rows) {
      this.#files.push(cString(`/${file}`));
      const found = controller === "" ? unifiedOf(layout) : (hierarchyOf(layout, controller) ?? unifiedOf(layout));
      // Rows of one hierarchy have its folder once.
      const same = found === undefined ? -1 : hierarchies.indexOf(found);
      bases.push(
        found === undefined
          ? -1
          : same >= 0
            ? bases[same]!
            : tryOpenAt(AT_FDCWD, joinPath(found.mountPoint, found.base), O_PATH),
      );
      hierarchies.push(found);
    }
    this.bases = bases;
    this.hierarchies = hierarchies;
  }

  /** The path of a row's file in `folder`, as the kernel takes it, until the next one is asked for. */
  pathOf(folder: Uint8Array, at: number): Uint8Array {
    this.#path.set(folder);
    this.#path.set(this.#files[at]!, folder.length);
    return this.#path;
  }

  /** The cgroup of a container whose command socket has this inode, if it has its usual name and is marked. */
  markedPath(name: string, inode: string): string | undefined {
    const main = this.main;
    if (main === undefined || inode === "") return undefined;
    const path = joinPath(main.base, usualPayload(name));
    return isMarked(joinPath(main.mountPoint, path), inode) ? path : undefined;
  }

  /** Whether one more descriptor may be kept. */
  mayKeep(): boolean {
    if (this.#descriptorsLeft <= 0) return false;
    this.#descriptorsLeft--;
    return true;
  }

  gaveBack(): void {
    this.#descriptorsLeft++;
  }
}

const NOT_THERE = -2;
const CLOSED = -1;

/** One running container. */
export class Meter {
  readonly #room: MeterRoom;
  readonly #ask: AskPath;
  /** Where it is below each base; "" when it must be asked for each row. */
  readonly #place: string;
  readonly #placeBytes: Uint8Array;
  /** For each row a descriptor, or one of the two above. */
  readonly #fds: number[] = [];
  /** The folders of rows that are elsewhere. */
  readonly #elsewhere = new Map<number, string>();

  /**
   * `known` is its path in the hierarchy that is asked for: in the others the container's cgroup has the same place below
   * their base, and only where it has not, `ask` is asked.
   */
  constructor(room: MeterRoom, ask: AskPath, known: string | undefined) {
    this.#room = room;
    this.#ask = ask;
    const main = room.main;
    const path = main === undefined ? undefined : (known ?? ask(""));
    const place = main === undefined || path === undefined ? undefined : placeBelow(main, path);
    this.#place = place === undefined || place.length > LONGEST_PLACE ? "" : place;
    this.#placeBytes = bytesOfText(this.#place);
    for (const base of room.bases) this.#fds.push(base < 0 ? NOT_THERE : CLOSED);
  }

  /** What it has used until now. */
  read(): Amounts {
    const amounts = new Amounts();
    const room = this.#room;
    for (let at = 0; at < room.rows.length; at++) {
      const length = this.#fds[at]! === NOT_THERE ? -1 : this.#readRow(at);
      if (length > 0) room.rows[at]!.take(amounts, room.bytes, length);
    }
    return amounts;
  }

  close(): void {
    for (let i = 0; i < this.#fds.length; i++) {
      const fd = this.#fds[i]!;
      if (fd < 0) continue;
      closeFd(fd);
      this.#room.gaveBack();
    }
  }

  /** How many bytes of the row's file are in the room now, or -errno. */
  #readRow(at: number): number {
    const kept = this.#fds[at]!;
    const fd = kept >= 0 ? kept : this.#open(at);
    if (fd < 0) return fd;
    const room = this.#room;
    const length = tryBytes(SYS.pread64, fd, room.bytes, ROOM_BYTES, 0);
    if (kept < 0 && room.mayKeep()) this.#fds[at] = fd;
    else if (kept < 0) closeFd(fd);
    return length;
  }

  #open(at: number): number {
    const place = this.#place;
    let fd = -ENOENT;
    if (place === "" || this.#elsewhere.has(at)) {
      fd = this.#openElsewhere(at);
    } else {
      const base = this.#room.bases[at]!;
      fd = tryBytes(SYS.openat, base, this.#room.pathOf(this.#placeBytes, at), O_RDONLY | O_CLOEXEC, 0);
      if (fd === -ENOENT && !isThere(base, place)) fd = this.#openElsewhere(at);
    }
    if (fd < 0 && fd !== -EMFILE) this.#fds[at] = NOT_THERE;
    return fd;
  }

  #openElsewhere(at: number): number {
    const row = this.#room.rows[at]!;
    const folder = this.#elsewhere.get(at) ?? this.#askFor(at, row);
    return folder === "" ? -ENOENT : tryPath(SYS.openat, AT_FDCWD, `${folder}/${row.file}`, O_RDONLY | O_CLOEXEC, 0);
  }

  /** The folder that the monitor tells for the row's controller; "" for none. */
  #askFor(at: number, row: MeterRow): string {
    const hierarchy = this.#room.hierarchies[at];
    const folder = hierarchy === undefined ? "" : folderOf(hierarchy, this.#ask(row.controller));
    this.#elsewhere.set(at, folder);
    return folder;
  }
}

function isThere(base: number, folder: string): boolean {
  return tryPath(SYS.faccessat2, base, folder, 0, 0) >= 0;
}

/** `path` without the base of its hierarchy, without a slash in front; undefined when it is not below that. */
export function placeBelow(hierarchy: Hierarchy, path: string): string | undefined {
  const bare = path.startsWith("/") ? path.slice(1) : path;
  if (bare === "" || bare.split("/").includes("..")) return undefined;
  if (hierarchy.base === "") return bare;
  return bare.startsWith(`${hierarchy.base}/`) ? bare.slice(hierarchy.base.length + 1) : undefined;
}

function folderOf(hierarchy: Hierarchy, path: string | undefined): string {
  return path === undefined || path.split("/").includes("..") ? "" : joinPath(hierarchy.mountPoint, `${path}`);
}
