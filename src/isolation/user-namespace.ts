// A user namespace of a process: its maps, written from outside, and becoming somebody in it.

import { decodeError, encodeError } from "../base/error-fields.ts";
import { asLxcError, LxcError } from "../base/errors.ts";
import { EPERM } from "../kernel/abi/errno.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { CLONE_NEWUSER } from "../kernel/abi/sched.ts";
import { SIGKILL } from "../kernel/abi/signal.ts";
import { refused } from "../kernel/call.ts";
import { becomeGroup, becomeUser, trySetGroups } from "../kernel/credentials.ts";
import { closeFd, readText, tryWriteAt } from "../kernel/files.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { cloneProcess, dieWithParent, effectiveGroup, effectiveUser, exitNow, waitForEnd } from "../kernel/process.ts";
import { tryExecSearching } from "../kernel/program-search.ts";
import { type ProgramEnd, RunningProgram } from "../kernel/run-program.ts";
import { receiveMessage, socketPair, trySend } from "../kernel/sockets.ts";
import { capabilityNumber } from "./capabilities.ts";
import { capabilitiesFromStatus, hasCapability } from "./capability-sets.ts";
import { type IdMapping, type MappedUser, type Mapper, mapText, mapWords, wayToMap } from "./id-maps.ts";

/** The setuid programs are looked for where distributions put them, whatever the caller's PATH says. */
const PROGRAM_ENVIRONMENT: readonly string[] = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"];
const LONGEST_ERROR = 16384;
const GO = "go";

/** Writes the maps of process `pid`, a child of ours in a new user namespace. */
export function writeIdMaps(pid: number, maps: readonly IdMapping[]): void {
  const way = wayToMap(maps, ourselves());
  if (way === "programs") {
    // They start as slowly as they work fast: both at once.
    const users = startMapping(pid, maps, "u");
    const groups = startMapping(pid, maps, "g");
    const usersEnd = users?.finish();
    const groupsEnd = groups?.finish();
    checkMapped(usersEnd, "u");
    checkMapped(groupsEnd, "g");
    return;
  }
  if (way === "alone") writeProc(pid, "setgroups", "deny");
  writeProc(pid, "uid_map", mapText(maps, "u"));
  writeProc(pid, "gid_map", mapText(maps, "g"));
}

function ourselves(): Mapper {
  const capabilities = capabilitiesFromStatus(readText("/proc/self/status"))?.effective;
  const has = (name: string): boolean =>
    capabilities !== undefined && hasCapability(capabilities, capabilityNumber(name) ?? 0);
  return {
    mayMapAny: has("setuid") && has("setgid"),
    uid: effectiveUser(),
    gid: effectiveGroup(),
  };
}

function writeProc(pid: number, name: string, text: string): void {
  if (text === "") return;
  const result = tryWriteAt(AT_FDCWD, `/proc/${pid}/${name}`, text);
  if (result >= 0) return;
  const error = refused(`write the container's ${name} "${text.trim()}"`, "write", result);
  throw new LxcError(error.code, error.doing, error.reason, {
    errno: error.errno,
    hint: "lxc.idmap may only name ids that exist in the user namespace lxc-ts runs in: see /proc/self/uid_map and gid_map",
  });
}

function programOf(kind: "u" | "g"): string {
  return kind === "u" ? "newuidmap" : "newgidmap";
}

/** Undefined when there is nothing to map. */
function startMapping(pid: number, maps: readonly IdMapping[], kind: "u" | "g"): RunningProgram | undefined {
  const words = mapWords(maps, kind);
  if (words.length === 0) return undefined;
  return new RunningProgram(() => {
    tryExecSearching([programOf(kind), String(pid)].concat(words), PROGRAM_ENVIRONMENT);
  });
}

function checkMapped(ran: ProgramEnd | undefined, kind: "u" | "g"): void {
  if (ran === undefined || (ran.end.code === 0 && ran.end.signal === 0)) return;
  const program = programOf(kind);
  const end = ran.end;
  const said = ran.said;
  const file = kind === "u" ? "/etc/subuid" : "/etc/subgid";
  const doing = `map ${kind === "u" ? "users" : "groups"} as lxc.idmap says`;
  if (said === "" && end.code === 127) {
    throw new LxcError("not-found", doing, `${program} is not installed`, { hint: "install it: apt install uidmap" });
  }
  throw new LxcError("not-permitted", doing, said === "" ? `${program} failed with exit code ${end.code}` : said, {
    hint: `each range of lxc.idmap must be within one of this user's in ${file}; lxc-doctor shows them, and what to do`,
  });
}

/** In a process whose maps have been written: becomes `user`, who has all capabilities there when that is root. */
export function becomeMapped(user: MappedUser): void {
  const result = trySetGroups([]);
  // Where setgroups is denied the caller's groups stay; they are nobody's inside.
  if (result < 0 && result !== -EPERM) throw refused("give up the caller's groups", "setgroups", result);
  becomeGroup(user.gid);
  becomeUser(user.uid);
}

/**
 * Runs `work` in a child that is `user` of a new user namespace with these maps, and waits for it. What it throws is
 * thrown here; nothing else of what it does to memory is seen here.
 */
export function runMapped(maps: readonly IdMapping[], user: MappedUser, work: () => void): void {
  const channel = socketPair();
  const child = cloneProcess(CLONE_NEWUSER, -1);
  if (child.pid === 0) {
    closeFd(channel.left);
    workMapped(channel.right, user, work);
  }
  closeFd(channel.right);
  closeFd(child.pidfd);
  try {
    writeIdMaps(child.pid, maps);
    trySend(channel.left, bytesOfText(GO), []);
    const { bytes } = receiveMessage(channel.left, LONGEST_ERROR);
    if (bytes.length > 0) throw decodeError(bytes);
  } finally {
    closeFd(channel.left);
    waitForEnd(child.pid);
  }
}

/** Runs in the child. */
function workMapped(parent: number, user: MappedUser, work: () => void): never {
  try {
    dieWithParent(SIGKILL);
    // Nothing comes when the parent has given up.
    if (receiveMessage(parent, GO.length).bytes.length === 0) exitNow(1);
    becomeMapped(user);
    dieWithParent(SIGKILL);
    work();
  } catch (caught) {
    trySend(parent, encodeError(asLxcError(caught as Error)).slice(0, LONGEST_ERROR), []);
    exitNow(1);
  }
  exitNow(0);
}
