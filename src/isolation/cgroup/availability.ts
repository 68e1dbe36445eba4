// What the reader can do about a controller that is not there. Pure.

import { joinPath } from "../../base/path.ts";
import { type CgroupLayout, unifiedOf } from "./layout.ts";
import { legacyName } from "./limit.ts";

/** How to get a controller that no cgroup of ours may have, as a hint. */
export function howToGet(layout: CgroupLayout, controller: string): string {
  const unified = unifiedOf(layout);
  if (layout.kind !== "unified" || unified === undefined) return howToMount(controller);
  const top = joinPath(unified.mountPoint, "cgroup.controllers");
  const boot = inKernel(controller, `if it is not in ${top}`);
  if (unified.base === "") return boot;
  const unit = `Delegate=${controller} in the systemd unit that we run in`;
  return `${boot}; else have it delegated, with ${unit}, or systemctl set-property UNIT Delegate=${controller}`;
}

/** How to let cgroups below `folder`, which has the controller, have it too. */
export function howToAllow(controller: string, folder: string): string {
  return `enable it: echo +${controller} > ${joinPath(folder, "cgroup.subtree_control")}`;
}

function howToMount(controller: string): string {
  const legacy = legacyName(controller);
  const folder = `/sys/fs/cgroup/${legacy}`;
  const boot = inKernel(legacy, "if it is off in /proc/cgroups");
  return `mount it: mkdir -p ${folder} && mount -t cgroup -o ${legacy} cgroup ${folder}; ${boot}`;
}

function inKernel(controller: string, when: string): string {
  // Some kernels are built to leave it off, for what it costs.
  if (controller === "memory") return `${when}, boot with cgroup_enable=memory on the kernel command line`;
  return `${when}, the kernel was built or booted without it; see /proc/cgroups`;
}
