// Makes the networks of a container, whatever their kinds, and takes them away. Runs in the monitor.

import { asLxcError, LxcError } from "../../base/errors.ts";
import type { Undo } from "../../base/undo.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { LoopbackDevice, type NetworkDevice, NetworkMeans, type NetworkTarget } from "./device.ts";
import { IpvlanNetwork } from "./ipvlan.ts";
import { MacvlanNetwork } from "./macvlan.ts";
import { PhysNetwork } from "./phys.ts";
import type { NetworkPlan, PlannedNetwork } from "./planned.ts";
import { UnprivilegedVeth } from "./unprivileged.ts";
import { VethNetwork } from "./veth.ts";
import { VlanNetwork } from "./vlan.ts";

/** Makes every network of `plan`; `undo` gets one step for each. */
export function createNetworks(
  plan: NetworkPlan,
  socket: NetlinkSocket,
  target: NetworkTarget,
  undo: Undo,
): NetworkDevice[] {
  const created: NetworkDevice[] = [];
  const means = new NetworkMeans(socket, target);
  undo.add("close the container's netlink socket", () => means.close());
  for (const network of plan.networks) {
    const device = deviceFor(network, means);
    undo.add(`remove network ${network.index}`, () => device.remove());
    created.push(device);
    try {
      device.make();
    } catch (caught) {
      throw explained(network, asLxcError(caught as Error));
    }
  }
  return created;
}

/** What has to wait until the container has configured its side: to be called then. */
export function completeNetworks(created: readonly NetworkDevice[]): void {
  for (const device of created) {
    try {
      device.complete();
    } catch (caught) {
      throw explained(device.network, asLxcError(caught as Error));
    }
  }
}

/** From now on the networks follow what happens in the container. */
export function watchNetworks(created: readonly NetworkDevice[]): void {
  for (const device of created) device.watch();
}

function deviceFor(network: PlannedNetwork, means: NetworkMeans): NetworkDevice {
  if (network.byHelper) return new UnprivilegedVeth(network, means);
  if (network.veth !== undefined) return new VethNetwork(network, network.veth, means);
  if (network.type === "macvlan") return new MacvlanNetwork(network, means);
  if (network.type === "ipvlan") return new IpvlanNetwork(network, means);
  if (network.type === "vlan") return new VlanNetwork(network, means);
  return network.type === "phys" ? new PhysNetwork(network, means) : new LoopbackDevice(network, means);
}

/** With the place in the configuration, for whoever has several networks. */
function explained(network: PlannedNetwork, because: LxcError): LxcError {
  const place = network.place === "" ? "" : `, ${network.place}`;
  const doing = `set up the network lxc.net.${network.index}${place}`;
  return new LxcError(because.code, doing, `its ${network.type} device is not ready`, {
    errno: because.errno,
    because,
  });
}
