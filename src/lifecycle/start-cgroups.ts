// Where a container's cgroups are to go, as its configuration and the host's say. Runs in the caller, before a start.

import type { Config } from "../container/config/schema.ts";
import { readSystemConfig, type SystemConfig } from "../container/config/system-config.ts";
import type { Container } from "../container/container.ts";
import { type CgroupLayout, onlyUsed, readLayout } from "../isolation/cgroup/layout.ts";
import type { CgroupNames } from "../isolation/cgroup/names.ts";
import { enterUserScope } from "../isolation/cgroup/user-scope.ts";
import type { Environment } from "../kernel/environment.ts";
import { effectiveUser } from "../kernel/process.ts";

export interface StartCgroups {
  readonly layout: CgroupLayout;
  readonly names: CgroupNames;
  /** The scope that the user's service manager made for us, "" for none. */
  readonly scope: string;
  /** Sentences about what there is not, for a warning each. */
  readonly warnings: readonly string[];
}

/**
 * Looks where the container's cgroups go: below init's for root, below our own for others and with lxc.cgroup.relative
 * (as in LXC). A user whose own cgroup is no place for them is first put into one that is. Throws when lxc.cgroup.use of
 * the host names what is not there.
 */
export function cgroupsForStart(container: Container, config: Config, environment: Environment): StartCgroups {
  const uid = effectiveUser();
  const system = readSystemConfig(uid, environment);
  const user = { uid, runtimeDirectory: environment.get("XDG_RUNTIME_DIR") ?? "" };
  const scope = uid === 0 ? { name: "", why: "" } : enterUserScope(container.name, user);
  const layout = readLayout(config.cgroupRelative.value || uid !== 0);
  return {
    layout: onlyUsed(layout, usedControllers(system.item("lxc.cgroup.use") ?? "")),
    names: cgroupNamesOf(container, config, system),
    scope: scope.name,
    warnings: scope.why === "" ? [] : [scope.why],
  };
}

/** Where the configuration, and lxc.cgroup.pattern of the host, want the container's cgroups and those of its monitor. */
export function cgroupNamesOf(container: Container, config: Config, system: SystemConfig): CgroupNames {
  return {
    name: container.name,
    dir: config.cgroupDir.value ?? "",
    pattern: system.item("lxc.cgroup.pattern") ?? "",
    monitor: config.cgroupDirMonitor.value ?? "",
    pivot: config.cgroupDirMonitorPivot.value ?? "",
    container: config.cgroupDirContainer.value ?? "",
    inner: config.cgroupDirContainerInner.value ?? "",
  };
}

/** `memory,pids`, as in LXC; blanks are forgiven. */
export function usedControllers(text: string): string[] {
  const words = text.split(",").map((word): string => word.trim());
  return words.filter((word): boolean => word !== "");
}
