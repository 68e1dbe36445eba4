// Which containers there are, and which of them run. Runs in lxc-ls and every tool that takes many containers.

import { asLxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { exists, isDirectory, listDirectory, tryReadText } from "../kernel/files.ts";
import { lxcpathOf, nameOf } from "./command-client.ts";

/** Where the kernel shows that a unix socket listens (__SO_ACCEPTCON). */
const LISTENS = " 00010000 ";

/** The monitors in the text of /proc/net/unix. */
export interface Listeners {
  /** Names of containers of the container path asked for. */
  readonly names: readonly string[];
  /** Sockets of containers whose path was too long to be in the name. */
  readonly hashed: readonly string[];
}

/** The names of all containers below `lxcpath` that have a configuration, sorted by their bytes as strcmp does. */
export function definedContainers(lxcpath: string): string[] {
  if (!isDirectory(lxcpath)) return [];
  const names: string[] = [];
  for (const name of listDirectory(lxcpath)) {
    if (!name.startsWith(".") && exists(joinPath(joinPath(lxcpath, name), "config"))) names.push(name);
  }
  return sorted(names);
}

/** The containers that run. */
export interface ActiveContainers {
  /** Those without a configuration included; sorted in the same way. */
  readonly names: readonly string[];
  /** Whether there may be others, whose monitors did not say who they are. */
  readonly isSure: boolean;
}

/** The containers of `lxcpath` that run, from one look at all sockets. */
export function activeContainers(lxcpath: string): ActiveContainers {
  const table = tryReadText("/proc/net/unix");
  const listeners = listenersIn(table ?? "", lxcpath);
  const names = new Set<string>(listeners.names);
  let isSure = table !== undefined;
  for (const socket of listeners.hashed) {
    const name = nameBehind(socket, lxcpath);
    if (name === undefined) isSure = false;
    else if (name !== "") names.add(name);
  }
  return { names: sorted([...names]), isSure };
}

/** "" for one of another path. A monitor that is stuck cannot say who it is, and is no reason to list nothing. */
function nameBehind(socket: string, lxcpath: string): string | undefined {
  try {
    return lxcpathOf(socket) === lxcpath ? nameOf(socket) : "";
  } catch (caught) {
    if (asLxcError(caught as Error).code === "timed-out") return undefined;
    throw caught;
  }
}

/** Finds the monitors of containers of `lxcpath` in the text of /proc/net/unix. */
export function listenersIn(table: string, lxcpath: string): Listeners {
  const names: string[] = [];
  const hashed: string[] = [];
  const ours = `${lxcpath}/`;
  for (const socket of socketsIn(table)) {
    const name = socket.startsWith(ours) ? socket.slice(ours.length, -"/command".length) : "";
    if (name !== "" && !name.includes("/")) names.push(name);
    else if (isHashed(socket)) hashed.push(socket);
  }
  return { names, hashed };
}

/** Finds the monitors of containers called `name` of any container path; `names` are the sockets here. */
export function listenersNamed(table: string, name: string): Listeners {
  const names: string[] = [];
  const hashed: string[] = [];
  for (const socket of socketsIn(table)) {
    if (socket.endsWith(`/${name}/command`)) names.push(socket);
    else if (isHashed(socket)) hashed.push(socket);
  }
  return { names, hashed };
}

/** The abstract names that end as those of monitors do, of sockets that listen. */
function socketsIn(table: string): string[] {
  const found: string[] = [];
  let at = table.indexOf(" @");
  while (at >= 0) {
    const end = endOfLine(table, at);
    const socket = table.slice(at + 2, end);
    if (socket.endsWith("/command") && lineBefore(table, at).includes(LISTENS)) found.push(socket);
    at = table.indexOf(" @", end);
  }
  return found;
}

function endOfLine(table: string, at: number): number {
  const end = table.indexOf("\n", at);
  return end < 0 ? table.length : end;
}

function lineBefore(table: string, at: number): string {
  return table.slice(Math.max(0, table.lastIndexOf("\n", at)), at);
}

/** `lxc/`, 16 hexadecimal digits, `/command`. */
function isHashed(socket: string): boolean {
  return socket.startsWith("lxc/") && socket.length === "lxc/".length + 16 + "/command".length;
}

/** By UTF-16 unit, which is by byte for all names but those with signs beyond U+FFFF. */
function sorted(names: readonly string[]): string[] {
  return names.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
