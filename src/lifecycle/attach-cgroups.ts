// The cgroups a program enters with the container it is run in. Runs in lxc-attach, before the guide is born.

import type { Container } from "../container/container.ts";
import { EBUSY, EEXIST, ENOENT, EOPNOTSUPP } from "../kernel/abi/errno.ts";
import { O_DIRECTORY, O_PATH, O_WRONLY } from "../kernel/abi/fs.ts";
import { refused, tryPath } from "../kernel/call.ts";
import { tryOpenAt } from "../kernel/files.ts";
import { type Child, tryCloneProcess } from "../kernel/process.ts";
import { cgroupContextOf } from "./command-client.ts";

/** As LXC names it: a cgroup that has controllers for those below it can hold no process itself. */
const LEAF = ".lxc";

/** Where a process goes to be in a container's cgroups. All descriptors are ours to close. */
export interface PayloadCgroups {
  /** The folder of version 2, or -1. */
  readonly unified: number;
  /** Open `tasks` files of version 1. */
  readonly tasks: readonly number[];
}

export const NO_CGROUPS: PayloadCgroups = { unified: -1, tasks: [] };

/** Asks the monitor. A container without cgroups of its own has none to enter. */
export function payloadCgroupsOf(container: Container): PayloadCgroups {
  const context = cgroupContextOf(container);
  let unified = -1;
  const tasks: number[] = [];
  for (const fd of context?.descriptors ?? []) {
    const file = tryOpenAt(fd, "tasks", O_WRONLY);
    if (file >= 0) tasks.push(file);
    else if (file === -ENOENT) unified = fd;
    else throw refused(`enter the cgroups of ${container.name}`, "openat", file);
  }
  return { unified, tasks };
}

/** Starts a process that is born in the cgroup `unified` of version 2, or in its leaf, or where we are when it is -1. */
export function startIn(unified: number): Child {
  let child = tryCloneProcess(0, unified);
  if (unified >= 0 && (child.pid === -EBUSY || child.pid === -EOPNOTSUPP)) child = tryCloneProcess(0, leafOf(unified));
  if (child.pid < 0) throw refused("start a process in the container's cgroup", "clone3", child.pid);
  return child;
}

function leafOf(cgroup: number): number {
  const made = tryPath("mkdirat", cgroup, LEAF, 0o755, 0);
  if (made < 0 && made !== -EEXIST) throw refused(`make the cgroup ${LEAF} in that of the container`, "mkdirat", made);
  const fd = tryOpenAt(cgroup, LEAF, O_PATH | O_DIRECTORY);
  if (fd < 0) throw refused(`open the cgroup ${LEAF} of the container`, "openat", fd);
  return fd;
}
