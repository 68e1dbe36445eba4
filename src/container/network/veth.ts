// lxc.net.[i].type = veth: a pair of devices, one end on the host: joined to a bridge, or routed.

import { LxcError } from "../../base/errors.ts";
import { routeRequest } from "../../kernel/addresses.ts";
import { bridgeVlansOf, portVlanRemoval, portVlanRequest } from "../../kernel/bridge-ports.ts";
import { deleteLink, type LinkInfo, linkIn, linkRequest, vethRequest } from "../../kernel/links.ts";
import { proxyRequest } from "../../kernel/neighbours.ts";
import { type NetlinkRequest, refusedRequest } from "../../kernel/netlink.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { NetworkDevice, type NetworkMeans } from "./device.ts";
import { type DeviceSetting, setDevice } from "./device-settings.ts";
import type { NetworkFacts } from "./facts.ts";
import { addressText, gatewayAddresses, type PlannedRoute } from "./gateways.ts";
import { limitReceived, limitSent } from "./link-limits.ts";
import { forgetName, isServed, namedContainer, noServer, refuseTakenLease, tellName } from "./name-files.ts";
import { checkedLease } from "./names.ts";
import { addSwitchPort, removeSwitchPort } from "./open-vswitch.ts";
import type { PlannedNetwork, PortVlans, VethPlan } from "./planned.ts";
import { requireSetting, routeTo } from "./proxies.ts";
import { PortPublisher } from "./publisher.ts";
import { invalid, PLANNING } from "./refusals.ts";
import { refusedCreation } from "./refused-creation.ts";
import { type NetworkRequest, networkKey, VLAN_UNSAID } from "./request.ts";

/** Settles the host's end. `random` has eleven bytes. Throws for what cannot work. */
export function planVeth(
  request: NetworkRequest,
  link: LinkInfo | undefined,
  facts: NetworkFacts,
  random: Uint8Array,
): VethPlan {
  const isRouter = request.veth.mode === "router";
  return {
    hwaddr: hostAddressFrom(random),
    isRouter,
    isSwitched: !isRouter && link !== undefined && link.kind !== "bridge",
    rxQueues: request.veth.rxQueues,
    txQueues: request.veth.txQueues,
    routes: hostRoutes(request),
    gateways: isRouter ? gatewayAddresses(request, link, facts.addresses) : [],
    vlans: portVlans(request, isRouter ? undefined : link),
    ingressBits: request.veth.ingressBits,
    egressBits: request.veth.egressBits,
    published: request.veth.published,
    lease: checkedLease(request, isRouter ? undefined : link, facts.addresses),
  };
}

/** As in LXC: a bridge takes the lowest address of its ports for its own, so the host's end gets a high one. */
function hostAddressFrom(random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(6);
  bytes[0] = 0xfe;
  for (let i = 1; i < 6; i++) bytes[i] = random[5 + i] ?? 0;
  return bytes;
}

function hostRoutes(request: NetworkRequest): PlannedRoute[] {
  const routes: PlannedRoute[] = [];
  for (const route of request.veth.routes) {
    const rest = route.addressSize === 4 ? "veth.ipv4.route" : "veth.ipv6.route";
    const text = `${addressText(route.destination)}/${route.prefix}`;
    routes.push({ route, doing: `route ${text} to the container (${networkKey(request, rest)})` });
  }
  if (request.veth.mode !== "router") return routes;
  for (const { bytes } of request.addresses) {
    const doing = `route ${addressText(bytes)} to the container (${networkKey(request, "veth.mode")} = router)`;
    routes.push({ route: routeTo(bytes), doing });
  }
  return routes;
}

function portVlans(request: NetworkRequest, bridge: LinkInfo | undefined): PortVlans {
  const { vlan, taggedVlans } = request.veth;
  if (vlan === VLAN_UNSAID && taggedVlans.length === 0) return { left: 0, own: -1, tagged: [] };
  const key = networkKey(request, vlan === VLAN_UNSAID ? "veth.vlan.tagged.id" : "veth.vlan.id");
  if (bridge === undefined) {
    throw invalid(
      `${key} is for a port of a bridge`,
      `set ${networkKey(request, "link")} to a bridge, and ${networkKey(request, "veth.mode")} = bridge`,
    );
  }
  if (taggedVlans.includes(vlan)) {
    throw invalid(`${key} = ${vlan} is one of the tagged VLANs too`, "a VLAN is tagged or not: name it once");
  }
  if (bridge.kind !== "bridge") {
    if (vlan >= 0 || taggedVlans.length > 0) return { left: 0, own: vlan, tagged: taggedVlans };
    throw invalid(`${key} = none alone does not work with Open vSwitch`, "set veth.vlan.tagged.id as well");
  }
  const vlans = bridgeVlansOf(bridge);
  if (!vlans.filters) {
    throw new LxcError("wrong-state", PLANNING, `${key}: the bridge ${bridge.name} does not filter VLANs`, {
      hint: `let it: ip link set ${bridge.name} type bridge vlan_filtering 1`,
    });
  }
  const left = vlan !== VLAN_UNSAID && vlans.defaultId !== vlan ? vlans.defaultId : 0;
  return { left, own: Math.max(vlan, -1), tagged: taggedVlans };
}

export class VethNetwork extends NetworkDevice {
  readonly #veth: VethPlan;
  #portIsDue = false;
  #nameIsDue = false;
  #publisher: PortPublisher | undefined = undefined;

  constructor(network: PlannedNetwork, veth: VethPlan, means: NetworkMeans) {
    super(network, means);
    this.#veth = veth;
  }

  protected override begin(): void {
    this.#create(this.#named());
    this.#setHost();
    this.#join();
    this.#configure();
    this.#limit();
  }

  /** Tells the bridge's name server, where lxc-net has made one. Returns the container's hardware address; empty for any. */
  #named(): Uint8Array {
    const { network, means } = this;
    const { lease, isRouter } = this.#veth;
    const isNamed = !isRouter && network.link !== "" && effectiveUser() === 0 && isServed(network.link);
    if (!isNamed && lease.length > 0) throw noServer(network);
    if (!isNamed) return network.hwaddr;
    const { container } = means.target;
    const named = namedContainer(container, network, lease);
    refuseTakenLease(network.link, named);
    this.#nameIsDue = true;
    tellName(network.link, named);
    return named.hwaddr;
  }

  #limit(): void {
    const { network, hostIndex } = this;
    const { ingressBits, egressBits } = this.#veth;
    const end = { index: hostIndex, name: network.hostName };
    const key = `lxc.net.${network.index}.limit`;
    if (ingressBits > 0) limitReceived(this.means.socket, end, ingressBits, `${key}.ingress`);
    if (egressBits > 0) limitSent(this.means.socket, end, egressBits, `${key}.egress`);
  }

  /** One message makes all of the pair, and one in the same breath asks for its indices. */
  #create(hwaddr: Uint8Array): void {
    const { network, means } = this;
    const veth = this.#veth;
    const request = vethRequest({
      name: network.hostName,
      hwaddr: veth.hwaddr,
      mtu: network.mtu,
      master: veth.isRouter || veth.isSwitched ? 0 : network.linkIndex,
      rxQueues: veth.rxQueues,
      txQueues: veth.txQueues,
      peerName: network.name,
      peerHwaddr: hwaddr,
      peerPid: means.target.initPid,
    });
    const outcome = means.socket.tryRun([request, linkRequest(network.hostName)]);
    for (const refusal of outcome.refusals) {
      if (refusal.request !== 0) continue;
      const because = refusedRequest(request, refusal);
      throw refusedCreation(network, request.doing, because, outcome.answers.length > 0);
    }
    for (const answer of outcome.answers) {
      const link = linkIn(answer.reply);
      if (link === undefined) continue;
      this.hostIndex = link.index;
      this.insideIndex = link.peer;
      return;
    }
    throw new LxcError("wrong-state", request.doing, "it vanished at once", {
      hint: "another program removes network devices, or the container's first process has died",
    });
  }

  /** A port of a bridge has no addresses of its own; what is routed is passed on. */
  #setHost(): void {
    const { network } = this;
    const settings = hostSettings(network, this.#veth);
    if (settings.includes("ipv6 forwarding")) {
      requireSetting("ipv6/conf/all/forwarding", `lxc.net.${network.index}.ipv6.gateway in mode router`);
    }
    for (const setting of settings) setDevice(network.hostName, setting);
  }

  #join(): void {
    const { network, means } = this;
    if (!this.#veth.isSwitched) return;
    this.#portIsDue = true;
    addSwitchPort(network.link, network.hostName, this.#veth.vlans, means.target.scripts.environment);
  }

  /** VLANs of the port, then routes, in one go. */
  #configure(): void {
    const { network, hostIndex } = this;
    const { vlans, routes, isSwitched } = this.#veth;
    const requests: NetlinkRequest[] = [];
    if (!isSwitched) {
      if (vlans.left > 0) requests.push(portVlanRemoval(hostIndex, network.hostName, vlans.left));
      if (vlans.own >= 0) requests.push(portVlanRequest(hostIndex, network.hostName, vlans.own, true));
      for (const id of vlans.tagged) requests.push(portVlanRequest(hostIndex, network.hostName, id, false));
    }
    for (const { route, doing } of routes) requests.push(routeRequest(hostIndex, route, doing));
    this.means.socket.run(requests);
  }

  /**
   * The kernel forgets for whom a device answers when it finds out that there is nobody at the other end, some time after
   * the device was made: so this waits until there is somebody.
   */
  override complete(): void {
    const requests: NetlinkRequest[] = [];
    for (const bytes of this.#veth.gateways) {
      requests.push(proxyRequest(this.hostIndex, bytes, `${addressText(bytes)} on ${this.network.hostName}`));
    }
    this.means.socket.run(requests);
    if (this.#veth.published.length === 0) return;
    const publisher = new PortPublisher(this.network, this.#veth, this.means, this.hostIndex);
    this.#publisher = publisher;
    publisher.open();
  }

  override watch(): void {
    this.#publisher?.watch(this.insideIndex);
  }

  protected override leave(): void {
    const publisher = this.#publisher;
    this.#publisher = undefined;
    publisher?.close();
  }

  protected override end(): void {
    const { network, means, hostIndex } = this;
    const portIsDue = this.#portIsDue;
    this.#portIsDue = false;
    this.hostIndex = 0;
    if (this.#nameIsDue) forgetName(network.link, means.target.container, network.index);
    this.#nameIsDue = false;
    try {
      // It may be gone already: a pair ends with the container's network namespace.
      if (hostIndex > 0) deleteLink(means.socket, hostIndex, network.hostName);
    } finally {
      if (portIsDue) removeSwitchPort(network.link, network.hostName, means.target.scripts.environment);
    }
  }
}

/** As in LXC, what is set of the host's end, in order. */
function hostSettings(network: PlannedNetwork, veth: VethPlan): DeviceSetting[] {
  if (!veth.isRouter) {
    if (network.linkIndex === 0) return [];
    // Where IPv6 is off there can be no route: there it only must not draw an address.
    return veth.routes.some((planned) => planned.route.addressSize === 16) ? ["ipv6 bare"] : ["ipv6 off"];
  }
  const settings: DeviceSetting[] = [];
  if (veth.gateways.some((bytes) => bytes.length === 4)) settings.push("ipv4 forwarding");
  if (veth.gateways.some((bytes) => bytes.length === 16)) settings.push("ipv6 forwarding", "ipv6 proxy");
  return settings;
}
