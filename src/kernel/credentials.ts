// Who a process is and what it may grow to: ids, groups, no-new-privs, dumpable, personality and resource limits.

import { LxcError, withHint } from "../base/errors.ts";
import { EINVAL } from "./abi/errno.ts";
import { PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, rlimit64 } from "./abi/prctl.ts";
import { Layout } from "./abi/struct.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryCall, tryNumbers } from "./call.ts";

const numbers = new Layout();
const word = numbers.u32();

const ALL_BITS = 0xffffffff;
const WORD = 4294967296;

/** Names of LXC's `lxc.prlimit.NAME`, by the kernel's number (asm-generic/resource.h). */
export const resourceNames: readonly string[] = [
  "cpu",
  "fsize",
  "data",
  "stack",
  "core",
  "rss",
  "nproc",
  "nofile",
  "memlock",
  "as",
  "locks",
  "sigpending",
  "msgqueue",
  "nice",
  "rtprio",
  "rttime",
];

const NO_CHANGE = 2 ** 32 - 1;

export interface ResourceLimit {
  /** One of `resourceNames`. */
  readonly name: string;
  /** Infinity for no limit. */
  readonly soft: number;
  readonly hard: number;
}

/** Sets the real, effective and saved user; the last step before exec, as it gives up every capability. */
export function becomeUser(uid: number): void {
  refuseNobody(uid, "user");
  call(`become user ${uid}`, "setresuid", uid, uid, uid);
}

export function becomeGroup(gid: number): void {
  refuseNobody(gid, "group");
  call(`become group ${gid}`, "setresgid", gid, gid, gid);
}

/** Calls `action` with files made and looked up as by this user and group, and no more than they may. Only root can. */
export function withFileOwner(uid: number, gid: number, action: () => void): void {
  refuseNobody(uid, "user");
  refuseNobody(gid, "group");
  const groupBefore = tryNumbers(SYS.setfsgid, gid, 0, 0);
  const userBefore = tryNumbers(SYS.setfsuid, uid, 0, 0);
  try {
    // These two calls never say that they failed (setfsuid(2)).
    if (tryNumbers(SYS.setfsuid, uid, 0, 0) !== uid || tryNumbers(SYS.setfsgid, gid, 0, 0) !== gid) {
      throw new LxcError("not-permitted", `make files of user ${uid}`, "the kernel does not let us", {
        hint: "be root on the host",
      });
    }
    action();
  } finally {
    tryNumbers(SYS.setfsuid, userBefore, 0, 0);
    tryNumbers(SYS.setfsgid, groupBefore, 0, 0);
  }
}

/** For the kernel -1 is "no change": whoever asks for it would stay root (CVE-2026-30892). */
function refuseNobody(id: number, what: string): void {
  if (id >= 0 && id < NO_CHANGE) return;
  throw new LxcError("config-invalid", `become ${what} ${id}`, `no ${what} has this number`);
}

/** Sets the supplementary groups. Returns 0 or -errno; -EPERM is usual in a user namespace that denies setgroups. */
export function trySetGroups(groups: readonly number[]): number {
  const bytes = new Uint8Array(groups.length * 4);
  for (let i = 0; i < groups.length; i++) word.put(bytes.subarray(i * 4, i * 4 + 4), groups[i]!);
  return tryCall(SYS.setgroups, groups.length, groups.length === 0 ? 0 : bytes);
}

/** Makes set-id bits and file capabilities without effect for us and all we start (prctl(2)). */
export function giveUpNewPrivileges(): void {
  call("set no_new_privs", "prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/** Whether others of our user may trace us and open what /proc shows of us; exec sets it anew. */
export function setDumpable(on: boolean): void {
  call("set the dumpable flag", "prctl", PR_SET_DUMPABLE, on ? 1 : 0);
}

/** The execution domain, personality(2): PER_LINUX or PER_LINUX32. */
export function setPersonality(personality: number): void {
  call("set the personality", "personality", personality);
}

/** Sets each limit of process `pid` (0 for ourselves), with prlimit(2). */
export function setResourceLimits(pid: number, limits: readonly ResourceLimit[]): void {
  for (const limit of limits) {
    const resource = resourceNames.indexOf(limit.name);
    const doing = `set lxc.prlimit.${limit.name}`;
    if (resource < 0) {
      const hint = `the limits are ${resourceNames.join(", ")}`;
      throw new LxcError("config-invalid", doing, "there is no such limit", { hint });
    }
    const bytes = new Uint8Array(rlimit64.size);
    putLimit(bytes, limit);
    const result = tryCall(SYS.prlimit64, pid, resource, bytes, 0);
    if (result < 0) throw withHint(refused(doing, "prlimit64", result), hintOfLimit(limit, -result));
  }
}

/** Takes as many descriptors as we may (Linux: RLIMIT_NOFILE). Returns how many that are. */
export function raiseDescriptorLimit(): number {
  const resource = resourceNames.indexOf("nofile");
  const bytes = new Uint8Array(rlimit64.size);
  if (tryCall(SYS.prlimit64, 0, resource, 0, bytes) < 0) return 0;
  const most = rlimit64.maximum.get(bytes);
  const before = rlimit64.current.get(bytes);
  rlimit64.current.put(bytes, most);
  return tryCall(SYS.prlimit64, 0, resource, bytes, 0) < 0 ? before : most;
}

function hintOfLimit(limit: ResourceLimit, errno: number): string {
  const key = `lxc.prlimit.${limit.name}`;
  if (errno === EINVAL) return `write ${key} = SOFT:HARD, with a soft limit that is not above the hard one`;
  if (limit.name === "nofile")
    return `lower ${key}, or raise /proc/sys/fs/nr_open; who is not root cannot go beyond \`ulimit -Hn\``;
  return `lower ${key}: only root may raise a hard limit`;
}

function putLimit(bytes: Uint8Array, limit: ResourceLimit): void {
  rlimit64.current.putWords(bytes, lowWord(limit.soft), highWord(limit.soft));
  rlimit64.maximum.putWords(bytes, lowWord(limit.hard), highWord(limit.hard));
}

/** RLIM_INFINITY is all 64 bits set. */
function lowWord(value: number): number {
  return value === Infinity ? ALL_BITS : value % WORD;
}

function highWord(value: number): number {
  return value === Infinity ? ALL_BITS : Math.floor(value / WORD);
}
