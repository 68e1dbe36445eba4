// Which limits go where on this host. Pure.

import { LxcError } from "../../base/errors.ts";
import { type CgroupLayout, type Hierarchy, hierarchyOf, unifiedOf } from "./layout.ts";

/** One setting, in the order of the configuration. */
export interface CgroupLimit {
  /** What the reader knows it by, such as `lxc.cgroup2.memory.max`. */
  readonly label: string;
  /** For which version of cgroups it is written: 1 or 2. */
  readonly version: number;
  /** Such as `memory.max`. */
  readonly file: string;
  readonly value: string;
}

export interface LimitPlan {
  readonly limits: readonly CgroupLimit[];
  /** The rules that count here: those of the host's own version when there are any. */
  readonly devices: readonly CgroupLimit[];
  /** Whether device rules go into files of version 1, rather than into a program. */
  readonly devicesByFile: boolean;
  /** Sentences about limits that have no effect here, for a warning each. */
  readonly setAside: readonly string[];
}

interface Equivalent {
  readonly v2: string;
  readonly v1: string;
}

const EQUIVALENTS: readonly Equivalent[] = [
  { v2: "memory.max", v1: "memory.limit_in_bytes" },
  { v2: "memory.high", v1: "memory.soft_limit_in_bytes" },
  { v2: "memory.swap.max", v1: "memory.memsw.limit_in_bytes" },
  { v2: "memory.current", v1: "memory.usage_in_bytes" },
  { v2: "cpu.max", v1: "cpu.cfs_quota_us" },
  { v2: "cpu.weight", v1: "cpu.shares" },
  { v2: "cpuset.cpus", v1: "cpuset.cpus" },
  { v2: "cpuset.mems", v1: "cpuset.mems" },
  { v2: "pids.max", v1: "pids.max" },
  { v2: "io.max", v1: "blkio.throttle.write_bps_device" },
  { v2: "io.weight", v1: "blkio.weight" },
  { v2: "io.bfq.weight", v1: "blkio.bfq.weight" },
  { v2: "cgroup.freeze", v1: "freezer.state" },
];

/**
 * Sorts `limits` for the host. A limit of the other version is set aside when the configuration has one of this version
 * for the same controller, for then it is written for both; alone it is refused, since the reader counts on it. Where
 * there are no cgroups at all everything is set aside, and the container starts.
 */
export function planLimits(layout: CgroupLayout, limits: readonly CgroupLimit[]): LimitPlan {
  const here: CgroupLimit[] = [];
  const swap: CgroupLimit[] = [];
  const devices: CgroupLimit[] = [];
  const setAside: string[] = [];
  for (const limit of limits) {
    if (limit.file.includes("/")) throw refusedLimit(limit, "that is no file of a cgroup", "");
    if (controllerOf(limit.file) === "devices") devices.push(limit);
    else if (layout.kind === "none") setAside.push(`${limit.label} has no effect: no cgroups are mounted here`);
    else if (!isUsable(layout, limit)) setAside.push(forOtherVersion(layout, limit, limits));
    // The kernel wants the limit for memory and swap to be the higher one all the time (as in LXC).
    else if (limit.file === "memory.memsw.limit_in_bytes") swap.push(limit);
    else here.push(limit);
  }
  const devicesByFile = bound(layout, "devices") !== undefined;
  const own = devices.filter((limit): boolean => limit.version === (devicesByFile ? 1 : 2));
  if (layout.kind === "none" && devices.length > 0) setAside.push("device rules have no effect: no cgroups are here");
  return {
    limits: here.concat(swap),
    devices: layout.kind === "none" ? [] : own.length > 0 ? own : devices,
    devicesByFile,
    setAside,
  };
}

/** The part of a file's name before the first dot. */
export function controllerOf(file: string): string {
  const dot = file.indexOf(".");
  return dot < 0 ? file : file.slice(0, dot);
}

function isUsable(layout: CgroupLayout, limit: CgroupLimit): boolean {
  const legacy = bound(layout, controllerOf(limit.file));
  return limit.version === 1 ? legacy !== undefined : unifiedOf(layout) !== undefined && legacy === undefined;
}

/** The version 1 hierarchy of `controller`. */
function bound(layout: CgroupLayout, controller: string): Hierarchy | undefined {
  const found = hierarchyOf(layout, controller);
  return found === undefined || found.version === 2 ? undefined : found;
}

function forOtherVersion(layout: CgroupLayout, limit: CgroupLimit, all: readonly CgroupLimit[]): string {
  for (const other of all) {
    if (other.version === limit.version || !isUsable(layout, other)) continue;
    if (family(other.file) !== family(limit.file)) continue;
    return `${limit.label} has no effect here, ${other.label} does`;
  }
  throw refusedLimit(limit, whyNot(layout, limit), counterpart(limit));
}

function whyNot(layout: CgroupLayout, limit: CgroupLimit): string {
  const controller = controllerOf(limit.file);
  const where = bound(layout, controller);
  if (where !== undefined) return `${controller} is bound to cgroup version 1 here, at ${where.mountPoint}`;
  if (limit.version === 1 && layout.kind === "unified") return "this host has cgroup version 2 only";
  return limit.version === 2 ? "no cgroup version 2 is mounted here" : `no ${controller} controller is mounted here`;
}

/** The name that the two versions share for what they limit. */
function family(file: string): string {
  const controller = controllerOf(file);
  if (controller === "blkio") return "io";
  return controller === "cpuacct" ? "cpu" : controller;
}

/** What to write instead, as a hint. */
function counterpart(limit: CgroupLimit): string {
  const isV2 = limit.version === 2;
  for (const row of EQUIVALENTS) {
    if ((isV2 ? row.v2 : row.v1) === limit.file) return `use lxc.cgroup${isV2 ? "" : "2"}.${isV2 ? row.v1 : row.v2}`;
  }
  return isV2 ? "use the lxc.cgroup key of version 1 for it" : "use the lxc.cgroup2 key of version 2 for it";
}

function refusedLimit(limit: CgroupLimit, reason: string, hint: string): LxcError {
  return new LxcError("unsupported", `apply ${limit.label} = ${limit.value}`, reason, { hint });
}
