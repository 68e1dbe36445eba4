// What a container without a cgroup in some hierarchy has to do without, in words for a warning. Pure.

import { joinPath } from "../../base/path.ts";
import { EROFS, errnoText } from "../../kernel/abi/errno.ts";
import type { CgroupKind, Hierarchy } from "./layout.ts";

/** A hierarchy in which we may not make cgroups. */
export interface LeftOut {
  readonly hierarchy: Hierarchy;
  readonly errno: number;
}

/** Who starts the container, and what there is at all. */
export interface LeftOutFacts {
  readonly kind: CgroupKind;
  readonly isRoot: boolean;
  /** Whether the container has a cgroup in no hierarchy. */
  readonly isEmpty: boolean;
}

/** One sentence, "" when nothing is missing that anybody would miss. */
export function leftOutSentence(leftOut: readonly LeftOut[], facts: LeftOutFacts): string {
  const first = leftOut[0];
  if (first === undefined) return "";
  const what = facts.isEmpty ? "no limit holds and nothing is counted" : `nothing limits ${namesOf(leftOut)}`;
  const where = joinPath(first.hierarchy.mountPoint, first.hierarchy.base);
  const more = leftOut.length === 1 ? "" : ` and ${leftOut.length - 1} more`;
  const why = `we may not make cgroups in ${where}${more} (${errnoText(first.errno)})`;
  return `${what}: ${why}; ${fixFor(first, facts)}`;
}

function namesOf(leftOut: readonly LeftOut[]): string {
  const names: string[] = [];
  for (const { hierarchy } of leftOut) {
    names.push(hierarchy.controllers.length === 0 ? "what is in version 2" : hierarchy.controllers.join(","));
  }
  return names.join(" ");
}

function fixFor(first: LeftOut, facts: LeftOutFacts): string {
  if (first.errno === EROFS) return "mount them writable: mount -o remount,rw on that path";
  if (facts.isRoot) return "have them delegated to us by whoever made this user namespace";
  if (facts.kind === "unified") {
    return "start in a delegated cgroup: systemd-run --user --scope -p Delegate=yes lxc-start …";
  }
  return "have root make a cgroup for you in each and put your shell there; libpam-cgfs does it at login";
}
