// From linux/sched.h. Add flags above bit 30 with `+`: `|` would make them negative.
import { Layout } from "./struct.ts";

export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWCGROUP = 0x02000000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWIPC = 0x08000000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;

export const SIGCHLD = 17;

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
