// Which network devices a container gets, with all their names and numbers. Pure.

import { LxcError } from "../../base/errors.ts";
import { lowerCase } from "../../base/text.ts";
import { LOOPBACK_INDEX } from "../../kernel/addresses.ts";
import { isDeviceName, type LinkInfo } from "../../kernel/links.ts";
import { draws, type NetworkFacts, RANDOM_BYTES_EACH } from "./facts.ts";
import { routesFor } from "./gateways.ts";
import { checkIpvlan, ipvlanFlagsOf, ipvlanModeOf } from "./ipvlan.ts";
import { macvlanModeOf } from "./macvlan.ts";
import { expandWildcards } from "./phys.ts";
import type { NetworkPlan, PlannedNetwork } from "./planned.ts";
import { invalid, PLANNING } from "./refusals.ts";
import { type NetworkRequest, networkKey } from "./request.ts";
import { planVeth } from "./veth.ts";

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Settles all networks. Throws for what cannot work, before anything is made. */
export function planNetworks(requests: readonly NetworkRequest[], facts: NetworkFacts): NetworkPlan {
  // As in LXC: none at all is an empty network, and `none` counts only where there is nothing else.
  const wanted = expandWildcards(
    requests.filter((request) => request.type !== "none"),
    facts.links,
  );
  if (wanted.length === 0) return { newNamespace: requests.length === 0, networks: [] };
  const names = insideNames(wanted);
  linksMustDiffer(wanted);
  const hostNames: string[] = [];
  const networks: PlannedNetwork[] = [];
  let at = 0;
  let drawn = 0;
  for (const request of wanted) {
    const network = planOne(request, names[at] ?? "", facts, drawn);
    at++;
    if (draws(request)) drawn++;
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

/** A device of the host can move into one place only. */
function linksMustDiffer(requests: readonly NetworkRequest[]): void {
  const moved: string[] = [];
  for (const request of requests) {
    if (request.type !== "phys") continue;
    if (moved.includes(request.link)) {
      throw invalid(`${networkKey(request, "link")} = ${request.link} moves in twice`, "take one of them out");
    }
    moved.push(request.link);
  }
}

function planOne(request: NetworkRequest, name: string, facts: NetworkFacts, drawn: number): PlannedNetwork {
  const empty = request.type === "empty";
  const isVeth = request.type === "veth";
  if (empty) checkLoopback(request);
  if (request.type === "ipvlan") checkIpvlan(request);
  const random = facts.random.subarray(drawn * RANDOM_BYTES_EACH);
  const link = empty || (isVeth && request.link === "") ? undefined : linkFor(request, facts);
  return {
    index: request.index,
    type: request.type,
    place: request.place,
    link: request.link,
    linkIndex: link === undefined ? 0 : link.index,
    hostName: isVeth ? hostNameFor(request, random) : "",
    byHelper: false,
    veth: isVeth ? planVeth(request, link, facts, random) : undefined,
    bornAs: draws(request) && !isVeth ? randomName(request.type.slice(0, 2), random) : "",
    mode: modeOf(request),
    flags: request.type === "ipvlan" ? ipvlanFlagsOf(request) : 0,
    name,
    hwaddr: empty ? new Uint8Array(0) : hardwareAddressIn(request),
    mtu: request.mtu > 0 || link === undefined || !isVeth ? request.mtu : link.mtu,
    // LXC brings up the loopback device of an `empty` network only with flags = up, which its manual does not say.
    up: request.up || empty,
    addresses: request.addresses,
    routes: routesFor(request, link, facts.addresses),
    l2proxy: proxies(request, link),
    scriptUp: request.scriptUp,
    scriptDown: request.scriptDown,
  };
}

function modeOf(request: NetworkRequest): number {
  if (request.type === "macvlan") return macvlanModeOf(request);
  if (request.type === "ipvlan") return ipvlanModeOf(request);
  return request.type === "vlan" ? request.vlanId : 0;
}

/** LXC says nothing, and does nothing. */
function proxies(request: NetworkRequest, link: LinkInfo | undefined): boolean {
  if (!request.l2proxy || link !== undefined) return request.l2proxy;
  throw invalid(
    `${networkKey(request, "l2proxy")} needs a device of the host that answers`,
    `set ${networkKey(request, "link")}`,
  );
}

/** A network of type empty is the loopback device. As in LXC its `link` counts for nothing. */
function checkLoopback(request: NetworkRequest): void {
  const hint = `set ${networkKey(request, "type")} = veth for a device of its own`;
  if (request.name !== "" && request.name !== "lo") {
    throw invalid(`${networkKey(request, "name")} = ${request.name}: the loopback device is always lo`, hint);
  }
  if (request.hwaddr !== "") throw invalid(`${networkKey(request, "hwaddr")}: the loopback device has none`, hint);
}

function linkFor(request: NetworkRequest, facts: NetworkFacts): LinkInfo {
  const key = networkKey(request, "link");
  const isBridge = request.type === "veth" && request.veth.mode === "bridge";
  if (request.link === "") throw invalid(`${key} is missing`, `set it to a device of the host; see \`ip link\``);
  const found = facts.links.find((link) => link.name === request.link);
  if (found === undefined) {
    const what = isBridge ? "bridge" : "device";
    throw new LxcError("not-found", PLANNING, `${key} = ${request.link}: there is no such ${what}`, {
      hint: hintForMissing(request, isBridge, facts.ownBridge),
    });
  }
  if (isBridge && found.kind !== "bridge") checkSwitch(request, facts);
  if (found.index === LOOPBACK_INDEX && request.type !== "veth") {
    throw invalid(`${key} = ${request.link}: the loopback device has no network behind it`, "see `ip link`");
  }
  return found;
}

function hintForMissing(request: NetworkRequest, isBridge: boolean, ownBridge: string): string {
  if (!isDeviceName(request.link)) return `a device's name has 1 to 15 letters, without spaces, "/" and ":"`;
  if (isBridge && request.link === ownBridge)
    return `make it: run lxc-net start (or set ${networkKey(request, "type")} = empty)`;
  if (!isBridge) return "see `ip link`; another container may have it";
  return (
    `make the bridge: ip link add ${request.link} type bridge && ip link set ${request.link} up` +
    ` (or set ${networkKey(request, "type")} = empty)`
  );
}

/** Throws unless it is a bridge of Open vSwitch. */
function checkSwitch(request: NetworkRequest, facts: NetworkFacts): void {
  const { link } = request;
  const answer = facts.switches.find((one) => one.name === link)?.answer ?? "missing";
  if (answer === "yes") return;
  const reason = `${networkKey(request, "link")} = ${link} is not a Linux bridge`;
  if (answer === "no") {
    throw invalid(`${reason}, nor one of Open vSwitch (ovs-vsctl)`, `see \`ip -details link show ${link}\``);
  }
  throw new LxcError("unsupported", PLANNING, `${reason}, and there is no ovs-vsctl in PATH to ask Open vSwitch`, {
    hint: `name a bridge, or install openvswitch-switch; see \`ip -details link show ${link}\``,
  });
}

function hostNameFor(request: NetworkRequest, random: Uint8Array): string {
  if (request.veth.pair === "") return randomName("veth", random);
  if (!isDeviceName(request.veth.pair) || request.veth.pair.includes("%"))
    throw badName(request, "veth.pair", request.veth.pair);
  return request.veth.pair;
}

function randomName(start: string, random: Uint8Array): string {
  let name = start;
  for (let i = 0; i < 6; i++) name += LETTERS.charAt((random[i] ?? 0) % LETTERS.length);
  return name;
}

/** The names inside, in the order of the requests. Those that are given come first, as in LXC. */
function insideNames(requests: readonly NetworkRequest[]): string[] {
  const taken = ["lo"];
  for (const request of requests) {
    const name = givenName(request);
    if (request.type === "empty" || name === "") continue;
    if (!isDeviceName(name)) throw badName(request, "name", name);
    if (taken.includes(name)) {
      throw invalid(`${networkKey(request, "name")} = ${name} is taken`, "give each network its own name");
    }
    taken.push(name);
  }
  const names: string[] = [];
  for (const request of requests) {
    if (request.type === "empty") names.push("lo");
    else {
      const name = givenName(request);
      names.push(name === "" ? numberedName(request, taken) : name);
    }
  }
  return names;
}

/** As in LXC, a device of the host keeps its name. "" where a number is to be found. */
function givenName(request: NetworkRequest): string {
  if (request.name === "" && request.type === "phys") return request.link;
  return request.name.includes("%") ? "" : request.name;
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
