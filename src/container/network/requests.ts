// From the configuration's networks to what planning takes. Pure.

import type { InterfaceAddress, Route } from "../../kernel/addresses.ts";
import type { Gateway, IpAddress, IpRoute } from "../config/network-codecs.ts";
import type { NetworkConfig, Networks } from "../config/network-schema.ts";
import { type NetworkGateway, type NetworkRequest, type VethRequest, VLAN_UNSAID } from "./request.ts";

/** One request for each network, in the order of their indices. `placeOf` says where the configuration has it, or "". */
export function requestsFrom(networks: Networks, placeOf: (network: NetworkConfig) => string): NetworkRequest[] {
  return networks.items.map((network) => requestFrom(network, placeOf(network)));
}

function requestFrom(network: NetworkConfig, place: string): NetworkRequest {
  return {
    index: network.index,
    type: network.type.value,
    place,
    link: network.link.value ?? "",
    up: network.flags.value,
    name: network.name.value ?? "",
    hwaddr: network.hwaddr.value ?? "",
    mtu: network.mtu.value ?? 0,
    addresses: addressesFrom(network.ipv4Address.values).concat(addressesFrom(network.ipv6Address.values)),
    ipv4Gateway: gatewayFrom(network.ipv4Gateway.value),
    ipv6Gateway: gatewayFrom(network.ipv6Gateway.value),
    l2proxy: network.l2proxy.value,
    veth: vethFrom(network),
    macvlanMode: network.macvlanMode.value,
    ipvlanMode: network.ipvlanMode.value,
    ipvlanIsolation: network.ipvlanIsolation.value,
    vlanId: network.vlanId.value ?? 0,
    scriptUp: network.scriptUp.value ?? "",
    scriptDown: network.scriptDown.value ?? "",
  };
}

function vethFrom(network: NetworkConfig): VethRequest {
  return {
    pair: network.vethPair.value ?? "",
    mode: network.vethMode.value,
    rxQueues: network.vethRxQueues.value ?? 0,
    txQueues: network.vethTxQueues.value ?? 0,
    routes: routesFrom(network.vethIpv4Route.values).concat(routesFrom(network.vethIpv6Route.values)),
    vlan: network.vethVlanId.value ?? VLAN_UNSAID,
    taggedVlans: network.vethVlanTagged.values,
    ingressBits: network.limitIngress.value ?? 0,
    egressBits: network.limitEgress.value ?? 0,
    published: network.publish.values,
    lease: network.ipv4Lease.value ?? new Uint8Array(0),
  };
}

function addressesFrom(addresses: readonly IpAddress[]): InterfaceAddress[] {
  return addresses.map((one): InterfaceAddress => ({ bytes: one.bytes, prefix: one.prefix, broadcast: one.broadcast }));
}

function routesFrom(routes: readonly IpRoute[]): Route[] {
  const gateway = new Uint8Array(0);
  return routes.map(
    (one): Route => ({ destination: one.bytes, prefix: one.prefix, gateway, addressSize: one.bytes.length }),
  );
}

function gatewayFrom(gateway: Gateway | undefined): NetworkGateway {
  if (gateway === undefined) return { kind: "none", bytes: new Uint8Array(0) };
  return { kind: gateway.kind, bytes: gateway.bytes };
}
