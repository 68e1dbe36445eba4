// A configuration file as its author wrote it: comments, order and blank lines survive every change. Pure.

import { LxcError } from "../../base/errors.ts";

/** One line that is a setting. */
export interface Entry {
  /** From 1 on. */
  readonly line: number;
  readonly key: string;
  readonly value: string;
  /** Where the key begins in its line, from 1 on. */
  readonly keyColumn: number;
  /** Where the value begins, or would. */
  readonly valueColumn: number;
}

/** A line that says nothing to LXC. */
export interface StrayLine {
  /** From 1 on. */
  readonly line: number;
  readonly text: string;
}

const SPACE = 32;
const TAB = 9;
const RETURN = 13;
const HASH = 35;
const HEX = "0123456789abcdef";

export class ConfigDocument {
  #lines: string[];
  /** What the lines say, once somebody has asked. */
  #entries: readonly Entry[] | undefined;

  constructor(text: string) {
    this.#lines = text.split("\n");
  }

  /** The settings, in file order. A line that begins like one but has no `=` has an empty key, and its text as value. */
  entries(): readonly Entry[] {
    const entries = this.#entries ?? this.#readEntries();
    this.#entries = entries;
    return entries;
  }

  #readEntries(): Entry[] {
    const entries: Entry[] = [];
    for (let at = 0; at < this.#lines.length; at++) addEntry(entries, at + 1, this.#line(at));
    return entries;
  }

  /** The lines LXC ignores without a word: neither settings, nor comments, nor blank. */
  strayLines(): StrayLine[] {
    const strays: StrayLine[] = [];
    for (let at = 0; at < this.#lines.length; at++) {
      const text = this.#line(at);
      if (isStray(text)) strays.push({ line: at + 1, text });
    }
    return strays;
  }

  /** Replaces every line of `key` by one line per value, where the first one stood, or at the end. */
  set(key: string, values: readonly string[]): void {
    const fresh: string[] = [];
    for (let i = 0; i < values.length; i++) fresh.push(settingLine(key, values[i]!));
    const first = this.#firstOf(key);
    const at = first >= 0 ? first : this.#endOfText();
    const before = this.#lines.slice(0, at);
    const after = this.#without(at, key, false);
    this.#replace(before.concat(fresh, after));
    this.#endWithNewline();
  }

  /** Adds one line at the end; an empty value resets the key there. */
  append(key: string, value: string): void {
    const at = this.#endOfText();
    const after = this.#lines.slice(at);
    this.#replace(this.#lines.slice(0, at).concat([settingLine(key, value)], after));
    this.#endWithNewline();
  }

  /** Takes out every line of `key`; with `below`, of the keys below it as well, as `lxc.net.0` means for `lxc.net.0.link`. */
  remove(key: string, below: boolean): void {
    this.#replace(this.#without(0, key, below));
  }

  /** How many random digits `fillHardwareAddresses` needs. */
  openDigits(): number {
    let count = 0;
    for (const entry of this.entries()) if (isHardwareKey(entry.key)) count += openDigitsIn(entry.value);
    return count;
  }

  /** Turns each x of every `lxc.net.[i].hwaddr` into a digit, from one random byte each, in place, as LXC does. */
  fillHardwareAddresses(random: Uint8Array): void {
    let used = 0;
    for (const entry of this.entries()) {
      if (!isHardwareKey(entry.key) || openDigitsIn(entry.value) === 0) continue;
      const line = this.#line(entry.line - 1);
      const at = line.lastIndexOf(entry.value);
      const filled = filledAddress(entry.value, random.slice(used));
      used += openDigitsIn(entry.value);
      this.#lines[entry.line - 1] = line.slice(0, at) + filled + line.slice(at + entry.value.length);
    }
    this.#entries = undefined;
  }

  text(): string {
    return this.#lines.join("\n");
  }

  #replace(lines: string[]): void {
    this.#lines = lines;
    this.#entries = undefined;
  }

  /** One line as a plain text: natively, what a loop over the list gives costs much more at each use. */
  #line(at: number): string {
    // Within bounds: `?? ""` would make an object for each line.
    return this.#lines[at]!;
  }

  #firstOf(key: string): number {
    for (let at = 0; at < this.#lines.length; at++) if (keyOf(this.#line(at)) === key) return at;
    return -1;
  }

  /** The lines from `from` on that do not set the key, nor with `below` one below it. */
  #without(from: number, key: string, below: boolean): string[] {
    const kept: string[] = [];
    for (let at = from; at < this.#lines.length; at++) {
      const line = this.#line(at);
      const own = keyOf(line);
      if (own !== key && !(below && own.startsWith(`${key}.`))) kept.push(line);
    }
    return kept;
  }

  /** Where a new line goes: before the empty string that follows a final newline. */
  #endOfText(): number {
    const last = this.#lines.length - 1;
    return this.#lines[last] === "" ? last : last + 1;
  }

  #endWithNewline(): void {
    if (this.#endOfText() === this.#lines.length) this.#lines.push("");
  }
}

/** How many digits of a hardware address are still open. */
export function openDigitsIn(address: string): number {
  let count = 0;
  for (let at = 0; at < address.length; at++) if (isOpen(address.charAt(at))) count++;
  return count;
}

/** The address with each x replaced from one random byte; too few bytes count as 0. The address stays unicast. */
export function filledAddress(address: string, random: Uint8Array): string {
  let filled = "";
  let used = 0;
  for (let at = 0; at < address.length; at++) {
    const digit = address.charAt(at);
    if (!isOpen(digit)) {
      filled += digit;
      continue;
    }
    const byte = used < random.length ? (random[used] ?? 0) : 0;
    used++;
    // Bit 0 of the first byte is for multicast.
    filled += HEX.charAt(at === 1 ? byte & 14 : byte & 15);
  }
  return filled;
}

function isOpen(digit: string): boolean {
  return digit === "x" || digit === "X";
}

function isHardwareKey(key: string): boolean {
  return key.startsWith("lxc.net.") && key.endsWith(".hwaddr");
}

/** `key = value`, as LXC writes it. A line break in a value would begin a line of its own (CVE-2026-23953). */
function settingLine(key: string, value: string): string {
  const whole = key + value;
  if (whole.includes("\n") || whole.includes("\r") || whole.includes("\0")) {
    throw new LxcError("config-invalid", `write ${key.split("\n")[0]}`, "a value must not hold a line break or a NUL", {
      hint: "give the key several times instead",
    });
  }
  if (value === "") return `${key} =`;
  return needsQuotes(value) ? `${key} = "${value}"` : `${key} = ${value}`;
}

/** Whether reading the bare value back would lose its blanks or quotes. */
function needsQuotes(value: string): boolean {
  return unquoted(value, 0, value.length) !== value;
}

function firstAt(line: string): number {
  let at = 0;
  while (at < line.length && isBlank(line.charCodeAt(at))) at++;
  return at;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

const BEGINNING = "lxc.";

/** Where the key of a setting begins; -1 when the line is none. */
function settingAt(line: string): number {
  if (line.startsWith(BEGINNING)) return 0;
  const first = line.charCodeAt(0);
  // Most other lines are comments, or have nothing.
  if (first !== SPACE && first !== TAB) return -1;
  const start = firstAt(line);
  return line.startsWith(BEGINNING, start) ? start : -1;
}

/** The setting in one line; undefined when it is none. */
export function settingIn(line: string): Entry | undefined {
  const start = settingAt(line);
  return start < 0 ? undefined : readEntry(1, line, start);
}

/** Adds the setting in the line, if it is one. */
function addEntry(entries: Entry[], number: number, line: string): void {
  const start = settingAt(line);
  if (start >= 0) entries.push(readEntry(number, line, start));
}

function isStray(line: string): boolean {
  const at = firstAt(line);
  if (at >= line.length) return false;
  const first = line.charCodeAt(at);
  return first !== HASH && first !== RETURN && !isSetting(line);
}

function isSetting(line: string): boolean {
  return settingAt(line) >= 0;
}

function keyOf(line: string): string {
  const start = settingAt(line);
  return start < 0 ? "" : readEntry(0, line, start).key;
}

function readEntry(number: number, line: string, start: number): Entry {
  const equals = line.indexOf("=", start);
  const keyColumn = start + 1;
  if (equals < 0) return { line: number, key: "", value: line.slice(start), keyColumn, valueColumn: keyColumn };
  let end = equals;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  let first = equals + 1;
  while (first < line.length && isBlank(line.charCodeAt(first))) first++;
  const value = unquoted(line, first, line.length);
  return { line: number, key: line.slice(start, end), value, keyColumn, valueColumn: first + 1 };
}

/** The text between two places without blanks around it, and without one pair of quotes around all of it. */
function unquoted(line: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  // A file from Windows ends its lines with a carriage return, which LXC would take for part of the value.
  while (end > start && (isBlank(line.charCodeAt(end - 1)) || line.charCodeAt(end - 1) === RETURN)) end--;
  const first = line.charCodeAt(start);
  const quoted = end - start > 1 && (first === 34 || first === 39) && line.charCodeAt(end - 1) === first;
  return quoted ? line.slice(start + 1, end - 1) : line.slice(start, end);
}
