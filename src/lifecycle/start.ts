// Starting a container: the caller's side. Looks up what is needed, plans, claims the name, and leaves a monitor behind.

import { asLxcError, type ErrorCode, LxcError } from "../base/errors.ts";
import { type Finding, findingText } from "../base/finding.ts";
import { problemsIn } from "../container/config/checks.ts";
import { unsupportedIn, warningsIn } from "../container/config/findings.ts";
import type { NetworkConfig } from "../container/config/network-schema.ts";
import type { Config } from "../container/config/schema.ts";
import type { Sources } from "../container/config/sources.ts";
import { limitsDisk } from "../container/config-limits.ts";
import type { Container } from "../container/container.ts";
import { networkFacts } from "../container/network/facts.ts";
import { movedLinksFolder, recoverMoved } from "../container/network/moved-links.ts";
import { refuseTakenLeases } from "../container/network/name-files.ts";
import { movesIn } from "../container/network/phys.ts";
import { planNetworks } from "../container/network/plan.ts";
import type { NetworkPlan } from "../container/network/planned.ts";
import { refuseAdditions, refuseTakenPorts, wantedPorts } from "../container/network/publish-host.ts";
import { publishWarnings } from "../container/network/publish-warnings.ts";
import { ownerOf } from "../container/network/published.ts";
import type { NetworkRequest } from "../container/network/request.ts";
import { requestsFrom } from "../container/network/requests.ts";
import { planForUser } from "../container/network/unprivileged.ts";
import { refuseUserPorts } from "../container/network/user-publish.ts";
import { refuseForUser, unnamedPair } from "../container/network/user-refusals.ts";
import { refuseUnfinished } from "../container/partial.ts";
import { commandSocketOf, runDirectory } from "../container/paths.ts";
import { writtenFolder } from "../container/rootfs/layers.ts";
import { type MountEntry, mountEntriesIn } from "../container/rootfs/mount-entry.ts";
import { tunnelWarnings } from "../container/rootfs/tunnel.ts";
import { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import { EADDRINUSE, ENOENT } from "../kernel/abi/errno.ts";
import { blockDeviceOf } from "../kernel/block-device.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { isDirectory, tryReadText } from "../kernel/files.ts";
import { NetlinkSocket } from "../kernel/netlink.ts";
import { openNftables } from "../kernel/nftables.ts";
import { closeAllBut, effectiveUser, type ProcessEnd } from "../kernel/process.ts";
import { openOwnProgram } from "../kernel/self.ts";
import { tryListenAbstract } from "../kernel/sockets.ts";
import { readLsm } from "./confinement.ts";
import { leaveMonitorBehind } from "./daemonize.ts";
import { filterWishOf, planFilter } from "./filter.ts";
import { Monitor, type MonitorHoldings } from "./monitor.ts";
import { withPidFile } from "./pid-file.ts";
import { planStart, type StartFacts, type StartOptions, type StartPlan } from "./plan.ts";
import { mayOwn } from "./plan-namespaces.ts";
import { openSharedNamespaces } from "./shared-namespaces.ts";
import { cgroupsForStart, type StartCgroups } from "./start-cgroups.ts";

/**
 * Starts a container. For a daemon returns 0 once it is RUNNING; otherwise returns the exit code of its first process:
 * 128 and the signal for one that was killed, 0 for one that halted. Throws when it could not be started.
 */
export function startContainer(options: StartOptions): number {
  const name = options.container.name;
  try {
    if (options.closeAllFds) closeAllBut([options.logFd]);
    const plan = decideStart(options, () => {
      bringDevicesHome(options);
      return cgroupsForStart(options.container, options.config, ownEnvironment());
    });
    for (const warning of plan.warnings) options.warn(warning);
    for (const translation of plan.limits.translations) options.inform(translation);
    return options.daemon ? startDaemon(plan) : exitCodeOf(runHere(plan));
  } catch (caught) {
    throw startFailed(name, asLxcError(caught as Error));
  }
}

/**
 * Looks at host and configuration, and decides what a start does. Makes nothing but what `cgroups` makes, which is called
 * once it is known that nothing is to be refused by the configuration alone.
 */
export function decideStart(options: StartOptions, cgroups: () => StartCgroups): StartPlan {
  refuseUnfinished(options.container);
  refuseWhatIsNotThere(options);
  for (const finding of warningsIn(options.config, options.sources)) options.warn(findingText(finding));
  for (const warning of warningsOfTunnels(options.config)) options.warn(warning);
  const facts = gatherFacts(options, cgroups());
  for (const warning of publishWarnings(facts.network)) options.warn(warning);
  return planStart(options, facts);
}

function warningsOfTunnels(config: Config): readonly string[] {
  const tunnels = config.mountAuto.values.filter((auto): boolean => auto.what === "shmounts");
  return tunnels.length === 0 ? [] : tunnelWarnings(tunnels, tryReadText("/proc/self/mountinfo") ?? "");
}

function startFailed(name: string, error: LxcError): LxcError {
  if (error.code === "wrong-state" && error.reason === ALREADY_RUNNING) return error;
  return new LxcError(error.code, `start ${name}`, "the container failed to start", {
    errno: error.errno,
    because: error,
  });
}

const ALREADY_RUNNING = "Container is already running";

/** Every key that is accepted has its effect; the others are refused by name. */
function refuseWhatIsNotThere(options: StartOptions): void {
  const { config, sources } = options;
  refuse(options, "unsupported", "it asks for what is not supported yet", unsupportedIn(config, sources, "error"));
  refuse(options, "config-invalid", "it cannot be started as it is", sources.findAll("error", problemsIn(config)));
}

function refuse(options: StartOptions, code: ErrorCode, reason: string, findings: readonly Finding[]): void {
  if (findings.length > 0) throw new LxcError(code, `use ${options.configFile}`, reason, { findings });
}

function gatherFacts(options: StartOptions, cgroups: StartCgroups): StartFacts {
  const config = options.config;
  const hasRootfs = config.rootfsPath.value !== undefined;
  return {
    hasMountPoint: hasRootfs && isDirectory(config.rootfsMount.value),
    fstab: entriesOf(config.mountFstab.value),
    network: mayOwn(config, "net") ? networkPlanFor(options) : NO_NETWORKS,
    filter: planFilter(filterWishOf(config)),
    shared: openSharedNamespaces(config.namespaceShare.entries, options.container),
    cgroups,
    lsm: readLsm(),
    disk: limitsDisk(config) ? blockDeviceOf(writtenFolder(config.rootfsPath.value)) : undefined,
  };
}

/** As in LXC: in a network that is not its own a container gets no devices. */
const NO_NETWORKS: NetworkPlan = { newNamespace: false, networks: [] };

function entriesOf(fstab: string | undefined): readonly MountEntry[] {
  if (fstab === undefined) return [];
  const text = tryReadText(`${fstab}`);
  if (text !== undefined) return mountEntriesIn(text);
  throw new LxcError("not-found", `read the mounts of ${fstab}`, "there is no such file", {
    errno: ENOENT,
    hint: "correct lxc.mount.fstab, or take it out",
  });
}

function networkPlanFor(options: StartOptions): NetworkPlan {
  const requests = networkRequestsOf(options);
  if (effectiveUser() !== 0) refuseForUser(requests);
  const socket = new NetlinkSocket();
  try {
    const plan = planNetworks(requests, networkFacts(socket, requests, options.environment));
    refuseWhatIsTaken(options.container, plan);
    if (effectiveUser() === 0) return plan;
    for (const request of requests) if (request.veth.pair !== "") options.warn(unnamedPair(request));
    return planForUser(plan);
  } finally {
    socket.close();
  }
}

/** What belongs to the host and only one can have, asked before anything is made. */
function refuseWhatIsTaken(container: Container, plan: NetworkPlan): void {
  const isRoot = effectiveUser() === 0;
  refuseAdditions(plan.networks, isRoot);
  if (!isRoot) {
    refuseUserPorts(plan.networks);
    return;
  }
  refuseTakenLeases(container, plan.networks);
  const wanted = wantedPorts(plan.networks);
  if (wanted.length === 0) return;
  const socket = openNftables();
  try {
    refuseTakenPorts(ownerOf(container), wanted, socket);
  } finally {
    socket.close();
  }
}

/** Those of the host that it takes, and that another life of it has lost. */
function bringDevicesHome(options: StartOptions): void {
  if (!options.config.networks.items.some((network): boolean => network.type.value === "phys")) return;
  const requests = networkRequestsOf(options).filter((request) => request.type === "phys");
  const folder = movedLinksFolder(runDirectory(effectiveUser(), ownEnvironment()));
  const socket = new NetlinkSocket();
  try {
    recoverMoved(socket, folder, (name) => requests.some((request) => movesIn(request, name)), options.inform);
  } finally {
    socket.close();
  }
}

function networkRequestsOf(options: StartOptions): NetworkRequest[] {
  return requestsFrom(options.config.networks, (network) => placeOf(network, options.sources));
}

/** The line that gives the network its type. */
function placeOf(network: NetworkConfig, sources: Sources): string {
  const found = sources.find("error", network.about(network.type, "", ""));
  return found.line > 0 ? `${found.file}:${found.line}` : found.file;
}

/** The monitor is this process, until the container has stopped. */
function runHere(plan: StartPlan): ProcessEnd {
  const holdings = claim(plan);
  holdings.cgroups.makePlacedMonitor();
  return withPidFile(plan.options.pidFile, () => runMonitorHere(plan, holdings));
}

function runMonitorHere(plan: StartPlan, holdings: MonitorHoldings): ProcessEnd {
  const monitor = new Monitor(plan, holdings);
  return monitor.run(false, () => {
    for (const warning of monitor.warnings()) plan.options.warn(warning);
  });
}

function startDaemon(plan: StartPlan): number {
  const holdings = claim(plan);
  try {
    holdings.cgroups.makeMonitor();
    leaveMonitorBehind(plan, holdings);
    return 0;
  } catch (caught) {
    holdings.cgroups.abandonMonitor();
    throw caught;
  }
}

/** Takes the container's name: whoever has its command socket has the container (as in LXC). */
function claim(plan: StartPlan): MonitorHoldings {
  const { container } = plan.options;
  const listening = tryListenAbstract(commandSocketOf(container));
  if (listening === -EADDRINUSE) {
    throw new LxcError("wrong-state", `start ${container.name}`, ALREADY_RUNNING, {
      hint: `stop it first: lxc-stop -n ${container.name} -P ${container.lxcpath}`,
    });
  }
  const cgroups = new ContainerCgroups(plan.cgroups.layout, plan.cgroups.names);
  cgroups.scope = plan.cgroups.scope;
  return {
    listening,
    cgroups,
    ownProgram: plan.options.useInit ? openOwnProgram() : -1,
    runDir: runDirectory(effectiveUser(), ownEnvironment()),
  };
}

function exitCodeOf(end: ProcessEnd): number {
  const SIGINT = 2;
  if (end.signal === 0) return end.code;
  return end.signal === SIGINT ? 0 : 128 + end.signal;
}
