// Which limit of its cgroups kept a container from starting. Runs in the monitor, while they are still there.

import { LxcError, withHint } from "../base/errors.ts";
import type { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import type { CgroupLimit } from "../isolation/cgroup/limit.ts";
import { EAGAIN } from "../kernel/abi/errno.ts";
import { tryReadTextAt } from "../kernel/files.ts";

/** What `unexpected` says of a process that ends without a word. */
export const ENDED_EARLY = "a process of it ended before it was ready";

/** Another error where a limit of the configuration is the cause, and `error` itself otherwise. */
export function explainLimits(error: LxcError, cgroups: ContainerCgroups, limits: readonly CgroupLimit[]): LxcError {
  if (error.errno === EAGAIN) return forProcesses(error, limits);
  if (error.reason !== ENDED_EARLY) return error;
  const isOut =
    endedForMemory(cgroups.limitV2Fd(), "memory.events") ||
    endedForMemory(cgroups.limitFdOf("memory"), "memory.oom_control");
  return isOut ? forMemory(error, limits) : error;
}

function forProcesses(error: LxcError, limits: readonly CgroupLimit[]): LxcError {
  const limit = limits.find((each): boolean => each.file === "pids.max");
  if (limit === undefined) return error;
  return withHint(
    error,
    `raise ${limit.label} = ${limit.value}: the container and its hooks need more processes to start`,
  );
}

function forMemory(error: LxcError, limits: readonly CgroupLimit[]): LxcError {
  const limit = limits.find((each): boolean => each.file.startsWith("memory."));
  const given = limit === undefined ? "the memory limit of a cgroup above it" : `${limit.label} = ${limit.value}`;
  return new LxcError(error.code, error.doing, `the kernel ended a process of it, for ${given} is too little memory`, {
    hint: `raise ${limit?.label ?? "it"}: a container needs some MiB to start`,
  });
}

/** Both versions count the same in a line of the same name. */
function endedForMemory(cgroup: number, file: string): boolean {
  const text = cgroup < 0 ? undefined : tryReadTextAt(cgroup, file);
  const line = text?.split("\n").find((each): boolean => each.startsWith("oom_kill "));
  return line !== undefined && line !== "oom_kill 0";
}
