// What of control groups a host offers. Pure.

import { kernelFix } from "./host-check-fixes.ts";
import {
  byHand,
  type Checked,
  CONTROLLERS,
  enabled,
  type Fix,
  type HostFacts,
  missing,
  placeList,
  required,
  unknown,
  wordsOf,
} from "./host-facts.ts";

const SECTION = "Control groups";
const V2_PLACE = "/sys/fs/cgroup";

interface Controller {
  readonly item: string;
  readonly option: string;
  /** Its name in /proc/cgroups. */
  readonly legacy: string;
  /** Its name in cgroup.controllers; "" when version 2 does it without one. */
  readonly unified: string;
}

/** LXC's, and two more. */
function controllers(): readonly Controller[] {
  return [
    { item: "Cgroup device", option: "CONFIG_CGROUP_DEVICE", legacy: "devices", unified: "" },
    { item: "Cgroup sched", option: "CONFIG_CGROUP_SCHED", legacy: "cpu", unified: "cpu" },
    { item: "Cgroup cpu account", option: "CONFIG_CGROUP_CPUACCT", legacy: "cpuacct", unified: "cpu" },
    { item: "Cgroup memory controller", option: "CONFIG_MEMCG", legacy: "memory", unified: "memory" },
    { item: "Cgroup cpuset", option: "CONFIG_CPUSETS", legacy: "cpuset", unified: "cpuset" },
    { item: "Cgroup pids controller", option: "CONFIG_CGROUP_PIDS", legacy: "pids", unified: "pids" },
    { item: "Cgroup io controller", option: "CONFIG_BLK_CGROUP", legacy: "blkio", unified: "io" },
  ];
}

export function checkCgroups(host: HostFacts): Checked[] {
  const legacy = mountPoints(host, "cgroup");
  const unified = mountPoints(host, "cgroup2");
  const checked = [checkKernel(host), checkNamespace(host)];
  checked.push(
    placeList(SECTION, "Cgroup v1 mount points", legacy),
    placeList(SECTION, "Cgroup v2 mount points", unified),
  );
  if (legacy.length + unified.length === 0) checked.push(nothingMounted());
  else if (unified.join(" ") !== V2_PLACE) checked.push(...checkLegacy(host, legacy));
  for (const controller of controllers()) checked.push(checkController(host, controller));
  return checked;
}

/** Where file systems of a type are mounted. */
export function mountPoints(host: HostFacts, type: string): string[] {
  const found: string[] = [];
  for (const line of host.lines("/proc/self/mountinfo")) {
    const [before = "", after = ""] = line.split(" - ");
    if (after.startsWith(`${type} `)) found.push(wordsOf(before)[4] ?? "");
  }
  return found;
}

function checkKernel(host: HostFacts): Checked {
  const shown = host.has("/proc/cgroups") || host.hasWord("/proc/filesystems", "cgroup2");
  return byOption(host, "Cgroups", "CONFIG_CGROUPS", shown, false);
}

/** Not an option of its own: it came with Linux 4.6. */
function checkNamespace(host: HostFacts): Checked {
  const item = "Cgroup namespace";
  if (host.lines("/proc/self/ns").includes("cgroup")) return enabled(SECTION, item, "");
  return missing(SECTION, item, "", kernelFix("CONFIG_CGROUPS", false));
}

function nothingMounted(): Checked {
  const fix = `mount -t cgroup2 cgroup2 ${V2_PLACE}, or boot with systemd, or install cgroupfs-mount`;
  return required(SECTION, "Cgroup hierarchy", "no cgroups are mounted", byHand(fix));
}

/** What version 1 must have, as in LXC: said only where it is missing, for version 2 does without. */
function checkLegacy(host: HostFacts, mounted: readonly string[]): Checked[] {
  const checked: Checked[] = [];
  if (!mounted.some((path) => path.includes("/systemd"))) {
    const fix = "mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd";
    checked.push(missing(SECTION, "Cgroup v1 systemd controller", "", orUnified(fix)));
  }
  if (!mounted.some((path) => path.includes("/freezer"))) {
    const fix = "mkdir /sys/fs/cgroup/freezer && mount -t cgroup -o freezer cgroup /sys/fs/cgroup/freezer";
    checked.push(missing(SECTION, "Cgroup v1 freezer controller", "", orUnified(fix)));
  }
  if (host.has(`${mounted[0] ?? ""}/cgroup.clone_children`)) {
    checked.push(enabled(SECTION, "Cgroup v1 clone_children flag", ""));
  }
  return checked;
}

function orUnified(fix: string): Fix {
  return byHand(`${fix}; or boot with systemd.unified_cgroup_hierarchy=1, for version 2 alone`);
}

function checkController(host: HostFacts, controller: Controller): Checked {
  const { item, option, legacy } = controller;
  const unified = controller.unified;
  const line = host.lines("/proc/cgroups").find((each) => each.startsWith(`${legacy}\t`)) ?? "";
  const isUnified = unified !== "" && wordsOf(host.text(CONTROLLERS).trim()).includes(unified);
  if (line.endsWith("\t0") && !isUnified && !host.isOfOtherKernel) {
    const fix = `boot without cgroup_disable=${legacy}, or with cgroup_enable=${legacy}`;
    const raspberry = legacy === "memory" ? "; on a Raspberry Pi, in cmdline.txt" : "";
    return missing(SECTION, item, "switched off when the kernel was booted", byHand(fix + raspberry));
  }
  // Version 2 guards devices by a program of BPF.
  const byProgram = legacy === "devices" && host.config?.value("CONFIG_CGROUP_BPF") === "y";
  return byOption(host, item, option, line !== "" || isUnified, byProgram);
}

/** `shown` is what the running kernel says, `otherwise` whether the configuration has it under another name. */
function byOption(host: HostFacts, item: string, option: string, shown: boolean, otherwise: boolean): Checked {
  if (shown && !host.isOfOtherKernel) return enabled(SECTION, item, "");
  if ((host.config?.value(option) ?? "") !== "" || otherwise) return enabled(SECTION, item, "");
  if (host.config === undefined) return unknown(SECTION, item);
  return missing(SECTION, item, "", kernelFix(option, false));
}
