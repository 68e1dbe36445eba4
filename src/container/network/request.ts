// What a container asks for in networks, as the configuration layer gives it. Types only.

import type { InterfaceAddress } from "../../kernel/addresses.ts";

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
  /** The bridge on the host, or "". */
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
  /** The device's name on the host, or "" for a random one. */
  readonly pair: string;
  /** Commands for the host, or "". */
  readonly scriptUp: string;
  readonly scriptDown: string;
}

/** The key of `request` that ends with `rest`, as in the configuration. */
export function networkKey(request: NetworkRequest, rest: string): string {
  return `lxc.net.${request.index}.${rest}`;
}
