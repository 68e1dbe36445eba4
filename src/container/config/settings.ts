// The kinds of row of the key tables: one key each, with its value. Pure.
// A configuration is read by every command, so a row is one object, and nothing is prepared before it is needed.

import type { Codec, JsonKind, ListCodec } from "./codecs.ts";

/**
 * Whether a change counts for a container that runs: `file` when all who need the key read it when they do, `cgroup` when
 * it is what a file of the container's cgroup says, `link` when the host's end of its network does.
 */
export type Live = "no" | "file" | "cgroup" | "link";

/** What is wrong with a key, or with its value. */
export interface Complaint {
  readonly about: "key" | "value";
  readonly key: string;
  readonly problem: string;
  /** What can be done; "" when there is nothing to add. */
  readonly hint: string;
}

const NO_WORDS: readonly string[] = [];

/**
 * What everybody but the owner of the value needs: one key, as text. The kinds of row extend it; its own methods are
 * for a key without a value. They are not abstract, for the compiler finds no generic override of an abstract method.
 */
export class Setting {
  readonly key: string;
  readonly doc: string;
  live: Live = "no";
  /** What the manual calls the part of the table it is in. */
  section = "";
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

  /** What the value, or an item of it, is in JSON. */
  json(): JsonKind {
    return "text";
  }

  /** The default as LXC prints it; "" when there is none. */
  initialText(): string {
    return "";
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

  override json(): JsonKind {
    return this.codec.json;
  }

  override initialText(): string {
    return this.codec.format(this.initial);
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

  override json(): JsonKind {
    return this.codec.json;
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

  override json(): JsonKind {
    return this.codec.json;
  }

  override isList(): boolean {
    return true;
  }

  override between(): string {
    return this.codec.between;
  }
}
