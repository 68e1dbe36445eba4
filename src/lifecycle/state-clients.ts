// Those who wait for a state of the container, and how they are told. Runs in the monitor.

import { joinPath } from "../base/path.ts";
import type { Container } from "../container/container.ts";
import { MONITOR_FIFO, monitordFolderOf } from "../container/paths.ts";
import { AT_FDCWD, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeFd, tryOpenAt } from "../kernel/files.ts";
import { trySend } from "../kernel/sockets.ts";
import { NO_STATE, type StateMask } from "./command-protocol.ts";
import { encodeExitMessage, encodeStateMessage } from "./life-message.ts";
import { type State, stateNumber } from "./states.ts";

/** Whether a client with this mask is content with the state that is now. */
export function isContentWith(mask: StateMask, state: State): boolean {
  return mask[stateNumber(state)] === 1;
}

/** Whether a client with this mask is to be told of `state`, now that it comes. */
export function isWaitingFor(mask: StateMask, state: State): boolean {
  return (mask[stateNumber(state)] ?? 0) !== 0;
}

/** Whether a client with this mask keeps waiting while the container reboots. */
export function waitsAcrossReboot(mask: StateMask): boolean {
  return mask[stateNumber("RUNNING")] === 2;
}

/** What a new client is told at once: the state it wants, or that it has to wait. */
export function firstAnswer(mask: StateMask, state: State): number {
  return isContentWith(mask, state) ? stateNumber(state) : NO_STATE;
}

/** Tells one client. A client that has gone, or that is too slow to take 264 bytes, is not waited for. */
export function tellClient(fd: number, name: string, state: State): void {
  trySend(fd, encodeStateMessage(name, state), []);
}

/** Where lxc-monitord reads, if there is one. */
export function monitorFifoOf(runDir: string, container: Container): string {
  return joinPath(monitordFolderOf(runDir, container.lxcpath), MONITOR_FIFO);
}

/** Tells lxc-monitord, and with it every lxc-monitor, of a state. */
export function tellMonitord(fifo: string, container: Container, state: State): void {
  const fd = tryOpenFifo(fifo);
  if (fd >= 0) writeTo(fd, encodeStateMessage(container.name, state));
}

/** Tells lxc-monitord how the first process ended, as wait(2) has it: the exit code times 256, or the signal. */
export function tellMonitordOfExit(fifo: string, container: Container, waitStatus: number): void {
  const fd = tryOpenFifo(fifo);
  if (fd >= 0) writeTo(fd, encodeExitMessage(container.name, waitStatus));
}

/** Mostly nobody reads, which is no failure (ENOENT, ENXIO). */
function tryOpenFifo(fifo: string): number {
  return tryOpenAt(AT_FDCWD, fifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
}

/** Less than PIPE_BUF, so it arrives whole or not at all. */
function writeTo(fd: number, bytes: Uint8Array): void {
  tryBytes(SYS.write, fd, bytes, bytes.length, 0);
  closeFd(fd);
}
