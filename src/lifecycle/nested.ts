// Looking for containers inside of a container, for lxc-ls --nesting.
//
// A process of its own joins the user and network namespaces of the container, where the monitors inside can be asked, and reads
// configurations below the container's root folder. It joins no mount and no pid namespace: nobody inside can see it,
// stop it or trace it, and no path of theirs leads anywhere else. What it says is bounded in size and in time.

import { Deadline } from "../base/deadline.ts";
import { asLxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { ConfigDocument } from "../container/config/document.ts";
import type { Container } from "../container/container.ts";
import { addressesOf, devicesOf } from "../container/network/usage.ts";
import { becomeMapped } from "../isolation/user-namespace.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY, S_IFMT, S_IFREG } from "../kernel/abi/fs.ts";
import { CLONE_NEWNET, CLONE_NEWUSER } from "../kernel/abi/sched.ts";
import { SIGKILL } from "../kernel/abi/signal.ts";
import { fdPair } from "../kernel/abi/socket.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, tryBytes } from "../kernel/call.ts";
import { closeAll, closeFd, namesIn, readAll, statusOf, tryOpenAt, writeAll } from "../kernel/files.ts";
import { bytesOfText, textOf } from "../kernel/memory.ts";
import { join } from "../kernel/namespaces.ts";
import { NetlinkSocket } from "../kernel/netlink.ts";
import { cloneProcess, dieWithParent, exitNow, sendSignal, waitForEnd } from "../kernel/process.ts";
import { tryOpenInside } from "../kernel/resolve.ts";
import { POLLIN, waitFor } from "../kernel/waiting.ts";
import { differingNamespaces, findTarget, type Target } from "./attach-target.ts";
import { configItemOf, stateOf } from "./command-client.ts";
import { activeContainers } from "./list.ts";
import { decodeNested, encodeNested, isContainerName, type NestedRow } from "./nested-rows.ts";

const LONGEST_ANSWER = 1024 * 1024;
const LARGEST_CONFIG = 256 * 1024;
const MOST_NAMES = 4096;
const TIMEOUT_MS = 10_000;

/** What is looked for. */
export interface NestedWish {
  readonly lxcpath: string;
  /** How many levels. */
  readonly depth: number;
  /** Whether more than names and states is shown. */
  readonly isWhole: boolean;
  /** Whether it is shown; what is not is not looked into either, as in LXC. */
  readonly accepts: (row: NestedRow) => boolean;
}

/** The container around: where it is, and how it is called in full. */
export interface Around {
  readonly container: Container;
  readonly isRunning: boolean;
  /** Of one that does not run: the folder with its root file system; "" for none. */
  readonly rootfs: string;
  readonly path: string;
  readonly level: number;
}

/** The containers inside, each followed by those inside of it. What cannot be looked at has none. */
export function nestedIn(around: Around, wish: NestedWish): NestedRow[] {
  if (around.level >= wish.depth) return [];
  const pair = new Uint8Array(fdPair.size);
  call("make a pipe", "pipe2", pair, O_CLOEXEC);
  const reading = fdPair.left.get(pair);
  const writing = fdPair.right.get(pair);
  const child = cloneProcess(0, -1);
  if (child.pid === 0) {
    closeFd(reading);
    lookInside(around, wish, writing);
  }
  closeFd(writing);
  const text = answerFrom(reading);
  sendSignal(child.pidfd, SIGKILL);
  closeAll([reading, child.pidfd]);
  waitForEnd(child.pid);
  return decodeNested(text, around.path);
}

/** What is said in time; the last line may be missing its end, and is none then. */
function answerFrom(fd: number): string {
  const deadline = new Deadline(TIMEOUT_MS);
  const bytes = new Uint8Array(LONGEST_ANSWER);
  let length = 0;
  while (length < bytes.length && waitFor(fd, POLLIN, deadline.leftMs())) {
    const got = tryBytes(SYS.read, fd, bytes.subarray(length), bytes.length - length, 0);
    if (got <= 0) break;
    length += got;
  }
  return textOf(bytes.subarray(0, length));
}

/** Runs in the new process, and does not return. */
function lookInside(around: Around, wish: NestedWish, answer: number): never {
  try {
    dieWithParent(SIGKILL);
    const inside = around.isRunning ? enter(around.container) : { root: openFolder(around.rootfs), hasNetwork: false };
    for (const row of rowsIn(around, wish, inside))
      writeAll(answer, bytesOfText(`${encodeNested(row)}\n`), "the answer");
  } catch (caught) {
    // A container that cannot be looked into is no reason to show none.
    asLxcError(caught as Error);
  }
  return exitNow(0);
}

interface Inside {
  /** Its root folder; negative when there is none. */
  readonly root: number;
  /** Whether its network is its own, so that what listens there is inside. */
  readonly hasNetwork: boolean;
}

function enter(container: Container): Inside {
  const target: Target = findTarget(container);
  const flags = differingNamespaces(target) & (CLONE_NEWUSER + CLONE_NEWNET);
  if (flags !== 0) join(target.pidfd, flags, `the network of ${container.name}`);
  if ((flags & CLONE_NEWUSER) !== 0) becomeMapped({ uid: 0, gid: 0, outsideUid: 0, outsideGid: 0 });
  const root = tryOpenAt(target.proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return { root, hasNetwork: (flags & CLONE_NEWNET) !== 0 };
}

function openFolder(path: string): number {
  return path === "" ? -1 : tryOpenAt(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

function rowsIn(around: Around, wish: NestedWish, inside: Inside): NestedRow[] {
  const running = inside.hasNetwork ? activeContainers(wish.lxcpath).names : [];
  const defined = inside.root < 0 ? [] : definedBelow(inside.root, wish.lxcpath);
  const names = defined.concat(running.filter((name) => isContainerName(name) && !defined.includes(name))).toSorted();
  const rows: NestedRow[] = [];
  for (const name of names) {
    const container: Container = { name, lxcpath: wish.lxcpath };
    const config = defined.includes(name) ? configBelow(inside.root, container) : "";
    const isRunning = running.includes(name);
    const row = rowOf(around, wish, { container, config, isRunning, isDefined: defined.includes(name) });
    if (!wish.accepts(row)) continue;
    rows.push(row);
    const rootfs = isRunning ? "" : rootfsBelow(inside.root, config);
    const next = { container, isRunning, rootfs, path: row.path, level: row.level };
    for (const deeper of nestedIn(next, wish)) rows.push(deeper);
  }
  return rows;
}

/** The names with a configuration. */
function definedBelow(root: number, lxcpath: string): string[] {
  const folder = tryOpenInside(root, lxcpath.slice(1), O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (folder < 0) return [];
  const names: string[] = [];
  for (const name of namesIn(folder, "the container's folder").slice(0, MOST_NAMES)) {
    if (!isContainerName(name)) continue;
    const config = tryOpenInside(root, `${lxcpath.slice(1)}/${name}/config`, O_PATH);
    if (config < 0) continue;
    names.push(name);
    closeFd(config);
  }
  closeFd(folder);
  return names;
}

/** The text of a configuration; "" when it is none. Only a plain file is opened: a device may do something then. */
function configBelow(root: number, container: Container): string {
  const path = `${container.lxcpath.slice(1)}/${container.name}/config`;
  const found = tryOpenInside(root, path, O_PATH);
  if (found < 0) return "";
  try {
    const status = statusOf(found, path);
    if ((status.mode & S_IFMT) !== S_IFREG || status.sizeBytes > LARGEST_CONFIG) return "";
    const fd = tryOpenAt(AT_FDCWD, `/proc/self/fd/${found}`, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return "";
    const text = textOf(readAll(fd, path));
    closeFd(fd);
    return text;
  } finally {
    closeFd(found);
  }
}

/** The folder of its root file system as a path of ours, where that is a folder below the root of the one around. */
function rootfsBelow(root: number, config: string): string {
  const value = lastValue(config, "lxc.rootfs.path");
  const path = value.startsWith("dir:") ? value.slice(4) : value;
  if (root < 0 || !path.startsWith("/")) return "";
  // It stays open for the process that looks there.
  const fd = tryOpenInside(root, path.slice(1), O_PATH | O_DIRECTORY);
  return fd < 0 ? "" : `/proc/self/fd/${fd}`;
}

interface Seen {
  readonly container: Container;
  readonly config: string;
  readonly isRunning: boolean;
  readonly isDefined: boolean;
}

function rowOf(around: Around, wish: NestedWish, seen: Seen): NestedRow {
  const { container, isRunning } = seen;
  const item = (key: string): string =>
    isRunning ? (configItemOf(container, key) ?? "") : valuesOf(seen.config, key).join("\n");
  const target = isRunning && wish.isWhole ? tryTarget(container) : undefined;
  const pid = target === undefined ? 0 : target.pid;
  return {
    level: around.level + 1,
    path: joinPath(around.path, container.name),
    state: isRunning ? stateOf(container) : "STOPPED",
    pid,
    isDefined: seen.isDefined,
    autostart: item("lxc.start.auto").trim() === "1",
    unprivileged: item("lxc.idmap").trim() !== "",
    groups: item("lxc.group")
      .split("\n")
      .filter((group): boolean => group !== ""),
    interfaces: pid > 0 ? tryList((socket) => devicesOf(socket, pid).map((device) => device.name)) : [],
    addresses: pid > 0 ? tryList((socket) => addressesOf(socket, pid)) : [],
  };
}

function tryTarget(container: Container): Target | undefined {
  try {
    return findTarget(container);
  } catch (caught) {
    asLxcError(caught as Error);
    return undefined;
  }
}

/** A network that may not be looked at shows nothing. */
function tryList(list: (socket: NetlinkSocket) => string[]): string[] {
  const socket = new NetlinkSocket();
  try {
    return list(socket);
  } catch (caught) {
    asLxcError(caught as Error);
    return [];
  } finally {
    socket.close();
  }
}

/** The values of a key, without what is included: a file of theirs does not say what we read. */
function valuesOf(config: string, key: string): string[] {
  const values: string[] = [];
  for (const entry of new ConfigDocument(config).entries()) if (entry.key === key) values.push(entry.value);
  return values;
}

function lastValue(config: string, key: string): string {
  const values = valuesOf(config, key);
  return values[values.length - 1] ?? "";
}
