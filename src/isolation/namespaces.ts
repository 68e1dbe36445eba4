// Which namespaces a container has of its own, which it joins, and which it takes over from its caller. Pure.

import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from "../kernel/abi/sched.ts";

/** As in /proc/PID/ns. */
export type NamespaceName = "user" | "mnt" | "pid" | "uts" | "ipc" | "net" | "cgroup" | "time";
/** The user namespace first: it owns the others that are made with it. */
export const namespaceNames: readonly NamespaceName[] = ["user", "mnt", "pid", "uts", "ipc", "net", "cgroup", "time"];

/** The CLONE_NEW* flag of a namespace. */
export function flagOfNamespace(name: NamespaceName): number {
  // A text also in the compiled program, where the name may be one of several types.
  const text: NamespaceName = `${name}`;
  switch (text) {
    case "user":
      return CLONE_NEWUSER;
    case "mnt":
      return CLONE_NEWNS;
    case "pid":
      return CLONE_NEWPID;
    case "uts":
      return CLONE_NEWUTS;
    case "ipc":
      return CLONE_NEWIPC;
    case "net":
      return CLONE_NEWNET;
    case "cgroup":
      return CLONE_NEWCGROUP;
    case "time":
      return CLONE_NEWTIME;
  }
}

/** A namespace to be joined. */
export interface SharedNamespace {
  readonly name: NamespaceName;
  /** Open on it; stays open over all lives of the container. */
  readonly fd: number;
  /** Where it is from, as the configuration has it. */
  readonly from: string;
}

/** What was asked for. */
export interface NamespacesWanted {
  /** When not empty, the only ones to make. */
  readonly clone: readonly NamespaceName[];
  /** Those not to make. */
  readonly keep: readonly NamespaceName[];
  readonly shared: readonly NamespaceName[];
  /** Whether there are id maps for a user namespace. */
  readonly hasMaps: boolean;
  /** Whether the networks need a namespace of their own. */
  readonly wantsNetwork: boolean;
  /** Whether clocks are to differ. */
  readonly hasOffsets: boolean;
}

/** CLONE_NEW* of what a container has of its own. */
export function ownNamespaces(wanted: NamespacesWanted): number {
  let flags = 0;
  for (const name of namespaceNames) if (isOwn(wanted, name)) flags += flagOfNamespace(name);
  return flags;
}

function isOwn(wanted: NamespacesWanted, name: NamespaceName): boolean {
  if (wanted.shared.includes(name) || wanted.keep.includes(name)) return false;
  if (wanted.clone.length > 0 && !wanted.clone.includes(name)) return false;
  if (name === "user") return wanted.hasMaps;
  // As in LXC: one that is asked for by name is made also when nothing needs it.
  if (name === "net") return wanted.wantsNetwork || wanted.clone.includes(name);
  if (name === "time") return wanted.hasOffsets || wanted.clone.includes(name);
  return true;
}

/** Whether `flags` (CLONE_NEW*) has the namespace. */
export function hasNamespace(flags: number, name: NamespaceName): boolean {
  return (flags & flagOfNamespace(name)) !== 0;
}

/** Those the first process is cloned into; it makes the two others itself, later. */
export function clonedNamespaces(own: number): number {
  return own & ~(CLONE_NEWCGROUP | CLONE_NEWTIME);
}

/** How far clocks of a time namespace are ahead of the host's (time_namespaces(7)). */
export interface ClockOffset {
  readonly clock: "monotonic" | "boottime";
  readonly seconds: number;
  /** Less than a second, and never negative, as the kernel wants it. */
  readonly nanoseconds: number;
}

const NANOSECONDS = 1000000000;

/** The offset of these seconds and nanoseconds, both with a sign; undefined for none. */
export function clockOffset(
  clock: ClockOffset["clock"],
  seconds: number,
  nanoseconds: number,
): ClockOffset | undefined {
  const carried = Math.floor(nanoseconds / NANOSECONDS);
  const whole = seconds + carried;
  const rest = nanoseconds - carried * NANOSECONDS;
  return whole === 0 && rest === 0 ? undefined : { clock, seconds: whole, nanoseconds: rest };
}

/** The lines for /proc/self/timens_offsets. */
export function offsetsText(offsets: readonly ClockOffset[]): string {
  let text = "";
  for (const offset of offsets) text += `${offset.clock} ${offset.seconds} ${offset.nanoseconds}\n`;
  return text;
}
