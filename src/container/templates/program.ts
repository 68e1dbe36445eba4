// Running a program that fills a root file system, and giving up on it when the user does.

import { Deadline } from "../../base/deadline.ts";
import { baseName } from "../../base/path.ts";
import { isHeard, TELL_AGAIN_MS } from "../../base/progress.ts";
import { becomeMapped, writeIdMaps } from "../../isolation/user-namespace.ts";
import { POLLIN, pollfd, timespec } from "../../kernel/abi/ioctl.ts";
import { MS_REC, MS_SLAVE } from "../../kernel/abi/mount.ts";
import { PR_SET_CHILD_SUBREAPER } from "../../kernel/abi/prctl.ts";
import { CLONE_NEWNS, CLONE_NEWUSER } from "../../kernel/abi/sched.ts";
import { SIGKILL, SIGTERM } from "../../kernel/abi/signal.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryCall, tryNumbers } from "../../kernel/call.ts";
import { closeFd, tryReadText } from "../../kernel/files.ts";
import { bytesOfText, textOf } from "../../kernel/memory.ts";
import { setPropagation } from "../../kernel/mounts.ts";
import {
  type Child,
  cloneProcess,
  currentPid,
  dieWithParent,
  effectiveUser,
  exitNow,
  type ProcessEnd,
  reapAny,
  tryEndOf,
  tryExec,
} from "../../kernel/process.ts";
import { blockSignals, nextSignal } from "../../kernel/signals.ts";
import { receiveMessage, socketPair, trySend } from "../../kernel/sockets.ts";
import { type Interrupts, interrupted } from "../interrupts.ts";
import type { MappedRoot } from "../mapped-root.ts";

/** How long a template may clean up after a signal. */
const GRACE_MS = 5000;
const PAUSE_MS = 5;
const UMASK = 0o022;
const GO = "go";
const LONGEST_NUMBER = 8;

export interface ProgramRun {
  readonly path: string;
  /** Whose root it runs as; undefined for the caller. */
  readonly mapped: MappedRoot | undefined;
  readonly args: readonly string[];
  /** `NAME=value`, as the program gets it. */
  readonly environment: readonly string[];
  /** Its standard input, and its outputs: descriptors, or -1 for the caller's. */
  readonly input: number;
  readonly output: number;
  /** What fails when it is interrupted: "create c1". */
  readonly doing: string;
}

/** How it ended, or why it could not be run. */
export interface ProgramOutcome {
  readonly end: ProcessEnd;
  /** 0 when it was run. */
  readonly errno: number;
}

/** Runs the program to its end; `tell` is called while it goes on. Throws when a signal came: then it and all it started have ended. */
export function runProgram(run: ProgramRun, interrupts: Interrupts, tell: () => void): ProgramOutcome {
  // Whatever it leaves behind becomes our child, so that it can be found and ended too.
  tryNumbers(SYS.prctl, PR_SET_CHILD_SUBREAPER, 1, 0);
  try {
    const mapped = run.mapped;
    const isRoot = mapped !== undefined || effectiveUser() === 0;
    const gate = new Gate();
    const child = cloneProcess((isRoot ? CLONE_NEWNS : 0) + (mapped === undefined ? 0 : CLONE_NEWUSER), -1);
    if (child.pid === 0) becomeProgram(run, isRoot, gate, interrupts);
    gate.openFor(child.pid, mapped);
    const end = waitFor(child, run.doing, interrupts, tell);
    closeFd(child.pidfd);
    return { end, errno: gate.close() };
  } finally {
    tryNumbers(SYS.prctl, PR_SET_CHILD_SUBREAPER, 0, 0);
  }
}

/** In the child: as LXC does, in a mount namespace of its own, whose mounts the host does not see. */
function becomeProgram(run: ProgramRun, isRoot: boolean, gate: Gate, interrupts: Interrupts): void {
  try {
    dieWithParent(SIGKILL);
    gate.pass();
    if (run.mapped !== undefined) becomeMapped(run.mapped.root);
    dieWithParent(SIGKILL);
    blockSignals(interrupts.before);
    if (isRoot) setPropagation("/", MS_REC | MS_SLAVE);
    tryNumbers(SYS.umask, UMASK, 0, 0);
    if (run.input >= 0) tryNumbers(SYS.dup2, run.input, 0, 0);
    for (let fd = 1; fd <= 2 && run.output >= 0; fd++) tryNumbers(SYS.dup2, run.output, fd, 0);
    gate.tell(-tryExec(run.path, [baseName(run.path)].concat(run.args), run.environment));
  } finally {
    exitNow(127);
  }
}

/** Where a process waits until somebody outside has said who it is. */
class Gate {
  readonly #pair = socketPair();

  /** In the child. Does not return when the parent gave up. */
  pass(): void {
    closeFd(this.#pair.left);
    if (receiveMessage(this.#pair.right, GO.length).bytes.length === 0) exitNow(1);
  }

  /** In the child, which is no other program now: why. */
  tell(errno: number): void {
    trySend(this.#pair.right, bytesOfText(String(errno)), []);
  }

  /** In the parent. When it fails the child ends by itself. */
  openFor(pid: number, mapped: MappedRoot | undefined): void {
    closeFd(this.#pair.right);
    try {
      if (mapped !== undefined) writeIdMaps(pid, mapped.maps);
      trySend(this.#pair.left, bytesOfText(GO), []);
    } catch (caught) {
      closeFd(this.#pair.left);
      throw caught;
    }
  }

  /** In the parent, when the child has ended: why it could not be run, or 0. */
  close(): number {
    const { bytes } = receiveMessage(this.#pair.left, LONGEST_NUMBER);
    closeFd(this.#pair.left);
    return bytes.length === 0 ? 0 : parseInt(textOf(bytes), 10);
  }
}

function waitFor(child: Child, doing: string, interrupts: Interrupts, tell: () => void): ProcessEnd {
  for (;;) {
    waitReadable([child.pidfd, interrupts.fd]);
    tell();
    const signal = nextSignal(interrupts.fd);
    if (signal !== undefined) {
      endDescendants();
      closeFd(child.pidfd);
      throw interrupted(doing, signal.number);
    }
    const end = tryEndOf(child.pidfd, false);
    if (end !== undefined) return end;
  }
}

/** Asks all our descendants to end, and makes them after a while. Those below a living one become ours when it ends. */
function endDescendants(): void {
  const grace = new Deadline(GRACE_MS);
  const asked: number[] = [];
  for (;;) {
    while (reapAny(false) !== undefined) {}
    const children = childrenOf(currentPid());
    if (children.length === 0) return;
    for (let i = 0; i < children.length; i++) {
      const pid = children[i]!;
      if (grace.hasPassed()) tryNumbers(SYS.kill, pid, SIGKILL, 0);
      else if (!asked.includes(pid)) tryNumbers(SYS.kill, pid, SIGTERM, 0);
      asked.push(pid);
    }
    pauseMs(PAUSE_MS);
  }
}

function childrenOf(pid: number): number[] {
  const text = tryReadText(`/proc/self/task/${pid}/children`) ?? "";
  const pids: number[] = [];
  for (const word of text.split(" ")) if (word !== "") pids.push(parseInt(word, 10));
  return pids;
}

function waitReadable(fds: readonly number[]): void {
  const polls = new Uint8Array(pollfd.size * fds.length);
  for (let i = 0; i < fds.length; i++) {
    const one = polls.subarray(i * pollfd.size, (i + 1) * pollfd.size);
    pollfd.fd.put(one, fds[i]!);
    pollfd.events.put(one, POLLIN);
  }
  const time = new Uint8Array(timespec.size);
  timespec.seconds.put(time, TELL_AGAIN_MS / 1000);
  call("wait for a program", "ppoll", polls, fds.length, isHeard() ? time : 0, 0, 0);
}

function pauseMs(ms: number): void {
  const time = new Uint8Array(timespec.size);
  timespec.nanoseconds.put(time, ms * 1000000);
  tryCall(SYS.nanosleep, time, 0);
}
