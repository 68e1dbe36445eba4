// What lxc.apparmor.allow_nesting mounts. Pure.

import type { MountStep } from "./steps.ts";

const NESTED: readonly (readonly [string, string])[] = [
  ["proc", "proc"],
  ["sys", "sysfs"],
];

/**
 * A procfs and a sysfs with nothing over them, as in LXC: only who has such a one may mount another in a user namespace
 * (mount_namespaces(7)), and those of the container itself are covered in part. Where the kernel makes none, they are left out.
 */
export function nestingSteps(mayNest: boolean): MountStep[] {
  const steps: MountStep[] = [];
  if (!mayNest) return steps;
  for (const [name, type] of NESTED)
    steps.push({
      kind: "entry",
      source: name,
      sourceInside: false,
      to: `dev/.lxc/${name}`,
      type,
      flags: 0,
      propagation: 0,
      data: "",
      create: "dir",
      optional: true,
      idmap: "",
      isShare: false,
    });
  return steps;
}
