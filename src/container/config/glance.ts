// A few values of many configurations, for lists: without reading all of each, and included files only once.

import { asLxcError } from "../../base/errors.ts";
import { readConfigText } from "./config-file.ts";
import { ConfigDocument, type Entry } from "./document.ts";
import { type IncludedFile, readIncludes } from "./load.ts";
import { Config, INCLUDE_KEY } from "./schema.ts";
import { getItem } from "./values.ts";

/** One line that sets one of the keys. */
interface Seen {
  /** Where it begins in its file. */
  readonly at: number;
  readonly key: string;
  readonly value: string;
}

/** How files are read. */
export interface ReadFiles {
  readonly read: (path: string) => string;
  readonly include: (path: string) => IncludedFile[];
}

const DEEPEST_INCLUDE = 8;
const fromDisk: ReadFiles = { read: readConfigText, include: readIncludes };

export class Glance {
  readonly #config = new Config({});
  readonly #keys: readonly string[];
  readonly #files: ReadFiles;
  /** What each file or folder that was included says; undefined where it must be read as a whole. */
  readonly #included = new Map<string, readonly Seen[]>();

  constructor(keys: readonly string[], files: ReadFiles = fromDisk) {
    this.#keys = keys;
    this.#files = files;
  }

  /**
   * The value of each key as LXC's getter writes it. Undefined when the file must be read as a whole: when it cannot be
   * opened, has a value that is wrong, or lines that begin with blanks.
   */
  read(path: string): string[] | undefined {
    for (const key of this.#keys) this.#config.assign(key, "");
    try {
      const seen = this.#seenIn(this.#files.read(path), 0);
      if (seen === undefined || !this.#take(seen)) return undefined;
    } catch (caught) {
      asLxcError(caught as Error);
      return undefined;
    }
    const items: string[] = [];
    for (const key of this.#keys) items.push(getItem(this.#config, key) ?? "");
    return items;
  }

  #take(seen: readonly Seen[]): boolean {
    for (const { key, value } of seen) if (this.#config.tryAssign(key, value) !== undefined) return false;
    return true;
  }

  /** The lines of the keys, with those of included files where they are included. */
  #seenIn(text: string, depth: number): Seen[] | undefined {
    if (depth > DEEPEST_INCLUDE || hasIndented(text)) return undefined;
    const own = linesOf(text, this.#keys);
    const includes = linesOf(text, [INCLUDE_KEY]);
    if (includes.length === 0) return own;
    const all: Seen[] = [];
    for (const line of inOrder(own.concat(includes))) {
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

/** Whether a line may begin with blanks, as a setting may. */
function hasIndented(text: string): boolean {
  return text.startsWith(" ") || text.startsWith("\t") || text.includes("\n ") || text.includes("\n\t");
}

/** The lines that set one of the keys, key by key. */
function linesOf(text: string, keys: readonly string[]): Seen[] {
  const seen: Seen[] = [];
  for (const key of keys) {
    let at = text.startsWith(key) ? 0 : lineFrom(text, key, 0);
    while (at >= 0) {
      const end = text.indexOf("\n", at);
      const entry = entryIn(text.slice(at, end < 0 ? text.length : end));
      if (entry !== undefined && entry.key === key) seen.push({ at, key, value: entry.value });
      at = end < 0 ? -1 : lineFrom(text, key, end);
    }
  }
  return seen;
}

/** Where the next line begins that begins with `key`; -1 when there is none. */
function lineFrom(text: string, key: string, from: number): number {
  const found = text.indexOf(`\n${key}`, from);
  return found < 0 ? -1 : found + 1;
}

function entryIn(line: string): Entry | undefined {
  return new ConfigDocument(line).entries()[0];
}

function inOrder(seen: Seen[]): Seen[] {
  return seen.toSorted((one, other) => one.at - other.at);
}
