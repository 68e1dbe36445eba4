// lxc-ls: the containers there are.

import { describe, LxcError } from "../../base/errors.ts";
import { Glance } from "../../container/config/glance.ts";
import { type Container, containerOf, isDefined } from "../../container/container.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { Pattern } from "../../kernel/pattern.ts";
import { columnsOf } from "../../kernel/terminals.ts";
import { activeContainers, definedContainers } from "../../lifecycle/list.ts";
import { type Column, columnNamed, columnNames, defaultColumns, Facts, listedKeys } from "./columns.ts";
import { type Arguments, flag, later, type Option, Refusal, rcFile, type Tool, valued } from "./command.ts";
import { listed } from "./json.ts";
import { isJson } from "./output.ts";
import { print, printLines, table, warn } from "./print.ts";
import { lxcpathFrom } from "./target.ts";

const line = flag("line", "1", "One name a line");
const fancy = flag("fancy", "f", "A table");
const columns = valued("fancy-format", "COLUMNS", "F", `The table's columns, with commas: ${columnNames.join(", ")}`);
const active = flag("active", "", "Only those that run or are frozen");
const running = flag("running", "", "Only those that run");
const frozen = flag("frozen", "", "Only those that are frozen");
const stopped = flag("stopped", "", "Only those that are stopped");
const defined = flag("defined", "", "Only those with a configuration");
const nestingValue: Option = {
  long: "nesting",
  short: "",
  takes: "maybe",
  value: "DEPTH",
  doc: "Also those inside of containers",
  later: false,
};
const nesting = later(nestingValue);
const groups = valued("groups", "GROUPS", "g", "Only those that are in all of GROUPS, with commas");
const filter = valued("filter", "REGEX", "", "Only names in which the extended regular expression is found");

export const lxcLs: Tool = {
  name: "lxc-ls",
  usage: "[-1|-f] [-P lxcpath] [--active] [--running] [--frozen] [--stopped] [-g groups] [--filter regex]",
  doc: "lxc-ls lists containers",
  options: [line, fancy, columns, active, running, frozen, stopped, defined, nesting, groups, filter, later(rcFile)],
  named: false,
  run,
};

function run(args: Arguments): number {
  const wanted = wantedColumns(args);
  const found = matching(args, lxcpathFrom(args));
  if (isJson(args)) print(`${listed(found.map((facts) => facts.json(args.has(fancy))))}\n`);
  else if (found.length === 0) return 0;
  else if (args.has(fancy)) printTable(found, wanted);
  else if (args.has(line)) printLines(found.map((facts) => facts.container.name));
  else printNames(found.map((facts) => facts.container.name));
  for (const facts of found) warnOf(args, facts);
  return 0;
}

/** A configuration that cannot be read does not hide its container, as it does in LXC. */
function warnOf(args: Arguments, facts: Facts): void {
  const problem = facts.problem;
  if (problem !== undefined) warn(args, describe(problem).join("\n"));
}

/** As in LXC, -F without -f changes nothing. */
function wantedColumns(args: Arguments): Column[] {
  if (!args.has(fancy) || !args.has(columns)) return defaultColumns();
  const wanted: Column[] = [];
  for (const word of args.text(columns, "").split(",")) {
    if (word.trim() === "") continue;
    const column = columnNamed(word.trim());
    if (column === undefined) {
      const hint = `the columns are ${columnNames.join(", ")}`;
      const error = new LxcError("config-invalid", "list containers", `there is no column ${word.trim()}`, { hint });
      throw new Refusal(`Invalid key: ${word.trim()}`, error);
    }
    wanted.push(column);
  }
  return wanted;
}

/** The containers that pass every filter. Nothing is asked that no filter and no output needs. */
function matching(args: Arguments, lxcpath: string): Facts[] {
  const pattern = args.text(filter, args.operands[0] ?? "");
  const expression = pattern === "" ? undefined : new Pattern(pattern);
  const mustGroups = words(args.text(groups, ""));
  const socket = new NetlinkSocket();
  const glance = new Glance(listedKeys);
  const found: Facts[] = [];
  const now = activeContainers(lxcpath);
  for (const name of namesIn(args, lxcpath, now.names)) {
    if (expression !== undefined && !expression.isIn(name)) continue;
    const container = containerOf(name, lxcpath);
    const facts = new Facts(container, socket, glance);
    // Which do not run is known from one look at all sockets, and need not be asked one by one.
    if (now.isSure && !now.names.includes(name)) facts.noteStopped();
    if (!passes(args, container, facts)) continue;
    if (mustGroups.length > 0 && !mustGroups.every((group) => facts.groups().includes(group))) continue;
    found.push(facts);
  }
  return found;
}

function namesIn(args: Arguments, lxcpath: string, runningNames: readonly string[]): readonly string[] {
  if (args.has(active) || args.has(frozen)) return runningNames;
  const names = definedContainers(lxcpath);
  for (const name of runningNames) if (!names.includes(name)) names.push(name);
  return names.toSorted();
}

/** As in LXC, every filter must let it pass, and what is frozen runs. */
function passes(args: Arguments, container: Container, facts: Facts): boolean {
  if (args.has(defined) && !isDefined(container)) return false;
  if (args.has(running) && facts.state() === "STOPPED") return false;
  if (args.has(frozen) && !args.has(active) && facts.state() !== "FROZEN") return false;
  return !args.has(stopped) || facts.state() === "STOPPED";
}

function words(list: string): string[] {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter((word): boolean => word !== "");
}

function printTable(found: readonly Facts[], wanted: readonly Column[]): void {
  const rows: string[][] = [wanted.map((column): string => headOf(column))];
  for (const facts of found) rows.push(wanted.map((column) => facts.cell(column)));
  let at = 0;
  for (const column of wanted) {
    if (isAmount(column)) alignRight(rows, at);
    at++;
  }
  printLines(table(rows));
}

function isAmount(column: Column): boolean {
  return column === "RAM" || column === "SWAP";
}

/** As in LXC, an amount has room for `0.00MB` at least. */
function headOf(column: Column): string {
  return isAmount(column) ? column.padEnd("0.00MB".length) : column;
}

/** Amounts stand below each other, the sign for none at the left. */
function alignRight(rows: string[][], column: number): void {
  let width = 0;
  for (const row of rows) width = Math.max(width, row.slice(column, column + 1).join("").length);
  for (const row of rows) {
    const cell = row.slice(column, column + 1).join("");
    if (cell.endsWith("MB")) row.splice(column, 1, cell.padStart(width));
  }
}

/** As many names a line as the terminal has room for; without a terminal one, as wide as the longest all the same. */
function printNames(names: readonly string[]): void {
  let width = 0;
  for (const name of names) width = Math.max(width, name.length);
  const room = columnsOf(1);
  let text = "";
  let used = 0;
  for (const name of names) {
    text += name.padEnd(width);
    used += width;
    if (used + width >= room) {
      text += "\n";
      used = 0;
    } else {
      text += " ";
      used++;
    }
  }
  print(used > 0 ? `${text}\n` : text);
}
