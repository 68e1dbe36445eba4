// Reading what lxc-doctor tells of a container's state, log, network and limits. Changes nothing.

import { asLxcError, describe } from "../../base/errors.ts";
import type { Config } from "../../container/config/schema.ts";
import { type Container, directoryOf } from "../../container/container.ts";
import {
  type Denied,
  type InsideDevice,
  lastErrorIn,
  listensOn,
  type NetworkFacts,
  type RunFacts,
} from "../../container/doctor-running.ts";
import { addressText } from "../../container/network/gateways.ts";
import { openInside } from "../../container/network/inside.ts";
import { KernelLog } from "../../isolation/kernel-log.ts";
import { denialError, profilesOf } from "../../isolation/kernel-log-advice.ts";
import { denialIn } from "../../isolation/kernel-log-denials.ts";
import { AT_FDCWD, O_NONBLOCK, O_RDONLY } from "../../kernel/abi/fs.ts";
import { RT_SCOPE_LINK } from "../../kernel/abi/rtnetlink.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { LOOPBACK_INDEX, listDeviceAddresses, listRoutes } from "../../kernel/addresses.ts";
import { tryNumbers } from "../../kernel/call.ts";
import { closeFd, readUpTo, statusOf, tryOpenAt, tryReadText } from "../../kernel/files.ts";
import { findLinks, listLinks } from "../../kernel/links.ts";
import { textOf } from "../../kernel/memory.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { configItemOf, initPidOf, stateOf } from "../../lifecycle/command-client.ts";
import { limitOf, oomKillsOf, refusedForksOf, tasksOf } from "./usage.ts";

const USUAL_LXCPATH = "/var/lib/lxc";
const LOG_TAIL_BYTES = 65536;
const MOST_LOG_LINES = 6;
const MOST_DENIALS = 3;
const DHCP_PORT = 67;

/** `place` is -P and its value as a command line has them, with a blank in front, or "". */
export function readRunning(container: Container, config: Config, place: string): RunFacts {
  const state = tryState(container);
  const runs = state !== "STOPPED" && state !== "STUCK";
  const logFile = config.logFile.value ?? usualLog(container);
  const inside = runs ? readInside(container) : { devices: undefined, hasDefaultRoute: false };
  const udp = `${tryReadText("/proc/net/udp") ?? ""}`;
  return {
    name: container.name,
    place,
    state,
    logFile,
    logLines: lastErrorIn(tailOf(logFile), MOST_LOG_LINES),
    networks: readNetworks(config),
    devices: inside.devices,
    hasDefaultRoute: inside.hasDefaultRoute,
    hasDhcpServer: listensOn(udp, DHCP_PORT),
    forwards: (tryReadText("/proc/sys/net/ipv4/ip_forward") ?? "1").trim() !== "0",
    oomKills: runs ? oomKillsOf(container) : 0,
    tasks: runs ? tasksOf(container) : undefined,
    mostTasks: runs ? limitOf(container, "pids.max") : undefined,
    refusedForks: runs ? refusedForksOf(container) : 0,
    denials: readDenials(container, runs),
  };
}

function tryState(container: Container): string {
  try {
    return stateOf(container);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.code === "timed-out") return "STUCK";
    throw error;
  }
}

function usualLog(container: Container): string {
  const name = container.name;
  const isUsual = container.lxcpath === USUAL_LXCPATH;
  return isUsual ? `/var/log/lxc/${name}.log` : `${directoryOf(container)}/${name}.log`;
}

function tailOf(path: string): string {
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return "";
  try {
    const size = statusOf(fd, path).sizeBytes;
    if (size > LOG_TAIL_BYTES) tryNumbers(SYS.lseek, fd, size - LOG_TAIL_BYTES, 0);
    return textOf(readUpTo(fd, path, LOG_TAIL_BYTES * 2));
  } catch (caught) {
    asLxcError(caught as Error);
    return "";
  } finally {
    closeFd(fd);
  }
}

function readNetworks(config: Config): NetworkFacts[] {
  const socket = new NetlinkSocket();
  const facts: NetworkFacts[] = [];
  for (const network of config.networks.items) {
    const link = network.link.value ?? "";
    const device = link === "" ? undefined : findLinks(socket, [link])[0];
    facts.push({
      key: `lxc.net.${network.index}`,
      type: network.type.value,
      link,
      // That there is none is told elsewhere.
      isLinkUp: device === undefined || device.up,
      goesUp: network.flags.value,
      hasAddress: network.ipv4Address.values.length + network.ipv6Address.values.length > 0,
    });
  }
  socket.close();
  return facts;
}

interface Inside {
  readonly devices: readonly InsideDevice[] | undefined;
  readonly hasDefaultRoute: boolean;
}

function readInside(container: Container): Inside {
  try {
    const pid = initPidOf(container);
    return pid === undefined ? { devices: undefined, hasDefaultRoute: false } : lookInside(pid);
  } catch (caught) {
    asLxcError(caught as Error);
    return { devices: undefined, hasDefaultRoute: false };
  }
}

function lookInside(pid: number): Inside {
  const socket = openInside(pid);
  try {
    const addresses = listDeviceAddresses(socket);
    const devices: InsideDevice[] = [];
    for (const link of listLinks(socket)) {
      if (link.index === LOOPBACK_INDEX) continue;
      const own: string[] = [];
      for (const { device, bytes, scope } of addresses) {
        if (device === link.index && scope !== RT_SCOPE_LINK) own.push(addressText(bytes));
      }
      devices.push({ name: link.name, isUp: link.up, addresses: own });
    }
    const hasDefaultRoute = listRoutes(socket).some((each) => each.route.prefix === 0 && each.route.gateway.length > 0);
    return { devices, hasDefaultRoute };
  } finally {
    socket.close();
  }
}

/** Of all containers that have none of their own. */
const SHARED_PROFILE = "lxc-container-default";

/** The last few that the kernel noted for its profile or its context; who may not read the log is told none. */
function readDenials(container: Container, runs: boolean): Denied[] {
  const label = runs ? labelOf(container) : "";
  const denied: Denied[] = [];
  const log = new KernelLog(true);
  for (const record of log.read()) {
    const denial = denialIn(record);
    if (denial === undefined) continue;
    const isIts = profilesOf(denial.subject).some(
      (profile) => profile.startsWith(`lxc-${container.name}_<`) || (label !== "" && profile === label),
    );
    if (!isIts) continue;
    const error = denialError(denial, "");
    denied.push({ what: describe(error)[0] ?? "", fix: error.hint });
  }
  log.close();
  return denied.slice(-MOST_DENIALS);
}

/** "" for a label that says nothing of one container. */
function labelOf(container: Container): string {
  const profile = configItemOf(container, "lxc.apparmor.profile") ?? "";
  if (profile !== "" && profile !== "generated" && !profile.startsWith(SHARED_PROFILE)) return profile;
  return configItemOf(container, "lxc.selinux.context") ?? "";
}
