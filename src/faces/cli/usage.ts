// What a running container uses, from its cgroups.

import type { Container } from "../../container/container.ts";
import { tryReadItem } from "../../isolation/cgroup/items.ts";
import { readLayout } from "../../isolation/cgroup/layout.ts";
import { type Pressures, readPressures } from "../../isolation/cgroup/pressure.ts";
import { type CgroupStats, fieldIn, numberIn, readStats } from "../../isolation/cgroup/stats.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { cgroupPathOf, limitCgroupPathOf } from "../../lifecycle/command-client.ts";

export const NOTHING_USED: CgroupStats = {
  cpuNanoseconds: undefined,
  ioBytes: undefined,
  memoryBytes: undefined,
  kernelMemoryBytes: undefined,
};

export function usedBy(container: Container): CgroupStats {
  return readStats(readLayout(effectiveUser() !== 0), (controller) => pathOf(container, controller));
}

export function pressuresOf(container: Container): Pressures {
  return readPressures(readLayout(effectiveUser() !== 0), (controller) => pathOf(container, controller));
}

/** How many processes and threads; undefined where nobody counts them. */
export function tasksOf(container: Container): number | undefined {
  return numberIn(item(container, "pids.current"));
}

/** How often one of its programs was killed for lack of memory; 0 where nobody counts. */
export function oomKillsOf(container: Container): number {
  const text = item(container, "memory.oom_control") ?? item(container, "memory.events");
  return fieldIn(text, "oom_kill") ?? 0;
}

/** How often one of its programs could not start another because of its limit; 0 where nobody counts. */
export function refusedForksOf(container: Container): number {
  return fieldIn(item(container, "pids.events"), "max") ?? 0;
}

/** A limit as its cgroup has it; undefined for none. */
export function limitOf(container: Container, file: string): number | undefined {
  return numberIn(item(container, file));
}

/** Bytes; 0 where nobody counts them. */
export function memoryOf(container: Container): number {
  return numberIn(item(container, "memory.usage_in_bytes") ?? item(container, "memory.current")) ?? 0;
}

/** Bytes; 0 where nobody counts them. */
export function swapOf(container: Container): number {
  const legacy = fieldIn(item(container, "memory.stat"), "swap");
  return legacy ?? numberIn(item(container, "memory.swap.current")) ?? 0;
}

function item(container: Container, file: string): string | undefined {
  return tryReadItem(readLayout(effectiveUser() !== 0), (controller) => pathOf(container, controller), file);
}

/** As in LXC, the cgroup that has the limits also has the numbers. */
function pathOf(container: Container, controller: string): string | undefined {
  return limitCgroupPathOf(container, controller) ?? cgroupPathOf(container, controller);
}
