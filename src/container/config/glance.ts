// A few values of many configurations, for lists: without reading all of each, and included files only once.

import { asLxcError } from "../../base/errors.ts";
import { readConfigText } from "./config-file.ts";
import { settingIn } from "./document.ts";
import { type IncludedFile, readIncludes } from "./load.ts";
import { Config, INCLUDE_KEY } from "./schema.ts";
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

const BEGINNING = "lxc.";
const SPACE = 32;
const TAB = 9;
const SMALL_L = 108;
const DEEPEST_INCLUDE = 8;
const fromDisk: ReadFiles = { read: readConfigText, include: readIncludes };

export class Glance {
  readonly #keys: readonly string[];
  /** What the part of a key after `lxc.` may begin with. */
  readonly #letters: number[] = [];
  /** The rows of the keys, used for one file after the other; made when the first one is read. */
  #rows: readonly Setting[] = [];
  readonly #files: ReadFiles;
  /** What each file or folder that was included says; undefined where it must be read as a whole. */
  readonly #included = new Map<string, readonly Seen[]>();

  /** Each of `keys` must be a row of the table. */
  constructor(keys: readonly string[], files: ReadFiles = fromDisk) {
    this.#keys = keys;
    for (const key of keys.concat([INCLUDE_KEY])) this.#letters.push(key.charCodeAt(BEGINNING.length));
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
    return new Config({}).settings.filter((setting) => this.#keys.includes(setting.key));
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

  /** Looks at one letter of each line before it reads it. */
  #linesOf(text: string): Seen[] | undefined {
    const seen: Seen[] = [];
    const lines = text.split("\n");
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      const first = line.charCodeAt(0);
      if (first === SPACE || first === TAB) return undefined;
      if (first !== SMALL_L || !this.#letters.includes(line.charCodeAt(BEGINNING.length))) continue;
      const entry = settingIn(line);
      if (entry === undefined) continue;
      const { key, value } = entry;
      if (key === INCLUDE_KEY || this.#keys.includes(key)) seen.push({ key, value });
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

function assign(row: Setting, value: string): boolean {
  if (value !== "") return row.set(value);
  row.clear();
  return row.mayBeEmpty;
}
