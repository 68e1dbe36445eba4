// Id maps of a user namespace (user_namespaces(7)): which users and groups inside are which outside. Pure.

import { blankSeparated } from "../base/text.ts";

/** One range of an id map: `count` ids from `inside` on are `outside` and following in the parent namespace. */
export interface IdMapping {
  readonly kind: "u" | "g";
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** Who the first process of a user namespace is, there and in the parent namespace. */
export interface MappedUser {
  readonly uid: number;
  readonly gid: number;
  readonly outsideUid: number;
  readonly outsideGid: number;
}

/** Who may write which maps: what the kernel looks at (user_namespaces(7), "Defining user and group ID mappings"). */
export interface Mapper {
  /** Whether it has CAP_SETUID and CAP_SETGID: as good as any range. */
  readonly mayMapAny: boolean;
  readonly uid: number;
  readonly gid: number;
}

/** The kernel takes no more lines, since Linux 4.15. */
export const MOST_RANGES = 340;

/** The lines of /proc/PID/uid_map (`u`) or gid_map (`g`); "" when nothing is mapped. */
export function mapText(maps: readonly IdMapping[], kind: "u" | "g"): string {
  let text = "";
  for (const map of maps) if (map.kind === kind) text += `${map.inside} ${map.outside} ${map.count}\n`;
  return text;
}

/** What /proc/PID/uid_map or gid_map says. */
export function mappingsIn(text: string, kind: "u" | "g"): IdMapping[] {
  const maps: IdMapping[] = [];
  for (const line of text.split("\n")) {
    const [inside, outside, count] = blankSeparated(line);
    if (inside === undefined || outside === undefined || count === undefined) continue;
    maps.push({ kind, inside: parseInt(inside, 10), outside: parseInt(outside, 10), count: parseInt(count, 10) });
  }
  return maps;
}

/** The same as arguments of newuidmap(1). */
export function mapWords(maps: readonly IdMapping[], kind: "u" | "g"): string[] {
  const words: string[] = [];
  for (const map of maps) {
    if (map.kind === kind) words.push(String(map.inside), String(map.outside), String(map.count));
  }
  return words;
}

/** What `inside` is outside; -1 when it is not mapped. */
export function outsideOf(maps: readonly IdMapping[], kind: "u" | "g", inside: number): number {
  for (const map of maps) {
    if (map.kind === kind && inside >= map.inside && inside < map.inside + map.count)
      return map.outside + (inside - map.inside);
  }
  return -1;
}

/** Root inside, or whoever `outside` is there when there is no root; -1 when it is nobody either. */
export function idToEnterAs(maps: readonly IdMapping[], kind: "u" | "g", outside: number): number {
  return outsideOf(maps, kind, 0) >= 0 ? 0 : insideOf(maps, kind, outside);
}

/** What `outside` is inside; -1 when it is not mapped. */
export function insideOf(maps: readonly IdMapping[], kind: "u" | "g", outside: number): number {
  for (const map of maps) {
    if (map.kind === kind && outside >= map.outside && outside < map.outside + map.count)
      return map.inside + (outside - map.outside);
  }
  return -1;
}

/** An id inside that stands for nobody yet. */
export function freeInside(maps: readonly IdMapping[], kind: "u" | "g"): number {
  let free = 0;
  for (const map of maps) if (map.kind === kind) free = Math.max(free, map.inside + map.count);
  return free;
}

/** Root there, or, as in LXC, whoever the first process is to be when the namespace has no root. */
export function mappedUser(maps: readonly IdMapping[], initUid: number, initGid: number): MappedUser {
  const uid = outsideOf(maps, "u", 0) >= 0 ? 0 : initUid;
  const gid = outsideOf(maps, "g", 0) >= 0 ? 0 : initGid;
  return { uid, gid, outsideUid: outsideOf(maps, "u", uid), outsideGid: outsideOf(maps, "g", gid) };
}

/**
 * The maps with one more user and group: themselves, so that somebody inside may also touch what the caller owns. Ids
 * that are mapped already stay as they are.
 */
export function withCaller(maps: readonly IdMapping[], uid: number, gid: number): IdMapping[] {
  const all = maps.slice();
  if (insideOf(maps, "u", uid) < 0) all.push({ kind: "u", inside: freeInside(maps, "u"), outside: uid, count: 1 });
  if (insideOf(maps, "g", gid) < 0) all.push({ kind: "g", inside: freeInside(maps, "g"), outside: gid, count: 1 });
  return all;
}

/**
 * How maps get written: by ourselves; by ourselves after giving up setgroups(2), when they hold nobody but us; or by the
 * setuid programs newuidmap and newgidmap, which ask /etc/subuid and /etc/subgid.
 */
export function wayToMap(maps: readonly IdMapping[], mapper: Mapper): "direct" | "alone" | "programs" {
  if (mapper.mayMapAny) return "direct";
  let others = 0;
  for (const map of maps) {
    const own = map.kind === "u" ? mapper.uid : mapper.gid;
    if (map.count !== 1 || map.outside !== own) others++;
  }
  return others === 0 && maps.length <= 2 ? "alone" : "programs";
}
