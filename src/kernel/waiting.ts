// Waiting for one descriptor, or for a moment, where an event loop would be too much.

import { pollfd } from "./abi/ioctl.ts";
import { Layout } from "./abi/struct.ts";
import { SYS } from "./abi/syscalls.ts";
import { tryCall } from "./call.ts";

export const POLLIN = 1;
export const POLLPRI = 2;

const x = new Layout();
const timespec = { sec: x.u64(), nsec: x.u64(), size: x.size() };

/** Waits at most `timeoutMs`, -1 for ever, until one of `events` comes for `fd`. Returns whether one came. */
export function waitFor(fd: number, events: number, timeoutMs: number): boolean {
  const bytes = new Uint8Array(pollfd.size);
  pollfd.fd.put(bytes, fd);
  pollfd.events.put(bytes, events);
  const result = timeoutMs < 0 ? tryCall(SYS.ppoll, bytes, 1) : tryCall(SYS.ppoll, bytes, 1, timeOf(timeoutMs));
  return result > 0;
}

/** Sleeps. */
export function pause(ms: number): void {
  tryCall(SYS.nanosleep, timeOf(ms));
}

function timeOf(ms: number): Uint8Array {
  const bytes = new Uint8Array(timespec.size);
  timespec.sec.put(bytes, Math.floor(ms / 1000));
  timespec.nsec.put(bytes, (ms % 1000) * 1000000);
  return bytes;
}
