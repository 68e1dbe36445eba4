// lxc-config: LXC's own settings, as LXC's tool prints them; and the configurations of containers: check, get, set, unset, schema.

import { LxcError } from "../../base/errors.ts";
import { nearest } from "../../base/text.ts";
import { readSystemConfig, systemKeys } from "../../container/config/system-config.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { type Arguments, badValue, flag, Refusal, type Tool } from "./command.ts";
import { checkFiles } from "./config-check.ts";
import { changeKey, getKeys, listKeys } from "./config-edit.ts";
import { printSchema } from "./config-schema.ts";
import {
  type Column,
  column,
  columnsFrom,
  NOTHING,
  printListing,
  printThing,
  textValue,
  type Value,
} from "./listing.ts";
import { formatOf, noRows } from "./output.ts";
import { print, printLines } from "./print.ts";

const append = flag("append", "a", "With set: add to the values of a list");
const listed = flag("list", "l", "Print LXC's own settings, as LXC does");

export const lxcConfig: Tool = {
  name: "lxc-config",
  usage:
    "-l | ITEM | check [FILE...] | get NAME [KEY] | set NAME KEY VALUE... | unset NAME KEY | keys [PREFIX [NAME]] | list | schema",
  doc: "lxc-config shows LXC's own settings, and checks, shows and changes the configurations of containers",
  options: [append, listed],
  named: false,
  rows: true,
  asLxc: answerAsLxc,
  run,
};

interface Action {
  readonly word: string;
  readonly run: (args: Arguments, operands: readonly string[]) => number;
}

const actions: readonly Action[] = [
  { word: "check", run: checkFiles },
  { word: "get", run: getKeys },
  { word: "set", run: (args, operands) => changeKey(args, operands, args.has(append) ? "append" : "set") },
  { word: "unset", run: (args, operands) => changeKey(args, operands, "unset") },
  { word: "keys", run: (args, operands) => listKeys(args, operands) },
  { word: "list", run: (args) => listSettings(args) },
  { word: "schema", run: (args) => schema(args) },
];

function run(args: Arguments): number {
  const word = args.has(listed) ? "list" : (args.operands[0] ?? "");
  const action = actions.find((candidate) => candidate.word === word);
  if (args.has(append) && word !== "set") throw badValue(append, word, "only set adds to a list");
  if (action !== undefined) return action.run(args, args.operands.slice(1));
  const row = word === "" ? undefined : systemKeys.find((candidate) => candidate.key.startsWith(word));
  if (row !== undefined) return showSetting(args, row.key);
  const words = actions.map((candidate) => candidate.word);
  const near = nearest(word, words);
  throw new Refusal(
    `Unknown configuration item: ${word}`,
    new LxcError("config-invalid", `do ${word}`, "it is neither a key of LXC's own settings nor something to do", {
      hint:
        near === undefined
          ? `the actions are ${words.join(", ")}; lxc-config -l lists the keys`
          : `did you mean ${near}?`,
    }),
  );
}

/** `list`: LXC's own settings. */
function listSettings(args: Arguments): number {
  printListing(
    args,
    settingColumns(
      args,
      systemKeys.map((row) => row.key),
    ),
    systemKeys.length,
  );
  return 0;
}

/** One of them, by the beginning of its key. */
function showSetting(args: Arguments, key: string): number {
  printThing(args, settingColumns(args, [key]));
  return 0;
}

function settingColumns(args: Arguments, keys: readonly string[]): readonly Column[] {
  const settings = readSystemConfig(effectiveUser(), ownEnvironment());
  const keyAt = (at: number): string => keys[at]!;
  const asValue = (value: string | undefined): Value => (value === undefined ? NOTHING : textValue(value));
  const all = [column("key", (at) => textValue(keyAt(at))), column("value", (at) => asValue(settings.item(keyAt(at))))];
  return columnsFrom(args, all, all);
}

function schema(args: Arguments): number {
  if (formatOf(args) === "csv") throw noRows("lxc-config schema");
  return printSchema();
}

function usageLines(): readonly string[] {
  return [
    "Usage: lxc-config -l: list all available configuration items",
    "       lxc-config item: print configuration item",
    "       lxc-config check [FILE...]: say what is wrong in FILE, or in the configuration of each container",
    "       lxc-config get NAME [KEY]: print the value of a container's key, or all that are set",
    "       lxc-config set NAME KEY VALUE...: change it; with --append, add to a list",
    "       lxc-config unset NAME KEY: take it back to its default",
    "       lxc-config keys [PREFIX [NAME]]: list the keys there are, below PREFIX, in a container",
    "       lxc-config list: print all configuration items with their values",
    "       lxc-config schema: print the JSON schema of a container's configuration",
  ];
}

/** LXC's own command line, which knows no options; undefined when the words are for ours. As in LXC, a prefix is enough. */
function answerAsLxc(words: readonly string[]): number | undefined {
  const first = words[0] ?? "";
  if ("-h".startsWith(first) || "--help".startsWith(first)) {
    printLines(usageLines());
    return 0;
  }
  // LXC knows no options here: who writes these wants what we print.
  if (words.some((word) => word.startsWith("--format") || word.startsWith("--columns"))) return undefined;
  if (first === "-l") {
    printLines(systemKeys.map((row) => row.key));
    return 0;
  }
  if (first.startsWith("-") || actions.some((action) => action.word === first)) return undefined;
  const row = systemKeys.find((candidate) => candidate.key.startsWith(first));
  if (row === undefined) {
    print(`Unknown configuration item: ${first}\n`);
    return 1;
  }
  const value = readSystemConfig(effectiveUser(), ownEnvironment()).item(row.key) ?? "";
  print(value === "" ? `${row.key} is not set.\n` : `${value}\n`);
  return 0;
}
