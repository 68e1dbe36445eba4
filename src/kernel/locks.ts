// Locks on files that belong to the open file, so that threads and forks cannot lose them (fcntl(2), OFD locks).

import { isHeard, tellProgress } from "../base/progress.ts";
import { EACCES, EAGAIN } from "./abi/errno.ts";
import { F_OFD_SETLK, F_OFD_SETLKW, F_WRLCK, flock } from "./abi/fs.ts";
import { call, refused, tryCall } from "./call.ts";
import { pause } from "./waiting.ts";

const LOOK_AGAIN_MS = 20;

/** Waits for the only lock on the open file `fd`; `what` names it. */
export function waitForLock(fd: number, what: string): void {
  while (isHeard() && !tryLock(fd)) {
    tellProgress(`waiting for another tool that holds ${what}`);
    pause(LOOK_AGAIN_MS);
  }
  if (isHeard()) return;
  call(`lock ${what}`, "fcntl", fd, F_OFD_SETLKW, writeLock());
}

/** Takes the only lock on the open file `fd`. Returns false when somebody else has it. */
export function tryLock(fd: number): boolean {
  const result = tryCall("fcntl", fd, F_OFD_SETLK, writeLock());
  if (result === -EAGAIN || result === -EACCES) return false;
  if (result < 0) throw refused("lock a file", "fcntl", result);
  return true;
}

function writeLock(): Uint8Array {
  const bytes = new Uint8Array(flock.size);
  flock.type.put(bytes, F_WRLCK);
  return bytes;
}
