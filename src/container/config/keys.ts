// The machinery behind the key tables: kinds of row, and lookup by key. Pure.
// A configuration is read by every command, so a row is one object, and nothing is prepared before it is needed.

import { LxcError } from "../../base/errors.ts";
import { nearest } from "../../base/text.ts";
import type { Codec, ListCodec } from "./codecs.ts";

/** Whether a key already does what it says: `later` is refused at start when used, `lsm` only when that LSM is on. */
export type Effect = "now" | "later" | "lsm";

/** The caller's variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

const NO_WORDS: readonly string[] = [];

/**
 * What everybody but the owner of the value needs: one key, as text. The kinds of row extend it; its own methods are
 * for a key without a value. They are not abstract, for the compiler finds no generic override of an abstract method.
 */
export class Setting {
  readonly key: string;
  readonly doc: string;
  effect: Effect = "now";
  /** False where `key =` is an error, as in LXC. */
  mayBeEmpty = true;
  /** What `set` was given. A method that is overridden takes no parameter: natively it might be handed garbage. */
  protected text = "";

  constructor(key: string, doc: string) {
    this.key = key;
    this.doc = doc;
  }

  /** False when the text is not such a value. A list key gets one more item. */
  set(text: string): boolean {
    this.text = text;
    return this.take();
  }

  protected take(): boolean {
    return false;
  }

  /** What `key =` does: back to the default, or to what LXC takes an empty value for. */
  clear(): void {}

  /** The value as LXC prints it, one line per item; none when absent. */
  lines(): string[] {
    return [];
  }

  /** Whether the value differs from the default. */
  isUsed(): boolean {
    return false;
  }

  /** True for a key that does something but has no value to get. */
  isDirective(): boolean {
    return true;
  }

  /** The kind of value, for the manual and for errors. */
  kind(): string {
    return "nothing: empty clears it";
  }

  words(): readonly string[] {
    return NO_WORDS;
  }

  /** Whether the value is a list. */
  isList(): boolean {
    return false;
  }

  /** What LXC's getter puts between the items of a list; "" when each item ends its own line. */
  between(): string {
    return "";
  }
}

/** A value with a default. */
export class One<T> extends Setting {
  value: T;
  /** What `key =` makes of it; mostly the default. */
  whenEmpty: T;
  readonly initial: T;
  readonly codec: Codec<T>;

  constructor(key: string, codec: Codec<T>, initial: T, doc: string) {
    super(key, doc);
    this.codec = codec;
    this.value = initial;
    this.initial = initial;
    this.whenEmpty = initial;
  }

  protected override take(): boolean {
    const value = this.codec.parse(this.text);
    if (value === undefined) return false;
    this.value = value;
    return true;
  }

  override clear(): void {
    this.value = this.whenEmpty;
  }

  override lines(): string[] {
    return [this.codec.format(this.value)];
  }

  override isUsed(): boolean {
    return this.value !== this.initial;
  }

  override isDirective(): boolean {
    return false;
  }

  override kind(): string {
    return this.codec.name;
  }

  override words(): readonly string[] {
    return this.codec.words;
  }
}

/** A value that may be absent. */
export class Maybe<T> extends Setting {
  value: T | undefined = undefined;
  readonly codec: Codec<T>;

  constructor(key: string, codec: Codec<T>, doc: string) {
    super(key, doc);
    this.codec = codec;
  }

  protected override take(): boolean {
    const value = this.codec.parse(this.text);
    if (value === undefined) return false;
    this.value = value;
    return true;
  }

  override clear(): void {
    this.value = undefined;
  }

  override lines(): string[] {
    const value = this.value;
    return value === undefined ? [] : [this.codec.format(value)];
  }

  override isUsed(): boolean {
    return this.value !== undefined;
  }

  override isDirective(): boolean {
    return false;
  }

  override kind(): string {
    return this.codec.name;
  }

  override words(): readonly string[] {
    return this.codec.words;
  }
}

/** A key that may be given many times, and whose lines may hold several items. */
export class Many<T> extends Setting {
  /** Undefined while empty: most lists of a configuration are. */
  #values: T[] | undefined = undefined;
  readonly codec: ListCodec<T>;

  constructor(key: string, codec: ListCodec<T>, doc: string) {
    super(key, doc);
    this.codec = codec;
  }

  protected override take(): boolean {
    const values = this.codec.add(this.#values ?? [], this.text);
    if (values === undefined) return false;
    this.#values = values;
    return true;
  }

  get values(): T[] {
    return this.#values ?? [];
  }

  override clear(): void {
    this.#values = undefined;
  }

  override lines(): string[] {
    const lines: string[] = [];
    for (const value of this.values) lines.push(this.codec.format(value));
    return lines;
  }

  override isUsed(): boolean {
    const values = this.#values;
    return values !== undefined && values.length > 0;
  }

  override isDirective(): boolean {
    return false;
  }

  override kind(): string {
    return this.codec.name;
  }

  override words(): readonly string[] {
    return this.codec.words;
  }

  override isList(): boolean {
    return true;
  }

  override between(): string {
    return this.codec.between;
  }
}

/** How the keys of a group are found, listed and cleared. */
export interface GroupWays {
  /** The setting for what follows the prefix; undefined when there is none. `toWrite` makes what it belongs to. */
  readonly open: (rest: string, toWrite: boolean) => Setting | undefined;
  /** What follows the prefix, of every key in use. */
  readonly rests: () => string[];
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
  readonly doc: string;
  effect: Effect = "now";
  readonly ways: GroupWays;

  constructor(prefix: string, doc: string, ways: GroupWays) {
    this.prefix = prefix;
    this.doc = doc;
    this.ways = ways;
  }

  open(rest: string, toWrite: boolean): Setting | undefined {
    const setting = this.ways.open(rest, toWrite);
    if (setting !== undefined && this.effect !== "now") setting.effect = this.effect;
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
  readonly codec: Codec<T>;
  /** True where a second line for the same name is added, not a replacement. */
  readonly repeats: boolean;
  /** The only names there are, when the user may not invent them. */
  names: readonly string[] = NO_WORDS;

  constructor(codec: Codec<T>, repeats: boolean) {
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
class NamedSetting<T> extends Setting {
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

  override isList(): boolean {
    return this.#values.repeats;
  }
}

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
  /** For bare `lxc.environment = NAME`. */
  protected readonly callerEnvironment: Environment;

  constructor(callerEnvironment: Environment) {
    this.callerEnvironment = callerEnvironment;
  }

  protected add(setting: Setting): void {
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
  protected named<T>(prefix: string, codec: Codec<T>, doc: string): Named<T> {
    const row = new Named<T>(codec, false);
    this.below(prefix, row, doc);
    return row;
  }

  /** Values below `prefix`, all of them kept, in file order. */
  protected ordered<T>(prefix: string, codec: Codec<T>, doc: string): Named<T> {
    const row = new Named<T>(codec, true);
    this.below(prefix, row, doc);
    return row;
  }

  private below<T>(prefix: string, row: Named<T>, doc: string): void {
    const ways: GroupWays = {
      open: (rest) => (row.mayName(rest) ? new NamedSetting<T>(prefix + rest, doc, row, rest) : undefined),
      rests: () => row.used(),
      clear: () => {
        row.entries = [];
      },
      clearPart: () => false,
      beforeChange: () => {},
    };
    this.groups.push(new Group(prefix, doc, ways));
  }

  /** Marks the row just made: its effect is not there yet, so that using it is refused at start. */
  protected later<R>(row: R): R {
    const last = this.settings[this.settings.length - 1];
    if (last !== undefined) last.effect = "later";
    return row;
  }

  /** The same for a row of keys below a prefix. */
  protected laterGroup<R>(row: R): R {
    const last = this.groups[this.groups.length - 1];
    if (last !== undefined) last.effect = "later";
    return row;
  }

  /** Marks the row just made: without that LSM in the kernel it does nothing, as in LXC. */
  protected lsm<R>(row: R): R {
    const last = this.settings[this.settings.length - 1];
    if (last !== undefined) last.effect = "lsm";
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
    const setting = this.#openToChange(key, text !== "");
    if (setting === undefined) {
      if (text === "" && this.#clearBelow(key)) return;
      throw this.noSuchKey(key);
    }
    if (text !== "") {
      if (!setting.set(text)) throw wrongValue(setting, key, text);
      return;
    }
    if (!setting.mayBeEmpty) throw wrongValue(setting, key, text);
    setting.clear();
  }

  #openToChange(key: string, toWrite: boolean): Setting | undefined {
    const index = this.#keys.indexOf(key);
    if (index >= 0) return this.settings[index];
    const group = this.#groupOf(key);
    if (group === undefined) return undefined;
    const rest = key.slice(group.prefix.length);
    const setting = group.open(rest, toWrite);
    if (setting !== undefined) group.ways.beforeChange(rest);
    return setting;
  }

  #groupOf(key: string): Group | undefined {
    for (const group of this.groups) {
      if (key.length > group.prefix.length && key.startsWith(group.prefix)) return group;
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

  /** The error for a key that is not there. Abstract, for a concrete method would get garbage natively for `xs[i] ?? ""`. */
  abstract noSuchKey(key: string): LxcError;

  /** Every key of the table; a group as its prefix. */
  allKeys(): string[] {
    const keys: string[] = [];
    for (const key of this.#keys) keys.push(key);
    for (const group of this.groups) keys.push(group.prefix);
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

/** Says that `key` is none of `keys`, and which is nearest. */
export function unknownKey(key: string, keys: readonly string[]): LxcError {
  const near = nearest(key, keys);
  const hint = near === undefined ? "man lxc.container.conf lists them all" : `did you mean ${near}?`;
  return new LxcError("config-invalid", `set ${key}`, "there is no such key", { hint });
}

function wrongValue(setting: Setting, key: string, text: string): LxcError {
  const near = nearest(text, setting.words());
  const hint = near === undefined || near === text ? "" : `did you mean ${near}?`;
  return new LxcError("config-invalid", `set ${key} to "${text}"`, `expected ${setting.kind()}`, { hint });
}
