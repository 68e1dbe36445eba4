// The cgroups a program enters with the container it is run in. Runs in lxc-attach, before the guide is born.

import type { Container } from "../container/container.ts";
import { attachToScope, type ScopeUser } from "../isolation/cgroup/user-scope.ts";
import { EACCES, EBUSY, EEXIST, ENOENT, EOPNOTSUPP } from "../kernel/abi/errno.ts";
import { O_DIRECTORY, O_PATH, O_WRONLY } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryPath } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { tryOpenAt } from "../kernel/files.ts";
import { type Child, currentPid, effectiveUser, tryCloneProcess } from "../kernel/process.ts";
import { cgroupContextOf, cgroupPathOf, systemdScopeOf } from "./command-client.ts";

/** As LXC names it: a cgroup that has controllers for those below it can hold no process itself. */
const LEAF = ".lxc";

/** Where a process goes to be in a container's cgroups. All descriptors are ours to close. */
export interface PayloadCgroups {
  /** The folder of version 2, or -1. */
  readonly unified: number;
  /** Open `tasks` files of version 1. */
  readonly tasks: readonly number[];
  /** For a user who may not go there alone: the scope that the container is in, and its cgroup below that; or "". */
  readonly scope: string;
  readonly subgroup: string;
  /** What a user may not enter, and so does without, as a sentence for a warning; "" when that is nothing. */
  readonly warning: string;
}

export const NO_CGROUPS: PayloadCgroups = { unified: -1, tasks: [], scope: "", subgroup: "", warning: "" };

/**
 * Asks the monitor. A container without cgroups of its own has none to enter. Those that a user may not enter are left
 * out (as in LXC); for root that is a failure.
 */
export function payloadCgroupsOf(container: Container): PayloadCgroups {
  const context = cgroupContextOf(container);
  const mayDoWithout = effectiveUser() !== 0;
  let unified = -1;
  let warning = "";
  const tasks: number[] = [];
  const descriptors = context?.descriptors ?? [];
  for (let i = 0; i < descriptors.length; i++) {
    const fd = descriptors[i]!;
    const file = tryOpenAt(fd, "tasks", O_WRONLY);
    if (file >= 0) tasks.push(file);
    else if (file === -ENOENT) unified = fd;
    else if (file === -EACCES && mayDoWithout) warning = notEntered(container);
    else throw refused(`enter the cgroups of ${container.name}`, "openat", file);
  }
  if (unified < 0 || !mayDoWithout) return { unified, tasks, scope: "", subgroup: "", warning };
  const scope = systemdScopeOf(container) ?? "";
  return { unified, tasks, scope, subgroup: belowScope(cgroupPathOf(container, "") ?? "", scope), warning };
}

function notEntered(container: Container): string {
  return `the program is outside of cgroups of ${container.name}, whose limits do not hold for it: they are not ours to enter`;
}

/** `/lxc.payload.c1` of `/user.slice/…/lxc-c1-0.scope/lxc.payload.c1`; "" when it is not in that scope. */
export function belowScope(path: string, scope: string): string {
  const parts = path.split("/");
  const at = parts.indexOf(scope);
  return scope === "" || at < 0 ? "" : `/${parts.slice(at + 1).join("/")}`;
}

/** Starts a process that is born in the cgroup of version 2, or in its leaf, or where we are when there is none. */
export function startIn(cgroups: PayloadCgroups): Child {
  const { unified } = cgroups;
  let child = tryCloneProcess(0, unified);
  if (unified >= 0 && (child.pid === -EBUSY || child.pid === -EOPNOTSUPP)) child = tryCloneProcess(0, leafOf(unified));
  // Moving between two cgroups needs the right to write to the one above both, which is not the user's.
  if (child.pid === -EACCES && effectiveUser() !== 0) child = startInScope(cgroups);
  if (child.pid < 0) throw refused("start a process in the container's cgroup", "clone3", child.pid);
  return child;
}

/** The new process has itself moved by whoever may do that, before it does anything else. */
function startInScope(cgroups: PayloadCgroups): Child {
  const child = tryCloneProcess(0, -1);
  if (child.pid === 0 && cgroups.subgroup !== "") tryAttach(cgroups.scope, cgroups.subgroup);
  return child;
}

/** As in LXC, the program runs all the same when that is refused. */
function tryAttach(scope: string, subgroup: string): void {
  const user: ScopeUser = { uid: effectiveUser(), runtimeDirectory: ownEnvironment().get("XDG_RUNTIME_DIR") ?? "" };
  try {
    attachToScope(scope, subgroup, currentPid(), user);
  } catch {
    return;
  }
}

function leafOf(cgroup: number): number {
  const made = tryPath(SYS.mkdirat, cgroup, LEAF, 0o755, 0);
  if (made < 0 && made !== -EEXIST) throw refused(`make the cgroup ${LEAF} in that of the container`, "mkdirat", made);
  const fd = tryOpenAt(cgroup, LEAF, O_PATH | O_DIRECTORY);
  if (fd < 0) throw refused(`open the cgroup ${LEAF} of the container`, "openat", fd);
  return fd;
}
