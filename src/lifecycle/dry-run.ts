// lxc-start --dry-run: everything a start looks up and decides, and nothing that it makes.

import { readSystemConfig } from "../container/config/system-config.ts";
import { onlyUsed, readLayout } from "../isolation/cgroup/layout.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { effectiveUser } from "../kernel/process.ts";
import type { StartOptions } from "./plan.ts";
import { type PlannedStep, plannedSteps } from "./plan-text.ts";
import { decideStart } from "./start.ts";
import { cgroupNamesOf, type StartCgroups, usedControllers } from "./start-cgroups.ts";

/** The steps a start would take. Throws for what a start would refuse; what it would warn of is warned of. */
export function dryRun(options: StartOptions): PlannedStep[] {
  const plan = decideStart(options, () => cgroupsAsTheyAre(options));
  for (const warning of plan.warnings) options.warn(warning);
  for (const translation of plan.limits.translations) options.inform(translation);
  return plannedSteps(plan);
}

/** As for a start, but that nobody asks the user's service manager for a scope: we stay where we are. */
function cgroupsAsTheyAre(options: StartOptions): StartCgroups {
  const { config, container } = options;
  const uid = effectiveUser();
  const system = readSystemConfig(uid, ownEnvironment());
  const layout = readLayout(config.cgroupRelative.value || uid !== 0);
  return {
    layout: onlyUsed(layout, usedControllers(system.item("lxc.cgroup.use") ?? "")),
    names: cgroupNamesOf(container, config, system),
    scope: "",
    warnings: [],
  };
}
