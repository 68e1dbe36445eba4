// Applying limits to a container's cgroups, before it runs. Runs in the monitor.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { EACCES, EBUSY, EINVAL, ENODEV, ENOENT, EPERM, ERANGE, errnoText } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_WRONLY, S_IFBLK, S_IFCHR, S_IFMT, STATX_BASIC_STATS, statx } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { refused, tryBytes, tryCall } from "../../kernel/call.ts";
import { closeFd, openAt, readTextAt, tryReadText, tryReadTextAt, tryWriteAt } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { howToAllow, howToGet } from "./availability.ts";
import type { ContainerCgroups } from "./cgroups.ts";
import { accessIn, type DeviceRule, deviceProgram, deviceRule, ruleText } from "./devices.ts";
import { hierarchyOf, unifiedOf, wordsOf } from "./layout.ts";
import { type CgroupLimit, controllerOf } from "./limit.ts";
import type { LimitPlan } from "./limit-plan.ts";
import { madeOf } from "./read-back.ts";
import { howToClear } from "./room.ts";

const CONTROLLERS = "cgroup.controllers";

/** Applies all limits but device rules, in their order. Throws at the first that is refused or does not hold. */
export function applyLimits(cgroups: ContainerCgroups, plan: LimitPlan): void {
  for (const limit of plan.limits) {
    const controller = limit.version === 1 ? controllerOf(limit.file) : "";
    const fd = cgroups.limitFdOf(controller);
    const payload = cgroups.payloadFdOf(controller);
    if (payload !== fd && limit.version === 1 && isOwnOfEach(limit.file)) applyLimit(cgroups, limit, payload);
    applyLimit(cgroups, limit, fd);
    if (limit.readBack === true) checkHeld(limit, fd, folderOf(cgroups, limit));
  }
}

/** Version 1 has these for each cgroup alone, so an inner one needs them too; for a cpuset as in LXC. */
function isOwnOfEach(file: string): boolean {
  return controllerOf(file) === "cpuset" || file.startsWith("blkio.throttle.");
}

function applyLimit(cgroups: ContainerCgroups, limit: CgroupLimit, fd: number): void {
  const doing = `apply ${limit.label} = ${limit.value}`;
  const where = folderOf(cgroups, limit);
  if (fd < 0) {
    const hint = "give us a cgroup there, or leave the limit out";
    throw new LxcError("not-permitted", doing, `we may not make a cgroup in ${where}`, { hint });
  }
  const result = tryWriteAt(fd, limit.file, limit.value);
  if (result >= 0) return;
  if (result === -ENOENT && limit.version === 2) checkController(cgroups, limit, fd);
  const reason = `write to ${joinPath(where, limit.file)}: ${errnoText(-result)}`;
  throw new LxcError("syscall-failed", doing, reason, { errno: -result, hint: hintOf(-result, limit, where) });
}

/** Throws when `limit` has no file because its controller is not there. */
function checkController(cgroups: ContainerCgroups, limit: CgroupLimit, fd: number): void {
  const controller = controllerOf(limit.file);
  if (wordsOf(tryReadTextAt(fd, CONTROLLERS) ?? "").includes(controller)) return;
  const unified = unifiedOf(cgroups.layout);
  const base = joinPath(unified?.mountPoint ?? "", unified?.base ?? "");
  const isAbove = wordsOf(tryReadText(joinPath(base, CONTROLLERS)) ?? "").includes(controller);
  const doing = `apply ${limit.label} = ${limit.value}`;
  throw new LxcError("unsupported", doing, `the controller ${controller} is not available here`, {
    hint: isAbove ? howToEnable(cgroups, controller, base) : howToGet(cgroups.layout, controller),
  });
}

function howToEnable(cgroups: ContainerCgroups, controller: string, base: string): string {
  return cgroups.hasOthersInBase() ? howToClear(base) : howToAllow(controller, base);
}

/** Reads a promised limit again. Throws when the kernel made another thing of it. */
function checkHeld(limit: CgroupLimit, fd: number, where: string): void {
  // A cpuset of version 2 remembers what was asked for, and tells apart what it got.
  const effective = `${limit.file}.effective`;
  const isCpuset = limit.version === 2 && controllerOf(limit.file) === "cpuset";
  const got = isCpuset ? tryReadTextAt(fd, effective) : undefined;
  const made = madeOf(limit, got ?? readTextAt(fd, limit.file));
  if (made === undefined) return;
  const path = joinPath(where, got === undefined ? limit.file : effective);
  throw new LxcError("unsupported", `apply ${limit.label} = ${limit.value}`, `the kernel made ${made} of it`, {
    hint: `set what it can keep; compare cat ${path}`,
  });
}

/** The cgroup that has the limit, as a path to look at. */
function folderOf(cgroups: ContainerCgroups, limit: CgroupLimit): string {
  const controller = limit.version === 1 ? controllerOf(limit.file) : "";
  const h = hierarchyOf(cgroups.layout, controller);
  return joinPath(h?.mountPoint ?? "/sys/fs/cgroup", cgroups.limitPathOf(controller) ?? h?.base ?? "");
}

function hintOf(errno: number, limit: CgroupLimit, where: string): string {
  const parent = where.slice(0, where.lastIndexOf("/"));
  const { file } = limit;
  if (errno === ENOENT && (file.startsWith("memory.memsw.") || file.startsWith("memory.swap."))) {
    return "the kernel does not count swap here; boot with swapaccount=1 on the kernel command line";
  }
  if (errno === ENOENT) return `the kernel has no such file; see ls ${where}`;
  if (errno === ENODEV) return "there is no such disk; see cat /proc/partitions";
  if (errno === EINVAL || errno === ERANGE) {
    // The top of version 2 has no files for limits to compare with.
    const compare = limit.version === 1 ? `compare cat ${parent}/${file}` : "see cgroup-v2 in its documentation";
    return `the kernel does not take this value; ${compare}`;
  }
  if (errno === EBUSY) return "more is in use already than the limit allows";
  return errno === EACCES || errno === EPERM ? `the file cannot be written; see ls -l ${parent}` : "";
}

/**
 * Applies the device rules: later than the other limits, when devices have been made. Returns sentences about rules that
 * we may not set, for warnings: inside a container that is normal (as in LXC).
 */
export function applyDeviceRules(cgroups: ContainerCgroups, plan: LimitPlan): string[] {
  if (plan.devices.length === 0) return [];
  const rules = deviceRulesOf(plan.devices);
  if (plan.devicesByFile) return writeRules(cgroups.limitFdOf("devices"), rules);
  if (cgroups.limitV2Fd() >= 0) cgroups.devices.set(cgroups.limitV2Fd(), rules);
  else if (deviceProgram(rules) !== undefined) {
    return ["device rules have no effect: we may not make a cgroup for them"];
  }
  return [];
}

/** The device rules of a configuration, in order. Throws when one is none. */
export function deviceRulesOf(limits: readonly CgroupLimit[]): DeviceRule[] {
  return limits.map((limit) => ruleOf(limit));
}

function ruleOf(limit: CgroupLimit): DeviceRule {
  const allow = limit.file === "devices.allow";
  if (!allow && limit.file !== "devices.deny") {
    throw new LxcError("config-invalid", `apply ${limit.label} = ${limit.value}`, "there is no such rule", {
      hint: "use devices.allow or devices.deny",
    });
  }
  return allow && limit.value.startsWith("/") ? pathRule(limit) : deviceRule(limit.label, allow, limit.value);
}

/** `/dev/null rw` means the device that is there now (as in LXC). */
function pathRule(limit: CgroupLimit): DeviceRule {
  const words = limit.value.split(" ").filter((word): boolean => word !== "");
  const path = words[0] ?? "";
  const access = accessIn(words[1] ?? "");
  const bytes = new Uint8Array(statx.size);
  const result = tryCall(SYS.statx, AT_FDCWD, path, 0, STATX_BASIC_STATS, bytes);
  const kind = statx.mode.get(bytes) & S_IFMT;
  if (result < 0) throw refused(`apply ${limit.label} = ${limit.value}`, "statx", result);
  if (access <= 0 || (kind !== S_IFBLK && kind !== S_IFCHR)) {
    throw new LxcError(
      "config-invalid",
      `apply ${limit.label} = ${limit.value}`,
      `${path} is no device, or access is missing`,
      {
        hint: "write a device and how it may be used, such as /dev/null rwm",
      },
    );
  }
  const major = statx.rdevMajor.get(bytes);
  return { allow: true, type: kind === S_IFBLK ? "b" : "c", major, minor: statx.rdevMinor.get(bytes), access };
}

/** Version 1: each rule changes the list at once. */
function writeRules(cgroup: number, rules: readonly DeviceRule[]): string[] {
  if (cgroup < 0) return ["device rules have no effect: we may not make a cgroup for devices"];
  const warnings: string[] = [];
  const allow = openAt(cgroup, "devices.allow", O_WRONLY);
  const deny = openAt(cgroup, "devices.deny", O_WRONLY);
  try {
    for (const rule of rules) {
      const text = ruleText(rule);
      const doing = `${rule.allow ? "allow" : "deny"} the device ${text}`;
      const bytes = bytesOfText(text);
      const result = tryBytes(SYS.write, rule.allow ? allow : deny, bytes, bytes.length, 0);
      if (result === -EACCES || result === -EPERM) warnings.push(`cannot ${doing}: ${errnoText(-result)}`);
      else if (result < 0) throw refused(doing, "write", result);
    }
  } finally {
    closeFd(allow);
    closeFd(deny);
  }
  return warnings;
}
