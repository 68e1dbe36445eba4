// A few values of many configurations, for lists: without reading all of each, and included files only once.

import { asLxcError } from "../../base/errors.ts";
import { readConfigText } from "./config-file.ts";
import { settingIn } from "./document.ts";
import { NO_VARIABLES } from "./keys.ts";
import { type IncludedFile, readIncludes } from "./load.ts";
import { emptyConfig, INCLUDE_KEY } from "./schema.ts";
import type { Setting } from "./settings.ts";
import { itemText } from "./values.ts";

/** One line that sets one of the keys, or includes a file. */
interface Seen {
  readonly key: string;
  readonly value: string;
}

/** How files are read. */
export interface ReadFiles {
  readonly read: (path: string) => string;
  readonly include: (path: string) => IncludedFile[];
}

const LINE_FEED = 10;
const DEEPEST_INCLUDE = 8;
const fromDisk: ReadFiles = { read: readConfigText, include: readIncludes };

export class Glance {
  readonly #keys: readonly string[];
  /** These, and what includes files. */
  readonly #wanted: readonly string[];
  /** The rows of the keys, used for one file after the other; made when the first one is read. */
  #rows: readonly Setting[] = [];
  readonly #files: ReadFiles;
  /** What each file or folder that was included says; undefined where it must be read as a whole. */
  readonly #included = new Map<string, readonly Seen[]>();

  /** Each of `keys` must be a row of the table. */
  constructor(keys: readonly string[], files: ReadFiles = fromDisk) {
    this.#keys = keys;
    this.#wanted = keys.concat([INCLUDE_KEY]);
    this.#files = files;
  }

  /**
   * The value of each key as LXC's getter writes it, in table order. Undefined when the file must be read as a whole: when
   * it cannot be opened, has a value that is wrong, or lines that begin with blanks.
   */
  read(path: string): string[] | undefined {
    if (this.#rows.length === 0) this.#rows = this.#rowsOfKeys();
    for (const row of this.#rows) row.clear();
    try {
      const seen = this.#seenIn(this.#files.read(path), 0);
      if (seen === undefined || !this.#take(seen)) return undefined;
    } catch (caught) {
      asLxcError(caught as Error);
      return undefined;
    }
    const items: string[] = [];
    for (const row of this.#rows) items.push(itemText(row));
    return items;
  }

  #rowsOfKeys(): Setting[] {
    return emptyConfig(NO_VARIABLES).settings.filter((setting) => this.#keys.includes(setting.key));
  }

  #take(seen: readonly Seen[]): boolean {
    for (const line of seen) {
      for (const row of this.#rows) if (row.key === line.key && !assign(row, line.value)) return false;
    }
    return true;
  }

  /** The lines of the keys, with those of included files where they are included. */
  #seenIn(text: string, depth: number): Seen[] | undefined {
    if (depth > DEEPEST_INCLUDE) return undefined;
    const own = this.#linesOf(text);
    if (own === undefined) return undefined;
    const all: Seen[] = [];
    for (const line of own) {
      if (line.key !== INCLUDE_KEY) {
        all.push(line);
        continue;
      }
      const included = line.value === "" ? [] : this.#seenThrough(line.value, depth);
      if (included === undefined) return undefined;
      for (const each of included) all.push(each);
    }
    return all;
  }

  /** Looks for the keys rather than at each line: most lines say nothing of them. */
  #linesOf(text: string): Seen[] | undefined {
    if (text.startsWith(" ") || text.startsWith("\t") || text.includes("\n ") || text.includes("\n\t"))
      return undefined;
    const places: number[] = [];
    for (let i = 0; i < this.#wanted.length; i++) addPlaces(places, text, this.#wanted[i]!);
    const seen: Seen[] = [];
    for (const at of places.toSorted((one, other) => one - other)) {
      const end = text.indexOf("\n", at);
      const entry = settingIn(end < 0 ? text.slice(at) : text.slice(at, end));
      if (entry === undefined) continue;
      const { key, value } = entry;
      if (this.#wanted.includes(key)) seen.push({ key, value });
    }
    return seen;
  }

  #seenThrough(path: string, depth: number): readonly Seen[] | undefined {
    const known = this.#included.get(path);
    if (known !== undefined) return known;
    const seen: Seen[] = [];
    for (const file of this.#files.include(path)) {
      const inside = this.#seenIn(file.text, depth + 1);
      if (inside === undefined) return undefined;
      for (const each of inside) seen.push(each);
    }
    this.#included.set(path, seen);
    return seen;
  }
}

/** Where a line begins with `key`. */
function addPlaces(places: number[], text: string, key: string): void {
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + key.length)) {
    if (at === 0 || text.charCodeAt(at - 1) === LINE_FEED) places.push(at);
  }
}

function assign(row: Setting, value: string): boolean {
  if (value !== "") return row.set(value);
  row.clear();
  return row.mayBeEmpty;
}
