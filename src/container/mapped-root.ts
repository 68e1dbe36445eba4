// Working on the files of a container with id maps: as its root, who may also touch what the caller owns.

import { type IdMapping, insideOf, type MappedUser, mappedUser, withCaller } from "../isolation/id-maps.ts";
import { runMapped } from "../isolation/user-namespace.ts";
import { effectiveGroup, effectiveUser } from "../kernel/process.ts";

export interface MappedRoot {
  /** Those of the container, and the caller. */
  readonly maps: readonly IdMapping[];
  readonly root: MappedUser;
  /** The caller, inside. */
  readonly callerUid: number;
  readonly callerGid: number;
}

/** Undefined for a container without maps, whose root is that of the host. */
export function mappedRootOf(maps: readonly IdMapping[]): MappedRoot | undefined {
  if (maps.length === 0) return undefined;
  const uid = effectiveUser();
  const gid = effectiveGroup();
  const all = withCaller(maps, uid, gid);
  return {
    maps: all,
    root: mappedUser(maps, 0, 0),
    callerUid: insideOf(all, "u", uid),
    callerGid: insideOf(all, "g", gid),
  };
}

/** Calls `work` as the container's root: in another process when that is not the host's. */
export function asRoot(mapped: MappedRoot | undefined, work: () => void): void {
  if (mapped === undefined) work();
  else runMapped(mapped.maps, mapped.root, work);
}

/** The same for what the host's root can do by itself, such as removing. */
export function asRootOrOwner(mapped: MappedRoot | undefined, work: () => void): void {
  asRoot(effectiveUser() === 0 ? undefined : mapped, work);
}
