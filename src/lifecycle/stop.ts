// Ending or rebooting a running container, so that it always comes to an end. Runs in lxc-stop and lxc-destroy -f.

import { Deadline } from "../base/deadline.ts";
import { asLxcError, LxcError } from "../base/errors.ts";
import { isHeard, PATIENCE_MS, TELL_AGAIN_MS, tellProgress } from "../base/progress.ts";
import { wholeNumberIn } from "../base/text.ts";
import type { Container } from "../container/container.ts";
import type { CgroupNames } from "../isolation/cgroup/names.ts";
import { SIGINT, SIGPWR, SIGRTMIN } from "../kernel/abi/signal.ts";
import type { Environment } from "../kernel/environment.ts";
import { closeFd, tryReadText } from "../kernel/files.ts";
import { sendSignal, tryOpenProcess } from "../kernel/process.ts";
import {
  addStateClient,
  configItemOf,
  initPidfdOf,
  initPidOf,
  receiveState,
  type StateClient,
  stateOf,
  stopOf,
} from "./command-client.ts";
import { maskOf } from "./command-protocol.ts";
import { thawContainer } from "./freeze.ts";
import { endByForce, endLeftovers } from "./leftovers.ts";
import type { State } from "./states.ts";

/** systemd and others shut down on it. */
const SIGRTMIN_3 = SIGRTMIN + 3;

/** A monitor that has sent SIGKILL and cleaned up needs far less. */
const HARD_STOP_TIMEOUT_MS = 20_000;

export interface StopOptions {
  /** How long a clean shutdown, or a reboot, may take; negative for ever, 0 to ask for it and not to wait. */
  readonly timeoutS: number;
  /** Ends it at once. */
  readonly kill: boolean;
  /** Does not end it by force when the time is over. */
  readonly noKill: boolean;
  readonly reboot: boolean;
  /** The caller's variables, which say where a user's run directory is. */
  readonly environment: Environment;
  /** Which cgroups the container has; asked only when a dead monitor may have left some. */
  readonly cgroups: () => CgroupNames;
}

export type StopResult = "stopped" | "rebooted" | "asked" | "still-running" | "not-running";

/** As lxc-stop has it: 0, or 2 for a container that did not run, or 1. */
export function exitCodeOf(result: StopResult): number {
  return result === "not-running" ? 2 : result === "still-running" ? 1 : 0;
}

/** Ends or reboots `container` as `options` say. Throws when the monitor is stuck and may not be ended by force. */
export function stopContainer(container: Container, options: StopOptions): StopResult {
  const state = tryState(container, options);
  if (state === "STOPPED") return endLeftovers(container, options.cgroups()) ? "stopped" : "not-running";
  if (state === undefined) return stopByForce(container, options.cgroups);
  if (options.kill) return stopHard(container, options.cgroups);
  // It could not do what it is asked to.
  if (state === "FROZEN" || state === "FREEZING") thawContainer(container, options.environment);
  if (options.reboot) return reboot(container, options.timeoutS);
  const result = shutDown(container, options.timeoutS);
  return result !== "still-running" || options.noKill ? result : stopHard(container, options.cgroups);
}

/**
 * Undefined for a monitor that does not answer and is to be ended with its container: at once with `kill`, and otherwise when
 * it has had as long as a shutdown may take. Throws where it may not be ended.
 */
function tryState(container: Container, options: StopOptions): State | undefined {
  const deadline = new Deadline(options.timeoutS < 0 ? -1 : options.timeoutS * 1000);
  for (;;) {
    try {
      return stateOf(container);
    } catch (caught) {
      const error = asLxcError(caught as Error);
      if (error.code !== "timed-out") throw error;
      if (options.kill) return undefined;
      if (!deadline.hasPassed()) continue;
      if (options.noKill || options.reboot || options.timeoutS === 0) throw error;
      return undefined;
    }
  }
}

/** Ends it by `lxc.signal.stop` through the monitor, and by our own means when the monitor cannot. */
export function stopHard(container: Container, cgroups: () => CgroupNames): StopResult {
  const result = stopOf(container, HARD_STOP_TIMEOUT_MS);
  return result < 0 ? stopByForce(container, cgroups) : "stopped";
}

function stopByForce(container: Container, cgroups: () => CgroupNames): StopResult {
  endByForce(container);
  endLeftovers(container, cgroups());
  return "stopped";
}

/** Sends the halt signal and waits for the end. */
export function shutDown(container: Container, timeoutS: number): StopResult {
  const pid = initPidOf(container);
  if (pid === undefined) return "stopped";
  const signal = configuredSignal(container, "lxc.signal.halt") ?? usualHaltSignal(pid);
  const end = signalAndWait(container, signal, timeoutS, { state: "STOPPED", how: 1 });
  return end === undefined ? "asked" : end === "STOPPED" ? "stopped" : "still-running";
}

/** Sends the reboot signal and waits until the container runs again. */
export function reboot(container: Container, timeoutS: number): StopResult {
  const signal = configuredSignal(container, "lxc.signal.reboot") ?? SIGINT;
  const end = signalAndWait(container, signal, timeoutS, { state: "RUNNING", how: 2 });
  return end === undefined ? "asked" : end === "RUNNING" ? "rebooted" : "still-running";
}

interface Expected {
  readonly state: State;
  /** 1 wanted, 2 wanted the next time. */
  readonly how: number;
}

/** Returns what became of it: a state, "STOPPED" also when it is over at once; undefined when there is no wait. */
function signalAndWait(
  container: Container,
  signal: number,
  timeoutS: number,
  expected: Expected,
): State | "timeout" | undefined {
  const init = openInit(container);
  if (init < 0) return "STOPPED";
  const deadline = new Deadline(timeoutS < 0 ? -1 : timeoutS * 1000);
  let client: StateClient | undefined;
  try {
    // Before the signal, so that no state is missed.
    if (timeoutS !== 0) {
      client = addStateClient(container, maskOf([expected.state], expected.how));
      if (client === undefined) return "STOPPED";
      if (client.state !== undefined) return client.state;
    }
    sendSignal(init, signal);
    if (client === undefined) return undefined;
    const what = expected.state === "STOPPED" ? "shut down" : "run again";
    return receivePatiently(client.fd, deadline, `waiting for ${container.name} to ${what}`) ?? "timeout";
  } finally {
    closeFd(init);
    if (client !== undefined && client.fd >= 0) closeFd(client.fd);
  }
}

/** Tells how long it still takes at most, to whoever listens. */
function receivePatiently(client: number, deadline: Deadline, waiting: string): State | undefined {
  const beganMs = Date.now();
  let sliceMs = PATIENCE_MS;
  while (isHeard()) {
    const leftMs = deadline.leftMs();
    if (leftMs >= 0 && leftMs <= sliceMs) break;
    const state = receiveState(client, sliceMs);
    if (state !== undefined) return state;
    const seconds = Math.ceil((leftMs < 0 ? Date.now() - beganMs : deadline.leftMs()) / 1000);
    tellProgress(`${waiting}, ${leftMs < 0 ? `for ${seconds} s` : `${seconds} s left`}`);
    sliceMs = TELL_AGAIN_MS;
  }
  return receiveState(client, deadline.leftMs());
}

/** A pidfd of the first process, also from a monitor that has none to give; negative when it has gone. */
function openInit(container: Container): number {
  const pidfd = initPidfdOf(container);
  if (pidfd !== undefined) return pidfd;
  const pid = initPidOf(container);
  return pid === undefined ? -1 : tryOpenProcess(pid);
}

/** A signal of the running configuration; 0 is how LXC says that it is not set. */
function configuredSignal(container: Container, key: string): number | undefined {
  const text = configItemOf(container, key);
  if (text === undefined) return undefined;
  const number = wholeNumberIn(text.trim());
  if (number === undefined || number > 64) {
    throw new LxcError("config-invalid", `stop ${container.name}`, `${key} is "${text}", which is no signal`, {
      hint: `set ${key} to a signal such as SIGPWR, or stop it with lxc-stop -k`,
    });
  }
  return number <= 0 ? undefined : number;
}

/** SIGRTMIN+3 for an init that blocks or catches it, as systemd does; to others it would be the end. */
function usualHaltSignal(pid: number): number {
  const status = tryReadText(`/proc/${pid}/status`) ?? "";
  return hasSignal(status, "SigBlk:", SIGRTMIN_3) || hasSignal(status, "SigCgt:", SIGRTMIN_3) ? SIGRTMIN_3 : SIGPWR;
}

/** Whether `signal` is in the set named `field` of the text of /proc/PID/status: 16 hexadecimal digits. */
export function hasSignal(status: string, field: string, signal: number): boolean {
  const at = status.indexOf(field);
  if (at < 0) return false;
  const end = status.indexOf("\n", at);
  const digits = status.slice(at + field.length, end < 0 ? status.length : end).trim();
  const position = digits.length - 1 - Math.floor((signal - 1) / 4);
  if (position < 0) return false;
  const digit = parseInt(digits.charAt(position), 16);
  return ((digit >>> ((signal - 1) % 4)) & 1) === 1;
}
