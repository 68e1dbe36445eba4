// What a container asks for in networks, as the configuration layer gives it. Pure.

import type { InterfaceAddress, Route } from "../../kernel/addresses.ts";
import type { PublishedPorts } from "../config/publish-codecs.ts";

export type NetworkRequestType = "none" | "empty" | "veth" | "macvlan" | "ipvlan" | "vlan" | "phys";

/** Where packets to elsewhere go. */
export interface NetworkGateway {
  /** "auto" is the address of the host's bridge, "dev" the device itself. */
  readonly kind: "none" | "auto" | "dev" | "address";
  /** In network order; empty unless `kind` is "address". */
  readonly bytes: Uint8Array;
}

/** One `lxc.net.[i]`. */
export interface NetworkRequest {
  readonly index: number;
  readonly type: NetworkRequestType;
  /** Where the configuration says so, such as `config:7`; "" where nobody knows. */
  readonly place: string;
  /** The host's device, or "": a bridge for veth. */
  readonly link: string;
  readonly up: boolean;
  /** Inside the container; "" for eth and a number. A %d stands for the lowest free number. */
  readonly name: string;
  /** `aa:bb:cc:dd:ee:ff`, or "" for a random one. */
  readonly hwaddr: string;
  /** 0 for that of the bridge. */
  readonly mtu: number;
  readonly addresses: readonly InterfaceAddress[];
  readonly ipv4Gateway: NetworkGateway;
  readonly ipv6Gateway: NetworkGateway;
  /** Whether the link answers for the container's addresses. */
  readonly l2proxy: boolean;
  readonly veth: VethRequest;
  readonly macvlanMode: "private" | "vepa" | "bridge" | "passthru";
  readonly ipvlanMode: "l3" | "l3s" | "l2";
  readonly ipvlanIsolation: "bridge" | "private" | "vepa";
  readonly vlanId: number;
  /** Commands for the host, or "". */
  readonly scriptUp: string;
  readonly scriptDown: string;
}

/** `lxc.net.[i].veth`. */
export interface VethRequest {
  /** The device's name on the host, or "" for a random one. */
  readonly pair: string;
  readonly mode: "bridge" | "router";
  /** 0 for the kernel's default. */
  readonly rxQueues: number;
  readonly txQueues: number;
  /** Networks that the host reaches through the container. */
  readonly routes: readonly Route[];
  /** The VLAN of frames without a tag: -1 for none, -2 where nothing is said. */
  readonly vlan: number;
  readonly taggedVlans: readonly number[];
  /** Bits a second that the container receives and sends at most; 0 for all that there is. */
  readonly ingressBits: number;
  readonly egressBits: number;
  /** Ports of the host that lead to the container. */
  readonly published: readonly PublishedPorts[];
  /** The address that it is to get by DHCP; empty for any. */
  readonly lease: Uint8Array;
}

/** `VethRequest.vlan` where nothing is said. */
export const VLAN_UNSAID = -2;

/** The key of `request` that ends with `rest`, as in the configuration. */
export function networkKey(request: NetworkRequest, rest: string): string {
  return `lxc.net.${request.index}.${rest}`;
}
