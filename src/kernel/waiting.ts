// Waiting for one descriptor, or for a moment, where an event loop would be too much.

import { POLLIN, pollfd } from "./abi/ioctl.ts";
import { Layout } from "./abi/struct.ts";
import { tryCall } from "./call.ts";

const time = new Layout();
const timespec = { seconds: time.u64(), nanoseconds: time.u64(), size: time.size() };

/** Waits at most `timeoutMs`, negative for ever, until `fd` can be read; a pidfd can when its process has ended. */
export function waitUntilReadable(fd: number, timeoutMs: number): boolean {
  const bytes = new Uint8Array(pollfd.size);
  pollfd.fd.put(bytes, fd);
  pollfd.events.put(bytes, POLLIN);
  return (timeoutMs < 0 ? tryCall("ppoll", bytes, 1) : tryCall("ppoll", bytes, 1, timeOf(timeoutMs))) > 0;
}

/** Does nothing for `ms` milliseconds. */
export function pause(ms: number): void {
  tryCall("nanosleep", timeOf(ms));
}

function timeOf(ms: number): Uint8Array {
  const bytes = new Uint8Array(timespec.size);
  timespec.seconds.put(bytes, Math.floor(ms / 1000));
  timespec.nanoseconds.put(bytes, (ms % 1000) * 1_000_000);
  return bytes;
}
