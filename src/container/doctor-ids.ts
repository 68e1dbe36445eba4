// Whether the ids of a container are its user's to give (subuid(5)), and what is missing. Pure.

import type { IdMapping } from "../isolation/id-maps.ts";
import { type DoctorCheck, fine, found } from "./doctor-checks.ts";
import { byHand, type Fix, type HostFacts } from "./host-facts.ts";
import { type IdRange, rangesOf } from "./subordinate-ids.ts";

/** Ids below belong to the users of the host, or may some day (login.defs(5), SUB_UID_MIN). */
const FIRST_SUBORDINATE = 100_000;

/** What no range covers of the ids from `wanted.first` on, in order. */
export function uncovered(wanted: IdRange, ranges: readonly IdRange[]): IdRange[] {
  const missing: IdRange[] = [];
  const end = wanted.first + wanted.count;
  let at = wanted.first;
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const stop = Math.min(range.first, end);
    if (stop > at) missing.push({ first: at, count: stop - at });
    at = Math.max(at, range.first + range.count);
  }
  if (at < end) missing.push({ first: at, count: end - at });
  return missing;
}

/** For users and for groups: nothing for root, who needs no leave to map ids. */
export function checkMaps(host: HostFacts, maps: readonly IdMapping[], gid: number): DoctorCheck[] {
  if (host.uid === 0 || maps.length === 0) return [];
  return [checkKind(host, maps, "u", host.uid), checkKind(host, maps, "g", gid)];
}

/** newuidmap(1) wants each map within one range, or within ranges that meet. */
function checkKind(host: HostFacts, maps: readonly IdMapping[], kind: "u" | "g", own: number): DoctorCheck {
  const file = kind === "u" ? "/etc/subuid" : "/etc/subgid";
  const id = kind === "u" ? "container-subuid" : "container-subgid";
  const what = `lxc.idmap, by ${file}`;
  const ranges = rangesOf(host.text(file), host.userName, host.uid);
  const missing: IdRange[] = [];
  for (const map of maps) {
    if (map.kind !== kind || (map.count === 1 && map.outside === own)) continue;
    missing.push(...uncovered({ first: map.outside, count: map.count }, ranges));
  }
  if (missing.length === 0) return fine(id, what, "");
  const texts = missing.map(rangeText);
  const detail = `${texts.join(", ")} are not ${host.userName}'s to give`;
  return found(id, "stops", what, detail, fixFor(host, file, missing, ranges));
}

function rangeText(range: IdRange): string {
  return `${range.first}-${range.first + range.count - 1}`;
}

/**
 * Never done by itself: who wrote the configuration would choose the ids. Those that are somebody's are not even offered.
 */
function fixFor(host: HostFacts, file: string, missing: readonly IdRange[], ranges: readonly IdRange[]): Fix {
  const own = ranges[0];
  const within = own === undefined ? "" : `change lxc.idmap to ids within ${rangeText(own)}`;
  if (missing.some((range) => range.first < FIRST_SUBORDINATE || isTaken(host, file, range))) {
    const others = `these ids are another's, or the host's own`;
    return byHand(within === "" ? `change lxc.idmap: ${others}` : `${within}: ${others}`);
  }
  const option = file.endsWith("gid") ? "--add-subgids" : "--add-subuids";
  const usermod = `usermod ${missing.map((range) => `${option} ${rangeText(range)}`).join(" ")} ${host.userName}`;
  return byHand(within === "" ? usermod : `${usermod}; or ${within}`);
}

/** Whether somebody else has ids of that range. */
function isTaken(host: HostFacts, file: string, wanted: IdRange): boolean {
  for (const line of host.lines(file)) {
    const [user = ""] = line.split(":");
    if (user === host.userName || user === String(host.uid)) continue;
    for (const range of rangesOf(line, user, -1)) {
      if (range.first < wanted.first + wanted.count && wanted.first < range.first + range.count) return true;
    }
  }
  return false;
}
