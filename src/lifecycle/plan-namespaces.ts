// Which namespaces a start makes, joins and keeps, and who its first process is in them. Pure.

import type { TimePart } from "../container/config/isolation-codecs.ts";
import type { Config } from "../container/config/schema.ts";
import { type MappedUser, mappedUser } from "../isolation/id-maps.ts";
import {
  type ClockOffset,
  clockOffset,
  hasNamespace,
  type NamespaceName,
  ownNamespaces,
  type SharedNamespace,
} from "../isolation/namespaces.ts";

/** What namespaces the first process is in. */
export interface Namespaces {
  /** CLONE_NEW* of those of its own. */
  readonly own: number;
  readonly joined: readonly SharedNamespace[];
}

/** `wantsNetwork` is whether the networks need a namespace of their own. */
export function namespacesOf(config: Config, joined: readonly SharedNamespace[], wantsNetwork: boolean): Namespaces {
  const own = ownNamespaces({
    clone: config.namespaceClone.values,
    keep: config.namespaceKeep.values,
    shared: joined.map((shared): NamespaceName => shared.name),
    hasMaps: config.idmap.values.length > 0,
    wantsNetwork,
    hasOffsets: clocksOf(config).length > 0,
  });
  return { own, joined };
}

/** Whether the configuration lets a container have a namespace of its own. */
export function mayOwn(config: Config, name: NamespaceName): boolean {
  const only = config.namespaceClone.values;
  if (config.namespaceKeep.values.includes(name) || (only.length > 0 && !only.includes(name))) return false;
  return !config.namespaceShare.entries.some((entry) => entry.name === name);
}

/** Who the first process is before it becomes its user; undefined in the user namespace of the host. */
export function userOf(config: Config, namespaces: Namespaces): MappedUser | undefined {
  const joins = namespaces.joined.some((shared) => shared.name === "user");
  if (joins) return { uid: 0, gid: 0, outsideUid: -1, outsideGid: -1 };
  if (!hasNamespace(namespaces.own, "user")) return undefined;
  return mappedUser(config.idmap.values, config.initUid.value, config.initGid.value);
}

/** How the container's clocks differ from the host's. */
export function clocksOf(config: Config): ClockOffset[] {
  const clocks: ClockOffset[] = [];
  const boot = offsetOf("boottime", config.timeOffsetBoot.values);
  const monotonic = offsetOf("monotonic", config.timeOffsetMonotonic.values);
  if (boot !== undefined) clocks.push(boot);
  if (monotonic !== undefined) clocks.push(monotonic);
  return clocks;
}

function offsetOf(clock: ClockOffset["clock"], parts: readonly TimePart[]): ClockOffset | undefined {
  let seconds = 0;
  let nanoseconds = 0;
  for (const part of parts) {
    if (part.unit === "s") seconds = part.amount;
    else nanoseconds = part.amount;
  }
  return clockOffset(clock, seconds, nanoseconds);
}
