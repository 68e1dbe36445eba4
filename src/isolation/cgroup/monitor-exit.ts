// Where a monitor goes when it leaves its own cgroups, which are then removed. Runs in the monitor.

import { joinPath } from "../../base/path.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_WRONLY } from "../../kernel/abi/fs.ts";
import { closeFd, tryOpenAt, writeAt } from "../../kernel/files.ts";
import { currentPid, exitNow, tryCloneProcess, tryOpenProcess } from "../../kernel/process.ts";
import { POLLIN, waitFor } from "../../kernel/waiting.ts";
import { tryEnterByTasks } from "./enter.ts";
import { type Membership, pathIn } from "./layout.ts";
import type { CgroupTree } from "./tree.ts";

const EXIT_TIMEOUT_MS = 5000;

export interface MonitorExit {
  /** Where the monitor's caller was. */
  readonly origin: readonly Membership[];
  /** The cgroup below the base that it was told to go to instead, "" for none: made when it is missing, and kept. */
  readonly pivot: string;
}

/** Moves this process out of its cgroup in `tree`. On version 2 that waits for a grace period. */
export function goOut(tree: CgroupTree, exit: MonitorExit): void {
  const file = tree.hierarchy.version === 1 ? "tasks" : "cgroup.procs";
  const exits = exitsOf(tree, exit);
  for (let i = 0; i < exits.length; i++) {
    const folder = exits[i]!;
    const fd = folder < 0 ? folder : tryOpenAt(folder, file, O_WRONLY);
    if (folder >= 0) closeFd(folder);
    // A cgroup that was removed meanwhile, such as that of a session that ended, refuses to be entered.
    if (fd >= 0 && tryEnterByTasks(fd) >= 0) return;
  }
  writeAt(tree.baseFd, file, "0");
}

/**
 * The same on version 2 without the wait: a process that moves itself takes 10 ms, and one that is cloned elsewhere does
 * not. So the rest of the monitor's life goes on in a child of it, which has all its descriptors and memory but another
 * process id, and no children; the process that called ends.
 */
export function continueOutside(tree: CgroupTree, exit: MonitorExit): void {
  const self = tryOpenProcess(currentPid());
  let pid = -1;
  const exits = exitsOf(tree, exit);
  for (let i = 0; i < exits.length; i++) {
    const folder = exits[i]!;
    if (pid < 0 && folder >= 0) pid = tryCloneProcess(0, folder).pid;
    if (folder >= 0) closeFd(folder);
  }
  if (pid < 0) pid = tryCloneProcess(0, tree.baseFd).pid;
  if (pid > 0) exitNow(0);
  if (pid === 0 && self >= 0) waitFor(self, POLLIN, EXIT_TIMEOUT_MS);
  // An old kernel, or places that may hold no processes: the slow way, or the reason why not.
  if (pid < 0) goOut(tree, exit);
  if (self >= 0) closeFd(self);
}

/** Open folders to go to, the best one first; negative for one that is not there. */
function exitsOf(tree: CgroupTree, exit: MonitorExit): number[] {
  const exits: number[] = [];
  if (exit.pivot !== "") exits.push(tree.tryKeep(exit.pivot));
  const path = pathIn(tree.hierarchy, exit.origin);
  if (path !== undefined) {
    exits.push(tryOpenAt(AT_FDCWD, joinPath(tree.hierarchy.mountPoint, `${path}`), O_PATH | O_DIRECTORY));
  }
  return exits;
}
