// What is left of a container whose monitor was killed or is stuck: its processes and cgroups. Runs in lxc-stop.

import { Deadline } from "../base/deadline.ts";
import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import type { Container } from "../container/container.ts";
import { removeLeftGuards } from "../container/network/loopback-guard.ts";
import { forgetLeftNames } from "../container/network/name-files.ts";
import { commandSocketOf } from "../container/paths.ts";
import { pidsIn } from "../isolation/cgroup/freeze.ts";
import { type CgroupLayout, type Hierarchy, readLayout } from "../isolation/cgroup/layout.ts";
import { type CgroupNames, monitorPath, payloadPaths } from "../isolation/cgroup/names.ts";
import { foldersIn, removeCgroup } from "../isolation/cgroup/remove.ts";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../kernel/abi/fs.ts";
import { SIGKILL } from "../kernel/abi/signal.ts";
import { closeFd, tryOpenAt, tryReadText, tryWriteAt } from "../kernel/files.ts";
import { effectiveUser, sendSignal, tryOpenProcess } from "../kernel/process.ts";
import { POLLIN, pause, waitFor } from "../kernel/waiting.ts";
import { nameOf } from "./command-client.ts";
import { listenersNamed } from "./list.ts";
import { firstProcessesOf, monitorPidOf } from "./monitor-process.ts";

const KILL_TIMEOUT_MS = 10_000;
const REMOVE_TIMEOUT_MS = 5000;
/** For a monitor that was only slow, to clean up by itself once its container has gone. */
const SELF_TIMEOUT_MS = 2000;
const LOOK_AGAIN_MS = 5;

/** One cgroup folder that is left, open. */
interface Left {
  readonly hierarchy: Hierarchy;
  readonly path: string;
  readonly fd: number;
}

/**
 * Ends the processes that a dead monitor of `container` left, and removes its cgroups; call it when nobody listens for
 * the container. Only cgroups of exactly its name are looked at, and only when no other container of that name, from
 * another container path or network namespace, can own them. Returns whether anything still ran.
 */
export function endLeftovers(container: Container, names: CgroupNames): boolean {
  if (effectiveUser() === 0) tidyNetworks(container);
  // A cgroup that the configuration names may be somebody else's, and hold what never was in the container.
  if (names.container !== "" || names.monitor !== "" || isSharedPattern(names)) return false;
  const layout = readLayout(effectiveUser() !== 0);
  const payloads = openLeft(layout, payloadPaths(names, 0)?.limit ?? "");
  const monitors = openLeft(layout, monitorPath(names, 0) ?? "");
  try {
    if (payloads.length + monitors.length === 0 || mayBelongToAnother(container, monitors)) return false;
    const anyRan = killAll(container, payloads);
    for (const left of payloads.concat(monitors)) removeLeft(left);
    return anyRan;
  } finally {
    for (const left of payloads.concat(monitors)) closeFd(left.fd);
  }
}

/** What lxc-net's server knows of it, and what kept 127.0.0.1 to the host. The kernel has removed all else by itself. */
function tidyNetworks(container: Container): void {
  forgetLeftNames(container);
  removeLeftGuards();
}

/** One folder for all containers, in which only a number tells them apart. */
function isSharedPattern(names: CgroupNames): boolean {
  return names.dir === "" && names.pattern !== "" && !names.pattern.includes("%n");
}

/** The cgroups of the default names, in the folder `dir` of lxc.cgroup.dir, or else as lxc.cgroup.pattern has it. */
export function usualCgroupNames(container: Container, dir: string, pattern: string): CgroupNames {
  return { name: container.name, dir, pattern, monitor: "", pivot: "", container: "", inner: "" };
}

/** Ends `container` without its monitor, which does not answer, and then that monitor, if it stays. */
export function endByForce(container: Container): void {
  const pid = monitorPidOf(commandSocketOf(container));
  if (pid === undefined) return;
  const monitor = tryOpenProcess(pid);
  if (monitor < 0) return;
  try {
    // The number may be another process's by now: what it has open tells.
    if (monitorPidOf(commandSocketOf(container)) !== pid) return;
    for (const first of firstProcessesOf(pid)) kill(first, KILL_TIMEOUT_MS);
    if (waitFor(monitor, POLLIN, SELF_TIMEOUT_MS)) return;
    sendSignal(monitor, SIGKILL);
    if (!waitFor(monitor, POLLIN, KILL_TIMEOUT_MS)) throw staysAlive(container, pid);
  } finally {
    closeFd(monitor);
  }
}

function openLeft(layout: CgroupLayout, path: string): Left[] {
  const found: Left[] = [];
  if (path === "") return found;
  for (const hierarchy of layout.hierarchies) {
    const folder = joinPath(joinPath(hierarchy.mountPoint, hierarchy.base), path);
    const fd = tryOpenAt(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
    if (fd >= 0) found.push({ hierarchy, path, fd });
  }
  return found;
}

/** Cgroups carry a container's name and not its path. */
function mayBelongToAnother(container: Container, monitors: readonly Left[]): boolean {
  for (const left of monitors) if (processesIn(left.fd).length > 0) return true;
  const own = commandSocketOf(container);
  const listeners = listenersNamed(tryReadText("/proc/net/unix") ?? "", container.name);
  for (const { name } of listeners.found) if (name !== own) return true;
  for (const socket of listeners.hashed) if (socket !== own && nameOf(socket) === container.name) return true;
  return false;
}

/** Kills until nothing is left; a container can make processes as fast as we see them. */
function killAll(container: Container, payloads: readonly Left[]): boolean {
  const deadline = new Deadline(KILL_TIMEOUT_MS);
  let anyRan = false;
  for (;;) {
    let count = 0;
    for (const left of payloads) count += killIn(left);
    if (count === 0) return anyRan;
    anyRan = true;
    if (deadline.hasPassed()) throw staysAlive(container, 0);
    pause(LOOK_AGAIN_MS);
  }
}

/** Returns how many processes there were. */
function killIn(left: Left): number {
  const pids = processesIn(left.fd);
  if (pids.length === 0) return 0;
  // Version 1 does not let a frozen process die.
  if (left.hierarchy.controllers.includes("freezer")) tryWriteAt(left.fd, "freezer.state", "THAWED");
  // Linux 5.14.
  if (left.hierarchy.version === 2 && tryWriteAt(left.fd, "cgroup.kill", "1") >= 0) return pids.length;
  for (const pid of pids) killIfIn(pid, left);
  return pids.length;
}

/** A number that was read may be another process's by now; the descriptor and then the look make sure. */
function killIfIn(pid: number, left: Left): void {
  const pidfd = tryOpenProcess(pid);
  if (pidfd < 0) return;
  const cgroups = tryReadText(`/proc/${pid}/cgroup`) ?? "";
  if (isBelow(cgroups, joinPath(joinPath("/", left.hierarchy.base), left.path))) sendSignal(pidfd, SIGKILL);
  closeFd(pidfd);
}

/** Whether one line of a /proc/PID/cgroup is `path` or below it. */
export function isBelow(cgroups: string, path: string): boolean {
  for (const line of cgroups.split("\n")) {
    const at = line.indexOf(":", line.indexOf(":") + 1);
    if (at < 0) continue;
    const own = line.slice(at + 1);
    if (own === path || own.startsWith(`${path}/`)) return true;
  }
  return false;
}

/** Of the cgroup that `fd` is open on, and of all below it. */
function processesIn(fd: number): number[] {
  let pids = pidsIn(fd);
  const names = foldersIn(fd, "a cgroup");
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const below = tryOpenAt(fd, name, O_RDONLY | O_DIRECTORY);
    if (below < 0) continue;
    pids = pids.concat(processesIn(below));
    closeFd(below);
  }
  return pids;
}

function removeLeft(left: Left): void {
  const base = tryOpenAt(AT_FDCWD, joinPath(left.hierarchy.mountPoint, left.hierarchy.base), O_RDONLY | O_DIRECTORY);
  if (base < 0) return;
  try {
    removeCgroup(base, left.path, REMOVE_TIMEOUT_MS);
  } finally {
    closeFd(base);
  }
}

function kill(pid: number, timeoutMs: number): void {
  const pidfd = tryOpenProcess(pid);
  if (pidfd < 0) return;
  sendSignal(pidfd, SIGKILL);
  waitFor(pidfd, POLLIN, timeoutMs);
  closeFd(pidfd);
}

function staysAlive(container: Container, pid: number): LxcError {
  const hint =
    pid > 0
      ? `see what process ${pid} waits for in /proc/${pid}/stack`
      : "see what they wait for: ps -eo pid,stat,wchan,cmd";
  return new LxcError("timed-out", `stop ${container.name}`, "its processes do not end on SIGKILL", { hint });
}
