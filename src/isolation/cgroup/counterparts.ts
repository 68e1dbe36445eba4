// Which files of the two versions of cgroups are about the same thing. Pure.

/** How the value of one is turned into the value of the other; `nearest` is a similar thing that is not the same. */
export type Meaning =
  | "same"
  | "bytes"
  | "memory-and-swap"
  | "bandwidth"
  | "shares"
  | "throttle"
  | "proportion"
  | "nearest";

export interface Counterpart {
  readonly v1: string;
  readonly v2: string;
  readonly meaning: Meaning;
}

/** The first row of a file is the one that a hint names. */
function counterparts(): readonly Counterpart[] {
  return [
    { v1: "memory.limit_in_bytes", v2: "memory.max", meaning: "bytes" },
    { v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max", meaning: "memory-and-swap" },
    { v1: "memory.soft_limit_in_bytes", v2: "memory.high", meaning: "nearest" },
    { v1: "memory.usage_in_bytes", v2: "memory.current", meaning: "nearest" },
    { v1: "cpu.cfs_quota_us", v2: "cpu.max", meaning: "bandwidth" },
    { v1: "cpu.cfs_period_us", v2: "cpu.max", meaning: "bandwidth" },
    { v1: "cpu.cfs_burst_us", v2: "cpu.max.burst", meaning: "same" },
    { v1: "cpu.shares", v2: "cpu.weight", meaning: "shares" },
    { v1: "cpu.shares", v2: "cpu.weight.nice", meaning: "shares" },
    // The same code of the kernel serves these in both.
    { v1: "cpu.idle", v2: "cpu.idle", meaning: "same" },
    { v1: "cpu.uclamp.min", v2: "cpu.uclamp.min", meaning: "same" },
    { v1: "cpu.uclamp.max", v2: "cpu.uclamp.max", meaning: "same" },
    { v1: "cpuset.cpus", v2: "cpuset.cpus", meaning: "same" },
    { v1: "cpuset.mems", v2: "cpuset.mems", meaning: "same" },
    { v1: "pids.max", v2: "pids.max", meaning: "same" },
    { v1: "rdma.max", v2: "rdma.max", meaning: "same" },
    { v1: "misc.max", v2: "misc.max", meaning: "same" },
    { v1: "blkio.throttle.write_bps_device", v2: "io.max", meaning: "throttle" },
    { v1: "blkio.throttle.read_bps_device", v2: "io.max", meaning: "throttle" },
    { v1: "blkio.throttle.write_iops_device", v2: "io.max", meaning: "throttle" },
    { v1: "blkio.throttle.read_iops_device", v2: "io.max", meaning: "throttle" },
    { v1: "blkio.bfq.weight", v2: "io.bfq.weight", meaning: "proportion" },
    { v1: "blkio.bfq.weight_device", v2: "io.bfq.weight", meaning: "proportion" },
    { v1: "blkio.bfq.weight", v2: "io.weight", meaning: "nearest" },
    { v1: "blkio.weight", v2: "io.weight", meaning: "nearest" },
    { v1: "freezer.state", v2: "cgroup.freeze", meaning: "nearest" },
  ];
}

const HUGETLB = "hugetlb.";
const HUGETLB_V1 = ".limit_in_bytes";
const HUGETLB_V2 = ".max";

/** The counterpart of a file of `version`; undefined when the other version has nothing like it. */
export function counterpartOf(version: number, file: string): Counterpart | undefined {
  for (const row of counterparts()) {
    if ((version === 1 ? row.v1 : row.v2) === file) return row;
  }
  // One for each size of pages, such as hugetlb.2MB.max.
  const end = version === 1 ? HUGETLB_V1 : HUGETLB_V2;
  if (!file.startsWith(HUGETLB) || !file.endsWith(end)) return undefined;
  const other = `${file.slice(0, file.length - end.length)}${version === 1 ? HUGETLB_V2 : HUGETLB_V1}`;
  return { v1: version === 1 ? file : other, v2: version === 1 ? other : file, meaning: "bytes" };
}

/** All files of the other version that have a part of what `file` of `version` has, in their order. */
export function counterpartsOf(version: number, file: string): Counterpart[] {
  const rows = counterparts().filter((row): boolean => (version === 1 ? row.v1 : row.v2) === file);
  const only = rows.length === 0 ? counterpartOf(version, file) : undefined;
  return only === undefined ? rows : [only];
}

/** What can only be read, and is counted by the same code in both versions. */
function counted(): readonly Counterpart[] {
  return [
    { v1: "memory.usage_in_bytes", v2: "memory.current", meaning: "same" },
    { v1: "memory.max_usage_in_bytes", v2: "memory.peak", meaning: "same" },
    { v1: "cpuset.effective_cpus", v2: "cpuset.cpus.effective", meaning: "same" },
    { v1: "cpuset.effective_mems", v2: "cpuset.mems.effective", meaning: "same" },
  ];
}

/** The file of the other version with the same content, for files that are only read; "" for none. */
export function sameCount(version: number, file: string): string {
  for (const row of counted()) {
    if ((version === 1 ? row.v1 : row.v2) === file) return version === 1 ? row.v2 : row.v1;
  }
  return "";
}
