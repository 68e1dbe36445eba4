// Which cgroups a container and its monitor get, as paths below the base. Pure.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { PIVOT } from "./layout.ts";

/** What the configuration says; an empty text is "not set". */
export interface CgroupNames {
  /** The container's name. */
  readonly name: string;
  /** A folder for both, below which they get their default names. */
  readonly dir: string;
  /** lxc.cgroup.pattern of the host, with %n for the container's name; what the container itself says comes first. */
  readonly pattern: string;
  readonly monitor: string;
  /** A folder for the cgroup that the monitor goes to in the end, before its own is removed. */
  readonly pivot: string;
  readonly container: string;
  /** A further level inside of `container`: limits stay outside of it, where the container cannot change them. */
  readonly inner: string;
}

/** Paths below the base of a hierarchy. */
export interface PayloadPaths {
  /** Where limits go. */
  readonly limit: string;
  /** Where the container's processes live: `limit`, or one level below it. */
  readonly payload: string;
}

/** How often another name is tried, as in LXC. */
const LAST_SUFFIX = 999;

/** The container's paths of attempt number `attempt`, from 0; undefined when there is no other name to try. */
export function payloadPaths(names: CgroupNames, attempt: number): PayloadPaths | undefined {
  const limit = pathFor(names, names.container, "payload", attempt);
  if (limit === undefined) return undefined;
  return { limit, payload: names.inner === "" ? limit : checked(joinPath(`${limit}`, names.inner)) };
}

/** Where a container is when nothing says otherwise, and no other was there first. */
export function usualPayload(name: string): string {
  return `lxc.payload.${name}`;
}

/** The monitor's path of attempt number `attempt`, from 0; undefined when there is no other name to try. */
export function monitorPath(names: CgroupNames, attempt: number): string | undefined {
  return pathFor(names, names.monitor, "monitor", attempt);
}

/** Whether somebody has said where the monitor is to be, which then holds for all hierarchies. */
export function isMonitorPlaced(names: CgroupNames): boolean {
  return names.monitor !== "" || names.dir !== "" || names.pattern !== "";
}

/**
 * The cgroup for a process of ours that must leave another one, as LXC names it. Throws when that is inside of the
 * monitor's or of the container's cgroup, which then could not be removed.
 */
export function pivotPath(names: CgroupNames): string {
  const path = checked(joinPath(names.pivot !== "" ? names.pivot : names.dir, PIVOT));
  for (const own of [monitorPath(names, 0) ?? "", payloadPaths(names, 0)?.limit ?? ""]) {
    if (path !== own && !path.startsWith(`${own}/`)) continue;
    throw new LxcError(
      "config-invalid",
      `use ${names.pivot} as lxc.cgroup.dir.monitor.pivot`,
      `it is inside of ${own}`,
      {
        hint: "give it a place of its own: a cgroup with a process in it cannot be removed",
      },
    );
  }
  return path;
}

function pathFor(names: CgroupNames, fixed: string, what: string, attempt: number): string | undefined {
  if (fixed !== "") return attempt === 0 ? checked(fixed) : undefined;
  if (attempt > LAST_SUFFIX) return undefined;
  const suffix = attempt === 0 ? "" : `-${attempt}`;
  const hasPattern = names.pattern !== "" && names.dir === "";
  if (hasPattern) return checked(joinPath(folderOf(names), `${what}${suffix}`));
  return checked(joinPath(names.dir, `lxc.${what}.${names.name}${suffix}`));
}

/** The older `/lxc/%n`, of LXC 1, means the same as `lxc/%n`. */
function folderOf(names: CgroupNames): string {
  const folder = names.pattern.split("%n").join(names.name);
  return folder.startsWith("/") ? folder.slice(1) : folder;
}

function checked(path: string): string {
  for (const part of path.split("/")) {
    if (part === ".." || part === "." || part === "") {
      throw new LxcError("config-invalid", `use ${path} as a cgroup`, "it is not a plain path below the base cgroup", {
        hint: "give lxc.cgroup.dir, the keys below it and lxc.cgroup.pattern a relative path without . or ..",
      });
    }
  }
  return path;
}
