// A set of keys: what the tables extend, with lookup, assignment and listing by key. Pure.

import { LxcError } from "../../base/errors.ts";
import { blankSeparated, nearest, shown, visible } from "../../base/text.ts";
import { Environment } from "../../kernel/environment.ts";
import type { Codec, ListCodec } from "./codecs.ts";
import { Group, type GroupWays, Named, NamedSetting } from "./groups.ts";
import { type Complaint, Many, Maybe, One, type Setting } from "./settings.ts";

export const NO_VARIABLES = new Environment("");

/** The letters of `lxc.`, which every key begins with and which is no group. */
const BEGINNING = 4;

/** A key that differs from its default. */
export interface UsedKey {
  /** All of it, where the setting's own key is only the end. */
  readonly key: string;
  readonly setting: Setting;
}

/** A set of keys. Subclasses are the tables: one field, one row. */
export abstract class KeySet {
  readonly settings: Setting[] = [];
  readonly groups: Group[] = [];
  /** The key of each setting, for a lookup that touches no row. */
  readonly #keys: string[] = [];
  /** The prefix of each group. */
  readonly #prefixes: string[] = [];
  /** For bare `lxc.environment = NAME`. */
  callerEnvironment: Environment;
  /** The title that new rows get. */
  #section = "";

  constructor(callerEnvironment: Environment) {
    this.callerEnvironment = callerEnvironment;
  }

  protected add(setting: Setting): void {
    setting.section = this.#section;
    this.#keys.push(setting.key);
    this.settings.push(setting);
  }

  /** A value that is always there: `initial` when absent. */
  protected one<T>(key: string, codec: Codec<T>, initial: T, doc: string): One<T> {
    const row = new One<T>(key, codec, initial, doc);
    this.add(row);
    return row;
  }

  /** A value that may be absent. */
  protected maybe<T>(key: string, codec: Codec<T>, doc: string): Maybe<T> {
    const row = new Maybe<T>(key, codec, doc);
    this.add(row);
    return row;
  }

  /** A list. */
  protected many<T>(key: string, codec: ListCodec<T>, doc: string): Many<T> {
    const row = new Many<T>(key, codec, doc);
    this.add(row);
    return row;
  }

  /** A value for each name below `prefix`; the last line for a name counts. */
  protected named<T>(prefix: string, example: string, codec: Codec<T>, doc: string): Named<T> {
    const row = new Named<T>(prefix, codec, false);
    this.below(example, row, doc);
    return row;
  }

  /** Values below `prefix`, all of them kept, in file order. */
  protected ordered<T>(prefix: string, example: string, codec: Codec<T>, doc: string): Named<T> {
    const row = new Named<T>(prefix, codec, true);
    this.below(example, row, doc);
    return row;
  }

  private below<T>(example: string, row: Named<T>, doc: string): void {
    const prefix = row.prefix;
    const ways: GroupWays = {
      open: (rest) => (row.mayName(rest) ? new NamedSetting<T>(prefix + rest, doc, row, rest) : undefined),
      rests: () => row.used(),
      names: () => row.names,
      clear: () => {
        row.entries = [];
      },
      clearPart: () => false,
      beforeChange: () => {},
    };
    this.addGroup(new Group(prefix, example, doc, ways));
  }

  protected addGroup(group: Group): void {
    group.section = this.#section;
    this.#prefixes.push(group.prefix);
    this.groups.push(group);
  }

  /** Begins a part of the table with this row. */
  protected titled<S extends Setting>(title: string, row: S): S {
    this.#section = title;
    row.section = title;
    return row;
  }

  /** Marks the row: whoever needs it reads it when they do, whether the container runs or not. */
  protected live<S extends Setting>(row: S): S {
    row.live = "file";
    return row;
  }

  /** Marks the row: a file of the container's cgroup says the same. */
  protected limit<S extends Setting>(row: S): S {
    row.live = "cgroup";
    return row;
  }

  /** Marks the row: the host's end of a network says the same. */
  protected onLink<S extends Setting>(row: S): S {
    row.live = "link";
    return row;
  }

  /** The same for a row of keys below a prefix. */
  protected limitGroup<R>(row: R): R {
    const last = this.groups[this.groups.length - 1];
    if (last !== undefined) last.live = "cgroup";
    return row;
  }

  /** The setting of this key, or undefined when there is no such key. `toWrite` makes the numbered thing it is part of. */
  find(key: string, toWrite: boolean): Setting | undefined {
    const index = this.#keys.indexOf(key);
    if (index >= 0) return this.settings[index];
    const group = this.#groupOf(key);
    return group === undefined ? undefined : group.open(key.slice(group.prefix.length), toWrite);
  }

  /** `key = text`. An empty text clears the key, as in LXC. Throws when there is no such key or the value is wrong. */
  assign(key: string, text: string): void {
    const complaint = this.tryAssign(key, text);
    if (complaint === undefined) return;
    throw new LxcError("config-invalid", `set ${visible(key)}`, complaint.problem, { hint: complaint.hint });
  }

  /** The same, but tells what is wrong: then the set is good for no more than finding what else is. */
  tryAssign(key: string, text: string): Complaint | undefined {
    const setting = this.#openToChange(key, text !== "");
    if (setting !== undefined) return assignTo(setting, key, text);
    return text === "" && this.#clearBelow(key) ? undefined : this.noSuchKey(key);
  }

  #openToChange(key: string, toWrite: boolean): Setting | undefined {
    const index = this.#keys.indexOf(key);
    if (index >= 0) return this.settings[index];
    const group = this.#groupOf(key);
    return group === undefined ? undefined : openIn(group, key, toWrite);
  }

  #groupOf(key: string): Group | undefined {
    // By each part of the key that ends with a dot: a list of texts is searched much faster than one of objects.
    for (let dot = key.indexOf(".", BEGINNING); dot >= 0; dot = key.indexOf(".", dot + 1)) {
      const index = this.#prefixes.indexOf(key.slice(0, dot + 1));
      if (index >= 0) return dot + 1 < key.length ? this.groups[index] : undefined;
    }
    return undefined;
  }

  /** A prefix without its dot, or a part of a group that is no key. */
  #clearBelow(key: string): boolean {
    for (const group of this.groups) {
      if (group.prefix === `${key}.`) {
        group.ways.clear();
        return true;
      }
    }
    const group = this.#groupOf(key);
    return group === undefined ? false : group.ways.clearPart(key.slice(group.prefix.length));
  }

  /** What is wrong with a key that is not there. Abstract, for a concrete method would get garbage natively for `xs[i] ?? ""`. */
  abstract noSuchKey(key: string): Complaint;

  /** Every key of the table; a group as its prefix. */
  allKeys(): string[] {
    const keys: string[] = [];
    for (const key of this.#keys) keys.push(key);
    for (const group of this.groups) keys.push(group.prefix);
    return keys;
  }

  /** The same, and the keys of those groups that have a name for each. */
  namedKeys(): string[] {
    const keys = this.allKeys();
    for (const group of this.groups) for (const name of group.ways.names()) keys.push(group.prefix + name);
    return keys;
  }

  /** The keys in use, in table order: those that differ from their default. */
  used(): UsedKey[] {
    const used: UsedKey[] = [];
    for (const setting of this.settings) if (setting.isUsed()) used.push({ key: setting.key, setting });
    for (const group of this.groups) {
      for (const rest of group.ways.rests()) {
        const setting = group.open(rest, false);
        if (setting !== undefined) used.push({ key: group.prefix + rest, setting });
      }
    }
    return used;
  }
}

/** Says that `key` is none of `keys`, and which is nearest. A prefix in `keys` ends with its dot. */
export function unknownKey(key: string, keys: readonly string[]): Complaint {
  if (keys.includes(`${key}.`)) {
    return { about: "key", key, problem: "it takes no value", hint: "empty, it clears all keys that begin so" };
  }
  if (keys.includes(key)) return { about: "key", key, problem: "a name is missing after its last dot", hint: "" };
  const near = nearest(key, keys);
  const hint = near === undefined ? "man lxc.container.conf lists them all" : `did you mean ${near}?`;
  return { about: "key", key, problem: "there is no such key", hint };
}

function openIn(group: Group, key: string, toWrite: boolean): Setting | undefined {
  const rest = key.slice(group.prefix.length);
  const setting = group.open(rest, toWrite);
  if (setting !== undefined) group.ways.beforeChange(rest);
  return setting;
}

function assignTo(setting: Setting, key: string, text: string): Complaint | undefined {
  if (text !== "") return setting.set(text) ? undefined : wrongValue(setting, key, text);
  if (!setting.mayBeEmpty) return wrongValue(setting, key, text);
  setting.clear();
  return undefined;
}

function wrongValue(setting: Setting, key: string, text: string): Complaint {
  const near = nearestWord(setting.words(), text);
  const hint = near === undefined ? "" : `did you mean ${near}?`;
  const problem = text === "" ? "it cannot be empty" : `expected ${setting.kind()}, not ${shown(text)}`;
  return { about: "value", key, problem, hint };
}

/** For the first word of the text that is none of `words`. */
function nearestWord(words: readonly string[], text: string): string | undefined {
  if (words.length === 0) return undefined;
  for (const word of blankSeparated(text)) if (!words.includes(word)) return nearest(word, words);
  return undefined;
}
