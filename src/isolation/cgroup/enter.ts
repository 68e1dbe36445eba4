// Entering cgroups of version 1 without the kernel's system-wide lock. Runs in any single-threaded process of ours.

import { ENOENT } from "../../kernel/abi/errno.ts";
import { O_WRONLY } from "../../kernel/abi/fs.ts";
import { refused, tryBytes } from "../../kernel/call.ts";
import { closeFd, tryOpenAt } from "../../kernel/files.ts";
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
  const result = tryBytes("write", fd, bytes, 1, 0);
  closeFd(fd);
  return result;
}

/**
 * Enters those of a running container's cgroups (command GET_CGROUP_CTX) that are of version 1, and closes them. Returns
 * the descriptor of the one of version 2, for clone3, or -1.
 */
export function enterContext(fds: readonly number[]): number {
  let unified = -1;
  for (const fd of fds) {
    const tasks = tryOpenAt(fd, "tasks", O_WRONLY);
    if (tasks === -ENOENT) {
      unified = fd;
      continue;
    }
    if (tasks < 0) throw refused("open tasks", "openat", tasks);
    enterByTasks([tasks]);
    closeFd(fd);
  }
  return unified;
}
