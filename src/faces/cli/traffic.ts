// The host's side of a running container's networks, with what went over each.

import type { Container } from "../../container/container.ts";
import { trafficOf } from "../../container/network/usage.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { configItemOf } from "../../lifecycle/command-client.ts";

/** One network, from the container's point of view: what the host's end received is what the container sent. */
export interface Traffic {
  readonly link: string;
  /** False for a device that the host cannot see. */
  readonly isKnown: boolean;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** In the order of the configuration, up to the first network without a name on the host, as in LXC. */
export function trafficIn(container: Container, socket: NetlinkSocket): Traffic[] {
  const all: Traffic[] = [];
  for (let i = 0; ; i++) {
    const type = configItemOf(container, `lxc.net.${i}.type`);
    if (type === undefined) return all;
    const link = configItemOf(container, type === "veth" ? `lxc.net.${i}.veth.pair` : `lxc.net.${i}.link`) ?? "";
    if (link === "") return all;
    const info = trafficOf(socket, link);
    const sentBytes = info?.rxBytes ?? 0;
    const receivedBytes = info?.txBytes ?? 0;
    all.push({ link, isKnown: info !== undefined, sentBytes, receivedBytes });
  }
}
