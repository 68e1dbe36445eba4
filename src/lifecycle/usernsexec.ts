// A program that is root of a new user namespace, as lxc-usernsexec runs it.

import { asLxcError, LxcError } from "../base/errors.ts";
import { wholeNumberIn } from "../base/text.ts";
import { type IdMapping, insideOf, outsideOf } from "../isolation/id-maps.ts";
import { becomeMapped, writeIdMaps } from "../isolation/user-namespace.ts";
import { MS_REC, MS_SLAVE } from "../kernel/abi/mount.ts";
import { CLONE_NEWNS, CLONE_NEWUSER } from "../kernel/abi/sched.ts";
import { call } from "../kernel/call.ts";
import { setPropagation } from "../kernel/mounts.ts";
import type { ProcessEnd } from "../kernel/process.ts";
import { runNewborn } from "./unshare.ts";

export const NOT_MAPPED = "map ids";
const LARGEST_ID = 4294967294;

/** The maps of one `-m KIND:INSIDE:OUTSIDE:COUNT`, two for the kind `b`; undefined when it is no such word. */
export function mapsIn(word: string): IdMapping[] | undefined {
  const parts = word.split(":");
  const kind = parts[0] ?? "";
  const [inside, outside, count] = parts.slice(1).map((part) => idIn(part));
  if (parts.length !== 4 || inside === undefined || outside === undefined || count === undefined) return undefined;
  if (count === 0) return undefined;
  switch (kind) {
    case "u":
    case "g":
      return [{ kind, inside, outside, count }];
    case "b":
      return [
        { kind: "u", inside, outside, count },
        { kind: "g", inside, outside, count },
      ];
    default:
      return undefined;
  }
}

function idIn(text: string): number | undefined {
  const id = wholeNumberIn(text);
  return id === undefined || id < 0 || id > LARGEST_ID ? undefined : id;
}

/** The maps with the caller's own ids as well, after those that begin at 0 and follow each other, as in LXC. */
export function withSelf(maps: readonly IdMapping[], uid: number, gid: number): IdMapping[] {
  const all = maps.slice();
  if (insideOf(maps, "u", uid) < 0) all.push({ kind: "u", inside: firstFree(maps, "u"), outside: uid, count: 1 });
  if (insideOf(maps, "g", gid) < 0) all.push({ kind: "g", inside: firstFree(maps, "g"), outside: gid, count: 1 });
  return all;
}

function firstFree(maps: readonly IdMapping[], kind: "u" | "g"): number {
  let free = 0;
  for (const map of maps) {
    if (map.kind === kind && free >= map.inside && free < map.inside + map.count) free = map.inside + map.count;
  }
  return free;
}

/** Runs the command as root of a user namespace with these maps, in mounts of its own. Throws when it cannot be started. */
export function runAsMappedRoot(
  maps: readonly IdMapping[],
  command: readonly string[],
  env: readonly string[],
): ProcessEnd {
  const end = runNewborn({
    namespaces: CLONE_NEWUSER,
    prepare: (pid) => prepare(pid, maps),
    settle,
    detached: false,
    command,
    env,
  });
  if (end === undefined) throw new LxcError("bug", "wait for the command", "nobody did");
  return end;
}

/** Only here is it known that the maps come from the command line. */
function prepare(pid: number, maps: readonly IdMapping[]): void {
  if (outsideOf(maps, "u", 0) < 0) throw withoutRoot("user");
  if (outsideOf(maps, "g", 0) < 0) throw withoutRoot("group");
  try {
    writeIdMaps(pid, maps);
  } catch (caught) {
    const { code, reason, errno, hint } = asLxcError(caught as Error);
    throw new LxcError(code, NOT_MAPPED, reason, { errno, hint: hint.split("lxc.idmap").join("-m") });
  }
}

function withoutRoot(what: string): LxcError {
  return new LxcError("config-invalid", NOT_MAPPED, `${what} 0 inside is nobody outside`, {
    hint: "map it, as in: lxc-usernsexec -m b:0:100000:65536",
  });
}

/** Runs in the new process. Its mounts are its own; those of the host still arrive, as in LXC. */
function settle(): void {
  becomeMapped({ uid: 0, gid: 0, outsideUid: -1, outsideGid: -1 });
  call("have mounts of its own", "unshare", CLONE_NEWNS);
  setPropagation("/", MS_REC | MS_SLAVE);
}
