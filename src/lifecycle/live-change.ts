// A changed key of a container that runs: what counts at once is done at once. Runs in tools.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import type { Config } from "../container/config/schema.ts";
import { limitsDisk, limitsOf } from "../container/config-limits.ts";
import type { Container } from "../container/container.ts";
import { writtenFolder } from "../container/rootfs/layers.ts";
import { deviceList, deviceWrites, writeDevices } from "../isolation/cgroup/device-files.ts";
import type { DeviceRule } from "../isolation/cgroup/devices.ts";
import { type Freezer, freeze, isFrozen, thaw } from "../isolation/cgroup/freeze.ts";
import { folderOfItem } from "../isolation/cgroup/items.ts";
import { type CgroupLayout, readLayout } from "../isolation/cgroup/layout.ts";
import { type CgroupLimit, controllerOf } from "../isolation/cgroup/limit.ts";
import { type LimitPlan, planLimits } from "../isolation/cgroup/limit-plan.ts";
import { deviceRulesOf } from "../isolation/cgroup/limits.ts";
import { madeOf } from "../isolation/cgroup/read-back.ts";
import { EINVAL, errnoText } from "../kernel/abi/errno.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { blockDeviceOf } from "../kernel/block-device.ts";
import { refused } from "../kernel/call.ts";
import { closeFd, openDirectory, readText, tryWriteAt } from "../kernel/files.ts";
import { effectiveUser } from "../kernel/process.ts";
import { limitsAsker } from "./cgroup-items.ts";
import { addDevicesOf } from "./command-client.ts";
import { MOST_RULES } from "./device-rules.ts";
import { changeLink } from "./live-link.ts";

const FREEZE_TIMEOUT_MS = 2000;

/** Does what the key says for the running container. Returns sentences about what that does not change. */
export function applyToRunning(container: Container, config: Config, key: string): string[] {
  const setting = config.find(key, false);
  const later = [`${container.name} runs: ${key} counts from its next start on`];
  if (setting === undefined || setting.live === "no") return later;
  if (setting.live === "file") return [];
  if (setting.live === "link") return changeLink(container, config, key) ? [] : later;
  const disk = limitsDisk(config) ? blockDeviceOf(writtenFolder(config.rootfsPath.value)) : undefined;
  const layout = readLayout(effectiveUser() !== 0);
  const plan = planLimits(layout, limitsOf(config, disk));
  if (isDeviceKey(config, key)) return changeDevices(container, layout, plan) ? [] : later;
  const own = plan.limits.filter((limit) => limit.label === key);
  for (const limit of own) applyTo(container, layout, limit);
  // One that was taken out, or that was set aside for another.
  return own.length > 0 ? [] : later;
}

function applyTo(container: Container, layout: CgroupLayout, limit: CgroupLimit): void {
  const doing = `apply ${limit.label} = ${limit.value} to ${container.name}`;
  const folder = folderOfItem(layout, limitsAsker(container), limit.file);
  if (folder === undefined) throw new LxcError("not-found", doing, "its cgroup is not there");
  const file = joinPath(`${folder}`, limit.file);
  const result = tryWriteAt(AT_FDCWD, file, limit.value);
  if (result < 0) throw refused(doing, "write", result);
  const made = limit.readBack === true ? madeOf(limit, readText(file)) : undefined;
  if (made !== undefined) throw new LxcError("unsupported", doing, `the kernel made ${made} of it`);
}

function isDeviceKey(config: Config, key: string): boolean {
  for (const { prefix } of [config.cgroup, config.cgroup2]) {
    if (key.startsWith(prefix) && controllerOf(key.slice(prefix.length)) === "devices") return true;
  }
  return false;
}

/** Puts all device rules of the configuration in force, in place of those that are. Returns false when nobody can. */
function changeDevices(container: Container, layout: CgroupLayout, plan: LimitPlan): boolean {
  const rules = deviceRulesOf(plan.devices);
  if (!plan.devicesByFile) return changeByMonitor(container, rules);
  const folder = folderOfItem(layout, limitsAsker(container), "devices.list");
  if (folder === undefined) return false;
  const cgroup = openDirectory(folder);
  try {
    const change = deviceWrites(deviceList(cgroup), rules.length === 0 ? [EVERYTHING] : rules);
    if (change.isRough) whileFrozen(container, layout, () => writeDevices(cgroup, change.writes));
    else writeDevices(cgroup, change.writes);
  } finally {
    closeFd(cgroup);
  }
  return true;
}

const EVERYTHING: DeviceRule = { allow: true, type: "a", major: -1, minor: -1, access: 0 };
const NOTHING: DeviceRule = { allow: false, type: "a", major: -1, minor: -1, access: 0 };

/** One request with all rules is one change of the program. A monitor of LXC takes them one by one only: not from us. */
function changeByMonitor(container: Container, rules: readonly DeviceRule[]): boolean {
  const all = rules.length === 0 ? [EVERYTHING] : [NOTHING].concat(rules);
  if (all.length > MOST_RULES) return false;
  const result = addDevicesOf(container, all);
  if (result >= 0) return true;
  if (result === -EINVAL) return false;
  throw new LxcError("syscall-failed", `change the devices of ${container.name}`, errnoText(-result), {
    errno: -result,
  });
}

/** So that no program finds its devices gone for a moment; one that is frozen already stays so. */
function whileFrozen(container: Container, layout: CgroupLayout, change: () => void): void {
  const folder = folderOfItem(layout, limitsAsker(container), "cgroup.freeze");
  if (folder === undefined) {
    change();
    return;
  }
  const freezer: Freezer = { fd: openDirectory(folder), version: 2 };
  try {
    const wasFrozen = isFrozen(freezer);
    if (!wasFrozen) freeze(freezer, FREEZE_TIMEOUT_MS);
    try {
      change();
    } finally {
      if (!wasFrozen) thaw(freezer, FREEZE_TIMEOUT_MS);
    }
  } finally {
    closeFd(freezer.fd);
  }
}
