// Keys that share a prefix, and whose rest is not in the table: made when they are looked up. Pure.

import type { Codec, JsonKind } from "./codecs.ts";
import { type Live, Setting } from "./settings.ts";

const NO_WORDS: readonly string[] = [];

/** How the keys of a group are found, listed and cleared. */
export interface GroupWays {
  /** The setting for what follows the prefix; undefined when there is none. `toWrite` makes what it belongs to. */
  readonly open: (rest: string, toWrite: boolean) => Setting | undefined;
  /** What follows the prefix, of every key in use. */
  readonly rests: () => string[];
  /** All that may follow the prefix; none when the user may invent it. */
  readonly names: () => readonly string[];
  /** What the prefix without its dot does when empty: all of it is cleared. */
  readonly clear: () => void;
  /** What `<prefix><rest> =` does where no key is so named; false when it is wrong. */
  readonly clearPart: (rest: string) => boolean;
  /** Told before the key is set or cleared. */
  readonly beforeChange: (rest: string) => void;
}

/** The keys that share a prefix and whose rest is not in the table. */
export class Group {
  /** With the final dot. */
  readonly prefix: string;
  /** What may follow it, for the manual; "" when that is told elsewhere. */
  readonly example: string;
  readonly doc: string;
  live: Live = "no";
  section = "";
  readonly ways: GroupWays;

  constructor(prefix: string, example: string, doc: string, ways: GroupWays) {
    this.prefix = prefix;
    this.example = example;
    this.doc = doc;
    this.ways = ways;
  }

  open(rest: string, toWrite: boolean): Setting | undefined {
    const setting = this.ways.open(rest, toWrite);
    if (setting !== undefined && this.live !== "no") setting.live = this.live;
    return setting;
  }
}

/** One value of a `Named` row: the part of the key the user chose, and what it is set to. */
export class NamedValue<T> {
  readonly name: string;
  value: T;

  constructor(name: string, value: T) {
    this.name = name;
    this.value = value;
  }
}

/** The keys below a prefix whose last part the user invents, such as `lxc.sysctl.*`, in file order. */
export class Named<T> {
  entries: NamedValue<T>[] = [];
  /** With the final dot. */
  readonly prefix: string;
  readonly codec: Codec<T>;
  /** True where a second line for the same name is added, not a replacement. */
  readonly repeats: boolean;
  /** The only names there are, when the user may not invent them. */
  names: readonly string[] = NO_WORDS;

  constructor(prefix: string, codec: Codec<T>, repeats: boolean) {
    this.prefix = prefix;
    this.codec = codec;
    this.repeats = repeats;
  }

  /** The last value under this name. */
  get(name: string): T | undefined {
    let found: T | undefined;
    for (const entry of this.entries) if (entry.name === name) found = entry.value;
    return found;
  }

  /** Whether there may be such a name. */
  mayName(name: string): boolean {
    return this.names.length === 0 || this.names.includes(name);
  }

  put(name: string, value: T): void {
    if (!this.repeats) {
      for (const entry of this.entries) {
        if (entry.name !== name) continue;
        entry.value = value;
        return;
      }
    }
    this.entries.push(new NamedValue<T>(name, value));
  }

  remove(name: string): void {
    const kept: NamedValue<T>[] = [];
    for (const entry of this.entries) if (entry.name !== name) kept.push(entry);
    this.entries = kept;
  }

  /** Each name in use once, in file order. */
  used(): string[] {
    const names: string[] = [];
    for (const entry of this.entries) if (!names.includes(entry.name)) names.push(entry.name);
    return names;
  }
}

/** One key of a `Named` row, for as long as it is looked at. */
export class NamedSetting<T> extends Setting {
  readonly #values: Named<T>;
  readonly #name: string;

  constructor(key: string, doc: string, values: Named<T>, name: string) {
    super(key, doc);
    this.#values = values;
    this.#name = name;
  }

  protected override take(): boolean {
    const value = this.#values.codec.parse(this.text);
    if (value === undefined) return false;
    this.#values.put(this.#name, value);
    return true;
  }

  override clear(): void {
    this.#values.remove(this.#name);
  }

  override lines(): string[] {
    const lines: string[] = [];
    for (const entry of this.#values.entries) {
      if (entry.name === this.#name) lines.push(this.#values.codec.format(entry.value));
    }
    return lines;
  }

  override isUsed(): boolean {
    return this.lines().length > 0;
  }

  override isDirective(): boolean {
    return false;
  }

  override kind(): string {
    return this.#values.codec.name;
  }

  override words(): readonly string[] {
    return this.#values.codec.words;
  }

  override json(): JsonKind {
    return this.#values.codec.json;
  }

  override isList(): boolean {
    return this.#values.repeats;
  }
}
