// Emptying the cgroup that ours go below, where version 2 has controllers for no cgroup that holds processes itself.
//
// Runs in the caller, or in a monitor in the foreground: before the first cgroup is made.

import { wholeNumberIn } from "../../base/text.ts";
import { EBUSY } from "../../kernel/abi/errno.ts";
import { closeFd, tryReadTextAt, tryWriteAt } from "../../kernel/files.ts";
import { currentPid } from "../../kernel/process.ts";
import { type CgroupTree, enableControllers, notEnabled } from "./tree.ts";

const NOBODY: readonly number[] = [];

/**
 * Enables the controllers for what is made below the base of `tree`. Processes in the base itself forbid that (cgroup-v2,
 * "No Internal Process Constraint"): when we are the only one we go to `leaf` below it, which is made and stays. Returns
 * the pids of others that are in the way, 0 for one that we cannot see; none when all is well, or nothing can be done.
 */
export function makeRoom(tree: CgroupTree, leaf: string): readonly number[] {
  if (!tree.delegates) return NOBODY;
  const missing = notEnabled(tree.baseFd, tree.hierarchy.controllers);
  if (missing.length === 0 || enableControllers(tree.baseFd, missing) !== -EBUSY) return NOBODY;
  const pids = processesIn(tree.baseFd);
  const others = pids.filter((pid): boolean => pid !== currentPid());
  if (others.length > 0 || pids.length === 0) return others;
  const folder = tree.tryKeep(leaf);
  if (folder < 0) return NOBODY;
  const moved = tryWriteAt(folder, "cgroup.procs", "0");
  closeFd(folder);
  if (moved < 0 || enableControllers(tree.baseFd, missing) !== -EBUSY) return NOBODY;
  return processesIn(tree.baseFd);
}

/** All processes directly in the cgroup, 0 for each that is in no pid namespace of ours. */
export function processesIn(cgroup: number): number[] {
  const pids: number[] = [];
  for (const line of (tryReadTextAt(cgroup, "cgroup.procs") ?? "").split("\n")) {
    const pid = wholeNumberIn(line);
    if (pid !== undefined) pids.push(pid);
  }
  return pids;
}

const MOST_NAMED = 5;

/** Why limits of version 2 do not hold below the cgroup `path`, and what to do, as a sentence for a warning. */
export function inTheWay(path: string, pids: readonly number[]): string {
  const named = pids.filter((pid): boolean => pid > 0).slice(0, MOST_NAMED);
  const more = pids.length > named.length ? ` and ${pids.length - named.length} more` : "";
  const who = named.length === 0 ? "processes that we cannot see" : `${named.join(", ")}${more}`;
  return `no limits of cgroup version 2: ${path} has processes of its own (${who}), and so no controllers for the cgroups below; ${howToClear(path)}`;
}

/** How to empty the cgroup `path`, as part of a hint. */
export function howToClear(path: string): string {
  return `move its processes into one below it: mkdir ${path}/others && echo PID > ${path}/others/cgroup.procs`;
}
