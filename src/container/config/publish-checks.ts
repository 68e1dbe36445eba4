// What is wrong with published ports, limits and leases of networks: small functions for the lists in checks.ts. Pure.

import type { NetworkConfig } from "./network-schema.ts";
import { isLoopback, LONGEST_SHIFTED_RANGE, portsOverlap } from "./port-rules.ts";
import { type PublishedPorts, publishedText } from "./publish-codecs.ts";
import type { Complaint, Setting } from "./settings.ts";

/** Across all networks: each packet has one way. */
export function publishedMustDiffer(networks: readonly NetworkConfig[]): Complaint | undefined {
  const seen: PublishedPorts[] = [];
  for (const network of networks) {
    for (const ports of network.publish.values) {
      const other = seen.find((one): boolean => portsOverlap(one, ports));
      if (other !== undefined) {
        const problem = `${publishedText(other)} and ${publishedText(ports)} are the same for some packets`;
        return network.about(network.publish, problem, "let each port of the host lead to one place");
      }
      seen.push(ports);
    }
  }
  return undefined;
}

/** The host's end of a pair is where all of it happens. */
export function additionsNeedPair(network: NetworkConfig): Complaint | undefined {
  if (network.type.value === "veth") return undefined;
  const additions: Setting[] = [network.publish, network.limitIngress, network.limitEgress, network.ipv4Lease];
  for (const setting of additions) {
    if (!setting.isUsed()) continue;
    const hint = `put ${network.keyOf(network.type)} = veth before it`;
    return network.about(setting, "it is for networks of type veth", hint);
  }
  return undefined;
}

export function publishedNeedsWay(network: NetworkConfig): Complaint | undefined {
  const isPair = network.type.value === "veth";
  if (!isPair || !network.publish.isUsed() || network.link.isUsed() || network.vethMode.value === "router")
    return undefined;
  return network.needs(network.publish, network.link);
}

/** Behind a router nobody gives addresses. */
export function publishedNeedsAddress(network: NetworkConfig): Complaint | undefined {
  const isRouted = network.type.value === "veth" && network.vethMode.value === "router";
  const has = network.ipv4Address.isUsed() || network.ipv6Address.isUsed();
  return isRouted && network.publish.isUsed() && !has ? network.needs(network.publish, network.ipv4Address) : undefined;
}

export function publishedCanBe(network: NetworkConfig): Complaint | undefined {
  for (const ports of network.publish.values) {
    const text = publishedText(ports);
    if (ports.host.length === 16 && isLoopback(ports.host)) {
      const problem = `${text}: packets from ::1 cannot leave the host`;
      return network.about(network.publish, problem, "publish on 127.0.0.1, or on another address of the host");
    }
    if (ports.first !== ports.target && ports.last - ports.first >= LONGEST_SHIFTED_RANGE) {
      const problem = `${text}: more than ${LONGEST_SHIFTED_RANGE} ports would get another number`;
      return network.about(network.publish, problem, "let the numbers of a long range be the same on both sides");
    }
  }
  return undefined;
}

export function leaseNeedsBridge(network: NetworkConfig): Complaint | undefined {
  if (network.type.value !== "veth" || !network.ipv4Lease.isUsed()) return undefined;
  if (!network.link.isUsed()) return network.needs(network.ipv4Lease, network.link);
  if (network.vethMode.value === "bridge") return undefined;
  const hint = `set ${network.keyOf(network.ipv4Address)} instead`;
  return network.about(network.ipv4Lease, "there is no DHCP server in mode router", hint);
}

export function leaseOrAddress(network: NetworkConfig): Complaint | undefined {
  if (!network.ipv4Lease.isUsed() || !network.ipv4Address.isUsed()) return undefined;
  const problem = `it is for a container that asks by DHCP, and ${network.keyOf(network.ipv4Address)} is set`;
  return network.about(network.ipv4Lease, problem, "take one of them out");
}
