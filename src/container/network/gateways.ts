// From addresses and gateways to the routes of one network. Pure.

import { ipv4Text, ipv6Text } from "../../base/ip.ts";
import { RT_SCOPE_LINK } from "../../kernel/abi/rtnetlink.ts";
import type { DeviceAddress, InterfaceAddress, Route } from "../../kernel/addresses.ts";
import type { LinkInfo } from "../../kernel/links.ts";
import { invalid } from "./refusals.ts";
import { type NetworkGateway, type NetworkRequest, networkKey } from "./request.ts";

/** A route to add, and what to say when that fails. */
export interface PlannedRoute {
  readonly route: Route;
  /** Completes "cannot …". */
  readonly doing: string;
}

/** The address as text, of either protocol. */
export function addressText(bytes: Uint8Array): string {
  return bytes.length === 16 ? ipv6Text(bytes) : ipv4Text(bytes);
}

/** The routes for both gateways of `request`. Throws when a gateway cannot be had. */
export function routesFor(
  request: NetworkRequest,
  link: LinkInfo | undefined,
  hostAddresses: readonly DeviceAddress[],
): PlannedRoute[] {
  const ipv4 = gatewayRoutes(request, 4, settled(request, 4, link, hostAddresses));
  return ipv4.concat(gatewayRoutes(request, 16, settled(request, 16, link, hostAddresses)));
}

/** The addresses of both gateways of `request`, of those that have one. */
export function gatewayAddresses(
  request: NetworkRequest,
  link: LinkInfo | undefined,
  hostAddresses: readonly DeviceAddress[],
): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const size of [4, 16]) {
    const gateway = settled(request, size, link, hostAddresses);
    if (gateway.kind === "address") found.push(gateway.bytes);
  }
  return found;
}

function gatewayOf(request: NetworkRequest, addressSize: number): NetworkGateway {
  return addressSize === 4 ? request.ipv4Gateway : request.ipv6Gateway;
}

function keyOf(request: NetworkRequest, addressSize: number): string {
  return networkKey(request, addressSize === 4 ? "ipv4.gateway" : "ipv6.gateway");
}

/** With `auto` replaced by the link's address. */
function settled(
  request: NetworkRequest,
  addressSize: number,
  link: LinkInfo | undefined,
  hostAddresses: readonly DeviceAddress[],
): NetworkGateway {
  const gateway = gatewayOf(request, addressSize);
  if (gateway.kind !== "auto") return gateway;
  const key = keyOf(request, addressSize);
  if (request.type !== "veth" && request.type !== "macvlan") {
    throw invalid(`${key} = auto is for networks of type veth and macvlan`, `name the gateway in ${key}`);
  }
  if (link === undefined) {
    throw invalid(`${key} = auto needs a bridge to take the address from`, `set ${networkKey(request, "link")}`);
  }
  const own = hostAddresses.filter((one) => one.device === link.index && one.bytes.length === addressSize);
  const found = own.filter((one) => one.scope !== RT_SCOPE_LINK)[0] ?? own[0];
  if (found !== undefined) return { kind: "address", bytes: found.bytes };
  const example = addressSize === 4 ? "10.0.3.1/24" : "fd00::1/64";
  throw invalid(
    `${key} = auto: ${link.name} has no address`,
    `give it one, such as \`ip address add ${example} dev ${link.name}\`, or name the gateway in ${key}`,
  );
}

function gatewayRoutes(request: NetworkRequest, addressSize: number, gateway: NetworkGateway): PlannedRoute[] {
  if (gateway.kind === "none") return [];
  const key = keyOf(request, addressSize);
  const own = request.addresses.filter((address) => address.bytes.length === addressSize);
  const local = isLinkLocal(gateway.bytes);
  if (!request.up && request.type !== "empty") {
    throw invalid(`${key} needs the device to be up`, `set ${networkKey(request, "flags")} = up`);
  }
  if (own.length === 0 && !local) {
    const addressKey = networkKey(request, addressSize === 4 ? "ipv4.address" : "ipv6.address");
    throw invalid(`${key} needs an address of the container`, `set ${addressKey}`);
  }
  const nothing = new Uint8Array(0);
  if (gateway.kind === "dev") {
    const route: Route = { destination: nothing, prefix: 0, gateway: nothing, addressSize };
    return [{ route, doing: `send everything through the device (${key} = dev)` }];
  }
  const text = addressText(gateway.bytes);
  const route: Route = { destination: nothing, prefix: 0, gateway: gateway.bytes, addressSize };
  const everything: PlannedRoute = { route, doing: `use the gateway ${text} (${key})` };
  if (local || own.some((address) => contains(address, gateway.bytes))) return [everything];
  // As in LXC: a gateway outside of the container's own networks gets a route of its own first.
  const way: Route = { destination: gateway.bytes, prefix: addressSize * 8, gateway: nothing, addressSize };
  return [{ route: way, doing: `reach the gateway ${text} (${key})` }, everything];
}

/** Whether `bytes` is in the network of `address`. */
function contains(address: InterfaceAddress, bytes: Uint8Array): boolean {
  if (address.bytes.length !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) {
    const bits = Math.max(0, Math.min(8, address.prefix - i * 8));
    const mask = (0xff00 >> bits) & 0xff;
    if (((address.bytes[i] ?? 0) & mask) !== ((bytes[i] ?? 0) & mask)) return false;
  }
  return true;
}

/** fe80::/10: every device has it once it is up. */
export function isLinkLocal(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}
