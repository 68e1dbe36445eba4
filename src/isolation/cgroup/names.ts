// Which cgroups a container and its monitor get, as paths below the base. Pure.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";

/** What the configuration says; an empty text is "not set". */
export interface CgroupNames {
  /** The container's name. */
  readonly name: string;
  /** A folder for both, below which they get their default names. */
  readonly dir: string;
  readonly monitor: string;
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
  const limit = pathFor(names, names.container, "lxc.payload.", attempt);
  if (limit === undefined) return undefined;
  return { limit, payload: names.inner === "" ? limit : checked(joinPath(limit, names.inner)) };
}

/** The monitor's path of attempt number `attempt`, from 0; undefined when there is no other name to try. */
export function monitorPath(names: CgroupNames, attempt: number): string | undefined {
  return pathFor(names, names.monitor, "lxc.monitor.", attempt);
}

function pathFor(names: CgroupNames, fixed: string, prefix: string, attempt: number): string | undefined {
  if (fixed !== "") return attempt === 0 ? checked(fixed) : undefined;
  if (attempt > LAST_SUFFIX) return undefined;
  const suffix = attempt === 0 ? "" : `-${attempt}`;
  return checked(joinPath(names.dir, `${prefix}${names.name}${suffix}`));
}

function checked(path: string): string {
  for (const part of path.split("/")) {
    if (part === ".." || part === "." || part === "") {
      throw new LxcError("config-invalid", `use ${path} as a cgroup`, "it is not a plain path below the base cgroup", {
        hint: "give lxc.cgroup.dir and the keys below it a relative path without . or ..",
      });
    }
  }
  return path;
}
