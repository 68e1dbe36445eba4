// Programs for the kernel, from linux/bpf.h and linux/bpf_common.h.

import { Layout } from "./struct.ts";

export const BPF_PROG_LOAD = 5;
export const BPF_PROG_ATTACH = 8;
export const BPF_PROG_DETACH = 9;
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
export const BPF_CGROUP_DEVICE = 6;
export const BPF_F_ALLOW_MULTI = 2;
export const BPF_F_REPLACE = 4;

export const BPF_DEVCG_DEV_BLOCK = 1;
export const BPF_DEVCG_DEV_CHAR = 2;
export const BPF_DEVCG_ACC_MKNOD = 1;
export const BPF_DEVCG_ACC_READ = 2;
export const BPF_DEVCG_ACC_WRITE = 4;

export const BPF_LD = 0x00;
export const BPF_LDX = 0x01;
export const BPF_ALU = 0x04;
export const BPF_JMP = 0x05;
export const BPF_RET = 0x06;
export const BPF_ALU64 = 0x07;
export const BPF_W = 0x00;
export const BPF_ABS = 0x20;
export const BPF_MEM = 0x60;
export const BPF_K = 0x00;
export const BPF_X = 0x08;
export const BPF_AND = 0x50;
export const BPF_RSH = 0x70;
export const BPF_MOV = 0xb0;
export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGT = 0x20;
export const BPF_JGE = 0x30;
export const BPF_JNE = 0x50;
export const BPF_EXIT = 0x90;
/** The most instructions of a filter for system calls or packets. */
export const BPF_MAXINSNS = 4096;

/** `struct bpf_insn`; `registers` holds dst in its low four bits and src above. */
const i = new Layout();
export const bpfInsn = { code: i.u8(), registers: i.u8(), off: i.u16(), imm: i.u32(), size: i.size() };

/** What a device program finds at the address in register 1. */
const c = new Layout();
export const bpfCgroupDevCtx = { accessType: c.u32(), major: c.u32(), minor: c.u32() };

/** The part of `union bpf_attr` for BPF_PROG_LOAD. */
const l = new Layout();
export const progLoadAttr = {
  progType: l.u32(),
  insnCnt: l.u32(),
  insns: l.u64(),
  license: l.u64(),
  logLevel: l.u32(),
  logSize: l.u32(),
  logBuf: l.u64(),
  kernVersion: l.u32(),
  progFlags: l.u32(),
  progName: l.bytes(16),
  size: l.size(),
};

/** The part of `union bpf_attr` for BPF_PROG_ATTACH. */
const a = new Layout();
export const progAttachAttr = {
  targetFd: a.u32(),
  attachBpfFd: a.u32(),
  attachType: a.u32(),
  attachFlags: a.u32(),
  replaceBpfFd: a.u32(),
  size: a.size(),
};
