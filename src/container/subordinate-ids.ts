// The ids that /etc/subuid and /etc/subgid let a user give to containers (subuid(5)). Pure, but for what reads them.

import { LxcError } from "../base/errors.ts";
import { wholeNumberIn } from "../base/text.ts";
import type { IdMapping } from "../isolation/id-maps.ts";
import { tryReadText } from "../kernel/files.ts";
import { userIn } from "../kernel/passwd.ts";

export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** As many as a distribution's own users and groups need. */
const USUAL_COUNT = 65536;

/** The ranges of a user, whom lines name or number. */
export function rangesOf(text: string, name: string, uid: number): IdRange[] {
  const found: IdRange[] = [];
  for (const line of text.split("\n")) {
    const [user = "", firstText = "", countText = ""] = line.split(":");
    const first = wholeNumberIn(firstText);
    const count = wholeNumberIn(countText.trim());
    if (user === "" || first === undefined || count === undefined || count <= 0) continue;
    if (user === name || user === String(uid)) found.push({ first, count });
  }
  return found;
}

/** The map of a whole system: the first range that has room for one, or else the largest. */
export function usualMap(kind: "u" | "g", ranges: readonly IdRange[]): IdMapping | undefined {
  let best: IdRange | undefined;
  for (const range of ranges) {
    if (best === undefined || (best.count < USUAL_COUNT && range.count > best.count)) best = range;
  }
  if (best === undefined) return undefined;
  return { kind, inside: 0, outside: best.first, count: Math.min(best.count, USUAL_COUNT) };
}

/** The first range of each kind, whole, as lxc-usernsexec takes it; undefined when the user lacks one. */
export function firstMapsFor(uid: number): IdMapping[] | undefined {
  const name = userIn(tryReadText("/etc/passwd") ?? "", uid)?.name ?? String(uid);
  const users = rangesOf(tryReadText("/etc/subuid") ?? "", name, uid)[0];
  const groups = rangesOf(tryReadText("/etc/subgid") ?? "", name, uid)[0];
  if (users === undefined || groups === undefined) return undefined;
  return [
    { kind: "u", inside: 0, outside: users.first, count: users.count },
    { kind: "g", inside: 0, outside: groups.first, count: groups.count },
  ];
}

/** The maps for a container of the user `uid`, from the files of the host. Throws when it has no ids to give. */
export function usualMapsFor(uid: number): IdMapping[] {
  const name = userIn(tryReadText("/etc/passwd") ?? "", uid)?.name ?? String(uid);
  return [
    usualMapFrom("/etc/subuid", "u", "--add-subuids", name, uid),
    usualMapFrom("/etc/subgid", "g", "--add-subgids", name, uid),
  ];
}

function usualMapFrom(file: string, kind: "u" | "g", option: string, name: string, uid: number): IdMapping {
  const map = usualMap(kind, rangesOf(tryReadText(file) ?? "", name, uid));
  if (map !== undefined) return map;
  throw new LxcError("not-permitted", "map the users of the container", `${name} has no range of ids in ${file}`, {
    hint: `have root give it one: usermod ${option} 100000-165535 ${name}`,
  });
}
