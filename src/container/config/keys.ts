// The machinery behind the key table in `schema.ts`: four kinds of row, and lookup by key.

import { LxcError } from "../../base/errors.ts";
import { nearest, wholeNumberIn } from "../../base/text.ts";
import type { Codec } from "./codecs.ts";

/** What everybody but the owner of the value needs: one key, as text. */
export interface Setting {
  readonly key: string;
  readonly doc: string;
  /** The kind of value, for the manual and for errors. */
  readonly kind: string;
  readonly words: readonly string[];
  /** Returns false when the text is not such a value. */
  readonly set: (text: string) => boolean;
  readonly clear: () => void;
  /** One line per item; none when the value is absent. */
  readonly lines: () => string[];
}

/** A value with a default. */
export class One<T> {
  value: T;
  constructor(value: T) {
    this.value = value;
  }
}

/** A value that may be absent. */
export class Maybe<T> {
  value: T | undefined = undefined;
}

/** A key that may be given many times. */
export class Many<T> {
  values: T[] = [];
}

/** The keys below a prefix whose last part the user invents, such as `lxc.sysctl.*`. */
export class Named<T> {
  readonly entries = new Map<string, T>();
}

/** A numbered group of keys, such as `lxc.net.[i].*`. */
export class Numbered<T extends KeySet> {
  readonly items = new Map<number, T>();
}

/** Finds or makes the setting for what follows a prefix. */
interface Group {
  readonly prefix: string;
  readonly open: (rest: string) => Setting | undefined;
  readonly keys: () => string[];
}

/** A set of keys. Subclasses are the tables: one field, one row. */
export abstract class KeySet {
  readonly settings: Setting[] = [];
  readonly #byKey = new Map<string, Setting>();
  readonly #groups: Group[] = [];

  /** A value that is always there: `initial` when absent, and again after `key =`, as in LXC. */
  protected one<T>(key: string, codec: Codec<T>, initial: T, doc: string): One<T> {
    const cell = new One<T>(initial);
    this.#add(
      settingOf(
        key,
        codec,
        doc,
        (value) => {
          cell.value = value;
        },
        () => {
          cell.value = initial;
        },
        () => [cell.value],
      ),
    );
    return cell;
  }

  /** A value that may be absent. */
  protected maybe<T>(key: string, codec: Codec<T>, doc: string): Maybe<T> {
    const cell = new Maybe<T>();
    this.#add(
      settingOf(
        key,
        codec,
        doc,
        (value) => {
          cell.value = value;
        },
        () => {
          cell.value = undefined;
        },
        () => listOf(cell.value),
      ),
    );
    return cell;
  }

  protected many<T>(key: string, codec: Codec<T>, doc: string): Many<T> {
    const cell = new Many<T>();
    this.#add(
      settingOf(
        key,
        codec,
        doc,
        (value) => {
          cell.values.push(value);
        },
        () => {
          cell.values = [];
        },
        () => cell.values,
      ),
    );
    return cell;
  }

  protected named<T>(prefix: string, codec: Codec<T>, doc: string): Named<T> {
    const map = new Named<T>();
    this.#groups.push({
      prefix,
      open: (name) =>
        settingOf(
          `${prefix}${name}`,
          codec,
          doc,
          (value) => {
            map.entries.set(name, value);
          },
          () => {
            map.entries.delete(name);
          },
          () => listOf(map.entries.get(name)),
        ),
      keys: () => [...map.entries.keys()].map((name) => `${prefix}${name}`),
    });
    return map;
  }

  protected numbered<T extends KeySet>(prefix: string, make: () => T): Numbered<T> {
    const group = new Numbered<T>();
    this.#groups.push({
      prefix,
      open: (rest) => {
        const dot = rest.indexOf(".");
        const index = wholeNumberIn(rest.slice(0, Math.max(dot, 0)));
        if (index === undefined || index < 0) return undefined;
        const item = group.items.get(index) ?? make();
        const setting = item.find(rest.slice(dot + 1));
        if (setting !== undefined) group.items.set(index, item);
        return setting;
      },
      keys: () => {
        const keys: string[] = [];
        for (const [index, item] of group.items) {
          for (const key of item.keysInUse()) keys.push(`${prefix}${index}.${key}`);
        }
        return keys;
      },
    });
    return group;
  }

  find(key: string): Setting | undefined {
    const exact = this.#byKey.get(key);
    if (exact !== undefined) return exact;
    for (const group of this.#groups) {
      if (key.startsWith(group.prefix) && key.length > group.prefix.length)
        return group.open(key.slice(group.prefix.length));
    }
    return undefined;
  }

  /** `key = text`. An empty text clears the key, as in LXC. Throws when there is no such key or the value is wrong. */
  assign(key: string, text: string): void {
    const setting = this.find(key);
    if (setting === undefined) {
      const near = nearest(key, [...this.#byKey.keys()]);
      const hint = near === undefined ? "`lxc-config --keys` lists them all" : `did you mean ${near}?`;
      throw new LxcError("config-invalid", `set ${key}`, "there is no such key", { hint });
    }
    if (text === "") setting.clear();
    else if (!setting.set(text))
      throw new LxcError("config-invalid", `set ${key} to "${text}"`, `expected ${setting.kind}`);
  }

  /** Every key that has a value, in table order. */
  keysInUse(): string[] {
    const keys: string[] = [];
    for (const setting of this.settings) if (setting.lines().length > 0) keys.push(setting.key);
    for (const group of this.#groups) for (const key of group.keys()) keys.push(key);
    return keys;
  }

  #add(setting: Setting): void {
    this.settings.push(setting);
    this.#byKey.set(setting.key, setting);
  }
}

function settingOf<T>(
  key: string,
  codec: Codec<T>,
  doc: string,
  put: (value: T) => void,
  clear: () => void,
  all: () => readonly T[],
): Setting {
  return {
    key,
    doc,
    kind: codec.name,
    words: codec.words,
    clear,
    set: (text) => {
      const value = codec.parse(text);
      if (value !== undefined) put(value);
      return value !== undefined;
    },
    lines: () => {
      const lines: string[] = [];
      for (const value of all()) lines.push(codec.format(value));
      return lines;
    },
  };
}

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
