// The kernel's log from a moment on (/dev/kmsg; Documentation/ABI/testing/dev-kmsg). Runs in the monitor; who may not read it
// sees an empty log.

import { EPIPE } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_NONBLOCK, O_RDONLY, SEEK_END } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes, tryNumbers } from "../kernel/call.ts";
import { closeFd, tryOpenAt } from "../kernel/files.ts";
import { POLLIN, waitFor } from "../kernel/waiting.ts";

/** The longest that the kernel gives out. */
const RECORD_BYTES = 8192;
/** Whoever fills the log faster than it is read is not waited for. */
const MOST_RECORDS = 5000;

/** Records that come after it is made, or all that the kernel still has. */
export class KernelLog {
  #fd: number;

  constructor(isWhole: boolean) {
    this.#fd = tryOpenAt(AT_FDCWD, "/dev/kmsg", O_RDONLY | O_NONBLOCK);
    if (!isWhole && this.#fd >= 0 && tryNumbers(SYS.lseek, this.#fd, 0, SEEK_END) < 0) this.close();
  }

  /** Those that have come since the last time, as `LEVEL,NUMBER,TIME,FLAGS;TEXT` and further lines. */
  read(): string[] {
    const records: string[] = [];
    const bytes = new Uint8Array(RECORD_BYTES);
    while (this.#fd >= 0 && records.length < MOST_RECORDS) {
      const length = tryBytes(SYS.read, this.#fd, bytes, bytes.length, 0);
      // Some were overwritten before they were read; the next call is after them.
      if (length === -EPIPE) continue;
      if (length <= 0) break;
      records.push(new TextDecoder().decode(bytes.subarray(0, length)));
    }
    return records;
  }

  /** Waits at most that long for one more. Returns whether there is one. */
  wait(timeoutMs: number): boolean {
    return this.#fd >= 0 && waitFor(this.#fd, POLLIN, timeoutMs);
  }

  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }
}
