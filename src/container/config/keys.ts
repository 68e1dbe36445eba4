// The machinery behind the key tables: kinds of row, and lookup by key. Pure.

import { LxcError } from "../../base/errors.ts";
import { nearest } from "../../base/text.ts";
import type { Codec, ListCodec } from "./codecs.ts";

/** Whether a key already does what it says: `later` is refused at start when used, `lsm` only when that LSM is on. */
export type Effect = "now" | "later" | "lsm";

/** The caller's variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Operation = "set" | "clear" | "lines" | "used" | "kind" | "words" | "between";

/** Answers undefined for "no": a wrong value, an unused key. */
type Act = (operation: Operation, text: string) => readonly string[] | undefined;

const YES: readonly string[] = [];

/** What everybody but the owner of the value needs: one key, as text. */
export class Setting {
  readonly key: string;
  readonly doc: string;
  effect: Effect = "now";
  /** False where `key =` is an error, as in LXC. */
  mayBeEmpty = true;
  /** True for a key that does something but has no value to get. */
  isDirective = false;
  readonly #act: Act;

  constructor(key: string, doc: string, act: Act) {
    this.key = key;
    this.doc = doc;
    this.#act = act;
  }

  /** False when the text is not such a value. A list key gets one more item. */
  set(text: string): boolean {
    return this.#act("set", text) !== undefined;
  }

  /** What `key =` does: back to the default, or to what LXC takes an empty value for. */
  clear(): void {
    this.#act("clear", "");
  }

  /** The value as LXC prints it, one line per item; none when absent. */
  lines(): readonly string[] {
    return this.#act("lines", "") ?? [];
  }

  /** Whether the value differs from the default. */
  isUsed(): boolean {
    return this.#act("used", "") !== undefined;
  }

  /** The kind of value, for the manual and for errors. */
  get kind(): string {
    return this.#act("kind", "")?.[0] ?? "text";
  }

  get words(): readonly string[] {
    return this.#act("words", "") ?? [];
  }

  /** What LXC's getter puts between items; undefined for a single value, "" when each item ends its own line. */
  get between(): string | undefined {
    return this.#act("between", "")?.[0];
  }
}

/** A value with a default. */
export class One<T> {
  value: T;
  /** What `key =` makes of it; mostly the default. */
  whenEmpty: T;
  readonly initial: T;
  readonly #codec: Codec<T>;

  constructor(codec: Codec<T>, initial: T) {
    this.#codec = codec;
    this.value = initial;
    this.initial = initial;
    this.whenEmpty = initial;
  }

  act(operation: Operation, text: string): readonly string[] | undefined {
    const codec = this.#codec;
    if (operation === "set") {
      const value = codec.parse(text);
      if (value === undefined) return undefined;
      this.value = value;
      return YES;
    }
    if (operation === "lines") return [codec.format(this.value)];
    if (operation === "used") return this.value === this.initial ? undefined : YES;
    if (operation === "kind") return [codec.name];
    if (operation === "words") return codec.words;
    if (operation === "clear") this.value = this.whenEmpty;
    return undefined;
  }
}

/** A value that may be absent. */
export class Maybe<T> {
  value: T | undefined = undefined;
  readonly #codec: Codec<T>;

  constructor(codec: Codec<T>) {
    this.#codec = codec;
  }

  act(operation: Operation, text: string): readonly string[] | undefined {
    const codec = this.#codec;
    if (operation === "set") {
      const value = codec.parse(text);
      if (value === undefined) return undefined;
      this.value = value;
      return YES;
    }
    if (operation === "lines") return this.value === undefined ? YES : [codec.format(this.value)];
    if (operation === "used") return this.value === undefined ? undefined : YES;
    if (operation === "kind") return [codec.name];
    if (operation === "words") return codec.words;
    if (operation === "clear") this.value = undefined;
    return undefined;
  }
}

/** A key that may be given many times, and whose lines may hold several items. */
export class Many<T> {
  values: T[] = [];
  readonly #codec: ListCodec<T>;

  constructor(codec: ListCodec<T>) {
    this.#codec = codec;
  }

  act(operation: Operation, text: string): readonly string[] | undefined {
    const codec = this.#codec;
    if (operation === "set") {
      const values = codec.add(this.values, text);
      if (values === undefined) return undefined;
      this.values = values;
      return YES;
    }
    if (operation === "lines") {
      const lines: string[] = [];
      for (const value of this.values) lines.push(codec.format(value));
      return lines;
    }
    if (operation === "used") return this.values.length > 0 ? YES : undefined;
    if (operation === "kind") return [codec.name];
    if (operation === "words") return codec.words;
    if (operation === "between") return [codec.between];
    if (operation === "clear") this.values = [];
    return undefined;
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
  readonly #codec: Codec<T>;
  /** True where a second line for the same name is added, not a replacement. */
  readonly #repeats: boolean;

  constructor(codec: Codec<T>, repeats: boolean) {
    this.#codec = codec;
    this.#repeats = repeats;
  }

  /** The last value under this name. */
  get(name: string): T | undefined {
    let found: T | undefined;
    for (const entry of this.entries) if (entry.name === name) found = entry.value;
    return found;
  }

  act(operation: Operation, name: string, text: string): readonly string[] | undefined {
    const codec = this.#codec;
    if (operation === "set") return this.#put(name, text);
    if (operation === "lines" || operation === "used") {
      const lines: string[] = [];
      for (const entry of this.entries) if (entry.name === name) lines.push(codec.format(entry.value));
      return operation === "used" && lines.length === 0 ? undefined : lines;
    }
    if (operation === "kind") return [codec.name];
    if (operation === "words") return codec.words;
    if (operation === "between") return this.#repeats ? [""] : undefined;
    if (operation === "clear") this.#remove(name);
    return undefined;
  }

  #put(name: string, text: string): readonly string[] | undefined {
    const value = this.#codec.parse(text);
    if (value === undefined) return undefined;
    if (!this.#repeats) {
      for (const entry of this.entries) {
        if (entry.name === name) {
          entry.value = value;
          return YES;
        }
      }
    }
    this.entries.push(new NamedValue<T>(name, value));
    return YES;
  }

  #remove(name: string): void {
    const kept: NamedValue<T>[] = [];
    for (const entry of this.entries) if (entry.name !== name) kept.push(entry);
    this.entries = kept;
  }

  /** Each name once, in file order. */
  names(): string[] {
    const names: string[] = [];
    for (const entry of this.entries) if (!names.includes(entry.name)) names.push(entry.name);
    return names;
  }
}

/** How a group's keys are found, listed and cleared. */
export interface GroupWays {
  readonly open: (rest: string, toWrite: boolean) => Setting | undefined;
  readonly rests: () => string[];
  readonly clear: () => void;
}

/** The keys that share a prefix and whose rest is not in the table. */
export class Group {
  /** With the final dot. */
  readonly prefix: string;
  readonly doc: string;
  effect: Effect = "now";
  readonly #ways: GroupWays;

  constructor(prefix: string, doc: string, ways: GroupWays) {
    this.prefix = prefix;
    this.doc = doc;
    this.#ways = ways;
  }

  /** The setting for what follows the prefix; undefined when there is none. `toWrite` makes what it belongs to. */
  open(rest: string, toWrite: boolean): Setting | undefined {
    const setting = this.#ways.open(rest, toWrite);
    if (setting !== undefined && this.effect !== "now") setting.effect = this.effect;
    return setting;
  }

  /** What follows the prefix, of every key in use. */
  rests(): string[] {
    return this.#ways.rests();
  }

  /** What the prefix without its dot does when empty: all of it is cleared. */
  clear(): void {
    this.#ways.clear();
  }
}

/** A set of keys. Subclasses are the tables: one field, one row. */
export abstract class KeySet {
  readonly settings: Setting[] = [];
  readonly groups: Group[] = [];
  /** For bare `lxc.environment = NAME`. */
  protected readonly callerEnvironment: Environment;

  constructor(callerEnvironment: Environment) {
    this.callerEnvironment = callerEnvironment;
  }

  /** A value that is always there: `initial` when absent. */
  protected one<T>(key: string, codec: Codec<T>, initial: T, doc: string): One<T> {
    const cell = new One<T>(codec, initial);
    this.settings.push(new Setting(key, doc, (operation, text) => cell.act(operation, text)));
    return cell;
  }

  /** A value that may be absent. */
  protected maybe<T>(key: string, codec: Codec<T>, doc: string): Maybe<T> {
    const cell = new Maybe<T>(codec);
    this.settings.push(new Setting(key, doc, (operation, text) => cell.act(operation, text)));
    return cell;
  }

  /** A list. */
  protected many<T>(key: string, codec: ListCodec<T>, doc: string): Many<T> {
    const cell = new Many<T>(codec);
    this.settings.push(new Setting(key, doc, (operation, text) => cell.act(operation, text)));
    return cell;
  }

  /** A value for each name below `prefix`; the last line for a name counts. */
  protected named<T>(prefix: string, codec: Codec<T>, doc: string): Named<T> {
    const cell = new Named<T>(codec, false);
    this.below(prefix, cell, doc);
    return cell;
  }

  /** Values below `prefix`, all of them kept, in file order. */
  protected ordered<T>(prefix: string, codec: Codec<T>, doc: string): Named<T> {
    const cell = new Named<T>(codec, true);
    this.below(prefix, cell, doc);
    return cell;
  }

  private below<T>(prefix: string, cell: Named<T>, doc: string): void {
    const ways: GroupWays = {
      open: (rest) => new Setting(prefix + rest, doc, (operation, text) => cell.act(operation, rest, text)),
      rests: () => cell.names(),
      clear: () => {
        cell.entries = [];
      },
    };
    this.groups.push(new Group(prefix, doc, ways));
  }

  /** Marks the row just made: its effect is not there yet, so that using it is refused at start. */
  protected later<R>(row: R): R {
    this.#mark("later");
    return row;
  }

  /** Marks the row just made: without that LSM in the kernel it does nothing, as in LXC. */
  protected lsm<R>(row: R): R {
    this.#mark("lsm");
    return row;
  }

  /** The same for a row of keys below a prefix. */
  protected laterGroup<R>(row: R): R {
    const last = this.groups[this.groups.length - 1];
    if (last !== undefined) last.effect = "later";
    return row;
  }

  /** `key =` is an error, as in LXC. */
  protected refuseEmpty(key: string): void {
    const setting = this.find(key, false);
    if (setting !== undefined) setting.mayBeEmpty = false;
  }

  #mark(effect: Effect): void {
    const last = this.settings[this.settings.length - 1];
    if (last !== undefined) last.effect = effect;
  }

  /** The setting of this key, or undefined when there is no such key. `toWrite` makes the numbered thing it is part of. */
  find(key: string, toWrite: boolean): Setting | undefined {
    for (const setting of this.settings) if (setting.key === key) return setting;
    for (const group of this.groups) {
      if (key.length > group.prefix.length && key.startsWith(group.prefix))
        return group.open(key.slice(group.prefix.length), toWrite);
    }
    return undefined;
  }

  /** `key = text`. An empty text clears the key, as in LXC. Throws when there is no such key or the value is wrong. */
  assign(key: string, text: string): void {
    const setting = this.find(key, text !== "");
    if (setting === undefined) {
      if (text === "" && this.#clearGroup(key)) return;
      throw this.noSuchKey(key);
    }
    if (text === "" && setting.mayBeEmpty) setting.clear();
    else if (!setting.set(text)) throw wrongValue(setting, key, text);
  }

  #clearGroup(key: string): boolean {
    for (const group of this.groups) {
      if (group.prefix.length === key.length + 1 && group.prefix.startsWith(key)) {
        group.clear();
        return true;
      }
    }
    return false;
  }

  /** The error for a key that is not there. Abstract, for a concrete method would get garbage natively for `xs[i] ?? ""`. */
  abstract noSuchKey(key: string): LxcError;

  /** Every key of the table; a group as its prefix. */
  allKeys(): string[] {
    const keys: string[] = [];
    for (const setting of this.settings) keys.push(setting.key);
    for (const group of this.groups) keys.push(group.prefix);
    return keys;
  }

  /** The settings in use, in table order: those that differ from their default. */
  used(): Setting[] {
    const used: Setting[] = [];
    for (const setting of this.settings) if (setting.isUsed()) used.push(setting);
    for (const group of this.groups) {
      for (const rest of group.rests()) {
        const setting = group.open(rest, false);
        if (setting !== undefined) used.push(setting);
      }
    }
    return used;
  }
}

/** Says that `key` is none of `keys`, and which is nearest. */
export function unknownKey(key: string, keys: readonly string[]): LxcError {
  const near = nearest(key, keys);
  const hint = near === undefined ? "man lxc.container.conf lists them all" : `did you mean ${near}?`;
  return new LxcError("config-invalid", `set ${key}`, "there is no such key", { hint });
}

function wrongValue(setting: Setting, key: string, text: string): LxcError {
  const near = nearest(text, setting.words);
  const hint = near === undefined || near === text ? "" : `did you mean ${near}?`;
  return new LxcError("config-invalid", `set ${key} to "${text}"`, `expected ${setting.kind}`, { hint });
}
