// Reading the way of one container's packets, for lxc-net status NAME. Changes nothing.

import { dnsAddresses, dnsQuestion } from "../../base/dns.ts";
import { asLxcError } from "../../base/errors.ts";
import { addressOf, type IpNetwork } from "../../base/ip-network.ts";
import { hwaddrText, leaseOf } from "../../container/bridge/leases.ts";
import { readLeases } from "../../container/bridge/read-status.ts";
import type { BridgeSettings } from "../../container/bridge/settings.ts";
import type { WalkDevice, WalkFacts } from "../../container/bridge/walk.ts";
import type { NetworkConfig } from "../../container/config/network-schema.ts";
import type { Config } from "../../container/config/schema.ts";
import type { Container } from "../../container/container.ts";
import { openInside } from "../../container/network/inside.ts";
import { type DeviceAddress, LOOPBACK_INDEX, listDeviceAddresses, listRoutes } from "../../kernel/addresses.ts";
import { askByUdp } from "../../kernel/datagrams.ts";
import { type LinkInfo, listLinks } from "../../kernel/links.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { currentPid } from "../../kernel/process.ts";
import { initPidOf, stateOf } from "../../lifecycle/command-client.ts";

const DNS_PORT = 53;
const DNS_TIMEOUT_MS = 1000;

export function readWalk(
  socket: NetlinkSocket,
  settings: BridgeSettings,
  container: Container,
  config: Config,
  place: string,
): WalkFacts {
  const networks = config.networks.items.filter((network) => network.link.value === settings.bridge);
  const inside = readInside(socket, settings, container);
  const { device } = inside;
  return {
    name: container.name,
    place,
    state: tryState(container),
    keys: networks.map((network) => `lxc.net.${network.index}`),
    otherLinks: otherLinks(config, settings.bridge),
    device,
    strayPorts: inside.strayPorts,
    isStatic: networks.some((network) => saysAddress(network)),
    lease: device === undefined ? undefined : leaseOf(readLeases(settings.bridge), device.hwaddr),
    gateways: inside.gateways,
    resolved: settings.domain === "" ? [] : ask(settings.ipv4.bytes, `${container.name}.${settings.domain}`),
  };
}

function saysAddress(network: NetworkConfig): boolean {
  return network.ipv4Address.values.length > 0;
}

function otherLinks(config: Config, bridge: string): string[] {
  const links: string[] = [];
  for (const network of config.networks.items) {
    const link = network.link.value ?? "";
    if (link !== "" && link !== bridge && !links.includes(link)) links.push(link);
  }
  return links;
}

/** "" when it does not answer. */
function tryState(container: Container): string {
  try {
    return stateOf(container);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.code === "timed-out") return "";
    throw error;
  }
}

interface Inside {
  readonly device: WalkDevice | undefined;
  readonly strayPorts: readonly string[];
  readonly gateways: readonly string[];
}

function readInside(socket: NetlinkSocket, settings: BridgeSettings, container: Container): Inside {
  const pid = tryPid(container);
  if (pid === undefined) return { device: undefined, strayPorts: [], gateways: [] };
  const own = openInside(pid);
  try {
    const gateways: string[] = [];
    for (const { route } of listRoutes(own)) {
      if (route.prefix === 0 && route.gateway.length === 4) gateways.push(addressOf(route.gateway));
    }
    const found = devicesAmong(listLinks(socket), listLinks(own), listDeviceAddresses(own), settings.bridge);
    return { device: found.device, strayPorts: found.strayPorts, gateways };
  } finally {
    own.close();
  }
}

function tryPid(container: Container): number | undefined {
  try {
    return initPidOf(container);
  } catch (caught) {
    asLxcError(caught as Error);
    return undefined;
  }
}

interface Devices {
  readonly device: WalkDevice | undefined;
  readonly strayPorts: readonly string[];
}

/** By the numbers of both ends: names mean nothing across a border. Pure. */
export function devicesAmong(
  outside: readonly LinkInfo[],
  inside: readonly LinkInfo[],
  addresses: readonly DeviceAddress[],
  bridge: string,
): Devices {
  const index = outside.find((link) => link.name === bridge)?.index ?? -1;
  const strayPorts: string[] = [];
  for (const link of inside) {
    if (link.index === LOOPBACK_INDEX || link.peer === 0) continue;
    // Both count their own devices: only a pair names each other.
    const host = outside.find((one) => one.index === link.peer && one.peer === link.index && one.kind === "veth");
    if (host === undefined) continue;
    if (host.master !== index) {
      if (host.master === 0) strayPorts.push(host.name);
      continue;
    }
    const own: IpNetwork[] = [];
    for (const one of addresses) if (one.device === link.index && one.scope === 0) own.push(networkOf(one));
    const hwaddr = hwaddrText(link.hwaddr);
    const device = { name: link.name, isUp: link.up, hwaddr, hostName: host.name, isHostUp: host.up, addresses: own };
    return { device, strayPorts: [] };
  }
  return { device: undefined, strayPorts };
}

function networkOf(address: DeviceAddress): IpNetwork {
  return { bytes: address.bytes, prefix: address.prefix };
}

/** Undefined when nobody answers. */
function ask(server: Uint8Array, name: string): string[] | undefined {
  const id = currentPid() & 0xffff;
  const question = dnsQuestion(id, name);
  if (question === undefined) return [];
  const answer = askByUdp(server, DNS_PORT, question, DNS_TIMEOUT_MS);
  return answer === undefined ? undefined : dnsAddresses(answer, id);
}
