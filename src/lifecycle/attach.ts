// Running a program inside a running container: the caller's side. Runs in lxc-attach, on the host, to the end.

import { decodeError } from "../base/error-fields.ts";
import { LxcError } from "../base/errors.ts";
import { isArchitecture32 } from "../container/config/isolation-codecs.ts";
import { type Container, configFileOf } from "../container/container.ts";
import { idToEnterAs, mappingsIn, outsideOf } from "../isolation/id-maps.ts";
import { EINVAL, errnoText } from "../kernel/abi/errno.ts";
import { O_DIRECTORY, O_PATH } from "../kernel/abi/fs.ts";
import { PER_LINUX32 } from "../kernel/abi/prctl.ts";
import { CLONE_NEWNS, CLONE_NEWUSER } from "../kernel/abi/sched.ts";
import { SIGINT, SIGQUIT } from "../kernel/abi/signal.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryNumbers } from "../kernel/call.ts";
import { closeAll, closeFd, readTextAt, tryOpenAt, tryReadText } from "../kernel/files.ts";
import { userInside } from "../kernel/passwd.ts";
import { type Child, closeAllBut, holdStandardDescriptors, shellCode, waitForEnd } from "../kernel/process.ts";
import { exitCodeOfExec, hintOfExec, reasonOfExec } from "../kernel/program-search.ts";
import { ignoreSignal } from "../kernel/signals.ts";
import { nextLength, receiveMessage, socketPair, trySend } from "../kernel/sockets.ts";
import { POLLIN, waitFor } from "../kernel/waiting.ts";
import { NO_CGROUPS, type PayloadCgroups, payloadCgroupsOf, startIn } from "./attach-cgroups.ts";
import { type Entry, guideInside, SAYS_FAILED, SAYS_LISTENER, SAYS_NO_EXEC, SAYS_PID } from "./attach-child.ts";
import { attachEnvironment } from "./attach-environment.ts";
import { ALL_NAMESPACES, type AttachOptions } from "./attach-options.ts";
import {
  differingNamespaces,
  findTarget,
  labelOfTarget,
  ownFilters,
  personalityOfTarget,
  statusOfTarget,
  type Target,
  type TargetStatus,
} from "./attach-target.ts";
import { type AttachTerminal, openAttachTerminal, serveTerminal } from "./attach-terminal.ts";
import { configItemsOf } from "./command-batch.ts";
import { addSeccompListenerOf, configItemOf, stateOf } from "./command-client.ts";
import { type Filter, planFilter } from "./filter.ts";

const LONGEST_MESSAGE = 16384;
/** How long entering may take before somebody wonders. */
const PATIENCE_MS = 500;
const DEFAULT_SHELL = "/bin/sh";

/** How it ended. */
export interface AttachEnd {
  /** The program's own, 128 + the signal that ended it, 127 when it is not there, or 126 when it cannot be executed. */
  readonly exitCode: number;
  /** Why the program could not be executed. */
  readonly failure: LxcError | undefined;
}

/** Runs a program inside `container` and waits for its end. Throws when it cannot get that far. */
export function attachTo(container: Container, options: AttachOptions): AttachEnd {
  holdStandardDescriptors();
  const target = findTarget(container);
  const cgroups = options.elevated.cgroup ? NO_CGROUPS : payloadCgroupsOf(container);
  if (cgroups.warning !== "") options.warn(cgroups.warning);
  const terminal = openAttachTerminal(target.proc, options.logFile);
  const status = statusOfTarget(target);
  const filter = options.elevated.lsm ? undefined : filterFor(container, status);
  const ids = idsFor(target, status, options);
  if (terminal.peer >= 0 && ids.outside > 0) tryNumbers(SYS.fchown, terminal.peer, ids.outside, -1);
  const configured = options.configuredVariables ?? environmentOf(container);
  const pair = socketPair();
  const personality = personalityOf(container, target);
  const caller = pair.right;
  const preparation: Preparation = { target, status, cgroups, terminal, ids, personality, filter, configured, caller };
  const entry = entryFor(preparation, options);
  const guide = startIn(cgroups);
  if (guide.pid === 0) guideInside(entry);
  // Also what we were given by our own caller: it may wait for the end of a pipe.
  closeAllBut([pair.left, terminal.control, terminal.screen, terminal.log]);
  // The keys that mean these are for the program, as in LXC.
  if (!options.endsBySignals) {
    ignoreSignal(SIGINT);
    ignoreSignal(SIGQUIT);
  }
  sayIfFrozen(container, pair.left, options.warn);
  return endOf(container, reportFrom(container, pair.left, guide), terminal, entry);
}

/** What joins a frozen container stands still like all in it (as in LXC), and its caller waits, but not without a word. */
function sayIfFrozen(container: Container, fd: number, warn: (text: string) => void): void {
  if (waitFor(fd, POLLIN, PATIENCE_MS) || stateOf(container) !== "FROZEN") return;
  const way = `lxc-unfreeze -n ${container.name} -P ${container.lxcpath}`;
  warn(`${container.name} is frozen, and so is what enters it until it is let go on: ${way}`);
}

/** The filter for the program: without that of the container's others it would be a way out of it. */
function filterFor(container: Container, status: TargetStatus): Filter | undefined {
  if (status.filters <= 0 || status.filters <= ownFilters()) return undefined;
  const [profile, allowed, proxy] = configItemsOf(container, [
    "lxc.seccomp.profile",
    "lxc.seccomp.allow",
    "lxc.seccomp.notify.proxy",
  ]);
  if (profile === undefined) throw unfiltered(container, "and its configuration does not say by which policy");
  const allow = (allowed ?? "").split("\n").filter((name): boolean => name !== "");
  return planFilter({ profile, allow, allowNesting: true, proxy: proxy ?? "" }).filter;
}

function unfiltered(container: Container, why: string): LxcError {
  const reason = `its programs run behind a seccomp filter, ${why}`;
  return new LxcError("unsupported", `enter ${container.name}`, reason, {
    hint: "enter it without the filter, if you trust what you run: lxc-attach --elevated-privileges=LSM",
  });
}

/** What is known and open before the first process of ours is inside. */
interface Preparation {
  readonly target: Target;
  readonly status: TargetStatus;
  readonly cgroups: PayloadCgroups;
  readonly terminal: AttachTerminal;
  readonly ids: Ids;
  /** That of its first process; -1 to keep our own. */
  readonly personality: number;
  readonly filter: Filter | undefined;
  readonly configured: readonly string[];
  readonly caller: number;
}

/** Numbers of users and groups; -1 for no change. */
interface Ids {
  readonly namespaces: number;
  readonly firstUid: number;
  readonly firstGid: number;
  readonly uid: number;
  readonly gid: number;
  /** The host's number for `uid`. */
  readonly outside: number;
}

function idsFor(target: Target, status: TargetStatus, options: AttachOptions): Ids {
  const differing = differingNamespaces(target);
  const namespaces =
    options.namespaces === ALL_NAMESPACES ? differing : namespacesToJoin(options.namespaces, differing);
  if ((namespaces & CLONE_NEWUSER) === 0) {
    const uid = Math.max(options.uid, 0);
    return { namespaces, firstUid: -1, firstGid: -1, uid, gid: Math.max(options.gid, 0), outside: uid };
  }
  const uids = mappingsIn(readTextAt(target.proc, "uid_map"), "u");
  const firstUid = idToEnterAs(uids, "u", status.uid);
  const firstGid = idToEnterAs(mappingsIn(readTextAt(target.proc, "gid_map"), "g"), "g", status.gid);
  const uid = options.uid >= 0 ? options.uid : firstUid;
  const gid = options.gid >= 0 ? options.gid : firstGid;
  return { namespaces, firstUid, firstGid, uid, gid, outside: outsideOf(uids, "u", uid) };
}

/** To join our own user namespace is an error (setns(2)); to join any other that we have changes nothing. */
function namespacesToJoin(wanted: number, differing: number): number {
  return (differing & CLONE_NEWUSER) === 0 ? wanted & ~CLONE_NEWUSER : wanted;
}

function entryFor(known: Preparation, options: AttachOptions): Entry {
  const { target, status, terminal, ids } = known;
  const environment = attachEnvironment({
    caller: options.environment,
    clear: options.clearEnvironment,
    kept: options.keptVariables,
    configured: known.configured,
    set: options.setVariables,
  });
  return {
    pidfd: target.pidfd,
    namespaces: ids.namespaces,
    cgroups: known.cgroups.tasks,
    caller: known.caller,
    terminal: terminal.peer,
    replaced: terminal.replaced,
    remountProcSys: options.remountProcSys && (ids.namespaces & CLONE_NEWNS) === 0,
    bounding: options.elevated.capabilities ? undefined : status.bounding,
    noNewPrivileges: status.noNewPrivileges,
    personality: options.personality >= 0 ? options.personality : known.personality,
    filter: known.filter,
    lsmLabel: labelFor(target, options),
    firstUid: ids.firstUid,
    firstGid: ids.firstGid,
    uid: ids.uid,
    gid: ids.gid,
    environment,
    programs: options.command.length > 0 ? [options.command] : shellsFor(target, ids),
  };
}

/** As in LXC, a label that is asked for is taken in place of the container's. */
function labelFor(target: Target, options: AttachOptions): string {
  if (options.label !== "") return options.label;
  return options.elevated.lsm ? "" : labelOfTarget(target);
}

/** The login shell of the user inside, then the one that is everywhere. */
function shellsFor(target: Target, ids: Ids): string[][] {
  const root = (ids.namespaces & CLONE_NEWNS) === 0 ? -1 : tryOpenAt(target.proc, "root", O_PATH | O_DIRECTORY);
  const shell = root < 0 ? "" : (userInside(root, Math.max(ids.uid, 0))?.shell ?? "");
  if (root >= 0) closeFd(root);
  return shell === "" ? [[DEFAULT_SHELL]] : [[shell], [DEFAULT_SHELL]];
}

/** What only the container's own users may look up is in its configuration too. */
function personalityOf(container: Container, target: Target): number {
  const seen = personalityOfTarget(target);
  if (seen >= 0) return seen;
  const architecture = configItemOf(container, "lxc.arch") ?? "";
  return isArchitecture32(architecture) ? PER_LINUX32 : seen;
}

/**
 * NAME=VALUE of the running container's configuration; a monitor of LXC 5 does not know the second key. The file, which
 * is all that LXC looks at, mostly tells that there is nothing to ask for: each question costs as much as ten files.
 */
function environmentOf(container: Container): string[] {
  const lines: string[] = [];
  const file = tryReadText(configFileOf(container));
  if (file !== undefined && !file.includes("lxc.environment") && !file.includes("lxc.include")) return lines;
  for (const text of configItemsOf(container, ["lxc.environment", "lxc.environment.runtime"]))
    for (const line of (text ?? "").split("\n")) if (line !== "") lines.push(line);
  return lines;
}

/** What the two processes said until the program took over. */
interface Report {
  readonly pid: number;
  readonly guide: number;
  /** Why the program could not be executed, or 0. */
  readonly errno: number;
  readonly failure: LxcError | undefined;
}

function reportFrom(container: Container, fd: number, guide: Child): Report {
  let pid = 0;
  let errno = 0;
  let failure: LxcError | undefined;
  while (failure === undefined) {
    const received = receiveMessage(fd, nextLength(fd, LONGEST_MESSAGE));
    const bytes = received.bytes;
    if (bytes.length === 0) break;
    const kind = bytes[0];
    const body = bytes.subarray(1);
    if (kind === SAYS_FAILED) failure = decodeError(body);
    else if (kind === SAYS_PID) pid = parseInt(new TextDecoder().decode(body), 10);
    else if (kind === SAYS_LISTENER) failure = passListener(container, fd, received.descriptors);
    else if (kind === SAYS_NO_EXEC) errno = parseInt(new TextDecoder().decode(body), 10);
  }
  closeFd(fd);
  return { pid, guide: guide.pid, errno, failure };
}

/** The monitor serves the listener from now on, and the program's process goes on; otherwise what is wrong. */
function passListener(container: Container, fd: number, descriptors: readonly number[]): LxcError | undefined {
  const listener = descriptors[0];
  const result = listener === undefined ? -EINVAL : addSeccompListenerOf(container, listener);
  closeAll(descriptors);
  if (result < 0) return unserved(container, -result);
  trySend(fd, new Uint8Array(1), []);
  return undefined;
}

function unserved(container: Container, errno: number): LxcError {
  const doing = `have the monitor of ${container.name} serve the calls that its policy hands to a program`;
  return new LxcError("unsupported", doing, errnoText(errno), {
    errno,
    hint: "a monitor of LXC's own may not do this; enter it without the filter: lxc-attach --elevated-privileges=LSM",
  });
}

function endOf(container: Container, report: Report, terminal: AttachTerminal, entry: Entry): AttachEnd {
  const guideEnd = waitForEnd(report.guide);
  const failed = report.failure !== undefined || report.errno !== 0 || report.pid === 0;
  if (!failed && terminal.control >= 0) serveTerminal(terminal, report.pid);
  const end = report.pid === 0 ? guideEnd : waitForEnd(report.pid);
  const doing = `run a program in ${container.name}`;
  if (report.failure !== undefined) {
    const { code, errno } = report.failure;
    throw new LxcError(code, doing, "the way inside failed", { errno, because: report.failure });
  }
  if (report.pid === 0) throw new LxcError("bug", doing, `our process there ended with ${shellCode(end)}`);
  if (report.errno !== 0) {
    return { exitCode: exitCodeOfExec(report.errno), failure: noExec(container, entry, report.errno) };
  }
  return { exitCode: shellCode(end), failure: undefined };
}

function noExec(container: Container, entry: Entry, errno: number): LxcError {
  const name = entry.programs[0]?.[0] ?? "";
  const reason = reasonOfExec(name, errno);
  const code = errno === 2 ? "not-found" : "not-permitted";
  const hint = hintOfExec(name, errno);
  return new LxcError(code, `run ${name} in ${container.name}`, reason === "" ? errnoText(errno) : reason, {
    errno,
    hint,
  });
}
