// Changing a configuration file: which lines must change so that a key means what is wanted, includes and all. Pure.

import type { Finding } from "../../base/finding.ts";
import type { Environment } from "../../kernel/environment.ts";
import { ConfigDocument } from "./document.ts";
import { type ReadConfig, type ReadInclude, readConfig } from "./load.ts";
import { networkTypeKeyOf } from "./network-schema.ts";
import { Config } from "./schema.ts";

/** What is asked for: the values of a key, none to take it back to its default. */
export interface Change {
  readonly key: string;
  readonly values: readonly string[];
  /** Whether the values come after those that are there. */
  readonly append: boolean;
}

/** Where the file is, and how what it includes is read. */
export interface ConfigPlace {
  readonly file: string;
  readonly readInclude: ReadInclude;
  readonly environment: Environment;
}

export interface Edited {
  readonly text: string;
  /** What the changed file means. */
  readonly read: ReadConfig;
  /** Errors the file did not have before: it must not be written. */
  readonly refused: readonly Finding[];
}

/** Changes as few lines as it takes; all others stay byte for byte. Throws on a value that no line can hold. */
export function edited(text: string, change: Change, place: ConfigPlace): Edited {
  const before = readConfig(new ConfigDocument(text), place.file, place.readInclude, place.environment);
  const ways = change.append ? [appended] : change.values.length === 0 ? removals : replacements;
  let last: Edited | undefined;
  for (const way of ways) {
    const document = new ConfigDocument(text);
    way.change(document, change);
    const read = readConfig(document, place.file, place.readInclude, place.environment);
    last = { text: document.text(), read, refused: newErrors(before.errors, read.errors) };
    if (last.refused.length > 0 || change.append || isAsWanted(read.config, change, place.environment)) return last;
  }
  return last ?? { text, read: before, refused: [] };
}

interface Way {
  readonly change: (document: ConfigDocument, change: Change) => void;
}

const appended: Way = {
  change: (document, { key, values }) => {
    for (let i = 0; i < values.length; i++) document.append(key, values[i]!);
  },
};

/** From the smallest change on: in place; in place, but without what an include says; at the end, after all includes. */
const replacements: readonly Way[] = [
  { change: (document, { key, values }) => document.set(key, values) },
  { change: (document, { key, values }) => document.set(key, [""].concat(values)) },
  {
    change: (document, { key, values }) => {
      document.remove(key, false);
      document.append(key, "");
      for (let i = 0; i < values.length; i++) document.append(key, values[i]!);
    },
  },
];

/** Without its lines; and where an include sets it, with a line that takes that back. */
const removals: readonly Way[] = [
  { change: (document, { key }) => document.remove(key, true) },
  {
    change: (document, { key }) => {
      document.remove(key, true);
      document.append(key, "");
    },
  },
];

function isAsWanted(config: Config, change: Change, environment: Environment): boolean {
  const { key, values } = change;
  if (values.length === 0) return !isUsed(config, key);
  const wanted = new Config(environment);
  // A network's own keys need its type.
  const type = networkTypeKeyOf(key);
  if (type !== "" && type !== key) wanted.tryAssign(type, linesOf(config, type));
  for (const value of values) wanted.tryAssign(key, value);
  return linesOf(config, key) === linesOf(wanted, key);
}

function linesOf(config: Config, key: string): string {
  return config.find(key, false)?.lines().join("\n") ?? "";
}

/** Whether the key, or one below it, has a value of its own. */
function isUsed(config: Config, key: string): boolean {
  return config.used().some((used) => used.key === key || used.key.startsWith(`${key}.`));
}

/** Those in `after` that are not in `before`, whatever their line is now. */
function newErrors(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  const known = before.map((finding) => `${finding.subject}\n${finding.problem}`);
  return after.filter((finding) => !known.includes(`${finding.subject}\n${finding.problem}`));
}
