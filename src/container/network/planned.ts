// What planning settles of a container's networks. Types only.

import type { InterfaceAddress } from "../../kernel/addresses.ts";
import type { PublishedPorts } from "../config/publish-codecs.ts";
import type { PlannedRoute } from "./gateways.ts";
import type { NetworkRequestType } from "./request.ts";

/** The host's end of a pair. */
export interface VethPlan {
  readonly hwaddr: Uint8Array;
  /** In mode router it is joined to nothing: the host itself passes packets on. */
  readonly isRouter: boolean;
  /** Whether `link` is a bridge of Open vSwitch, which ovs-vsctl joins it to. */
  readonly isSwitched: boolean;
  readonly rxQueues: number;
  readonly txQueues: number;
  /** Through that end, in the order in which they must be added. */
  readonly routes: readonly PlannedRoute[];
  /** Addresses that it answers for, so that the container finds its gateways there. */
  readonly gateways: readonly Uint8Array[];
  readonly vlans: PortVlans;
  /** As in the request. */
  readonly ingressBits: number;
  readonly egressBits: number;
  readonly published: readonly PublishedPorts[];
  readonly lease: Uint8Array;
}

/** The VLANs of a port of a bridge; nothing to do when `left`, `own` and `tagged` are empty. */
export interface PortVlans {
  /** The one that the bridge put it in, and that it leaves; 0 for none. */
  readonly left: number;
  /** That of frames without a tag; -1 for none. */
  readonly own: number;
  readonly tagged: readonly number[];
}

/** One network, settled. */
export interface PlannedNetwork {
  /** The i of lxc.net.[i]. */
  readonly index: number;
  /** Never `none`. */
  readonly type: NetworkRequestType;
  /** Where the configuration says so, such as `config:7`; "" where nobody knows. */
  readonly place: string;
  /** The host's device by name, or "", and its index or 0: the bridge, the device below, or the one that moves. */
  readonly link: string;
  readonly linkIndex: number;
  /** The host's end of a pair; "" for the other kinds. That of an ordinary user gets its name when it is made. */
  hostName: string;
  /** Whether lxc-user-nic makes the pair, which knows names and bridge only: the rest is set inside. */
  readonly byHelper: boolean;
  /** For a pair only. */
  readonly veth: VethPlan | undefined;
  /** What a macvlan, ipvlan or vlan device is called until it is renamed inside; "" for the other kinds. */
  readonly bornAs: string;
  /** Of macvlan and ipvlan, and the number of a VLAN. */
  readonly mode: number;
  /** The isolation of ipvlan. */
  readonly flags: number;
  /** Inside the container: final. */
  readonly name: string;
  /** Empty for a random one. */
  readonly hwaddr: Uint8Array;
  /** 0 for the kernel's default. */
  readonly mtu: number;
  readonly up: boolean;
  readonly addresses: readonly InterfaceAddress[];
  /** In the order in which they must be added. */
  readonly routes: readonly PlannedRoute[];
  /** Whether the link answers for those addresses. */
  readonly l2proxy: boolean;
  readonly scriptUp: string;
  readonly scriptDown: string;
}

export interface NetworkPlan {
  /** False when the container shares the host's network. */
  readonly newNamespace: boolean;
  readonly networks: readonly PlannedNetwork[];
}
