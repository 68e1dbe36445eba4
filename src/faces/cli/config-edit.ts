// lxc-config get, set and unset: one container's configuration, by key.

import { LxcError } from "../../base/errors.ts";
import { type Finding, findingLine } from "../../base/finding.ts";
import { visible } from "../../base/text.ts";
import { NO_VARIABLES } from "../../container/config/keys.ts";
import { loadConfig } from "../../container/config/load.ts";
import { Config } from "../../container/config/schema.ts";
import type { Setting } from "../../container/config/settings.ts";
import { getItem, subKeys } from "../../container/config/values.ts";
import { type Container, configFileOf, containerOf, isDefined } from "../../container/container.ts";
import { editConfig } from "../../container/edit-config.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { applyToRunning } from "../../lifecycle/live-change.ts";
import { absolute, runFolder } from "./caller.ts";
import { type Arguments, columns, quiet, Refusal, rcFile } from "./command.ts";
import { JsonObject, quoted } from "./json.ts";
import { type Column, column, columnsFrom, printListing, shownColumn, textValue } from "./listing.ts";
import { formatOf, isJson, noRows } from "./output.ts";
import { findingJson, print, printError, printLines, warn } from "./print.ts";
import { valueJson } from "./setting-json.ts";
import { controlling, lxcpathFrom, missing } from "./target.ts";

/** `get NAME [KEY...]`: values as LXC prints them; without a key all that differ from their default. */
export function getKeys(args: Arguments, operands: readonly string[]): number {
  const [container, keys] = named(args, operands, "get NAME [KEY...]");
  const items: Item[] = [];
  const all = itemColumns(items);
  const wanted = columnsFrom(args, all, all);
  const config = loadConfig(fileOf(args, container), ownEnvironment()).config;
  if (formatOf(args) === "csv" || args.has(columns)) {
    items.push(...itemsOf(config, keys));
    printListing(args, wanted, items.length);
  } else if (isJson(args)) print(`${jsonOf(config, keys).encode()}\n`);
  else if (keys.length === 0) printLines(allLines(config));
  else for (const key of keys) print(endedLine(itemOf(config, key)));
  return 0;
}

/** `keys [PREFIX [NAME]]`: which keys there are; below a network of a container, those for its type. */
export function listKeys(args: Arguments, operands: readonly string[]): number {
  const prefix = operands[0] ?? "";
  const name = args.name === "" ? operands[1] : args.name;
  const container = name === undefined ? undefined : containerOf(`${name}`, lxcpathFrom(args));
  const file = args.has(rcFile)
    ? absolute(args.text(rcFile, ""))
    : container === undefined
      ? ""
      : configFileOf(container);
  const config = file === "" ? new Config(NO_VARIABLES) : loadConfig(`${file}`, ownEnvironment()).config;
  const keys = subKeys(config, prefix);
  if (keys === undefined) {
    const hint = "lxc-config keys lists them all";
    throw new LxcError("config-invalid", `list what is below ${visible(prefix)}`, "no key begins so", { hint });
  }
  const all = [column("key", (at) => textValue(keys[at]!))];
  const wanted = columnsFrom(args, all, all);
  if (formatOf(args) === "json" && !args.has(columns)) print(`[${keys.map(quoted).join(",")}]\n`);
  else if (formatOf(args) === "table" && !args.has(columns)) printLines(keys);
  else printListing(args, wanted, keys.length);
  return 0;
}

/** `set NAME KEY VALUE...` and `unset NAME KEY`. */
export function changeKey(args: Arguments, operands: readonly string[], how: "set" | "append" | "unset"): number {
  if (formatOf(args) === "csv") throw noRows(`lxc-config ${how === "unset" ? how : "set"}`);
  const usage = how === "unset" ? "unset NAME KEY" : "set NAME KEY VALUE...";
  const [container, words] = named(args, operands, usage);
  const key = words[0];
  const values = words.slice(1);
  if (key === undefined || (how === "unset") !== (values.length === 0)) throw misused(usage);
  const change = { key, values, append: how === "append" };
  const outcome = editConfig(runFolder(), { container, file: fileOf(args, container), change }, ownEnvironment());
  tell(args, outcome.findings);
  // Another file is not what the container runs with.
  if (!args.has(rcFile) && controlling(container, () => stateOf(container)) !== "STOPPED") {
    for (const sentence of applyToRunning(container, outcome.read.config, key)) warn(args, sentence);
  }
  if (isJson(args)) print(`${jsonOf(outcome.read.config, how === "unset" ? [] : [key]).encode()}\n`);
  return 0;
}

/** What is wrong in the file beside the key that was changed. Notes are for `check`. */
function tell(args: Arguments, findings: readonly Finding[]): void {
  if (args.has(quiet)) return;
  for (const finding of findings) {
    if (finding.severity === "note") continue;
    printError(`${isJson(args) ? findingJson(finding).encode() : findingLine(finding)}\n`);
  }
}

/** The container, by -n or by the first word, and the words after it. */
function named(args: Arguments, operands: readonly string[], usage: string): [Container, readonly string[]] {
  const name = args.name === "" ? operands[0] : args.name;
  if (name === undefined) throw misused(usage);
  const container = containerOf(`${name}`, lxcpathFrom(args));
  if (!args.has(rcFile) && !isDefined(container)) throw missing(container, `open ${name}`, `${name} doesn't exist`);
  return [container, args.name === "" ? operands.slice(1) : operands];
}

/** The container's configuration, or the file of --rcfile in its place. */
function fileOf(args: Arguments, container: Container): string {
  return args.has(rcFile) ? absolute(args.text(rcFile, "")) : configFileOf(container);
}

function misused(usage: string): Refusal {
  const message = "could not parse command line";
  const hint = `write lxc-config ${usage}`;
  return new Refusal(message, new LxcError("config-invalid", "read the command line", "words are missing", { hint }));
}

/** A key that is there but not set is an empty text. Throws when there is no such key. */
function itemOf(config: Config, key: string): string {
  const value = getItem(config, key);
  if (value !== undefined) return value;
  const complaint = config.noSuchKey(key);
  throw new LxcError("config-invalid", `get ${visible(key)}`, complaint.problem, { hint: complaint.hint });
}

function endedLine(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** A key and what it is set to; a list is lines. */
interface Item {
  readonly key: string;
  readonly value: string;
  readonly json: string;
}

function itemColumns(items: readonly Item[]): Column[] {
  const of = (at: number): Item => items[at]!;
  return [
    column("key", (at) => textValue(of(at).key)),
    shownColumn(
      "value",
      "VALUE",
      (at) => ({ json: of(at).json, plain: of(at).value }),
      (at) => visible(of(at).value),
    ),
  ];
}

function itemsOf(config: Config, keys: readonly string[]): Item[] {
  const items: Item[] = [];
  if (keys.length === 0) for (const { key, setting } of config.used()) items.push(itemFrom(key, setting));
  for (const key of keys) {
    const setting = settingOf(config, key);
    if (setting !== undefined) items.push(itemFrom(key, setting));
    else items.push({ key, value: itemOf(config, key), json: quoted(itemOf(config, key)) });
  }
  return items;
}

function itemFrom(key: string, setting: Setting): Item {
  return { key, value: setting.lines().join("\n"), json: settingJson(setting) };
}

/** Undefined for a key that is no single setting. */
function settingOf(config: Config, key: string): Setting | undefined {
  const setting = config.find(key, false);
  return setting === undefined || setting.isDirective() ? undefined : setting;
}

function allLines(config: Config): string[] {
  const lines: string[] = [];
  for (const { key, setting } of config.used()) for (const line of setting.lines()) lines.push(`${key} = ${line}`);
  return lines;
}

function jsonOf(config: Config, keys: readonly string[]): JsonObject {
  const json = new JsonObject();
  for (const item of itemsOf(config, keys)) json.raw(item.key, item.json);
  return json;
}

/** A list as an array; what is not set as null. */
function settingJson(setting: Setting): string {
  const values: string[] = [];
  for (const line of setting.lines()) values.push(valueJson(setting, line));
  return setting.isList() ? `[${values.join(",")}]` : (values[0] ?? "null");
}
