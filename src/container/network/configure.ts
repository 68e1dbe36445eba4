// Sets addresses and routes inside the container. Runs in the container's first process, before the root file system changes.

import { LxcError } from "../../base/errors.ts";
import { addressRequest, LOOPBACK_INDEX, routeRequest } from "../../kernel/addresses.ts";
import { changeRequest, findLinks } from "../../kernel/links.ts";
import { type NetlinkRequest, NetlinkSocket } from "../../kernel/netlink.ts";
import { addressText } from "./gateways.ts";
import type { NetworkPlan, PlannedNetwork } from "./planned.ts";

/**
 * Configures every device of `plan` in the network namespace of this process: at most two questions to the kernel,
 * however many devices there are; one, if `indices` (`CreatedNetwork.insideIndex`, in order) came from the monitor.
 */
export function configureInside(plan: NetworkPlan, indices: readonly number[] = []): void {
  if (!plan.newNamespace || plan.networks.length === 0) return;
  // Not the monitor's socket: one belongs for ever to the namespace in which it was opened.
  const socket = new NetlinkSocket();
  try {
    const known = indices.length === plan.networks.length ? indices : indicesInside(socket, plan);
    socket.run(insideRequests(plan, known));
  } finally {
    socket.close();
  }
}

function indicesInside(socket: NetlinkSocket, plan: NetworkPlan): number[] {
  const indices: number[] = [];
  const names: string[] = [];
  for (const network of plan.networks) if (network.type !== "empty") names.push(network.name);
  const found = names.length > 0 ? findLinks(socket, names) : [];
  let at = 0;
  for (const network of plan.networks) {
    if (network.type === "empty") {
      indices.push(LOOPBACK_INDEX);
      continue;
    }
    const link = found[at];
    at++;
    if (link === undefined) {
      throw new LxcError("not-found", `configure ${network.name}`, "there is no such device in the container", {
        hint: `a script of lxc.net.${network.index} must not rename or move it`,
      });
    }
    indices.push(link.index);
  }
  return indices;
}

/** All that is to be told to the kernel inside, in order: loopback, then addresses, up and routes of each device. Pure. */
export function insideRequests(plan: NetworkPlan, indices: readonly number[]): NetlinkRequest[] {
  const requests: NetlinkRequest[] = [];
  // As in LXC: the first device that is up brings up the loopback device too.
  if (plan.networks.some((network) => network.up)) {
    let mtu = 0;
    for (const network of plan.networks) if (network.type === "empty") mtu = network.mtu;
    requests.push(changeRequest(LOOPBACK_INDEX, "lo", { up: true, mtu }));
  }
  let at = 0;
  for (const network of plan.networks) {
    for (const request of requestsOf(network, indices[at] ?? 0)) requests.push(request);
    at++;
  }
  return requests;
}

function requestsOf(network: PlannedNetwork, index: number): NetlinkRequest[] {
  const requests: NetlinkRequest[] = [];
  const where = `on ${network.name} in the container`;
  const { byHelper, hwaddr, mtu } = network;
  if (byHelper && (hwaddr.length > 0 || mtu > 0)) requests.push(changeRequest(index, network.name, { hwaddr, mtu }));
  for (const address of network.addresses) {
    requests.push(addressRequest(index, address, `${addressText(address.bytes)}/${address.prefix} ${where}`));
  }
  if (network.up && network.type !== "empty") requests.push(changeRequest(index, network.name, { up: true }));
  for (const planned of network.routes) requests.push(routeRequest(index, planned.route, `${planned.doing} ${where}`));
  return requests;
}
