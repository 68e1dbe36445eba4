// Processes and namespaces, from linux/sched.h, linux/wait.h and linux/pidfd.h. Add flags above bit 30 with `+`: `|` would make them negative.

import { Layout } from "./struct.ts";

export const CLONE_NEWTIME = 0x00000080;
export const CLONE_PIDFD = 0x00001000;
export const CLONE_PARENT = 0x00008000;
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWCGROUP = 0x02000000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWIPC = 0x08000000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;
export const CLONE_INTO_CGROUP = 0x200000000;

export const P_PID = 1;
export const P_PIDFD = 3;
export const WNOHANG = 1;
export const WEXITED = 4;
export const WNOWAIT = 0x01000000;
export const WALL = 0x40000000;

export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;

const layout = new Layout();
export const cloneArgs = {
  flags: layout.u64(),
  pidfd: layout.u64(),
  childTid: layout.u64(),
  parentTid: layout.u64(),
  exitSignal: layout.u64(),
  stack: layout.u64(),
  stackSize: layout.u64(),
  tls: layout.u64(),
  setTid: layout.u64(),
  setTidSize: layout.u64(),
  cgroup: layout.u64(),
  size: layout.size(),
};

/** The head of siginfo_t as waitid fills it. */
const info = new Layout();
export const waitInfo = {
  signo: info.i32(),
  errno: info.i32(),
  code: info.i32(),
  pad: info.i32(),
  pid: info.i32(),
  uid: info.u32(),
  status: info.i32(),
  rest: info.bytes(100),
  size: info.size(),
};
