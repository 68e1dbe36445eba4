// What a start will do, decided before anything is done: configuration and facts in, a plan out. Pure.

import { LxcError } from "../base/errors.ts";
import { upperCase } from "../base/text.ts";
import type { Config } from "../container/config/schema.ts";
import type { Sources } from "../container/config/sources.ts";
import { limitsOf } from "../container/config-limits.ts";
import type { Container } from "../container/container.ts";
import { directoryOf } from "../container/container.ts";
import type { NetworkPlan } from "../container/network/planned.ts";
import { TTY_GROUP } from "../container/rootfs/automounts.ts";
import { rootFolders } from "../container/rootfs/layers.ts";
import type { MountEntry } from "../container/rootfs/mount-entry.ts";
import { planRootfs, type RootfsFacts, type RootfsPlan } from "../container/rootfs/plan.ts";
import { capabilityNumber } from "../isolation/capabilities.ts";
import { type LimitPlan, planLimits } from "../isolation/cgroup/limit-plan.ts";
import { payloadPaths } from "../isolation/cgroup/names.ts";
import { type IdMapping, type MappedUser, outsideOf } from "../isolation/id-maps.ts";
import { type ClockOffset, hasNamespace, type SharedNamespace } from "../isolation/namespaces.ts";
import type { BlockDevice } from "../kernel/block-device.ts";
import { type Confinement, type LsmFacts, planConfinement } from "./confinement.ts";
import type { CheckpointFiles } from "./criu.ts";
import type { Filter, FilterPlan } from "./filter.ts";
import { clocksOf, type Namespaces, namespacesOf, userOf } from "./plan-namespaces.ts";
import type { StartCgroups } from "./start-cgroups.ts";

/** How a container is to be started, as the caller said it. */
export interface StartOptions {
  readonly container: Container;
  readonly config: Config;
  /** The file the configuration is from. */
  readonly configFile: string;
  /** That file and those it includes. */
  readonly sources: Sources;
  /** Whether a monitor stays behind, and the caller returns once the container runs. */
  readonly daemon: boolean;
  /** What to run instead of lxc.init.cmd; empty for that. */
  readonly command: readonly string[];
  /** Whether our own small init is process 1 and runs the command, as lxc-execute does. */
  readonly useInit: boolean;
  /** Where the monitor's pid is written; "" for nowhere. */
  readonly pidFile: string;
  /** Whether descriptors the caller left open are closed, but for `logFd`. */
  readonly closeAllFds: boolean;
  /** The log's descriptor, or -1. */
  readonly logFd: number;
  /** The caller's variables, for hooks. */
  readonly environment: readonly string[];
  /** The files that the first life begins from, instead of a new first process. */
  readonly restore?: CheckpointFiles;
  /** Gets one sentence for each thing that is left out without a failure. */
  readonly warn: (text: string) => void;
  /** Gets one for each thing that is done in other words than its author's. */
  readonly inform: (text: string) => void;
}

/** What must be looked up on the host before a plan can be made. */
export interface StartFacts {
  /** Whether the folder for mounting root file systems is there. */
  readonly hasMountPoint: boolean;
  readonly fstab: readonly MountEntry[];
  readonly network: NetworkPlan;
  readonly cgroups: StartCgroups;
  /** The namespaces to join, open. */
  readonly shared: readonly SharedNamespace[];
  readonly filter: FilterPlan;
  /** That of the root file system, when a limit is for it. */
  readonly disk: BlockDevice | undefined;
  readonly lsm: LsmFacts;
}

export interface StartPlan {
  readonly options: StartOptions;
  /** Where the root file system is on the host; "" to run in the host's own. */
  readonly rootfs: string;
  /** Where it is mounted while it is built. */
  readonly mountPoint: string;
  readonly namespaces: Namespaces;
  /** Those of the user namespace; none without one of its own. */
  readonly idMaps: readonly IdMapping[];
  /** Who the first process is in its user namespace, own or joined; undefined in that of the host. */
  readonly user: MappedUser | undefined;
  readonly clocks: readonly ClockOffset[];
  /** Of the first process, from the start hooks on. */
  readonly filter: Filter | undefined;
  readonly command: readonly string[];
  readonly steps: RootfsPlan;
  /** What they were planned from. */
  readonly rootfsFacts: RootfsFacts;
  readonly cgroups: StartCgroups;
  readonly limits: LimitPlan;
  readonly confinement: Confinement;
  readonly network: NetworkPlan;
  /** Where the console is made: from the container's own pseudo terminals, the host's, or not at all. */
  readonly console: "container" | "host" | "none";
  /** The variables of hooks. */
  readonly hookEnvironment: readonly string[];
  /** Words for the log, one sentence each. */
  readonly warnings: readonly string[];
}

const DEFAULT_INIT = "/sbin/init";

/** Throws when the configuration cannot be started. */
export function planStart(options: StartOptions, facts: StartFacts): StartPlan {
  const config = options.config;
  const rootfs = config.rootfsPath.value?.path ?? "";
  const namespaces = namespacesOf(config, facts.shared, facts.network.newNamespace);
  const command = commandOf(options);
  if (rootfs === "" && !options.useInit && (command[0] ?? "") === DEFAULT_INIT) throw hostInitRefused();
  const wanted = config.rootfsMount.value;
  const folders = rootFolders(config.rootfsPath.value);
  const mountPoint = rootfs !== "" && facts.hasMountPoint ? wanted : (folders[0] ?? "/");
  const rootNames = rootfs === "" ? ["/"] : folders.concat([mountPoint, `${directoryOf(options.container)}/rootfs`]);
  const limits = planLimits(facts.cgroups.layout, limitsOf(config, facts.disk));
  const rootfsFacts: RootfsFacts = {
    rootNames,
    folder: directoryOf(options.container),
    fstab: facts.fstab,
    own: namespaces.own,
    hasTtyGroup: hasGroup(config.idmap.values, TTY_GROUP),
    payload: payloadPaths(facts.cgroups.names, 0)?.payload ?? "",
    mayAdministerNetwork: keepsCapability(config, "net_admin") && hasNamespace(namespaces.own, "net"),
    keepsSysAdmin: keepsCapability(config, "sys_admin"),
    cgroups: facts.cgroups.layout,
  };
  const steps = planRootfs(config, rootfsFacts);
  const user = userOf(config, namespaces);
  const confinement = planConfinement(config, options.container, user === undefined, facts.lsm);
  return {
    options,
    rootfs,
    mountPoint,
    namespaces,
    idMaps: config.idmap.values,
    user,
    clocks: clocksOf(config),
    filter: facts.filter.filter,
    command,
    steps,
    rootfsFacts,
    cgroups: facts.cgroups,
    limits,
    confinement,
    network: facts.network,
    console: hasNamespace(namespaces.own, "mnt") ? consoleOf(config) : "none",
    hookEnvironment: options.environment.concat(hookVariables(options, rootfs, mountPoint)),
    warnings: steps.warnings.concat(
      limits.setAside,
      facts.cgroups.warnings,
      confinement.warnings,
      facts.filter.warnings,
    ),
  };
}

function commandOf(options: StartOptions): readonly string[] {
  if (options.command.length > 0) return options.command;
  const config = options.config;
  const line = options.useInit ? config.executeCmd.value : config.initCmd.value;
  const words = splitCommand(line ?? "");
  if (words.length > 0) return words;
  if (!options.useInit) return [DEFAULT_INIT];
  throw new LxcError("config-invalid", `run ${options.container.name}`, "no command was given", {
    hint: "give one after --, or set lxc.execute.cmd",
  });
}

/** Words of a command line: blanks separate, and a pair of ' or " holds a word together, as in LXC. */
export function splitCommand(line: string): string[] {
  const found: string[] = [];
  let word = "";
  let inWord = false;
  let quote = "";
  for (const letter of line) {
    if (quote !== "") {
      if (letter === quote) quote = "";
      else word += letter;
    } else if (letter === "'" || letter === '"') {
      quote = letter;
      inWord = true;
    } else if (letter === " " || letter === "\t") {
      if (inWord) found.push(word);
      word = "";
      inWord = false;
    } else {
      word += letter;
      inWord = true;
    }
  }
  if (inWord) found.push(word);
  return found;
}

function hasGroup(maps: readonly IdMapping[], group: number): boolean {
  return maps.length === 0 || outsideOf(maps, "g", group) >= 0;
}

/** Whether the container's first process keeps a capability. */
export function keepsCapability(config: Config, name: string): boolean {
  const kept = config.capKeep.values;
  if (kept.length > 0) return kept.some((word) => isCapability(word, name));
  return !config.capDrop.values.some((word) => isCapability(word, name));
}

function isCapability(word: string, name: string): boolean {
  return word === name || word === String(capabilityNumber(name));
}

/** As in LXC: a container with room for more than one pseudo terminal has its console among them. */
function consoleOf(config: Config): "container" | "host" | "none" {
  if (config.consolePath.value === "none") return "none";
  return config.ptyMax.value > 1 ? "container" : "host";
}

/** What every hook of a container finds in its environment (lxc.container.conf(5)). */
function hookVariables(options: StartOptions, rootfs: string, mountPoint: string): string[] {
  const config = options.config;
  const lines = [
    `LXC_NAME=${options.container.name}`,
    `LXC_CONFIG_FILE=${options.configFile}`,
    `LXC_ROOTFS_MOUNT=${mountPoint}`,
    `LXC_ROOTFS_PATH=${rootfs}`,
    "LXC_CGNS_AWARE=1",
    `LXC_LOG_LEVEL=${config.logLevel.value === "notset" ? "ERROR" : upperCase(config.logLevel.value)}`,
    `LXC_HOOK_VERSION=${config.hookVersion.value}`,
  ];
  const console = config.consolePath.value;
  if (console !== undefined) lines.push(`LXC_CONSOLE=${console}`);
  const logfile = config.consoleLogfile.value;
  if (logfile !== undefined) lines.push(`LXC_CONSOLE_LOGPATH=${logfile}`);
  return lines;
}

function hostInitRefused(): LxcError {
  return new LxcError(
    "config-invalid",
    "start the container",
    "Executing '/sbin/init' with no configuration file may crash the host",
    { hint: "set lxc.rootfs.path, or give a command of your own after --" },
  );
}
