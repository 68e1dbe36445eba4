// What lxc.mount.auto = cgroup… puts on /sys/fs/cgroup of a container. Pure.

import { LxcError } from "../../base/errors.ts";
import { baseName, below, joinPath } from "../../base/path.ts";
import { type CgroupLayout, type Hierarchy, unifiedOf } from "./layout.ts";

/** One word of lxc.mount.auto: `cgroup:mixed:force` is kind cgroup, access mixed, with force. */
export interface CgroupView {
  /** `cgroup` is the container's own part, `cgroup-full` everything, `cgroup2` the unified hierarchy only. */
  readonly kind: "cgroup" | "cgroup-full" | "cgroup2";
  /** Empty for "as its capabilities need it": read-write with CAP_SYS_ADMIN, else mixed. */
  readonly access: "" | "ro" | "rw" | "mixed";
  /** Although the container could mount them itself. */
  readonly force: boolean;
}

export interface CgroupMountFacts {
  /** The container has a cgroup namespace of its own. */
  readonly ownNamespace: boolean;
  readonly keepsSysAdmin: boolean;
  /** The container's cgroup below the base of each hierarchy, as `names.ts` has it. */
  readonly payload: string;
}

/** Done in order. `to` is below the container's root, without a slash in front; `from` is a path of the host, and empty for `to` itself. */
export type CgroupMountStep =
  | { readonly step: "tmpfs"; readonly to: string; readonly options: readonly string[] }
  | { readonly step: "folders"; readonly to: string }
  | {
      readonly step: "file-system";
      readonly type: "cgroup" | "cgroup2";
      readonly to: string;
      readonly options: readonly string[];
      readonly readOnly: boolean;
    }
  | { readonly step: "bind"; readonly from: string; readonly to: string; readonly readOnly: boolean };

const ROOT = "sys/fs/cgroup";

/**
 * The mounts for `view`, all of them nosuid, nodev, noexec and relatime; none when the container's init will mount its
 * own, which it can with a cgroup namespace and CAP_SYS_ADMIN on all but pure version 2 hosts, where many inits wait for
 * someone to do it (as in LXC).
 */
export function cgroupMountSteps(layout: CgroupLayout, view: CgroupView, facts: CgroupMountFacts): CgroupMountStep[] {
  const isPure = layout.kind === "unified";
  const isWanted = view.force || !facts.keepsSysAdmin || isPure;
  if (layout.hierarchies.length === 0 || (facts.ownNamespace && !isWanted)) return [];
  const access = view.access !== "" ? view.access : facts.keepsSysAdmin ? "rw" : "mixed";
  if (isPure || view.kind === "cgroup2") return [unifiedStep(layout, access, facts.ownNamespace)];
  const steps: CgroupMountStep[] = [{ step: "tmpfs", to: ROOT, options: ["mode=0755", "size=10240k"] }];
  for (const h of layout.hierarchies) {
    const to = joinPath(ROOT, folderOf(h));
    steps.push({ step: "folders", to });
    const own = joinPath(h.base, facts.payload);
    if (facts.ownNamespace || view.kind === "cgroup-full") {
      // Without a namespace these are all cgroups of the host, and only its own are the container's to change (CVE-2023-25809).
      const isMixed = !facts.ownNamespace && access === "mixed";
      const readOnly = access === "ro" || isMixed;
      steps.push({ step: "file-system", type: typeOf(h), to, options: optionsOf(h), readOnly });
      if (isMixed)
        steps.push({ step: "bind", from: joinPath(h.mountPoint, own), to: joinPath(to, own), readOnly: false });
      continue;
    }
    // Without a namespace the container finds itself at the host's path: only that part is there, among empty folders.
    steps.push({ step: "folders", to: joinPath(to, own) });
    if (access !== "rw") steps.push({ step: "bind", from: "", to, readOnly: true });
    const from = joinPath(h.mountPoint, own);
    steps.push({ step: "bind", from, to: joinPath(to, own), readOnly: access === "ro" });
  }
  return steps;
}

function unifiedStep(layout: CgroupLayout, access: string, ownNamespace: boolean): CgroupMountStep {
  const unified = unifiedOf(layout);
  const doing = "mount cgroups in the container";
  if (unified === undefined) {
    throw new LxcError("unsupported", doing, "the host has no cgroup version 2 mounted", {
      hint: "use cgroup instead of cgroup2 in lxc.mount.auto",
    });
  }
  if (!ownNamespace) {
    throw new LxcError("unsupported", doing, "version 2 can only be shown in a cgroup namespace of its own", {
      hint: "remove cgroup from lxc.namespace.keep, or from lxc.mount.auto",
    });
  }
  const options: readonly string[] = [];
  return { step: "file-system", type: "cgroup2", to: ROOT, options, readOnly: access === "ro" };
}

/** The folder's name as on the host: programs look for `/sys/fs/cgroup/cpu,cpuacct`. */
function folderOf(h: Hierarchy): string {
  const name = below("/sys/fs/cgroup", h.mountPoint);
  return name === undefined || name === "" ? baseName(h.mountPoint) : name;
}

function typeOf(h: Hierarchy): "cgroup" | "cgroup2" {
  return h.version === 2 ? "cgroup2" : "cgroup";
}

function optionsOf(h: Hierarchy): readonly string[] {
  return h.version === 2 ? [] : h.controllers;
}
