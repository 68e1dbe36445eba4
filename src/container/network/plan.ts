// Which network devices a container gets, with all their names and numbers. Pure.

import { LxcError } from "../../base/errors.ts";
import { lowerCase } from "../../base/text.ts";
import type { InterfaceAddress } from "../../kernel/addresses.ts";
import { isDeviceName, type LinkInfo } from "../../kernel/links.ts";
import { type NetworkFacts, RANDOM_BYTES_EACH } from "./facts.ts";
import { type PlannedRoute, routesFor } from "./gateways.ts";
import { type NetworkRequest, networkKey } from "./request.ts";

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DOING = "plan the container's network";

/** One network, settled. */
export interface PlannedNetwork {
  /** The i of lxc.net.[i]. */
  readonly index: number;
  readonly type: "empty" | "veth";
  /** The bridge's name or "", and its device index or 0. */
  readonly link: string;
  readonly linkIndex: number;
  /** The host's end; "" for none. */
  readonly hostName: string;
  readonly hostHwaddr: Uint8Array;
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
  readonly scriptUp: string;
  readonly scriptDown: string;
}

export interface NetworkPlan {
  /** False when the container shares the host's network. */
  readonly newNamespace: boolean;
  readonly networks: readonly PlannedNetwork[];
}

/** Settles all networks. Throws for what cannot work, before anything is made. */
export function planNetworks(requests: readonly NetworkRequest[], facts: NetworkFacts): NetworkPlan {
  // As in LXC: none at all is an empty network, and `none` counts only where there is nothing else.
  const wanted = requests.filter((request) => request.type !== "none");
  if (wanted.length === 0) return { newNamespace: requests.length === 0, networks: [] };
  const names = insideNames(wanted);
  const hostNames: string[] = [];
  const networks: PlannedNetwork[] = [];
  let at = 0;
  let drawn = 0;
  for (const request of wanted) {
    const network = planOne(request, names[at] ?? "", facts, drawn);
    at++;
    if (network.type === "veth") drawn++;
    if (network.hostName !== "" && hostNames.includes(network.hostName)) {
      throw invalid(
        `${networkKey(request, "veth.pair")} = ${network.hostName} is used twice`,
        "give each its own name",
      );
    }
    hostNames.push(network.hostName);
    networks.push(network);
  }
  return { newNamespace: true, networks };
}

function planOne(request: NetworkRequest, name: string, facts: NetworkFacts, drawn: number): PlannedNetwork {
  if (request.type !== "empty" && request.type !== "veth") {
    throw new LxcError("unsupported", DOING, `${networkKey(request, "type")} = ${request.type} is not there yet`, {
      hint: `use ${networkKey(request, "type")} = veth, empty or none`,
    });
  }
  const veth = request.type === "veth";
  if (!veth) checkLoopback(request);
  const random = facts.random.subarray(drawn * RANDOM_BYTES_EACH);
  const bridge = veth && request.link !== "" ? bridgeFor(request, facts.links) : undefined;
  return {
    index: request.index,
    type: request.type,
    link: request.link,
    linkIndex: bridge === undefined ? 0 : bridge.index,
    hostName: veth ? hostNameFor(request, random) : "",
    hostHwaddr: veth ? hostAddressFrom(random) : new Uint8Array(0),
    name,
    hwaddr: veth ? hardwareAddressIn(request) : new Uint8Array(0),
    mtu: request.mtu > 0 || bridge === undefined ? request.mtu : bridge.mtu,
    // LXC brings up the loopback device of an `empty` network only with flags = up, which its manual does not say.
    up: request.up || !veth,
    addresses: request.addresses,
    routes: routesFor(request, bridge, facts.addresses),
    scriptUp: request.scriptUp,
    scriptDown: request.scriptDown,
  };
}

/** A network of type empty is the loopback device. As in LXC its `link` counts for nothing. */
function checkLoopback(request: NetworkRequest): void {
  const hint = `set ${networkKey(request, "type")} = veth for a device of its own`;
  if (request.name !== "" && request.name !== "lo") {
    throw invalid(`${networkKey(request, "name")} = ${request.name}: the loopback device is always lo`, hint);
  }
  if (request.hwaddr !== "") throw invalid(`${networkKey(request, "hwaddr")}: the loopback device has none`, hint);
}

function bridgeFor(request: NetworkRequest, links: readonly LinkInfo[]): LinkInfo {
  const key = networkKey(request, "link");
  const found = links.filter((link) => link.name === request.link)[0];
  if (found === undefined) {
    const hint = isDeviceName(request.link)
      ? `make the bridge: ip link add ${request.link} type bridge && ip link set ${request.link} up` +
        ` (or set ${networkKey(request, "type")} = empty)`
      : `a device's name has 1 to 15 letters, without spaces, "/" and ":"`;
    throw new LxcError("not-found", DOING, `${key} = ${request.link}: there is no such bridge`, { hint });
  }
  if (found.kind !== "bridge") {
    throw new LxcError("unsupported", DOING, `${key} = ${request.link} is not a Linux bridge`, {
      hint: `name a bridge; Open vSwitch (ovs-vsctl) is not there yet; see \`ip -details link show ${request.link}\``,
    });
  }
  return found;
}

function hostNameFor(request: NetworkRequest, random: Uint8Array): string {
  if (request.pair === "") {
    let name = "veth";
    for (let i = 0; i < 6; i++) name += LETTERS.charAt((random[i] ?? 0) % LETTERS.length);
    return name;
  }
  if (!isDeviceName(request.pair) || request.pair.includes("%")) throw badName(request, "veth.pair", request.pair);
  return request.pair;
}

/** As in LXC: a bridge takes the lowest address of its ports for its own, so the host's end gets a high one. */
function hostAddressFrom(random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(6);
  bytes[0] = 0xfe;
  for (let i = 1; i < 6; i++) bytes[i] = random[5 + i] ?? 0;
  return bytes;
}

/** The names inside, in the order of the requests. Those that are given come first, as in LXC. */
function insideNames(requests: readonly NetworkRequest[]): string[] {
  const taken = ["lo"];
  for (const request of requests) {
    if (request.type === "empty" || request.name === "" || request.name.includes("%")) continue;
    if (!isDeviceName(request.name)) throw badName(request, "name", request.name);
    if (taken.includes(request.name)) {
      throw invalid(`${networkKey(request, "name")} = ${request.name} is taken`, "give each network its own name");
    }
    taken.push(request.name);
  }
  const names: string[] = [];
  for (const request of requests) {
    if (request.type === "empty") names.push("lo");
    else if (request.name !== "" && !request.name.includes("%")) names.push(request.name);
    else names.push(numberedName(request, taken));
  }
  return names;
}

/** Replaces the %d by the lowest free number, as the kernel would. */
function numberedName(request: NetworkRequest, taken: string[]): string {
  const pattern = request.name === "" ? "eth%d" : request.name;
  const at = pattern.indexOf("%d");
  const rest = pattern.slice(at + 2);
  for (let number = 0; at >= 0 && !rest.includes("%"); number++) {
    const name = `${pattern.slice(0, at)}${number}${rest}`;
    if (!isDeviceName(name)) break;
    if (taken.includes(name)) continue;
    taken.push(name);
    return name;
  }
  throw badName(request, "name", request.name);
}

function hardwareAddressIn(request: NetworkRequest): Uint8Array {
  if (request.hwaddr === "") return new Uint8Array(0);
  const parts = request.hwaddr.split(":");
  const bytes = new Uint8Array(6);
  let at = 0;
  for (const part of parts) {
    const value = hexByte(part);
    if (value < 0 || at >= 6) throw badHardwareAddress(request, "it is not six bytes such as 10:66:6a:01:02:03");
    bytes[at] = value;
    at++;
  }
  if (at !== 6) throw badHardwareAddress(request, "it is not six bytes such as 10:66:6a:01:02:03");
  if (((bytes[0] ?? 0) & 1) !== 0)
    throw badHardwareAddress(request, "it is a multicast address: the first byte is odd");
  return bytes;
}

function badHardwareAddress(request: NetworkRequest, reason: string): LxcError {
  return invalid(`${networkKey(request, "hwaddr")} = ${request.hwaddr}: ${reason}`, "leave it out for a random one");
}

function hexByte(text: string): number {
  const digits = "0123456789abcdef";
  const high = digits.indexOf(lowerCase(text.slice(0, 1)));
  const low = digits.indexOf(lowerCase(text.slice(1)));
  return text.length !== 2 || high < 0 || low < 0 ? -1 : high * 16 + low;
}

function badName(request: NetworkRequest, rest: string, name: string): LxcError {
  const reason = name.length > 15 ? `has ${name.length} letters, and 15 fit` : "is no name for a device";
  return invalid(
    `${networkKey(request, rest)} = ${name} ${reason}`,
    'use 1 to 15 letters, without spaces, "/" and ":"',
  );
}

function invalid(reason: string, hint: string): LxcError {
  return new LxcError("config-invalid", DOING, reason, { hint });
}
