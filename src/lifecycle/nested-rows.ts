// Containers inside of containers as they travel from a process that looked to the one that asked. Pure.
//
// Names and groups were made by somebody inside: nothing that comes back is believed before it was looked at again here.

import { digitOf, visible } from "../base/text.ts";
import { containerOf } from "../container/container.ts";
import { type State, stateNamed } from "./states.ts";

export interface NestedRow {
  /** How many containers it is inside of. */
  readonly level: number;
  /** Its name behind those of the containers around it, with slashes between. */
  readonly path: string;
  readonly state: State;
  /** As seen from here; 0 when it does not run, or when it was not asked for. */
  readonly pid: number;
  readonly isDefined: boolean;
  readonly autostart: boolean;
  readonly unprivileged: boolean;
  readonly groups: readonly string[];
  readonly interfaces: readonly string[];
  readonly addresses: readonly string[];
}

const FIELDS = 10;
const MOST_ROWS = 4096;
const LONGEST_FIELD = 4096;
/** Between the items of a list; visible() leaves none in them. */
const BETWEEN = "\x1f";

/** One line. */
export function encodeNested(row: NestedRow): string {
  const { level, path, state, pid, isDefined, autostart, unprivileged } = row;
  const flags = `${isDefined ? "d" : ""}${autostart ? "a" : ""}${unprivileged ? "u" : ""}`;
  const lists = [row.groups, row.interfaces, row.addresses].map((list) => list.map(visible).join(BETWEEN));
  return [String(level), visible(path), state, String(pid), flags].concat(lists, ["", ""]).join("\t");
}

/** Every line that has a sense, below the container whose path is `parent`. */
export function decodeNested(text: string, parent: string): NestedRow[] {
  const rows: NestedRow[] = [];
  for (const line of text.split("\n")) {
    const row = rows.length < MOST_ROWS ? rowIn(line, parent) : undefined;
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

function rowIn(line: string, parent: string): NestedRow | undefined {
  const fields = line.split("\t");
  const [levelText = "", path = "", stateText = "", pidText = "", flags = "", groups = "", interfaces = "", ips = ""] =
    fields;
  const level = numberIn(levelText);
  const pid = numberIn(pidText);
  const state = stateNamed(stateText);
  if (fields.length !== FIELDS || level < 1 || pid < 0 || state === undefined) return undefined;
  if (!path.startsWith(`${parent}/`) || !isPath(path.slice(parent.length + 1))) return undefined;
  return {
    level,
    path,
    state,
    pid,
    isDefined: flags.includes("d"),
    autostart: flags.includes("a"),
    unprivileged: flags.includes("u"),
    groups: listIn(groups),
    interfaces: listIn(interfaces),
    addresses: listIn(ips),
  };
}

/** -1 for what is none. */
function numberIn(text: string): number {
  if (text === "" || text.length > 9) return -1;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (digit < 0) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function isPath(path: string): boolean {
  return path.length <= LONGEST_FIELD && path.split("/").every((name) => isContainerName(name));
}

/** Whether a container may be called so. */
export function isContainerName(name: string): boolean {
  try {
    containerOf(name, "/");
    return !name.startsWith(".");
  } catch {
    return false;
  }
}

function listIn(text: string): string[] {
  if (text === "" || text.length > LONGEST_FIELD) return [];
  return text.split(BETWEEN).map(visible);
}
