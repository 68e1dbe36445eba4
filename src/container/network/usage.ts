// What the network of a container, or of this machine, looks like now: addresses and traffic, for lxc-info and lxc-ls.

import { RT_SCOPE_LINK } from "../../kernel/abi/rtnetlink.ts";
import { type DeviceAddress, LOOPBACK_INDEX, listDeviceAddresses, namespaceIdOf } from "../../kernel/addresses.ts";
import { findLink, type LinkInfo, listLinks } from "../../kernel/links.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { addressText } from "./gateways.ts";
import { openInside } from "./inside.ts";

/** The addresses of this network namespace as text, IPv4 first; as in LXC without loopback and IPv6 link-local ones. */
export function listAddresses(socket: NetlinkSocket): string[] {
  return shown(listDeviceAddresses(socket));
}

/**
 * The addresses inside the network namespace of process `pid`, like `listAddresses`. The kernel looks there for us by
 * the namespace's number (Linux 4.20): no fork, and no setns that could leave us on the wrong side. Only root may.
 */
export function addressesOf(socket: NetlinkSocket, pid: number): string[] {
  if (effectiveUser() === 0) return shown(listDeviceAddresses(socket, namespaceIdOf(socket, pid)));
  const own = openInside(pid);
  try {
    return listAddresses(own);
  } finally {
    own.close();
  }
}

function shown(addresses: readonly DeviceAddress[]): string[] {
  const texts: string[] = [];
  for (const address of addresses) {
    if (address.device === LOOPBACK_INDEX) continue;
    if (address.bytes.length === 16 && address.scope === RT_SCOPE_LINK) continue;
    texts.push(addressText(address.bytes));
  }
  return texts;
}

/** The devices inside the network namespace of process `pid`, with their statistics. */
export function devicesOf(socket: NetlinkSocket, pid: number): LinkInfo[] {
  if (effectiveUser() === 0) return listLinks(socket, namespaceIdOf(socket, pid));
  const own = openInside(pid);
  try {
    return listLinks(own);
  } finally {
    own.close();
  }
}

/** The host's device `name` with its statistics, or undefined. What the host receives is what the container sends. */
export function trafficOf(socket: NetlinkSocket, name: string): LinkInfo | undefined {
  return findLink(socket, name, true);
}
