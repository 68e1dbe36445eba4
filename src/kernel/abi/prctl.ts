// From linux/prctl.h, linux/capability.h and linux/securebits.h.

import { Layout } from "./struct.ts";

export const PR_SET_PDEATHSIG = 1;
export const PR_GET_DUMPABLE = 3;
export const PR_SET_DUMPABLE = 4;
export const PR_SET_NAME = 15;
export const PR_CAPBSET_READ = 23;
export const PR_CAPBSET_DROP = 24;
export const PR_SET_MM = 35;
export const PR_SET_MM_MAP = 14;
export const PR_SET_CHILD_SUBREAPER = 36;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_CAP_AMBIENT = 47;
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;
export const PR_SCHED_CORE = 62;
export const PR_SCHED_CORE_CREATE = 1;
export const PR_SCHED_CORE_SCOPE_THREAD_GROUP = 1;

export const PER_LINUX = 0;
export const PER_LINUX32 = 8;

export const LINUX_CAPABILITY_VERSION_3 = 0x20080522;

const header = new Layout();
export const capHeader = { version: header.u32(), pid: header.i32(), size: header.size() };

/** Two of these make a set of 64: the low 32 capabilities first. */
const data = new Layout();
export const capData = {
  effectiveLow: data.u32(),
  permittedLow: data.u32(),
  inheritableLow: data.u32(),
  effectiveHigh: data.u32(),
  permittedHigh: data.u32(),
  inheritableHigh: data.u32(),
  size: data.size(),
};

const map = new Layout();
export const prctlMmMap = {
  startCode: map.u64(),
  endCode: map.u64(),
  startData: map.u64(),
  endData: map.u64(),
  startBrk: map.u64(),
  brk: map.u64(),
  startStack: map.u64(),
  argStart: map.u64(),
  argEnd: map.u64(),
  envStart: map.u64(),
  envEnd: map.u64(),
  auxv: map.u64(),
  auxvSize: map.u32(),
  exeFd: map.u32(),
  size: map.size(),
};

const limit = new Layout();
export const rlimit64 = { current: limit.u64(), maximum: limit.u64(), size: limit.size() };
