// The container's first process, from clone to exec. Every line of `becomeContainer` is one step; a failure is told to the monitor.

import { asLxcError, LxcError } from "../base/errors.ts";
import { wholeNumberIn } from "../base/text.ts";
import { isArchitecture32 } from "../container/config/isolation-codecs.ts";
import type { EnvironmentVariable } from "../container/config/rootfs-codecs.ts";
import type { Config } from "../container/config/schema.ts";
import { forHooks, type HookOccasion, type HookType, hookCalls, hookCommands } from "../container/hook-calls.ts";
import { runHook } from "../container/hooks.ts";
import { configureInside } from "../container/network/configure.ts";
import { makeTerminals, type TerminalsMade, type TerminalsWanted } from "../container/rootfs/consoles.ts";
import { enterRootfs, hostFolders, isolateMounts, mountRootfs, type RootfsMount } from "../container/rootfs/enter.ts";
import { planCgroupMounts } from "../container/rootfs/plan.ts";
import { RootfsBuilder } from "../container/rootfs/run-steps.ts";
import type { MountStep } from "../container/rootfs/steps.ts";
import { capabilityNumber } from "../isolation/capabilities.ts";
import {
  boundCapabilities,
  capabilitySet,
  EVERY_CAPABILITY,
  inheritNothing,
  withoutCapabilities,
} from "../isolation/capability-sets.ts";
import type { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import { openLabelFiles } from "../isolation/lsm.ts";
import { hasNamespace } from "../isolation/namespaces.ts";
import { loadFilter } from "../isolation/seccomp/load.ts";
import { setSysctl } from "../isolation/sysctl.ts";
import { enterTimeNamespace } from "../isolation/time-namespace.ts";
import { becomeMapped } from "../isolation/user-namespace.ts";
import { EINVAL, ENOENT } from "../kernel/abi/errno.ts";
import { O_RDWR } from "../kernel/abi/fs.ts";
import { PER_LINUX, PER_LINUX32 } from "../kernel/abi/prctl.ts";
import { CLONE_NEWCGROUP } from "../kernel/abi/sched.ts";
import { SIGKILL } from "../kernel/abi/signal.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, refused, tryNumbers } from "../kernel/call.ts";
import {
  becomeGroup,
  becomeUser,
  giveUpNewPrivileges,
  setDumpable,
  setPersonality,
  trySetGroups,
} from "../kernel/credentials.ts";
import { closeFd, makeDirectories, openFile } from "../kernel/files.ts";
import { setHostName } from "../kernel/namespaces.ts";
import { closeAllBut, closeOnExecFrom, dieWithParent, exitNow, tryExec, tryExecFd } from "../kernel/process.ts";
import { blockSignals } from "../kernel/signals.ts";
import { MOST_DESCRIPTORS } from "../kernel/sockets.ts";
import { isTerminal } from "../kernel/terminals.ts";
import { tryCurrentDirectory } from "../kernel/working-directory.ts";
import { labelFirstProgram, labelKeyring } from "./confinement.ts";
import { initRefused } from "./exec-refusals.ts";
import type { Filter } from "./filter.ts";
import { expect, tell, tryTellFailure } from "./handshake.ts";
import { MonitorHelper } from "./mount-help.ts";
import type { StartPlan } from "./plan.ts";

const KEYCTL_JOIN_SESSION_KEYRING = 1;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const EXIT_COULD_NOT_START = 255;

/** What the first process has from the monitor. */
export interface ChildLinks {
  readonly monitor: number;
  readonly cgroups: ContainerCgroups;
  /** The signals that were blocked before the monitor blocked them all. */
  readonly signalMask: Uint8Array;
  /** Our own program, for a container whose process 1 is our init; -1 otherwise. */
  readonly ownProgram: number;
}

/** Runs in the new process and does not return. */
export function runChild(plan: StartPlan, links: ChildLinks): never {
  try {
    becomeContainer(plan, links);
  } catch (caught) {
    tryTellFailure(links.monitor, asLxcError(caught as Error));
  }
  return exitNow(EXIT_COULD_NOT_START);
}

function becomeContainer(plan: StartPlan, links: ChildLinks): void {
  const config = plan.options.config;
  const { own } = plan.namespaces;
  const fileMask = tryNumbers(SYS.umask, 0, 0, 0);
  dieWithParent(SIGKILL);
  const helper = becomeSomebody(plan, links);
  const labels = openLabelFiles(plan.confinement.lsm);
  if (hasNamespace(own, "time")) enterTimeNamespace(plan.clocks);
  if (hasNamespace(own, "mnt")) isolateMounts();
  runHooks(plan, "pre-mount");
  const builder = new RootfsBuilder(mountRootfs(rootfsMountOf(plan), helper), helper);
  if (hasNamespace(own, "uts") && config.utsName.value !== undefined) setHostName(config.utsName.value);
  labelKeyring(plan.confinement, labels);
  if (!config.keyringSession.value) tryNumbers(SYS.keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0, 0);
  builder.run(plan.steps.mounts);
  const cgroupPath = helper.configured();
  links.cgroups.enterLegacyPayload(cgroupPath);
  if (hasNamespace(own, "cgroup")) unshareCgroup();
  builder.run(cgroupMountsOf(plan, cgroupPath));
  configureInside(plan.network);
  runHooks(plan, "mount");
  if (config.autodev.value) runHooks(plan, "autodev");
  builder.run(plan.steps.devices);
  const terminals = makeTerminals(builder, terminalsWanted(plan));
  enterRootfs(builder.root, plan.rootfs);
  builder.run(plan.steps.inside);
  showArchitecture(config.arch.value);
  for (const sysctl of config.sysctl.entries) setSysctl(sysctl.name, sysctl.value);
  labelFirstProgram(plan.confinement, labels);
  boundTo(config, hasNamespace(own, "pid"));
  if (config.noNewPrivs.value) giveUpNewPrivileges();
  sendTerminals(links.monitor, terminals);
  tell(links.monitor, "ready");
  expect(links.monitor, "go");
  leaveHost([links.monitor, links.ownProgram, terminals.consolePeer]);
  filterCalls(plan.filter, links.monitor);
  runHooks(plan, "start");
  takeStandardStreams(plan, terminals.consolePeer);
  tryNumbers(SYS.setsid, 0, 0, 0);
  enterDirectory(config.initCwd.value);
  const environment = initEnvironment(plan, terminals.names);
  switchUser(config.initUid.value, config.initGid.value, config.initGroups.values);
  keepDeathSignal(config.monitorSignalPdeath.value, config.initUid.value);
  tryNumbers(SYS.umask, fileMask, 0, 0);
  blockSignals(links.signalMask);
  closeOnExecFrom(3);
  becomeInit(plan, links.ownProgram, environment);
}

/** Waits for the maps of its user namespace, own or joined, and becomes root there. */
function becomeSomebody(plan: StartPlan, links: ChildLinks): MonitorHelper {
  const helper = new MonitorHelper(links.monitor, plan.user !== undefined);
  if (plan.user === undefined) return helper;
  const paths = hostFolders(rootfsMountOf(plan));
  for (const step of plan.steps.mounts) {
    if (step.kind === "entry" && !step.sourceInside) paths.push(step.source);
    if (step.kind === "layer") paths.push(step.folder);
  }
  helper.open(paths.filter((path) => path.startsWith("/")));
  expect(links.monitor, "mapped");
  becomeMapped(plan.user);
  // A change of user takes it away.
  dieWithParent(SIGKILL);
  return helper;
}

function rootfsMountOf(plan: StartPlan): RootfsMount {
  const config = plan.options.config;
  const options = (config.rootfsOptions.value ?? "").split(",");
  return { type: config.rootfsPath.value?.type ?? "", rootfs: plan.rootfs, mountPoint: plan.mountPoint, options };
}

/** From here on every call passes the filter, those of hooks inside too, as in LXC. */
function filterCalls(filter: Filter | undefined, monitor: number): void {
  if (filter === undefined) return;
  const listener = loadFilter(filter.program, filter.notifies);
  if (listener < 0) return;
  tell(monitor, "filtered", [listener]);
  closeFd(listener);
}

/**
 * From here on it goes by what the container's files say, links through /proc/self/fd among them, and its hooks may look at
 * /proc/1: nothing of the host may be open any more, of ours or of our caller's (CVE-2024-21626).
 */
function leaveHost(kept: readonly number[]): void {
  closeAllBut(kept);
  setDumpable(false);
}

/** Only without a cgroup namespace it matters where the cgroups came to be. */
function cgroupMountsOf(plan: StartPlan, payload: string): readonly MountStep[] {
  const facts = plan.rootfsFacts;
  if (payload === facts.payload || hasNamespace(facts.own, "cgroup")) return plan.steps.cgroups;
  return planCgroupMounts(plan.options.config, { ...facts, payload });
}

/** A kernel without cgroup namespaces shows the host's paths instead, as in LXC. */
function unshareCgroup(): void {
  const result = tryNumbers(SYS.unshare, CLONE_NEWCGROUP, 0, 0);
  if (result < 0 && result !== -EINVAL) throw refused("make a new cgroup namespace", "unshare", result);
}

function runHooks(plan: StartPlan, type: HookType): void {
  const config = plan.options.config;
  if (hookCommands(config, type).length === 0) return;
  const own = forHooks(variables(config.environment.values)).concat(variables(config.environmentHooks.values));
  const environment = plan.hookEnvironment.concat(own);
  const occasion: HookOccasion = { type, name: plan.options.container.name, environment, args: [] };
  for (const hook of hookCalls(config, occasion)) runHook(hook);
}

function terminalsWanted(plan: StartPlan): TerminalsWanted {
  const config = plan.options.config;
  const ttys = plan.rootfs === "" || !hasNamespace(plan.namespaces.own, "mnt") ? 0 : config.ttyMax.value;
  return { console: plan.console, ttys, ttyDir: config.ttyDir.value ?? "" };
}

function sendTerminals(monitor: number, terminals: TerminalsMade): void {
  for (let at = 0; at < terminals.forMonitor.length; at += MOST_DESCRIPTORS) {
    tell(monitor, "terminals", terminals.forMonitor.slice(at, at + MOST_DESCRIPTORS));
  }
}

function showArchitecture(architecture: string | undefined): void {
  if (architecture !== undefined) setPersonality(isArchitecture32(architecture) ? PER_LINUX32 : PER_LINUX);
}

/**
 * Only the bounding set shrinks here, as in LXC: the rest of the way to exec still needs what the container gives up.
 * Without process ids of its own the container must not reboot: it would be the host.
 */
function boundTo(config: Config, mayReboot: boolean): void {
  const kept = config.capKeep.values;
  const given = capabilitySet(capabilityNumbers(config.capDrop.values));
  let bound = kept.length > 0 ? capabilitySet(capabilityNumbers(kept)) : withoutCapabilities(EVERY_CAPABILITY, given);
  if (!mayReboot) bound = withoutCapabilities(bound, capabilitySet(capabilityNumbers(["sys_boot"])));
  if (bound.low !== EVERY_CAPABILITY.low || bound.high !== EVERY_CAPABILITY.high) boundCapabilities(bound);
  inheritNothing();
}

/** The numbers of names and of numbers; the word `none` is no capability. */
function capabilityNumbers(words: readonly string[]): number[] {
  const numbers: number[] = [];
  for (const word of words) {
    const number = capabilityNumber(word) ?? wholeNumberIn(word);
    if (number !== undefined) numbers.push(number);
  }
  return numbers;
}

/**
 * As in LXC: the console for a daemon and for a container with an init of its own; for lxc-execute in the foreground
 * only those streams that are a terminal, so that pipes and files go straight through.
 */
function takeStandardStreams(plan: StartPlan, console: number): void {
  const daemon = plan.options.daemon;
  if (console < 0 && !daemon) return;
  const source = console >= 0 ? console : openFile("/dev/null", O_RDWR);
  const onlyTerminals = !daemon && plan.options.useInit;
  for (let stream = 0; stream <= 2; stream++) {
    if (!onlyTerminals || isTerminal(stream)) tryNumbers(SYS.dup2, source, stream, 0);
  }
}

function enterDirectory(path: string | undefined): void {
  if (path === undefined) return;
  const doing = `enter ${path}, as lxc.init.cwd says`;
  try {
    makeDirectories(path, 0o755);
    call(doing, "chdir", path);
  } catch (caught) {
    const { code, reason, errno } = asLxcError(caught as Error);
    throw new LxcError(code, doing, reason, {
      errno,
      hint: `make ${path} a folder in the root file system, or correct lxc.init.cwd`,
    });
  }
  if (tryCurrentDirectory() !== undefined) return;
  throw new LxcError("not-permitted", doing, "a link in it leads out of the container", {
    hint: `make ${path} a folder in the root file system, or correct lxc.init.cwd`,
  });
}

/** What the first process finds in its environment: only what the configuration says, as in LXC. */
function initEnvironment(plan: StartPlan, ttyNames: string): string[] {
  const config = plan.options.config;
  const lines = variables(config.environment.values).concat(variables(config.environmentRuntime.values));
  lines.push("container=lxc");
  if (ttyNames !== "") lines.push(`container_ttys=${ttyNames}`);
  return lines;
}

function variables(values: readonly EnvironmentVariable[]): string[] {
  const lines: string[] = [];
  for (const each of values) lines.push(`${each.name}=${each.value}`);
  return lines;
}

/** Groups come first: who is no longer root may not change them. Without any of its own, as in LXC, it has none at all. */
function switchUser(uid: number, gid: number, groups: readonly number[]): void {
  const result = trySetGroups(groups);
  if (result < 0 && groups.length > 0) throw refused("set the groups of lxc.init.groups", "setgroups", result);
  if (gid !== 0) becomeGroup(gid);
  if (uid !== 0) becomeUser(uid);
  if (uid !== 0 || gid !== 0) setDumpable(true);
}

/** A change of user takes the death signal away, so it is asked for again. */
function keepDeathSignal(signal: number, uid: number): void {
  if (signal !== SIGKILL || uid !== 0) dieWithParent(signal);
}

/** Becomes the first program of the container; a name without a slash is searched in PATH. Throws when it cannot. */
function becomeInit(plan: StartPlan, ownProgram: number, environment: readonly string[]): void {
  if (plan.options.useInit) {
    const words = ["init.lxc", "--name", plan.options.container.name, "--"].concat(plan.command);
    throw refused("run our own init", "execveat", tryExecFd(ownProgram, words, environment));
  }
  const program = plan.command[0] ?? "";
  let result = -ENOENT;
  for (const path of candidates(program, environment)) {
    result = tryExec(path, plan.command, environment);
    if (result !== -ENOENT) break;
  }
  throw initRefused(program, result);
}

function candidates(program: string, environment: readonly string[]): string[] {
  if (program.includes("/")) return [program];
  const line = environment.find((each) => each.startsWith("PATH="));
  const folders = (line === undefined ? DEFAULT_PATH : line.slice("PATH=".length)).split(":");
  return folders.map((folder) => `${folder}/${program}`);
}
