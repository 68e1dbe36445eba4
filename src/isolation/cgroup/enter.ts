// Entering cgroups of version 1 without the kernel's system-wide lock. Runs in any single-threaded process of ours.

import { SYS } from "../../kernel/abi/syscalls.ts";
import { refused, tryBytes } from "../../kernel/call.ts";
import { closeFd } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";

/**
 * Moves this process, which must have one thread, into the cgroups whose `tasks` files `fds` are open for writing, and
 * closes them. "0" in `tasks` is the only move that does not stop every fork and exit on the machine for a grace period
 * (cgroup_procs_write_start in the kernel): about 40 us for each instead of 7 ms.
 */
export function enterByTasks(fds: readonly number[]): void {
  for (const fd of fds) {
    const result = tryEnterByTasks(fd);
    if (result < 0) throw refused("enter a cgroup", "write", result);
  }
}

/** Like `enterByTasks` for one. Returns -errno. */
export function tryEnterByTasks(fd: number): number {
  const bytes = bytesOfText("0");
  const result = tryBytes(SYS.write, fd, bytes, 1, 0);
  closeFd(fd);
  return result;
}
