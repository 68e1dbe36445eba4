// Entering a container, in two processes: the guide joins its cgroups and namespaces, and the program's process is born inside.
//
//     lxc-attach             guide (host's pid namespace)    program (container's pid namespace)
//     clone3 into the v2 cgroup ->
//                            v1 cgroups, closes descriptors,
//                            joins, gives up capabilities
//                            clone3(CLONE_PARENT) ------->   terminal, ids
//          <---------------  pid                             exec
//          <-----------------------------------------------  (exec closes)
//
// The guide cannot be seen from inside, and the program's process has nothing of the host in it but its memory, which only
// the host may trace. Either may say `failed` instead, or the program's process that its exec was refused. Before its ids
// change it may have a listener for the monitor, and waits until that has it.

import { encodeError } from "../base/error-fields.ts";
import { asLxcError, LxcError } from "../base/errors.ts";
import { boundCapabilities, type CapabilitySet, inheritNothing } from "../isolation/capability-sets.ts";
import { enterByTasks } from "../isolation/cgroup/enter.ts";
import { loadFilter } from "../isolation/seccomp/load.ts";
import { EINVAL, EPERM } from "../kernel/abi/errno.ts";
import { MNT_DETACH, MS_REC, MS_SLAVE } from "../kernel/abi/mount.ts";
import { CLONE_NEWNS, CLONE_NEWUSER } from "../kernel/abi/sched.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, refused, tryCall } from "../kernel/call.ts";
import {
  becomeGroup,
  becomeUser,
  giveUpNewPrivileges,
  setDumpable,
  setPersonality,
  trySetGroups,
} from "../kernel/credentials.ts";
import { closeFd } from "../kernel/files.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { mountFileSystem, setPropagation } from "../kernel/mounts.ts";
import { join, unshare } from "../kernel/namespaces.ts";
import { cloneSibling, closeAllBut, exitNow } from "../kernel/process.ts";
import { tryExecSearching } from "../kernel/program-search.ts";
import { receiveMessage, sendMessage, trySend } from "../kernel/sockets.ts";
import { controlTerminal } from "../kernel/terminals.ts";
import { enterDirectory, tryCurrentDirectory } from "../kernel/working-directory.ts";
import { takeLabelOf } from "./confinement.ts";
import type { Filter } from "./filter.ts";

/** Everything the two processes need, decided before they exist. Ids are inside the container. */
export interface Entry {
  /** The container's first process. */
  readonly pidfd: number;
  /** CLONE_NEW* flags of what is joined. */
  readonly namespaces: number;
  /** Open `tasks` files of the container's cgroups of version 1. */
  readonly cgroups: readonly number[];
  /** Our end of the socket that leads to the caller. */
  readonly caller: number;
  /** The terminal made for the program, or -1. */
  readonly terminal: number;
  /** Those of descriptors 0 to 2 that it replaces. */
  readonly replaced: readonly number[];
  readonly remountProcSys: boolean;
  /** The bounding set, unless elevated. */
  readonly bounding: CapabilitySet | undefined;
  readonly noNewPrivileges: boolean;
  /** -1 for no change. */
  readonly personality: number;
  readonly filter: Filter | undefined;
  /** Empty for no change. */
  readonly lsmLabel: string;
  /** Who the program's process is before it becomes `uid` and `gid`, in a joined user namespace. */
  readonly firstUid: number;
  readonly firstGid: number;
  readonly uid: number;
  readonly gid: number;
  readonly environment: readonly string[];
  /** The first that can be run is; a later one is a default. */
  readonly programs: readonly (readonly string[])[];
}

/** The first byte of each message. */
export const SAYS_PID = 112;
export const SAYS_FAILED = 102;
export const SAYS_NO_EXEC = 120;
/** Comes with a descriptor, and is answered with a byte when the monitor has it. */
export const SAYS_LISTENER = 108;

/** Runs in the guide. Never returns. */
export function guideInside(entry: Entry): never {
  try {
    enterByTasks(entry.cgroups);
    takeLabelOf(entry.lsmLabel);
    const directory = tryCurrentDirectory() ?? "/";
    closeAllBut([entry.pidfd, entry.caller, entry.terminal]);
    setDumpable(false);
    if (entry.namespaces !== 0) join(entry.pidfd, entry.namespaces, "the container's namespaces");
    closeFd(entry.pidfd);
    if ((entry.namespaces & CLONE_NEWNS) !== 0) enterDirectory(directory);
    if ((entry.namespaces & CLONE_NEWUSER) !== 0) becomeFirst(entry);
    if (entry.bounding !== undefined) boundCapabilities(entry.bounding);
    const pid = cloneSibling(0, -1);
    if (pid === 0) runProgram(entry);
    say(entry.caller, SAYS_PID, bytesOfText(String(pid)));
    exitNow(0);
  } catch (caught) {
    say(entry.caller, SAYS_FAILED, encodeError(asLxcError(caught as Error)));
    exitNow(1);
  }
}

/** Runs in the program's process, inside. Never returns. */
function runProgram(entry: Entry): never {
  try {
    if (entry.remountProcSys) remountProcAndSys();
    if (entry.personality >= 0) setPersonality(entry.personality);
    takeTerminal(entry);
    inheritNothing();
    if (entry.noNewPrivileges) giveUpNewPrivileges();
    // A change of user may take the capability that this needs.
    if (entry.filter !== undefined) takeFilter(entry.filter, entry.caller);
    becomeProgramUser(entry);
    let first = 0;
    for (const words of entry.programs) {
      const errno = -tryExecSearching(words, entry.environment);
      if (first === 0) first = errno;
    }
    say(entry.caller, SAYS_NO_EXEC, bytesOfText(String(first)));
  } catch (caught) {
    say(entry.caller, SAYS_FAILED, encodeError(asLxcError(caught as Error)));
  }
  exitNow(1);
}

/** Where a program decides on some calls, nothing goes on before the monitor serves them. */
function takeFilter(filter: Filter, caller: number): void {
  const listener = loadFilter(filter.program, filter.notifies);
  if (listener < 0) return;
  sendMessage(caller, new Uint8Array([SAYS_LISTENER]), [listener]);
  closeFd(listener);
  // Whoever started us has told why it has gone.
  if (receiveMessage(caller, 1).bytes.length === 0) exitNow(1);
}

function say(fd: number, kind: number, body: Uint8Array): void {
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = kind;
  bytes.set(body, 1);
  trySend(fd, bytes, []);
}

function becomeFirst(entry: Entry): void {
  dropGroups();
  if (entry.firstGid >= 0) becomeGroup(entry.firstGid);
  if (entry.firstUid >= 0) becomeUser(entry.firstUid);
}

/** Where setgroups is denied the groups of the caller stay, as in LXC. */
function dropGroups(): void {
  const result = trySetGroups([]);
  if (result < 0 && result !== -EPERM) throw refused("give up the supplementary groups", "setgroups", result);
}

function becomeProgramUser(entry: Entry): void {
  if ((entry.namespaces & CLONE_NEWUSER) === 0) dropGroups();
  if (entry.gid >= 0 && entry.gid !== entry.firstGid) becomeGroup(entry.gid);
  if (entry.uid >= 0 && entry.uid !== entry.firstUid) becomeUser(entry.uid);
}

/** A session of our own, and in it the terminal that was made for us: never the caller's (CVE-2016-10124). */
function takeTerminal(entry: Entry): void {
  call("start a session", "setsid");
  if (entry.terminal < 0) return;
  controlTerminal(entry.terminal);
  for (const fd of entry.replaced) call("redirect to the terminal", "dup3", entry.terminal, fd, 0);
}

/** For a program in the container's pid or network namespace and the host's files (lxc-attach(1), -R). */
function remountProcAndSys(): void {
  unshare(CLONE_NEWNS, "mount");
  setPropagation("/", MS_SLAVE | MS_REC);
  call("unmount /proc", "umount2", "/proc", MNT_DETACH);
  mountFileSystem("proc", "/proc", 0, "");
  const result = tryCall(SYS.umount2, "/sys", MNT_DETACH);
  if (result >= 0) mountFileSystem("sysfs", "/sys", 0, "");
  // It was no mount: there was nothing to see of the host.
  else if (result !== -EINVAL) throw new LxcError("syscall-failed", "unmount /sys", "it is in use", { errno: -result });
}
