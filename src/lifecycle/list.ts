// Which containers there are, and which of them run. Runs in lxc-ls and every tool that takes many containers.

import { asLxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { exists, isDirectory, listDirectory, tryReadText } from "../kernel/files.ts";
import { lxcpathOf, nameOf } from "./command-client.ts";

/** Where the kernel shows that a unix socket listens (__SO_ACCEPTCON). */
const LISTENS = " 00010000 ";

/** A monitor that listens, in the text of /proc/net/unix. */
export interface Listener {
  /** Its abstract name, or the name of its container. */
  readonly name: string;
  /** Of its socket, in digits. */
  readonly inode: string;
}

export interface Listeners {
  readonly found: readonly Listener[];
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
  /** By name, the inode of its monitor's socket; not of those whose name is not in the table. */
  readonly inodes: ReadonlyMap<string, string>;
  /** Whether there may be others, whose monitors did not say who they are. */
  readonly isSure: boolean;
}

/** The containers of `lxcpath` that run, from one look at all sockets. */
export function activeContainers(lxcpath: string): ActiveContainers {
  const table = tryReadText("/proc/net/unix");
  const listeners = listenersIn(table ?? "", lxcpath);
  const names = new Set<string>();
  const inodes = new Map<string, string>();
  for (const { name, inode } of listeners.found) {
    names.add(name);
    inodes.set(name, inode);
  }
  let isSure = table !== undefined;
  for (const socket of listeners.hashed) {
    const name = nameBehind(socket, lxcpath);
    if (name === undefined) isSure = false;
    else if (name !== "") names.add(name);
  }
  return { names: sorted([...names]), inodes, isSure };
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

/** Finds the monitors of containers of `lxcpath` in the text of /proc/net/unix, by the container's name. */
export function listenersIn(table: string, lxcpath: string): Listeners {
  const found: Listener[] = [];
  const hashed: string[] = [];
  const ours = `${lxcpath}/`;
  for (const { name: socket, inode } of socketsIn(table)) {
    const name = socket.startsWith(ours) ? socket.slice(ours.length, -"/command".length) : "";
    if (name !== "" && !name.includes("/")) found.push({ name, inode });
    else if (isHashed(socket)) hashed.push(socket);
  }
  return { found, hashed };
}

/** Finds the monitors of containers called `name` of any container path, by the names of their sockets. */
export function listenersNamed(table: string, name: string): Listeners {
  const found: Listener[] = [];
  const hashed: string[] = [];
  for (const listener of socketsIn(table)) {
    if (listener.name.endsWith(`/${name}/command`)) found.push(listener);
    else if (isHashed(listener.name)) hashed.push(listener.name);
  }
  return { found, hashed };
}

/** The abstract names that end as those of monitors do, of sockets that listen. */
function socketsIn(table: string): Listener[] {
  const found: Listener[] = [];
  let at = table.indexOf(" @");
  while (at >= 0) {
    const end = endOfLine(table, at);
    const name = table.slice(at + 2, end);
    if (name.endsWith("/command")) {
      const before = lineBefore(table, at);
      if (before.includes(LISTENS)) found.push({ name, inode: before.slice(before.lastIndexOf(" ") + 1) });
    }
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
