// Signal masks, and signals read from a descriptor.

import { EAGAIN } from "./abi/errno.ts";
import { timespec } from "./abi/ioctl.ts";
import { waitInfo } from "./abi/sched.ts";
import { SFD_CLOEXEC, SFD_NONBLOCK, SIG_SETMASK, SIGSET_SIZE, signalfdSiginfo } from "./abi/signal.ts";
import { Layout } from "./abi/struct.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryBytes, tryCall } from "./call.ts";

const layout = new Layout();
const bits = layout.u64();

/** A signal as it was received. */
export interface Signal {
  readonly number: number;
  readonly pid: number;
}

/** The set of exactly these signals. */
export function signalSet(signals: readonly number[]): Uint8Array {
  const set = new Uint8Array(SIGSET_SIZE);
  for (const signal of signals) {
    const at = Math.floor((signal - 1) / 8);
    if (at >= 0 && at < set.length) set[at] = (set[at] ?? 0) | (1 << ((signal - 1) % 8));
  }
  return set;
}

/** The set of all signals but these. */
export function allSignalsBut(signals: readonly number[]): Uint8Array {
  const set = signalSet(signals);
  for (let i = 0; i < set.length; i++) set[i] = 255 - (set[i] ?? 0);
  return set;
}

/** Blocks exactly the signals of `set`. Returns the set blocked until now. */
export function blockSignals(set: Uint8Array): Uint8Array {
  const before = new Uint8Array(SIGSET_SIZE);
  call("block signals", "rt_sigprocmask", SIG_SETMASK, set, before, SIGSET_SIZE);
  return before;
}

/** A descriptor that gives the blocked signals of `set`, non-blocking. */
export function openSignals(set: Uint8Array): number {
  return call("receive signals", "signalfd4", -1, set, SIGSET_SIZE, SFD_NONBLOCK | SFD_CLOEXEC);
}

/** The next signal, if one has come. */
export function nextSignal(fd: number): Signal | undefined {
  const info = new Uint8Array(signalfdSiginfo.size);
  const length = tryBytes(SYS.read, fd, info, info.length, 0);
  if (length === -EAGAIN) return undefined;
  if (length < info.length) throw refused("receive a signal", "read", length);
  return { number: signalfdSiginfo.signo.get(info), pid: signalfdSiginfo.pid.get(info) };
}

/**
 * Waits for a blocked signal of `set` and takes it, without a descriptor; undefined when none comes for `timeoutMs`
 * (negative: waits for ever). Its `pid` is 0 when the kernel sent it, or a process that our pid namespace does not show.
 */
export function waitForSignal(set: Uint8Array, timeoutMs: number): Signal | undefined {
  const info = new Uint8Array(waitInfo.size);
  const limit = new Uint8Array(timespec.size);
  timespec.seconds.put(limit, Math.floor(Math.max(timeoutMs, 0) / 1000));
  timespec.nanoseconds.put(limit, (Math.max(timeoutMs, 0) % 1000) * 1000000);
  const number = tryCall(SYS.rt_sigtimedwait, set, info, timeoutMs < 0 ? 0 : limit, SIGSET_SIZE);
  if (number === -EAGAIN) return undefined;
  if (number < 0) throw refused("wait for a signal", "rt_sigtimedwait", number);
  // A code above 0 is the kernel's; what stands for the pid then depends on the signal.
  return { number, pid: waitInfo.code.get(info) > 0 ? 0 : waitInfo.pid.get(info) };
}

/** Sets `signal` to be ignored (handler 1) or to its default (handler 0), as sigaction(2) of the kernel takes it. */
function setHandler(signal: number, handler: number): void {
  const action = new Uint8Array(32);
  bits.put(action, handler);
  tryBytes(SYS.rt_sigaction, signal, action, 0, SIGSET_SIZE);
}

export function ignoreSignal(signal: number): void {
  setHandler(signal, 1);
}

/** Undoes an `ignoreSignal`, also that of whoever started us. */
export function defaultSignal(signal: number): void {
  setHandler(signal, 0);
}
