// Stopping all processes of a cgroup where they are, letting them go on, and ending them. Runs in the monitor and in tools.

import { Deadline } from "../../base/deadline.ts";
import { LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { ENOENT } from "../../kernel/abi/errno.ts";
import { O_RDONLY } from "../../kernel/abi/fs.ts";
import { SIGKILL } from "../../kernel/abi/signal.ts";
import { call, refused } from "../../kernel/call.ts";
import { closeFd, openAt, readAll, readTextAt, tryWriteAt } from "../../kernel/files.ts";
import { sendSignal, tryOpenProcess } from "../../kernel/process.ts";
import { POLLPRI, pause, waitFor } from "../../kernel/waiting.ts";
import type { ContainerCgroups } from "./cgroups.ts";

const PAUSE_MS = 1;
/** After so long the processes of version 1 get another chance, and then after twice as long each time: many may need it. */
const STUCK_MS = 50;

/** A cgroup whose processes can be stopped together. */
export interface Freezer {
  /** O_PATH is enough. */
  readonly fd: number;
  readonly version: number;
}

/** Where a container is frozen: cgroup.freeze of version 2 (as in LXC also on hybrid hosts), else the v1 controller. */
export function freezerOf(cgroups: ContainerCgroups): Freezer {
  const unified = cgroups.limitV2Fd();
  if (unified >= 0) return { fd: unified, version: 2 };
  const fd = cgroups.limitFdOf("freezer");
  if (fd >= 0) return { fd, version: 1 };
  throw new LxcError("unsupported", "freeze the container", "it has no cgroup that can be frozen", {
    hint: "mount cgroup2, or the freezer controller of version 1, before the container starts",
  });
}

/**
 * Stops all processes, and waits until they stand, at most `timeoutMs`; negative for ever, 0 for not at all. Throws
 * "timed-out", and lets them go on, when they do not.
 */
export function freeze(freezer: Freezer, timeoutMs: number): void {
  setFrozen(freezer, true);
  if (timeoutMs === 0 || waitUntil(freezer, true, timeoutMs)) return;
  setFrozen(freezer, false);
  throw new LxcError("timed-out", "freeze the container", `its processes still ran after ${timeoutMs} ms`, {
    hint: "a process that waits for a disk or a network file system cannot be frozen; see ps -eo pid,stat,wchan",
  });
}

/** Lets all processes go on, and waits until they do. */
export function thaw(freezer: Freezer, timeoutMs: number): void {
  setFrozen(freezer, false);
  if (timeoutMs === 0 || waitUntil(freezer, false, timeoutMs)) return;
  throw new LxcError("timed-out", "unfreeze the container", `it was still frozen after ${timeoutMs} ms`, {
    hint: "a cgroup above it may be frozen",
  });
}

export function isFrozen(freezer: Freezer): boolean {
  if (freezer.version === 2) return saysFrozen(readTextAt(freezer.fd, "cgroup.events"));
  return readTextAt(freezer.fd, "freezer.state").trim() === "FROZEN";
}

function setFrozen(freezer: Freezer, frozen: boolean): void {
  const file = freezer.version === 2 ? "cgroup.freeze" : "freezer.state";
  const value = freezer.version === 2 ? (frozen ? "1" : "0") : frozen ? "FROZEN" : "THAWED";
  const result = tryWriteAt(freezer.fd, file, value);
  if (result < 0) throw refused(`${frozen ? "freeze" : "unfreeze"} the container`, "write", result);
}

function waitUntil(freezer: Freezer, frozen: boolean, timeoutMs: number): boolean {
  const deadline = new Deadline(timeoutMs);
  if (freezer.version === 2) return waitForEvent(freezer.fd, frozen, deadline);
  let patienceMs = STUCK_MS;
  let patience = new Deadline(patienceMs);
  while (isFrozen(freezer) !== frozen) {
    // Version 1 tells nobody: reading the state is what brings it up to date.
    if (deadline.hasPassed()) return false;
    pause(PAUSE_MS);
    if (!frozen || !patience.hasPassed()) continue;
    letGoOn(freezer);
    patienceMs *= 2;
    patience = new Deadline(patienceMs);
  }
  return true;
}

/** In version 1 a process that waits for its vfork(2) does not stand, and its child, which does, keeps it from getting there. */
function letGoOn(freezer: Freezer): void {
  setFrozen(freezer, false);
  pause(PAUSE_MS);
  setFrozen(freezer, true);
}

function waitForEvent(cgroup: number, frozen: boolean, deadline: Deadline): boolean {
  const events = openAt(cgroup, "cgroup.events", O_RDONLY);
  try {
    for (;;) {
      if (saysFrozen(new TextDecoder().decode(readAll(events, "cgroup.events"))) === frozen) return true;
      if (deadline.hasPassed()) return false;
      // Since the last read, so none can be missed (cgroups(7)).
      waitFor(events, POLLPRI, deadline.leftMs());
      call("read cgroup.events again", "lseek", events, 0, 0);
    }
  } finally {
    closeFd(events);
  }
}

function saysFrozen(events: string): boolean {
  return events.split("\n").includes("frozen 1");
}

/** Ends all processes of the cgroup, and those they make meanwhile. Returns false when some are left at the deadline. */
export function killAll(freezer: Freezer, timeoutMs: number): boolean {
  // cgroup.kill is atomic and reaches the cgroups below too, since Linux 5.14.
  const result = freezer.version === 2 ? tryWriteAt(freezer.fd, "cgroup.kill", "1") : -ENOENT;
  if (result < 0 && result !== -ENOENT) throw refused("end all processes of the container", "write", result);
  const deadline = new Deadline(timeoutMs);
  for (;;) {
    const pids = pidsIn(freezer.fd);
    if (pids.length === 0) return true;
    if (deadline.hasPassed()) return false;
    if (result < 0) killThese(freezer.fd, pids);
    pause(PAUSE_MS);
  }
}

/** A pid is only a name until it is held: whoever is still listed after that is the one that is meant. */
function killThese(cgroup: number, pids: readonly number[]): void {
  const held: number[] = [];
  for (const pid of pids) held.push(tryOpenProcess(pid));
  const still = pidsIn(cgroup);
  for (let i = 0; i < held.length; i++) {
    const pidfd = held[i]!;
    if (pidfd < 0) continue;
    if (still.includes(pids[i]!)) sendSignal(pidfd, SIGKILL);
    closeFd(pidfd);
  }
}

/** The processes directly in the cgroup that are visible from here. */
export function pidsIn(cgroup: number): number[] {
  const pids: number[] = [];
  for (const line of readTextAt(cgroup, "cgroup.procs").split("\n")) {
    const pid = wholeNumberIn(line) ?? 0;
    if (pid > 0) pids.push(pid);
  }
  return pids;
}
