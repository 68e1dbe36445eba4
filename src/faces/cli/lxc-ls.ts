// lxc-ls: the containers there are.

import { asLxcError, describe } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { Glance } from "../../container/config/glance.ts";
import { loadConfig } from "../../container/config/load.ts";
import { type Container, configFileOf, containerOf, isDefined } from "../../container/container.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { Pattern } from "../../kernel/pattern.ts";
import { columnsOf } from "../../kernel/terminals.ts";
import { answersOf } from "../../lifecycle/command-batch.ts";
import { type ActiveContainers, activeContainers, definedContainers } from "../../lifecycle/list.ts";
import { type Around, type NestedWish, nestedIn } from "../../lifecycle/nested.ts";
import type { NestedRow } from "../../lifecycle/nested-rows.ts";
import { allColumns, columnHeads, FANCY, Facts, listedKeys, listedQuestions, PLAIN, WHOLE } from "./columns.ts";
import { type Arguments, columns, flag, type Option, type Tool, unusedRcFile, valued } from "./command.ts";
import { type Listed, NestedListed } from "./listed.ts";
import { type Column, columnsFrom, columnsNamed, printListing } from "./listing.ts";
import { formatOf } from "./output.ts";
import { print, printLines, warn } from "./print.ts";
import { lxcpathFrom } from "./target.ts";

const line = flag("line", "1", "One name a line");
const fancy = flag("fancy", "f", "A table");
const fancyFormat = valued("fancy-format", "COLUMNS", "F", `The columns of -f, with commas: ${columnHeads}`);
const active = flag("active", "", "Only those that run or are frozen");
const running = flag("running", "", "Only those that run");
const frozen = flag("frozen", "", "Only those that are frozen");
const stopped = flag("stopped", "", "Only those that are stopped");
const defined = flag("defined", "", "Only those with a configuration");
const nesting: Option = {
  long: "nesting",
  short: "",
  takes: "maybe",
  value: "DEPTH",
  doc: "Also those inside of containers, down to DEPTH levels; 5 when not given",
  later: false,
};
const groups = valued("groups", "GROUPS", "g", "Only those that are in all of GROUPS, with commas");
const filter = valued("filter", "REGEX", "", "Only names in which the extended regular expression is found");

export const lxcLs: Tool = {
  name: "lxc-ls",
  usage: "[-1|-f] [-P lxcpath] [--active] [--running] [--frozen] [--stopped] [-g groups] [--filter regex]",
  doc: "lxc-ls lists containers",
  options: [line, fancy, fancyFormat, active, running, frozen, stopped, defined, nesting, groups, filter, unusedRcFile],
  named: false,
  rows: true,
  run,
};

function run(args: Arguments): number {
  const found: Listed[] = [];
  // Before anything is asked that could not be told.
  const wanted = wantedColumns(args, found);
  findMatching(args, lxcpathFrom(args), found);
  if (!isPlain(args)) printListing(args, wanted, found.length);
  else if (args.has(line)) printLines(found.map((each) => each.name()));
  else printNames(found);
  for (const facts of found) warnOf(args, facts);
  return 0;
}

/** A configuration that cannot be read does not hide its container, as it does in LXC. */
function warnOf(args: Arguments, facts: Listed): void {
  const problem = facts.problem();
  if (problem !== undefined) warn(args, describe(problem).join("\n"));
}

/** Whether it is LXC's list of names. */
function isPlain(args: Arguments): boolean {
  return formatOf(args) === "table" && !args.has(fancy) && !args.has(columns);
}

/** As in LXC, -F without -f changes nothing. */
function wantedColumns(args: Arguments, found: readonly Listed[]): readonly Column[] {
  if (isPlain(args)) return [];
  const list = args.has(fancy) ? args.text(fancyFormat, formatOf(args) === "table" ? FANCY : WHOLE) : PLAIN;
  const all = allColumns(found);
  return columnsFrom(args, all, columnsNamed(all, list));
}

/** Of a word without --filter. As in LXC, several are none: a list of names would be taken for one expression. */
function patternOf(args: Arguments): string {
  if (args.operands.length > 1) warn(args, "more than one word is no filter; for several write --filter 'a|b'");
  return args.operands.length === 1 ? args.operands[0]! : "";
}

/** Finds the containers that pass every filter. Nothing is asked that no filter and no output needs. */
function findMatching(args: Arguments, lxcpath: string, found: Listed[]): void {
  const pattern = args.text(filter, patternOf(args));
  const expression = pattern === "" ? undefined : new Pattern(pattern);
  const mustGroups = words(args.text(groups, ""));
  const socket = new NetlinkSocket();
  const glance = new Glance(listedKeys);
  const now = activeContainers(lxcpath);
  const matching: Facts[] = [];
  for (const name of namesIn(args, lxcpath, now.names)) {
    if (expression === undefined || expression.isIn(name))
      matching.push(new Facts(containerOf(name, lxcpath), socket, glance));
  }
  learnWhatRuns(args, now, matching);
  for (let i = 0; i < matching.length; i++) {
    const facts = matching[i]!;
    const container = facts.container;
    if (!passes(args, facts, () => isDefined(container))) continue;
    if (mustGroups.length > 0 && !isInAll(facts, mustGroups)) continue;
    found.push(facts);
    if (!args.has(nesting)) continue;
    const accepts = (row: NestedRow): boolean => {
      const inner = new NestedListed(row);
      const name = row.path.slice(row.path.lastIndexOf("/") + 1);
      if (expression !== undefined && !expression.isIn(name)) return false;
      return passes(args, inner, () => row.isDefined) && isInAll(inner, mustGroups);
    };
    for (const row of nestedIn(around(facts), wishFrom(args, lxcpath, accepts))) found.push(new NestedListed(row));
  }
}

/** Which do not run is known from one look at all sockets; those that do are asked all at once what a table shows of them. */
function learnWhatRuns(args: Arguments, now: ActiveContainers, all: readonly Facts[]): void {
  const names = new Set(now.names);
  const running: Facts[] = [];
  for (const facts of all) {
    if (names.has(facts.container.name)) running.push(facts);
    else if (now.isSure) facts.noteStopped();
  }
  if (isPlain(args)) return;
  const answers = answersOf(
    running.map((facts) => facts.container),
    listedQuestions,
  );
  for (let i = 0; i < running.length; i++) {
    const said = answers[i];
    if (said !== undefined) running[i]!.noteAnswers(said);
  }
}

function namesIn(args: Arguments, lxcpath: string, runningNames: readonly string[]): readonly string[] {
  if (args.has(active) || args.has(frozen)) return runningNames;
  const names = definedContainers(lxcpath);
  for (const name of runningNames) if (!names.includes(name)) names.push(name);
  return names.toSorted();
}

/** As in LXC, every filter must let it pass, and what is frozen runs. */
function passes(args: Arguments, facts: Listed, hasConfig: () => boolean): boolean {
  if (args.has(defined) && !hasConfig()) return false;
  if (args.has(running) && facts.state() === "STOPPED") return false;
  if (args.has(frozen) && !args.has(active) && facts.state() !== "FROZEN") return false;
  return !args.has(stopped) || facts.state() === "STOPPED";
}

function isInAll(facts: Listed, groups: readonly string[]): boolean {
  return groups.every((group) => facts.groups().includes(group));
}

/** As in LXC, a container that does not run is looked into where its root file system is. */
function around(facts: Facts): Around {
  const container = facts.container;
  const isRunning = facts.state() !== "STOPPED";
  return { container, isRunning, rootfs: isRunning ? "" : rootfsOf(container), path: container.name, level: 0 };
}

/** "" for one that is no folder, or that cannot be known. */
function rootfsOf(container: Container): string {
  try {
    const place = loadConfig(configFileOf(container), ownEnvironment()).config.rootfsPath.value;
    return place === undefined || (place.type !== "" && place.type !== "dir") ? "" : place.path;
  } catch (caught) {
    // What is wrong with the file is told where it is shown.
    asLxcError(caught as Error);
    return "";
  }
}

const USUAL_DEPTH = 5;

/** As in LXC, what is no number stands for the usual depth. */
function wishFrom(args: Arguments, lxcpath: string, accepts: (row: NestedRow) => boolean): NestedWish {
  const given = wholeNumberIn(args.text(nesting, ""));
  const depth = given === undefined || given < 0 ? USUAL_DEPTH : given;
  return { lxcpath, depth, isWhole: !isPlain(args), accepts };
}

function words(list: string): string[] {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter((word): boolean => word !== "");
}

/** As many names a line as the terminal has room for; without a terminal one, as wide as the longest all the same. */
function printNames(found: readonly Listed[]): void {
  let width = 0;
  // As in LXC, a level takes room, as if the sign for it were there.
  for (const each of found) width = Math.max(width, each.name().length + each.level());
  const room = columnsOf(1);
  let text = "";
  let used = 0;
  for (const each of found) {
    text += each.name().padEnd(width);
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
