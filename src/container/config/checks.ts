// What is wrong across keys: lists of small functions, each returning what it found or nothing. Pure.

import type { NetworkConfig } from "./network-schema.ts";
import type { Config } from "./schema.ts";

/** A contradiction that LXC refuses while it reads. */
export interface Conflict {
  /** The key to name. */
  readonly key: string;
  readonly reason: string;
}

type ConflictCheck = (config: Config) => Conflict | undefined;
type Check = (config: Config) => string | undefined;
type NetworkCheck = (network: NetworkConfig) => string | undefined;

interface ConflictRow {
  readonly check: ConflictCheck;
}
interface CheckRow {
  readonly check: Check;
}
interface NetworkCheckRow {
  readonly check: NetworkCheck;
}

const conflictChecks: readonly ConflictRow[] = [{ check: keepOrDrop }, { check: cloneOrKeep }];

const checks: readonly CheckRow[] = [
  { check: oneWayToNameCgroups },
  { check: bothCgroupParts },
  { check: innerNeedsContainer },
  { check: rotationNeedsFile },
];

const networkChecks: readonly NetworkCheckRow[] = [
  { check: gatewayNeedsAddress },
  { check: gateway6NeedsAddress },
  { check: gatewayNeedsUp },
  { check: proxyNeedsAddress },
];

/** The first contradiction that makes the file unreadable, as in LXC. */
export function conflictIn(config: Config): Conflict | undefined {
  for (const row of conflictChecks) {
    const conflict = row.check(config);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

/** One sentence for each thing that must be put right before a start. */
export function problemsIn(config: Config): string[] {
  const problems: string[] = [];
  for (const row of checks) {
    const problem = row.check(config);
    if (problem !== undefined) problems.push(problem);
  }
  for (const network of config.networks.items) {
    for (const row of networkChecks) {
      const problem = row.check(network);
      if (problem !== undefined) problems.push(`lxc.net.${network.index}${problem}`);
    }
  }
  return problems;
}

function keepOrDrop(config: Config): Conflict | undefined {
  if (config.capKeep.values.length === 0 || config.capDrop.values.length === 0) return undefined;
  return { key: "lxc.cap.keep", reason: "lxc.cap.keep and lxc.cap.drop exclude each other" };
}

function cloneOrKeep(config: Config): Conflict | undefined {
  if (config.namespaceClone.values.length === 0 || config.namespaceKeep.values.length === 0) return undefined;
  return { key: "lxc.namespace.keep", reason: "lxc.namespace.keep and lxc.namespace.clone exclude each other" };
}

function oneWayToNameCgroups(config: Config): string | undefined {
  if (config.cgroupDir.value === undefined) return undefined;
  return config.cgroupDirMonitor.value !== undefined || config.cgroupDirContainer.value !== undefined
    ? "lxc.cgroup.dir excludes lxc.cgroup.dir.monitor and lxc.cgroup.dir.container"
    : undefined;
}

function bothCgroupParts(config: Config): string | undefined {
  return (config.cgroupDirMonitor.value === undefined) === (config.cgroupDirContainer.value === undefined)
    ? undefined
    : "lxc.cgroup.dir.monitor and lxc.cgroup.dir.container need each other";
}

function innerNeedsContainer(config: Config): string | undefined {
  return config.cgroupDirContainerInner.value !== undefined && config.cgroupDirContainer.value === undefined
    ? "lxc.cgroup.dir.container.inner needs lxc.cgroup.dir.container"
    : undefined;
}

function rotationNeedsFile(config: Config): string | undefined {
  return config.consoleRotate.value && config.consoleLogfile.value === undefined
    ? "lxc.console.rotate needs lxc.console.logfile"
    : undefined;
}

function gatewayNeedsAddress(network: NetworkConfig): string | undefined {
  return network.ipv4Gateway.value?.kind === "address" && network.ipv4Address.values.length === 0
    ? ".ipv4.gateway needs an ipv4.address"
    : undefined;
}

function gateway6NeedsAddress(network: NetworkConfig): string | undefined {
  return network.ipv6Gateway.value?.kind === "address" && network.ipv6Address.values.length === 0
    ? ".ipv6.gateway needs an ipv6.address"
    : undefined;
}

function gatewayNeedsUp(network: NetworkConfig): string | undefined {
  const gateway = network.ipv4Gateway.value !== undefined || network.ipv6Gateway.value !== undefined;
  return gateway && !network.flags.value ? ": a gateway needs flags = up" : undefined;
}

function proxyNeedsAddress(network: NetworkConfig): string | undefined {
  return network.l2proxy.value && network.ipv4Address.values.length === 0 && network.ipv6Address.values.length === 0
    ? ".l2proxy needs an address"
    : undefined;
}
