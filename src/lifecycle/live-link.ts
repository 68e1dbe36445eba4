// A changed limit of a network of a container that runs. Runs in tools.

import { networkIndexOf } from "../container/config/network-schema.ts";
import type { Config } from "../container/config/schema.ts";
import type { Container } from "../container/container.ts";
import { type HostEnd, limitReceived, limitSent } from "../container/network/link-limits.ts";
import { findLink } from "../kernel/links.ts";
import { NetlinkSocket } from "../kernel/netlink.ts";
import { configItemOf } from "./command-client.ts";

/** Puts lxc.net.[i].limit in force, or takes it away. Returns false when the container has no such network now. */
export function changeLink(container: Container, config: Config, key: string): boolean {
  const index = networkIndexOf(`${key}`);
  const network = config.networks.at(index);
  const name = configItemOf(container, `lxc.net.${index}.veth.pair`) ?? "";
  if (network === undefined || name === "") return false;
  const socket = new NetlinkSocket();
  try {
    const link = findLink(socket, name);
    if (link === undefined || link.kind !== "veth") return false;
    const end: HostEnd = { index: link.index, name };
    if (key === network.keyOf(network.limitIngress)) limitReceived(socket, end, network.limitIngress.value ?? 0, key);
    else limitSent(socket, end, network.limitEgress.value ?? 0, key);
    return true;
  } finally {
    socket.close();
  }
}
