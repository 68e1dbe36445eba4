// Saving a running container to files, and starting it from them, by criu. Runs in lxc-checkpoint, and for a restore in the monitor.

import { asLxcError, describe, LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import type { Config } from "../container/config/schema.ts";
import type { Container } from "../container/container.ts";
import type { PlannedNetwork } from "../container/network/planned.ts";
import type { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import { type CgroupLayout, hierarchyOf, readLayout } from "../isolation/cgroup/layout.ts";
import { MS_REC, MS_SLAVE } from "../kernel/abi/mount.ts";
import { CLONE_NEWNS } from "../kernel/abi/sched.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeFd, exists, makeDirectories, tryReadText } from "../kernel/files.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { bind, setPropagation } from "../kernel/mounts.ts";
import { unshare } from "../kernel/namespaces.ts";
import { type Child, currentPid, effectiveUser, exitNow, tryOpenProcess } from "../kernel/process.ts";
import { tryExecSearching } from "../kernel/program-search.ts";
import { runWithOutput } from "../kernel/run-program.ts";
import { addStateClient, cgroupPathOf, initPidOf, receiveState, stopOf } from "./command-client.ts";
import { maskOf } from "./command-protocol.ts";
import {
  type BoundMount,
  type CheckpointFiles,
  type CriuFacts,
  checkCriu,
  checkCriuEnd,
  dumpWords,
  restoreWords,
} from "./criu.ts";
import type { StartPlan } from "./plan.ts";

const STOP_TIMEOUT_MS = 20_000;

export interface DumpOptions {
  readonly files: CheckpointFiles;
  readonly preDump: boolean;
  readonly earlier: string;
  /** Whether the container ends with it. */
  readonly stop: boolean;
  /** The caller's variables: criu is found by PATH. */
  readonly environment: readonly string[];
}

/** Saves `container` into the folder, which is made. It goes on afterwards unless it is to stop. */
export function dumpContainer(container: Container, config: Config, options: DumpOptions): void {
  const doing = `save ${container.name} to ${options.files.folder}`;
  refuseWhatCriuCannot(config, doing);
  if (exists(joinPath(options.files.folder, "inventory.img"))) {
    throw new LxcError("wrong-state", doing, "another checkpoint is in it", {
      hint: "please use a fresh directory for the dump directory",
    });
  }
  checkCriu(options.environment);
  makeDirectories(options.files.folder, 0o700);
  const pid = initPidOf(container);
  if (pid === undefined) throw new LxcError("wrong-state", doing, "it has just stopped");
  const layout = readLayout(effectiveUser() !== 0);
  const ask = (controller: string): string | undefined => cgroupPathOf(container, controller);
  const words = dumpWords(factsFrom(config, options.files, layout, ask), {
    preDump: options.preDump,
    earlier: options.earlier,
    stop: options.stop,
    pid,
    freezer: freezerOf(layout, ask("freezer")),
  });
  const run = runWithOutput(() => tryExecSearching(["criu"].concat(words), options.environment));
  checkCriuEnd(run, doing, words);
  if (options.stop && !options.preDump) waitUntilStopped(container);
}

/** criu has ended its processes; its monitor takes a moment to see that. */
function waitUntilStopped(container: Container): void {
  const client = addStateClient(container, maskOf(["STOPPED"], 1));
  if (client === undefined || client.fd < 0) return;
  const state = receiveState(client.fd, STOP_TIMEOUT_MS);
  closeFd(client.fd);
  if (state === undefined) stopOf(container, STOP_TIMEOUT_MS);
}

/** What LXC's criu.c refuses or criu itself, said before anything is done. */
export function refuseWhatCriuCannot(config: Config, doing: string): void {
  if (effectiveUser() !== 0) throw new LxcError("not-permitted", doing, "only root may", { hint: "use sudo" });
  const refuse = (reason: string, hint: string): void => {
    throw new LxcError("unsupported", doing, reason, { hint });
  };
  if (config.idmap.values.length > 0) refuse("it has users of its own, which criu's restore cannot give it", "");
  if (config.ttyMax.value > 0 || config.consolePath.value !== "none") {
    refuse("it has terminals of the host", "set lxc.console.path = none and lxc.tty.max = 0, and start it again");
  }
  for (const { type } of config.networks.items) {
    const isKnown = type.value === "veth" || type.value === "empty" || type.value === "none";
    if (!isKnown) refuse(`its network of type ${type.value} cannot be saved`, "use veth, empty or none");
  }
}

function factsFrom(
  config: Config,
  files: CheckpointFiles,
  layout: CgroupLayout,
  path: (controller: string) => string | undefined,
): CriuFacts {
  const cgroups: string[] = [];
  for (const h of layout.hierarchies) {
    const first = h.controllers[0];
    // A hybrid host's unified hierarchy has no name that criu knows.
    const place = first === undefined || h.version === 2 ? undefined : path(first);
    if (place !== undefined) cgroups.push(`${h.controllers.join(",")}:/${withoutSlash(place)}`);
  }
  return { files, cgroups, mounts: boundMounts(config) };
}

function withoutSlash(path: string): string {
  return path.startsWith("/") ? path.slice(1) : path;
}

/** As in LXC, only what is bound is the host's. */
function boundMounts(config: Config): BoundMount[] {
  const mounts: BoundMount[] = [];
  for (const entry of config.mountEntry.values) {
    if (!entry.options.includes("bind") && !entry.options.includes("rbind")) continue;
    mounts.push({ target: withoutSlash(entry.target), source: entry.source });
  }
  return mounts;
}

function freezerOf(layout: CgroupLayout, path: string | undefined): string {
  const h = hierarchyOf(layout, "freezer");
  return h === undefined || path === undefined ? "" : joinPath(h.mountPoint, withoutSlash(path));
}

/** Brings the first process back, as a child of ours, in the container's cgroups. Runs in the monitor. */
export function restoreFirstProcess(plan: StartPlan, files: CheckpointFiles, cgroups: ContainerCgroups): Child {
  const doing = `restore ${plan.options.container.name} from ${files.folder}`;
  const facts = factsFrom(plan.options.config, files, cgroups.layout, (controller) =>
    cgroups.payloadPathOf(controller),
  );
  const words = restoreWords(facts, plan.mountPoint, externalsOf(plan.network.networks));
  const before = childrenOfOurs();
  const run = runWithOutput(() => becomeCriu(plan, words));
  checkCriuEnd(run, doing, words);
  const pid = childrenOfOurs().find((child): boolean => !before.includes(child));
  const pidfd = pid === undefined ? -1 : tryOpenProcess(parseInt(pid, 10));
  if (pid === undefined || pidfd < 0) {
    throw new LxcError("unsupported", doing, "criu says that it is done, and no process has come of it", {
      hint: `look at ${files.folder}/restore.log`,
    });
  }
  return { pid: parseInt(pid, 10), pidfd };
}

/** The host's ends, which criu makes anew and joins to their bridges. */
function externalsOf(networks: readonly PlannedNetwork[]): string[] {
  const externals: string[] = [];
  for (const { type, name, hostName, link } of networks) {
    if (type === "veth") externals.push(`veth[${name}]:${hostName}${link === "" ? "" : `@${link}`}`);
  }
  return externals;
}

function childrenOfOurs(): string[] {
  const pid = currentPid();
  const text = tryReadText(`/proc/${pid}/task/${pid}/children`) ?? "";
  return text.split(" ").filter((word): boolean => word.trim() !== "");
}

/** Runs in a child of the monitor: criu finds the root file system mounted, where nobody else sees it. */
function becomeCriu(plan: StartPlan, words: readonly string[]): void {
  try {
    unshare(CLONE_NEWNS, "mount");
    setPropagation("/", MS_SLAVE | MS_REC);
    bind(plan.rootfs, plan.mountPoint);
    tryExecSearching(["criu"].concat(words), plan.options.environment);
  } catch (caught) {
    const text = bytesOfText(describe(asLxcError(caught as Error)).join("; "));
    tryBytes(SYS.write, 2, text, text.length, 0);
    exitNow(1);
  }
}
