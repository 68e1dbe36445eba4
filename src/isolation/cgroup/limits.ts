// Applying limits to a container's cgroups, before it runs. Runs in the monitor.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { BPF_CGROUP_DEVICE, BPF_PROG_TYPE_CGROUP_DEVICE } from "../../kernel/abi/bpf.ts";
import { EACCES, EBUSY, EINVAL, ENOENT, EPERM, ERANGE, errnoText } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_WRONLY, S_IFBLK, S_IFCHR, S_IFMT, STATX_BASIC_STATS, statx } from "../../kernel/abi/fs.ts";
import { attachToCgroup, loadProgram } from "../../kernel/bpf.ts";
import { refused, tryBytes, tryCall } from "../../kernel/call.ts";
import { closeFd, openAt, tryWriteAt } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import type { ContainerCgroups } from "./cgroups.ts";
import { accessIn, type DeviceRule, deviceProgram, deviceRule, ruleText } from "./devices.ts";
import { hierarchyOf } from "./layout.ts";
import { type CgroupLimit, controllerOf, type LimitPlan } from "./limit-plan.ts";

/** Applies all limits but device rules, in their order. Throws at the first that is refused. */
export function applyLimits(cgroups: ContainerCgroups, plan: LimitPlan): void {
  for (const limit of plan.limits) {
    const controller = limit.version === 1 ? controllerOf(limit.file) : "";
    const fd = cgroups.limitFdOf(controller);
    const payload = cgroups.payloadFdOf(controller);
    // An inner cpuset has a copy of its own that was made before (as in LXC).
    const isBoth = controllerOf(limit.file) === "cpuset" && payload !== fd;
    if (isBoth && limit.version === 1) applyLimit(cgroups, limit, payload);
    applyLimit(cgroups, limit, fd);
  }
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
  const reason = `write to ${joinPath(where, limit.file)}: ${errnoText(-result)}`;
  throw new LxcError("syscall-failed", doing, reason, { errno: -result, hint: hintOf(-result, limit, where) });
}

/** The cgroup that has the limit, as a path to look at. */
function folderOf(cgroups: ContainerCgroups, limit: CgroupLimit): string {
  const controller = limit.version === 1 ? controllerOf(limit.file) : "";
  const h = hierarchyOf(cgroups.layout, controller);
  return joinPath(h?.mountPoint ?? "/sys/fs/cgroup", cgroups.limitPathOf(controller) ?? h?.base ?? "");
}

function hintOf(errno: number, limit: CgroupLimit, where: string): string {
  const controller = controllerOf(limit.file);
  const parent = where.slice(0, where.lastIndexOf("/"));
  if (errno === ENOENT && limit.version === 2) {
    return `if ${controller} is not in ${parent}/cgroup.subtree_control it is not available; else see ls ${where}`;
  }
  if (errno === ENOENT) return `the kernel has no such file; see ls ${parent}`;
  if (errno === EINVAL || errno === ERANGE)
    return `the kernel does not take this value; compare cat ${parent}/${limit.file}`;
  if (errno === EBUSY) return "more is in use already than the limit allows";
  return errno === EACCES || errno === EPERM ? `the file cannot be written; see ls -l ${parent}` : "";
}

/**
 * Applies the device rules: later than the other limits, when devices have been made. Returns sentences about rules that
 * we may not set, for warnings: inside a container that is normal (as in LXC).
 */
export function applyDeviceRules(cgroups: ContainerCgroups, plan: LimitPlan): string[] {
  if (plan.devices.length === 0) return [];
  const rules = plan.devices.map((limit) => ruleOf(limit));
  if (plan.devicesByFile) return writeRules(cgroups.limitFdOf("devices"), rules);
  return attachRules(cgroups.limitV2Fd(), rules);
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
  const result = tryCall("statx", AT_FDCWD, path, 0, STATX_BASIC_STATS, bytes);
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
      const result = tryBytes("write", rule.allow ? allow : deny, bytes, bytes.length, 0);
      if (result === -EACCES || result === -EPERM) warnings.push(`cannot ${doing}: ${errnoText(-result)}`);
      else if (result < 0) throw refused(doing, "write", result);
    }
  } finally {
    closeFd(allow);
    closeFd(deny);
  }
  return warnings;
}

/** Version 2: all rules are one program. */
function attachRules(cgroup: number, rules: readonly DeviceRule[]): string[] {
  const program = deviceProgram(rules);
  if (program === undefined) return [];
  if (cgroup < 0) return ["device rules have no effect: we may not make a cgroup for them"];
  const fd = loadProgram(BPF_PROG_TYPE_CGROUP_DEVICE, program, "device program");
  try {
    attachToCgroup(cgroup, fd, BPF_CGROUP_DEVICE, -1);
  } finally {
    closeFd(fd);
  }
  return [];
}
