// Published ports: which of them exclude each other, and the rules of nftables that lead to the container. Pure.

import {
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  NF_INET_PRE_ROUTING,
  NF_IP_PRI_NAT_DST,
  NF_IP_PRI_NAT_SRC,
  NF_IP_PRI_RAW,
} from "../../kernel/abi/netfilter.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import type { NetlinkRequest } from "../../kernel/netlink.ts";
import { NftRule } from "../../kernel/nft-rule.ts";
import { chainFlush, chainRequest, type NftHook, tableRequest } from "../../kernel/nftables.ts";
import { isAnyAddress, isLoopback, loopback6 } from "../config/port-rules.ts";
import { type PublishedPorts, publishedText } from "../config/publish-codecs.ts";
import type { Container } from "../container.ts";
import { fnv1a64 } from "../paths.ts";

/** What our tables begin with. */
export const TABLE_PREFIX = "lxc-publish-";
const GUARD_PREFIX = "lxc-loopback-";
/** The chain that holds nothing but what is published, for whoever looks for a free port. */
export const LIST_CHAIN = "published";
/** The longest part of a table's name that is a container's own. */
const LONGEST_NAME = 40;

/** Whose container ports lead to. */
export interface PortOwner {
  /** As others are told. */
  readonly shown: string;
  /** Part of the names of its tables: never the same for two. */
  readonly mark: string;
}

/** What is published of one network. */
export interface PublishTarget {
  readonly table: string;
  readonly owner: PortOwner;
  /** The host's device behind which the container is: its bridge, or its own end. */
  readonly device: string;
  readonly ports: readonly PublishedPorts[];
}

/** Letters that nft(8) can read in a name. */
export function plainWord(name: string): string {
  let word = "";
  for (let at = 0; at < name.length && word.length < LONGEST_NAME; at++) {
    const code = name.charCodeAt(at);
    const isPlain = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
    word += isPlain || code === 45 || code === 46 || code === 95 ? name.charAt(at) : "_";
  }
  return word;
}

/** Never the same for two containers: the hash is that of the whole path. */
export function markOf(container: Container): string {
  return `${plainWord(container.name)}-${fnv1a64(bytesOfText(wholeName(container)))}`;
}

export function wholeName(container: Container): string {
  return `${container.lxcpath}/${container.name}`;
}

export function ownerOf(container: Container): PortOwner {
  return { shown: wholeName(container), mark: markOf(container) };
}

/** Of a user who may say what `container` is called: the slash, which no other name has, keeps it from being another's. */
export function ownerOfUser(container: Container, uid: number): PortOwner {
  return { shown: `${wholeName(container)} of user ${uid}`, mark: `${uid}/${markOf(container)}` };
}

export function tableOf(owner: PortOwner, index: number): string {
  return `${TABLE_PREFIX}${owner.mark}-${index}`;
}

/** Whether `table` is for one of the owner's networks. */
export function isTableOf(owner: PortOwner, table: string): boolean {
  const start = `${TABLE_PREFIX}${owner.mark}-`;
  return table.startsWith(start) && table.lastIndexOf("-") === start.length - 1;
}

/** Whether ports are published on addresses of this size: 4 or 16 bytes. */
export function isFor(ports: PublishedPorts, size: number): boolean {
  return ports.host.length === 0 || ports.host.length === size;
}

/** Whether the host's 127.0.0.1 leads to the container, for which the kernel needs a setting. */
export function usesLoopback(ports: readonly PublishedPorts[]): boolean {
  return ports.some((one) => one.host.length !== 16 && (isLoopback(one.host) || isAnyAddress(one.host)));
}

const CHAINS = ["guard", "prerouting", "output", "postrouting"];

function hookOf(chain: string): NftHook {
  switch (chain) {
    case "guard":
      return { hook: NF_INET_PRE_ROUTING, priority: NF_IP_PRI_RAW, type: "filter" };
    case "prerouting":
      return { hook: NF_INET_PRE_ROUTING, priority: NF_IP_PRI_NAT_DST, type: "nat" };
    case "output":
      return { hook: NF_INET_LOCAL_OUT, priority: NF_IP_PRI_NAT_DST, type: "nat" };
    default:
      return { hook: NF_INET_POST_ROUTING, priority: NF_IP_PRI_NAT_SRC, type: "nat" };
  }
}

/** The table without a way to anywhere: it holds the ports until the container has an address. `isGuarded` with the guard's rules. */
export function tableRequests(target: PublishTarget, isGuarded: boolean): NetlinkRequest[] {
  const { table, ports } = target;
  const requests = [tableRequest(table, target.owner.shown, true), chainRequest(table, LIST_CHAIN, undefined)];
  for (const chain of CHAINS) requests.push(chainRequest(table, chain, hookOf(chain)));
  for (const one of ports) {
    const rule = new NftRule(table, LIST_CHAIN, publishedText(one));
    rule.goOn();
    requests.push(rule.request(doingOf(one)));
  }
  if (!isGuarded) return requests;
  // By this others see that the guard is still needed.
  const mark = new NftRule(table, LIST_CHAIN, guardTableOf(target.device));
  mark.goOn();
  requests.push(mark.request(`keep 127.0.0.0/8 from ${target.device}`));
  return requests.concat(guardRules(table, target.device));
}

/** A table that outlives its maker, so that the kernel's setting for 127.0.0.1 never stands there alone. */
export function guardTableOf(device: string): string {
  return `${GUARD_PREFIX}${plainWord(device)}-${fnv1a64(bytesOfText(device))}`;
}

export function guardRequests(device: string): NetlinkRequest[] {
  const table = guardTableOf(device);
  const comment = `keeps 127.0.0.0/8 to this host, though ${device} routes it`;
  const requests = [tableRequest(table, comment, false), chainRequest(table, "guard", hookOf("guard"))];
  requests.push(chainFlush(table, "guard"));
  return requests.concat(guardRules(table, device));
}

/** What the kernel does by itself without that setting: nothing from outside has such an address. */
function guardRules(table: string, device: string): NetlinkRequest[] {
  const to = new NftRule(table, "guard", "");
  to.ofFamily(4);
  to.fromDevice(device);
  to.toLoopback();
  to.drop();
  const from = new NftRule(table, "guard", "");
  from.ofFamily(4);
  from.fromDevice(device);
  from.fromLoopback();
  from.drop();
  const doing = `keep 127.0.0.0/8 from ${device}`;
  return [to.request(doing), from.request(doing)];
}

/** All ways to `addresses`, at most one of each protocol, in the place of those that are. */
export function wayRequests(target: PublishTarget, addresses: readonly Uint8Array[]): NetlinkRequest[] {
  const { table } = target;
  const requests: NetlinkRequest[] = [];
  for (const chain of CHAINS) if (chain !== "guard") requests.push(chainFlush(table, chain));
  for (const address of addresses) {
    for (const ports of target.ports) {
      if (!isFor(ports, address.length)) continue;
      for (const request of redirections(table, ports, address)) requests.push(request);
    }
    for (const request of sources(target, address)) requests.push(request);
  }
  return requests;
}

/** For what comes from outside, and for what this host sends. Nothing comes from outside for a loopback address. */
function redirections(table: string, ports: PublishedPorts, address: Uint8Array): NetlinkRequest[] {
  const requests: NetlinkRequest[] = [];
  for (const chain of isLoopback(ports.host) ? ["output"] : ["prerouting", "output"]) {
    if (ports.first === ports.target) {
      requests.push(redirection(table, chain, ports, address));
      continue;
    }
    for (let port = ports.first; port <= ports.last; port++) {
      const target = ports.target + port - ports.first;
      requests.push(redirection(table, chain, { ...ports, first: port, last: port, target }, address));
    }
  }
  return requests;
}

function redirection(table: string, chain: string, ports: PublishedPorts, address: Uint8Array): NetlinkRequest {
  const rule = new NftRule(table, chain, publishedText(ports));
  rule.ofFamily(address.length);
  rule.toPorts(ports.protocol, ports.first, ports.last);
  if (ports.host.length > 0 && !isAnyAddress(ports.host)) rule.to(ports.host);
  else {
    rule.toLocal();
    // What has that address for its source leaves no host, and IPv6 has no setting for it.
    if (address.length === 16) rule.notTo(loopback6());
  }
  rule.redirect(address, ports.first === ports.target ? 0 : ports.target);
  return rule.request(doingOf(ports));
}

/** The source stays, but for those whose answers would not come back by us: of neighbours, of the container itself, of 127.0.0.1. */
function sources(target: PublishTarget, address: Uint8Array): NetlinkRequest[] {
  const { table, device } = target;
  const toContainer = (doing: string, from: (rule: NftRule) => void): NetlinkRequest => {
    const rule = new NftRule(table, "postrouting", "");
    rule.ofFamily(address.length);
    rule.toDevice(device);
    rule.to(address);
    rule.wasRedirected();
    from(rule);
    rule.masquerade();
    return rule.request(`publish ports of ${target.owner.shown} ${doing}`);
  };
  const requests = [
    toContainer("to its neighbours", (rule) => rule.fromDevice(device)),
    toContainer("to itself", (rule) => rule.from(address)),
  ];
  if (address.length === 4 && usesLoopback(target.ports)) {
    requests.push(toContainer("on 127.0.0.1", (rule) => rule.fromLoopback()));
  }
  return requests;
}

function doingOf(ports: PublishedPorts): string {
  return `publish ${publishedText(ports)}`;
}
