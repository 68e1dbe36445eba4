// What is known of a running container from its first process, read in our own /proc before anything is joined.

import { LxcError } from "../base/errors.ts";
import type { Container } from "../container/container.ts";
import { type CapabilitySet, capabilitiesFromStatus } from "../isolation/capability-sets.ts";
import { EACCES, EPERM } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_RDONLY } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryBytes, tryCall } from "../kernel/call.ts";
import { closeFd, openAt, readAll, readTextAt, tryOpenAt } from "../kernel/files.ts";
import { textOf } from "../kernel/memory.ts";
import { sendSignal, tryOpenProcess } from "../kernel/process.ts";
import { namespaceRows } from "./attach-options.ts";
import { initPidfdOf, initPidOf } from "./command-client.ts";

const FILTERS = "\nSeccomp_filters:\t";

/** The first process of a container. */
export interface Target {
  readonly pid: number;
  readonly pidfd: number;
  /** Its folder in our /proc. */
  readonly proc: number;
}

/** What /proc/PID/status says of it. Ids are the host's. */
export interface TargetStatus {
  readonly uid: number;
  readonly gid: number;
  readonly bounding: CapabilitySet;
  readonly noNewPrivileges: boolean;
  /** How many seccomp filters its system calls pass (Linux 5.9). */
  readonly filters: number;
}

/** Throws when the container does not run. Both descriptors are the caller's to close. */
export function findTarget(container: Container): Target {
  const given = initPidfdOf(container);
  const pid = given === undefined ? initPidOf(container) : pidBehind(given);
  if (pid === undefined || pid <= 0) throw notRunning(container);
  const pidfd = given ?? tryOpenProcess(pid);
  if (pidfd < 0) throw notRunning(container);
  const proc = tryOpenAt(AT_FDCWD, `/proc/${pid}`, O_PATH | O_DIRECTORY);
  if (proc < 0) throw notRunning(container);
  // The folder is that of our process only if the process still lives: its pid may be another's by now.
  if (!sendSignal(pidfd, 0)) throw notRunning(container);
  return { pid, pidfd, proc };
}

function notRunning(container: Container): LxcError {
  return new LxcError("wrong-state", `enter ${container.name}`, "it is not running", {
    hint: `start it: lxc-start -P ${container.lxcpath} ${container.name}`,
  });
}

/** The pid of a pidfd, as we see it; it is -1 when the process has ended. */
function pidBehind(pidfd: number): number {
  const text = readTextAt(AT_FDCWD, `/proc/self/fdinfo/${pidfd}`);
  const at = text.indexOf("\nPid:\t");
  return at < 0 ? -1 : parseInt(text.slice(at + 6), 10);
}

export function statusOfTarget(target: Target): TargetStatus {
  const text = readTextAt(target.proc, "status");
  const capabilities = capabilitiesFromStatus(text);
  if (capabilities === undefined) throw new LxcError("bug", "read /proc/PID/status", "it has no capabilities");
  return {
    uid: firstNumber(text, "\nUid:\t"),
    gid: firstNumber(text, "\nGid:\t"),
    bounding: capabilities.bounding,
    noNewPrivileges: text.includes("\nNoNewPrivs:\t1\n"),
    filters: firstNumber(text, FILTERS),
  };
}

/** How many seccomp filters our own system calls pass. */
export function ownFilters(): number {
  return firstNumber(readTextAt(AT_FDCWD, "/proc/self/status"), FILTERS);
}

function firstNumber(text: string, label: string): number {
  const at = text.indexOf(label);
  return at < 0 ? -1 : parseInt(text.slice(at + label.length), 10);
}

/** The execution domain it runs in, personality(2); -1 when only its own users may know that. */
export function personalityOfTarget(target: Target): number {
  const fd = tryOpenAt(target.proc, "personality", O_RDONLY);
  if (fd < 0) return -1;
  const text = textOf(readAll(fd, "personality"));
  closeFd(fd);
  return parseInt(text, 16);
}

/** The CLONE_NEW* flags of its namespaces that are not ours too. */
export function differingNamespaces(target: Target): number {
  const own = openAt(AT_FDCWD, "/proc/self/ns", O_PATH | O_DIRECTORY);
  const its = openAt(target.proc, "ns", O_PATH | O_DIRECTORY);
  let flags = 0;
  for (const row of namespaceRows()) if (differs(own, its, row.proc)) flags |= row.flag;
  closeFd(own);
  closeFd(its);
  return flags;
}

function differs(own: number, its: number, name: string): boolean {
  const here = linkText(own, name);
  const there = linkText(its, name);
  return there !== "" && here !== there;
}

/** Empty where the kernel has no such namespace. */
function linkText(dir: number, name: string): string {
  const bytes = new Uint8Array(64);
  const length = tryCall(SYS.readlinkat, dir, name, bytes, bytes.length);
  if (length === -EACCES || length === -EPERM)
    throw refused("look at the container's namespaces", "readlinkat", length);
  return length < 0 ? "" : new TextDecoder().decode(bytes.subarray(0, length));
}

/** The label it is confined by; empty when it is not, or no security module is on. */
export function labelOfTarget(target: Target): string {
  const text = labelAt(target, "attr/apparmor/current") ?? labelAt(target, "attr/current") ?? "";
  // AppArmor shows `profile (mode)`, SELinux may end with a NUL.
  const end = text.indexOf("\0");
  const line = (end < 0 ? text : text.slice(0, end)).trim();
  const mode = line.lastIndexOf(" (");
  const label = mode < 0 ? line : line.slice(0, mode);
  return label === "unconfined" || label === "kernel" ? "" : label;
}

/** Undefined where the file is missing or, without a security module, refuses to be read. */
function labelAt(target: Target, path: string): string | undefined {
  const fd = tryOpenAt(target.proc, path, O_RDONLY);
  if (fd < 0) return undefined;
  const bytes = new Uint8Array(1024);
  const length = tryBytes(SYS.read, fd, bytes, bytes.length, 0);
  closeFd(fd);
  return length < 0 ? undefined : new TextDecoder().decode(bytes.subarray(0, length));
}
