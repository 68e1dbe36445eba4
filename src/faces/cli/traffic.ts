// What went over a running container's networks.

import type { Container } from "../../container/container.ts";
import { devicesOf, trafficOf } from "../../container/network/usage.ts";
import type { LinkInfo } from "../../kernel/links.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { configItemOf, initPidOf } from "../../lifecycle/command-client.ts";

/** One network, from the container's point of view. */
export interface Traffic {
  /** The host's device: its end of a pair, the one below, or the one that has moved in. */
  readonly link: string;
  /** False for a device that nobody can see. */
  readonly isKnown: boolean;
  /** That of the host's end of a pair; 0 for others. */
  readonly hostIndex: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** In the order of the configuration, up to the first network without a name on the host, as in LXC. */
export function trafficIn(container: Container, socket: NetlinkSocket): Traffic[] {
  const all: Traffic[] = [];
  let inside: readonly LinkInfo[] | undefined;
  for (let i = 0; ; i++) {
    const type = configItemOf(container, `lxc.net.${i}.type`);
    if (type === undefined) return all;
    const isPair = type === "veth";
    const link = configItemOf(container, isPair ? `lxc.net.${i}.veth.pair` : `lxc.net.${i}.link`) ?? "";
    if (link === "") return all;
    if (isPair) {
      all.push(ofPair(link, trafficOf(socket, link)));
      continue;
    }
    const name = configItemOf(container, `lxc.net.${i}.name`) ?? "";
    inside = inside ?? devicesOf(socket, initPidOf(container) ?? 0);
    all.push(ofOwn(link, named(inside, name)));
  }
}

function named(devices: readonly LinkInfo[], name: string): LinkInfo | undefined {
  return devices.find((device) => device.name === name);
}

/** What the host's end received is what the container sent. */
function ofPair(link: string, info: LinkInfo | undefined): Traffic {
  const hostIndex = info?.index ?? 0;
  return { link, isKnown: hostIndex > 0, hostIndex, sentBytes: info?.rxBytes ?? 0, receivedBytes: info?.txBytes ?? 0 };
}

/** Of the container's own device: that of the host counts what everybody sends. */
function ofOwn(link: string, info: LinkInfo | undefined): Traffic {
  const isKnown = info !== undefined;
  return { link, isKnown, hostIndex: 0, sentBytes: info?.txBytes ?? 0, receivedBytes: info?.rxBytes ?? 0 };
}
