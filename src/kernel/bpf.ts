// Loading a program into the kernel and attaching it to a cgroup (bpf(2)).

import { LxcError } from "../base/errors.ts";
import {
  BPF_F_ALLOW_MULTI,
  BPF_F_REPLACE,
  BPF_PROG_ATTACH,
  BPF_PROG_DETACH,
  BPF_PROG_LOAD,
  bpfInsn,
  progAttachAttr,
  progLoadAttr,
} from "./abi/bpf.ts";
import { EINVAL, ENOSYS, EPERM, errnoText } from "./abi/errno.ts";
import { SYS } from "./abi/syscalls.ts";
import { tryBytes } from "./call.ts";
import { cString, Pins } from "./memory.ts";

/** Loads `instructions` as a program of a BPF_PROG_TYPE_*. Returns a descriptor; an attached program outlives it. */
export function loadProgram(type: number, instructions: Uint8Array, what: string): number {
  const attributes = new Uint8Array(progLoadAttr.size);
  const pins = new Pins();
  progLoadAttr.progType.put(attributes, type);
  progLoadAttr.insnCnt.put(attributes, instructions.length / bpfInsn.size);
  pins.point(attributes, progLoadAttr.insns, instructions);
  pins.point(attributes, progLoadAttr.license, cString("GPL"));
  const fd = tryBytes(SYS.bpf, BPF_PROG_LOAD, attributes, attributes.length, 0);
  // Naming the pins keeps what the attributes point at alive during the call.
  if (fd < 0 || pins.count() === 0) throw refusedProgram(`load the ${what}`, fd);
  return fd;
}

/**
 * Attaches `program` to the cgroup of version 2 that `cgroup` is open on, beside programs of others, or in place of
 * `replaced` when that is not negative.
 */
export function attachToCgroup(cgroup: number, program: number, type: number, replaced: number): void {
  const attributes = new Uint8Array(progAttachAttr.size);
  progAttachAttr.targetFd.put(attributes, cgroup);
  progAttachAttr.attachBpfFd.put(attributes, program);
  progAttachAttr.attachType.put(attributes, type);
  progAttachAttr.attachFlags.put(attributes, BPF_F_ALLOW_MULTI | (replaced >= 0 ? BPF_F_REPLACE : 0));
  if (replaced >= 0) progAttachAttr.replaceBpfFd.put(attributes, replaced);
  const result = tryBytes(SYS.bpf, BPF_PROG_ATTACH, attributes, attributes.length, 0);
  if (result < 0) throw refusedProgram("attach a program to the container's cgroup", result);
}

/** Takes `program` off the cgroup again; programs of others stay. */
export function detachFromCgroup(cgroup: number, program: number, type: number): void {
  const attributes = new Uint8Array(progAttachAttr.size);
  progAttachAttr.targetFd.put(attributes, cgroup);
  progAttachAttr.attachBpfFd.put(attributes, program);
  progAttachAttr.attachType.put(attributes, type);
  const result = tryBytes(SYS.bpf, BPF_PROG_DETACH, attributes, attributes.length, 0);
  if (result < 0) throw refusedProgram("take a program off the container's cgroup", result);
}

function refusedProgram(doing: string, result: number): LxcError {
  const errno = -result;
  return new LxcError("syscall-failed", doing, `bpf: ${errnoText(errno)}`, { errno, hint: hintOf(errno) });
}

function hintOf(errno: number): string {
  if (errno === EPERM) return "this needs CAP_BPF and CAP_NET_ADMIN, and before Linux 5.11 more of `ulimit -l`";
  if (errno === EINVAL || errno === ENOSYS) return "the kernel needs CONFIG_CGROUP_BPF and CONFIG_BPF_SYSCALL";
  return "";
}
