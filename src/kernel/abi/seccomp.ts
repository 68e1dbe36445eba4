// System call filters and their notifications, from linux/seccomp.h, linux/filter.h and linux/audit.h.

import { Layout } from "./struct.ts";

export const SECCOMP_SET_MODE_FILTER = 1;
export const SECCOMP_GET_NOTIF_SIZES = 3;
export const SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;

export const SECCOMP_RET_KILL_PROCESS = 0x80000000;
export const SECCOMP_RET_KILL_THREAD = 0;
export const SECCOMP_RET_TRAP = 0x00030000;
export const SECCOMP_RET_ERRNO = 0x00050000;
export const SECCOMP_RET_USER_NOTIF = 0x7fc00000;
export const SECCOMP_RET_LOG = 0x7ffc0000;
export const SECCOMP_RET_ALLOW = 0x7fff0000;
export const SECCOMP_RET_ACTION_FULL = 0xffff0000;
export const SECCOMP_RET_DATA = 0xffff;

export const SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100;
export const SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101;
export const SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102;

export const AUDIT_ARCH_I386 = 0x40000003;
export const AUDIT_ARCH_X86_64 = 0xc000003e;
export const AUDIT_ARCH_AARCH64 = 0xc00000b7;

/** What a filter looks at; the six arguments follow each other. */
const d = new Layout();
export const seccompData = {
  nr: d.i32(),
  arch: d.u32(),
  instructionPointer: d.u64(),
  args: d.bytes(48),
  size: d.size(),
};

/** One instruction of a filter: `struct sock_filter`. */
const f = new Layout();
export const sockFilter = { code: f.u16(), jt: f.u8(), jf: f.u8(), k: f.u32(), size: f.size() };

const p = new Layout();
export const sockFprog = { len: p.u16(), filter: p.u64(), size: p.size() };

const s = new Layout();
export const seccompNotifSizes = {
  seccompNotif: s.u16(),
  seccompNotifResp: s.u16(),
  seccompData: s.u16(),
  size: s.size(),
};

/** The kernel's may be larger; SECCOMP_GET_NOTIF_SIZES says how large. */
const n = new Layout();
export const seccompNotif = { id: n.u64(), pid: n.u32(), flags: n.u32(), data: n.bytes(64), size: n.size() };

const r = new Layout();
export const seccompNotifResp = { id: r.u64(), val: r.u64(), error: r.i32(), flags: r.u32(), size: r.size() };
