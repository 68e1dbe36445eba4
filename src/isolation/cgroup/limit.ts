// One setting of a cgroup. Pure.

/** One setting, in the order of the configuration. */
export interface CgroupLimit {
  /** What the reader knows it by, such as `lxc.cgroup2.memory.max`. */
  readonly label: string;
  /** For which version of cgroups it is written: 1 or 2. */
  readonly version: number;
  /** Such as `memory.max`. */
  readonly file: string;
  readonly value: string;
  /** Whether it is a promise: it goes wherever this host has it, and is read back after it was written. */
  readonly readBack?: boolean;
}

/** The part of a file's name before the first dot. */
export function controllerOf(file: string): string {
  const dot = file.indexOf(".");
  return dot < 0 ? file : file.slice(0, dot);
}

/** The controller of version 1 that does what `controller` does in version 2. */
export function legacyName(controller: string): string {
  return controller === "io" ? "blkio" : controller;
}

/** The name that the two versions share for what they limit. */
export function family(file: string): string {
  const controller = controllerOf(file);
  if (controller === "blkio") return "io";
  return controller === "cpuacct" ? "cpu" : controller;
}
