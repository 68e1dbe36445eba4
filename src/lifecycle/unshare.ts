// A program in new namespaces: the parent's side first, the child's side below.

import { asLxcError, LxcError } from "../base/errors.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC } from "../kernel/abi/mount.ts";
import { CLONE_NEWNS, CLONE_NEWUSER } from "../kernel/abi/sched.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, refused, tryCall, tryNumbers, tryPath } from "../kernel/call.ts";
import { closeFd, writeAt } from "../kernel/files.ts";
import { mountFileSystem, setPropagation } from "../kernel/mounts.ts";
import { setHostName } from "../kernel/namespaces.ts";
import { cloneProcess, exitNow, type ProcessEnd, waitForEnd } from "../kernel/process.ts";
import { hintOfExec, reasonOfExec, tryExecSearching } from "../kernel/program-search.ts";
import { socketPair, trySend } from "../kernel/sockets.ts";
import { encodeFailure, expect, tell } from "./handshake.ts";

const EXIT_COULD_NOT_START = 126;

export interface UnsharePlan {
  /** CLONE_NEW* */
  readonly namespaces: number;
  /** The id to become; -1 to stay. In a new user namespace it stands for the caller's own. */
  readonly uid: number;
  /** Left alone when empty. */
  readonly hostName: string;
  /** Whether /proc, /dev/shm and /dev/mqueue are mounted anew. */
  readonly remount: boolean;
  /** Moves network devices into the namespaces of the process. */
  readonly moveDevices: (pid: number) => void;
  /** Whether not to wait for the program. */
  readonly detached: boolean;
  readonly command: readonly string[];
  readonly env: readonly string[];
}

/** A program to be, in namespaces of its own. */
export interface Newborn {
  /** CLONE_NEW* */
  readonly namespaces: number;
  /** What its parent must do for the process `pid` before it goes on. */
  readonly prepare: (pid: number) => void;
  /** What it does itself before it becomes the command. Runs in the new process. */
  readonly settle: () => void;
  /** Whether not to wait for the program. */
  readonly detached: boolean;
  readonly command: readonly string[];
  readonly env: readonly string[];
}

/** Runs the command; returns how it ended, or undefined when nobody waited. Throws when it could not be started. */
export function runUnshared(plan: UnsharePlan): ProcessEnd | undefined {
  return runNewborn({
    namespaces: plan.namespaces,
    prepare: (pid) => {
      if (plan.uid >= 0 && (plan.namespaces & CLONE_NEWUSER) !== 0) mapUser(pid, plan.uid);
      plan.moveDevices(pid);
    },
    settle: () => settleUnshared(plan),
    detached: plan.detached,
    command: plan.command,
    env: plan.env,
  });
}

/** The same for any newborn. */
export function runNewborn(newborn: Newborn): ProcessEnd | undefined {
  const channel = socketPair();
  const child = cloneProcess(newborn.namespaces, -1);
  if (child.pid === 0) {
    closeFd(channel.left);
    runChild(newborn, channel.right);
  }
  closeFd(channel.right);
  try {
    newborn.prepare(child.pid);
    tell(channel.left, "configured");
    expect(channel.left, "closed");
  } catch (caught) {
    const error = asLxcError(caught as Error);
    // The child gives up when the channel closes, unless it has given up already.
    closeFd(channel.left);
    waitForEnd(child.pid);
    throw error;
  }
  closeFd(channel.left);
  return newborn.detached ? undefined : waitForEnd(child.pid);
}

/** One id, as in LXC: inside `uid` is what we are outside. */
function mapUser(pid: number, uid: number): void {
  writeAt(AT_FDCWD, `/proc/${pid}/uid_map`, `${uid} ${tryNumbers(SYS.getuid, 0, 0, 0)} 1\n`);
}

/** Runs in the new process, from clone to exec. A failure is told to the parent. */
function runChild(newborn: Newborn, parent: number): void {
  try {
    expect(parent, "configured");
    newborn.settle();
    becomeCommand(newborn);
  } catch (caught) {
    // The parent may have given up before us; then it has told the reason already.
    trySend(parent, encodeFailure(asLxcError(caught as Error)), []);
  }
  exitNow(EXIT_COULD_NOT_START);
}

/** Every line is one step. */
function settleUnshared(plan: UnsharePlan): void {
  if ((plan.namespaces & CLONE_NEWNS) !== 0) setPropagation("/", MS_REC | MS_PRIVATE);
  if (plan.remount) mountAnew();
  if (plan.hostName !== "") setHostName(plan.hostName);
  if (plan.uid >= 0) call(`become user ${plan.uid}`, "setuid", plan.uid);
}

function becomeCommand(newborn: Newborn): void {
  const result = tryExecSearching(newborn.command, newborn.env);
  const program = newborn.command[0] ?? "";
  const reason = reasonOfExec(program, -result);
  if (reason === "") throw refused(`run ${program}`, "execve", result);
  throw new LxcError("not-found", `run ${program}`, reason, { errno: -result, hint: hintOfExec(program, -result) });
}

/** What shows or holds things of the old namespaces. The last two are not everywhere, and not needed to go on. */
function mountAnew(): void {
  mountFileSystem("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
  tryMount("tmpfs", "/dev/shm");
  tryMount("mqueue", "/dev/mqueue");
}

function tryMount(type: string, to: string): void {
  tryPath(SYS.mkdirat, AT_FDCWD, to, 0o755, 0);
  tryCall(SYS.mount, type, to, type, MS_NOSUID | MS_NODEV);
}
