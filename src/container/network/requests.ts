// From the configuration's networks to what planning takes. Pure.

import type { InterfaceAddress } from "../../kernel/addresses.ts";
import type { Gateway, IpAddress } from "../config/network-codecs.ts";
import type { NetworkConfig, Networks } from "../config/network-schema.ts";
import type { NetworkGateway, NetworkRequest } from "./request.ts";

/** One request for each network, in the order of their indices. */
export function requestsFrom(networks: Networks): NetworkRequest[] {
  return networks.items.map((network) => requestFrom(network));
}

function requestFrom(network: NetworkConfig): NetworkRequest {
  return {
    index: network.index,
    type: network.type.value,
    link: network.link.value ?? "",
    up: network.flags.value,
    name: network.name.value ?? "",
    hwaddr: network.hwaddr.value ?? "",
    mtu: network.mtu.value ?? 0,
    addresses: addressesFrom(network.ipv4Address.values).concat(addressesFrom(network.ipv6Address.values)),
    ipv4Gateway: gatewayFrom(network.ipv4Gateway.value),
    ipv6Gateway: gatewayFrom(network.ipv6Gateway.value),
    pair: network.vethPair.value ?? "",
    scriptUp: network.scriptUp.value ?? "",
    scriptDown: network.scriptDown.value ?? "",
  };
}

function addressesFrom(addresses: readonly IpAddress[]): InterfaceAddress[] {
  return addresses.map((one): InterfaceAddress => ({ bytes: one.bytes, prefix: one.prefix, broadcast: one.broadcast }));
}

function gatewayFrom(gateway: Gateway | undefined): NetworkGateway {
  if (gateway === undefined) return { kind: "none", bytes: new Uint8Array(0) };
  return { kind: gateway.kind, bytes: gateway.bytes };
}
