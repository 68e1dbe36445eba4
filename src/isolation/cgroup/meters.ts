// What a container uses, read again and again by descriptors that stay open. Runs in lxc-top.

import { joinPath } from "../../base/path.ts";
import { EMFILE, ENOENT } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "../../kernel/abi/fs.ts";
import { tryBytes, tryPath } from "../../kernel/call.ts";
import { closeFd, exists } from "../../kernel/files.ts";
import { textOf } from "../../kernel/memory.ts";
import type { AskPath } from "./items.ts";
import { type CgroupLayout, type Hierarchy, hierarchyOf, unifiedOf } from "./layout.ts";
import { Amounts, type MeterRow } from "./meter-files.ts";

/** Of io.stat with more disks than fit the first ones count. */
const ROOM_BYTES = 16384;

/** What all meters share: one buffer, and how many descriptors they may keep open; beyond that a file is opened each time. */
export class MeterRoom {
  readonly bytes = new Uint8Array(ROOM_BYTES);
  descriptorsLeft: number;

  constructor(descriptors: number) {
    this.descriptorsLeft = descriptors;
  }
}

/** One file of a cgroup. */
class MeterFile {
  folder: string;
  readonly #name: string;
  #fd = -1;

  constructor(folder: string, name: string) {
    this.folder = folder;
    this.#name = name;
  }

  /** How many bytes it has put into the room; -errno when it cannot be read. */
  read(room: MeterRoom): number {
    let fd = this.#fd;
    if (fd < 0) fd = tryPath("openat", AT_FDCWD, `${this.folder}/${this.#name}`, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    const length = tryBytes("pread64", fd, room.bytes, ROOM_BYTES, 0);
    if (this.#fd < 0 && room.descriptorsLeft > 0) {
      room.descriptorsLeft--;
      this.#fd = fd;
    } else if (this.#fd < 0) closeFd(fd);
    return length;
  }

  close(room: MeterRoom): void {
    if (this.#fd < 0) return;
    closeFd(this.#fd);
    room.descriptorsLeft++;
    this.#fd = -1;
  }
}

/** The files of one running container, in the order of the rows. */
export class Meter {
  readonly #layout: CgroupLayout;
  readonly #rows: readonly MeterRow[];
  readonly #ask: AskPath;
  readonly #room: MeterRoom;
  readonly #files: MeterFile[] = [];
  /** Whether this kernel, or this container, has the file. */
  readonly #isThere: boolean[] = [];

  /**
   * `ask` is asked once: in the other hierarchies the container's cgroup has the same place below their base, and only
   * where it has not, `ask` is asked again.
   */
  constructor(layout: CgroupLayout, rows: readonly MeterRow[], ask: AskPath, room: MeterRoom) {
    this.#layout = layout;
    this.#rows = rows;
    this.#ask = ask;
    this.#room = room;
    const main = hierarchyOf(layout, "");
    const path = main === undefined ? undefined : ask("");
    const place = main === undefined || path === undefined ? undefined : placeBelow(main, path);
    for (const row of rows) {
      const hierarchy = this.#hierarchyFor(row);
      const folder = hierarchy === undefined ? "" : this.#folder(hierarchy, row, place);
      this.#files.push(new MeterFile(folder, row.file));
      this.#isThere.push(folder !== "");
    }
  }

  /** What it has used until now. */
  read(): Amounts {
    const amounts = new Amounts();
    let at = 0;
    for (const row of this.#rows) {
      const length = this.#isThere[at] === true ? this.#readFile(at, row) : -1;
      if (length >= 0) row.take(amounts, textOf(this.#room.bytes.subarray(0, length)));
      at++;
    }
    return amounts;
  }

  close(): void {
    for (const file of this.#files) file.close(this.#room);
  }

  #hierarchyFor(row: MeterRow): Hierarchy | undefined {
    if (row.controller === "") return unifiedOf(this.#layout);
    return hierarchyOf(this.#layout, row.controller) ?? unifiedOf(this.#layout);
  }

  #folder(hierarchy: Hierarchy, row: MeterRow, place: string | undefined): string {
    if (place !== undefined) return joinPath(joinPath(hierarchy.mountPoint, hierarchy.base), place);
    return folderOf(hierarchy, this.#ask(row.controller));
  }

  #readFile(at: number, row: MeterRow): number {
    const file = this.#files[at];
    if (file === undefined) return -1;
    const length = file.read(this.#room);
    if (length >= 0 || length === -EMFILE) return length;
    const elsewhere = length === -ENOENT && !exists(file.folder) ? this.#elsewhere(row) : "";
    if (elsewhere !== "" && elsewhere !== file.folder) {
      file.folder = elsewhere;
      return file.read(this.#room);
    }
    this.#isThere[at] = false;
    return length;
  }

  #elsewhere(row: MeterRow): string {
    const hierarchy = this.#hierarchyFor(row);
    return hierarchy === undefined ? "" : folderOf(hierarchy, this.#ask(row.controller));
  }
}

/** `path` without the base of its hierarchy, without a slash in front; undefined when it is not below that. */
export function placeBelow(hierarchy: Hierarchy, path: string): string | undefined {
  const bare = path.startsWith("/") ? path.slice(1) : path;
  if (bare === "" || bare.split("/").includes("..")) return undefined;
  if (hierarchy.base === "") return bare;
  return bare.startsWith(`${hierarchy.base}/`) ? bare.slice(hierarchy.base.length + 1) : undefined;
}

function folderOf(hierarchy: Hierarchy, path: string | undefined): string {
  return path === undefined || path.split("/").includes("..") ? "" : joinPath(hierarchy.mountPoint, path);
}
