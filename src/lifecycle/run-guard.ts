// Seeing to it that nothing of `lxc run` stays: at its end, when it is killed, and after a host that lost its power.
//
// `lxc run` is watched by a process of its own, the guard, which does nothing but wait for its end. Whatever ends it, a signal,
// a broken pipe or kill -9, the guard then stops and removes the container. Should both be killed, the next run does it.
// A comment in the container's configuration says whose it is: nothing is stopped or removed without it.

import { asLxcError, LxcError } from "../base/errors.ts";
import { wholeNumberIn } from "../base/text.ts";
import { type Container, configFileOf } from "../container/container.ts";
import { destroyContainer } from "../container/destroy.ts";
import { findMonitor } from "../container/monitor-title.ts";
import { clearIfDead } from "../container/partial.ts";
import { isRunName } from "../container/run-config.ts";
import type { CgroupNames } from "../isolation/cgroup/names.ts";
import { O_RDWR } from "../kernel/abi/fs.ts";
import { SIGKILL } from "../kernel/abi/signal.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryNumbers } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { closeAll, closeFd, isDirectory, listDirectory, openFile, tryReadText } from "../kernel/files.ts";
import { bytesOfText, textOf } from "../kernel/memory.ts";
import {
  cloneProcess,
  closeAllBut,
  currentPid,
  exitNow,
  setCommandName,
  tryOpenProcess,
  waitForEnd,
} from "../kernel/process.ts";
import { receiveMessage, socketPair, trySend } from "../kernel/sockets.ts";
import { POLLIN, waitFor } from "../kernel/waiting.ts";
import { initPidOf } from "./command-client.ts";
import { stopContainer } from "./stop.ts";

/** As a container that is thrown away says it, on a line of its own. */
const EPHEMERAL = "\nlxc.ephemeral = 1\n";
const SHUTDOWN_TIMEOUT_S = 10;
const MONITOR_TIMEOUT_MS = 10_000;

export interface RunOptions {
  readonly container: Container;
  readonly runDir: string;
  readonly environment: readonly string[];
  readonly cgroups: () => CgroupNames;
  /** Whether the container stays, stopped. */
  readonly keep: boolean;
}

/** The process that clears up after us, until it is dismissed. */
export class RunGuard {
  readonly #pid: number;

  /** Starts it. It is no child of ours: what ends a template's processes must not end it. */
  constructor(options: RunOptions) {
    const self = tryOpenProcess(currentPid());
    const owner = markOf(currentPid());
    const pair = socketPair();
    const child = cloneProcess(0, -1);
    if (child.pid === 0) {
      const guard = cloneProcess(0, -1);
      if (guard.pid === 0) keepGuard(self, owner, options);
      trySend(pair.left, bytesOfText(String(guard.pid)), []);
      exitNow(0);
    }
    closeFd(pair.left);
    waitForEnd(child.pid);
    this.#pid = wholeNumberIn(textOf(receiveMessage(pair.right, 16).bytes)) ?? 0;
    closeAll([pair.right, child.pidfd, self]);
    if (this.#pid <= 0) throw new LxcError("bug", "watch over the container", "there is no guard");
  }

  /** There is nothing left that it would have to do. */
  dismiss(): void {
    tryNumbers(SYS.kill, this.#pid, SIGKILL, 0);
  }
}

/** Runs in the guard, and does not return. */
function keepGuard(process: number, owner: string, options: RunOptions): never {
  try {
    tryNumbers(SYS.setsid, 0, 0, 0);
    const nothing = openFile("/dev/null", O_RDWR);
    for (let stream = 0; stream <= 2; stream++) tryNumbers(SYS.dup2, nothing, stream, 0);
    closeAllBut([process]);
    setCommandName("lxc-run guard");
    waitFor(process, POLLIN, -1);
    clearRun(options, owner, "");
  } catch {
    // Nobody is there to be told; the next run tries again.
  }
  return exitNow(0);
}

/** What a container of ours has in its configuration. */
export function runLines(keep: boolean): string[] {
  const owner = commentOf(markOf(currentPid()));
  return keep ? [owner] : [owner, EPHEMERAL.trim()];
}

const COMMENT = "# Run by process ";

function commentOf(mark: string): string {
  return `${COMMENT}${mark}`;
}

/** A process as it is known until the host boots again: its number, and when it began; "" for none. */
export function markOf(pid: number): string {
  const stat = tryReadText(`/proc/${pid}/stat`);
  return stat === undefined ? "" : `${pid} ${statField(stat, 22)}`;
}

/** A field of /proc/PID/stat by its number in proc_pid_stat(5), from 3 on: the second has blanks and brackets of anybody's choice. */
export function statField(stat: string, number: number): string {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[number - 3] ?? "";
}

/** Whose container has this configuration, as `markOf` says it; "" for one that is nobody's. */
export function ownerIn(config: string): string {
  const at = `\n${config}`.indexOf(`\n${COMMENT}`);
  return at < 0 ? "" : (config.slice(at + COMMENT.length).split("\n")[0] ?? "");
}

/** The mark of the monitor of a container that runs: the parent of its first process. "" when it cannot be told. */
export function monitorMarkOf(container: Container): string {
  const first = tryInitPidOf(container);
  const parent = first === undefined ? "" : statField(tryReadText(`/proc/${first}/stat`) ?? "", 4);
  const pid = wholeNumberIn(parent) ?? 0;
  return pid > 1 ? markOf(pid) : "";
}

/** A monitor that does not answer is found by its title. */
function tryInitPidOf(container: Container): number | undefined {
  try {
    return initPidOf(container);
  } catch (caught) {
    asLxcError(caught as Error);
    return undefined;
  }
}

/** A pidfd of the process with this mark, or -1 when it is gone. */
function openMarked(mark: string): number {
  const pid = wholeNumberIn(mark.split(" ")[0] ?? "") ?? 0;
  const fd = pid > 1 ? tryOpenProcess(pid) : -1;
  if (fd < 0 || markOf(pid) === mark) return fd;
  closeFd(fd);
  return -1;
}

/**
 * Stops the container of the run `owner` and removes it, and returns when nothing is left. Does nothing to one that is not its.
 * `monitor` is the mark of its monitor, "" when that is not known.
 */
export function clearRun(options: RunOptions, owner: string, monitor: string): void {
  const container = options.container;
  const keep = options.keep;
  if (ownerOf(container) === owner) {
    const known = monitor === "" ? monitorMarkOf(container) : monitor;
    const fd = openMarked(known === "" ? markOf(findMonitor(container)) : known);
    stopContainer(container, {
      timeoutS: keep ? SHUTDOWN_TIMEOUT_S : 0,
      kill: !keep,
      noKill: false,
      environment: ownEnvironment(),
      reboot: false,
      cgroups: options.cgroups,
    });
    waitForMonitor(container, fd);
  } else waitForMonitor(container, openMarked(monitor));
  clearIfDead(options.runDir, container);
  if (keep || ownerOf(container) !== owner) return;
  destroyContainer({
    container,
    runDir: options.runDir,
    environment: options.environment,
    isRunning: false,
    configFile: "",
    force: false,
    stop: () => undefined,
  });
}

/** An ephemeral container is removed by its monitor, whose cgroup goes last: a child of its own does that. */
function waitForMonitor(container: Container, fd: number): void {
  if (fd < 0) return;
  waitFor(fd, POLLIN, MONITOR_TIMEOUT_MS);
  closeFd(fd);
  const child = findMonitor(container);
  const last = child === 0 ? -1 : tryOpenProcess(child);
  if (last < 0) return;
  waitFor(last, POLLIN, MONITOR_TIMEOUT_MS);
  closeFd(last);
}

function ownerOf(container: Container): string {
  return ownerIn(tryReadText(configFileOf(container)) ?? "");
}

/**
 * Clears away what runs have left whose own process and guard are gone: those with a name that a run makes up, and the one
 * called `also`. `optionsFor` is for their containers.
 */
export function clearDeadRuns(lxcpath: string, also: string, optionsFor: (container: Container) => RunOptions): void {
  if (!isDirectory(lxcpath)) return;
  for (const name of listDirectory(lxcpath))
    if (name === also || isRunName(name)) tryClear({ name, lxcpath }, optionsFor);
}

/** What is in the way of an old one is told when it is destroyed by hand; it is no reason not to run a new one. */
function tryClear(container: Container, optionsFor: (container: Container) => RunOptions): void {
  try {
    const config = tryReadText(configFileOf(container));
    if (config === undefined) {
      clearIfDead(optionsFor(container).runDir, container);
      return;
    }
    const owner = ownerIn(config);
    const pid = wholeNumberIn(owner.split(" ")[0] ?? "") ?? 0;
    if (pid <= 0 || !config.includes(EPHEMERAL) || markOf(pid) === owner) return;
    clearRun(optionsFor(container), owner, "");
  } catch (caught) {
    asLxcError(caught as Error);
  }
}
