// Locks on files that belong to the open file, so that threads and forks cannot lose them (fcntl(2), OFD locks).

import { Deadline } from "../base/deadline.ts";
import { LxcError } from "../base/errors.ts";
import { isHeard, tellProgress } from "../base/progress.ts";
import { EACCES, EAGAIN } from "./abi/errno.ts";
import { F_OFD_SETLK, F_OFD_SETLKW, F_WRLCK, flock } from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryCall } from "./call.ts";
import { pause } from "./waiting.ts";

const LOOK_AGAIN_MS = 20;
const LOOK_AGAIN_SOON_MS = 2;
const LONGEST_WAIT_MS = 30_000;

/** Waits for the only lock on the open file `fd`; `what` names it. */
export function waitForLock(fd: number, what: string): void {
  while (isHeard() && !tryLock(fd)) {
    tellProgress(`waiting for another tool that holds ${what}`);
    pause(LOOK_AGAIN_MS);
  }
  if (isHeard()) return;
  call(`lock ${what}`, "fcntl", fd, F_OFD_SETLKW, writeLock());
}

/** The same for a lock that ordinary users can have held for them: not for ever, for they may stop whoever holds it. */
export function waitForSharedLock(fd: number, what: string): void {
  const deadline = new Deadline(LONGEST_WAIT_MS);
  while (!tryLock(fd)) {
    if (deadline.hasPassed()) throw new LxcError("timed-out", `lock ${what}`, "another process does not let it go");
    pause(LOOK_AGAIN_SOON_MS);
  }
}

/** Takes the only lock on the open file `fd`. Returns false when somebody else has it. */
export function tryLock(fd: number): boolean {
  const result = tryCall(SYS.fcntl, fd, F_OFD_SETLK, writeLock());
  if (result === -EAGAIN || result === -EACCES) return false;
  if (result < 0) throw refused("lock a file", "fcntl", result);
  return true;
}

function writeLock(): Uint8Array {
  const bytes = new Uint8Array(flock.size);
  flock.type.put(bytes, F_WRLCK);
  return bytes;
}
