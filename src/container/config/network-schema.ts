// The key table of one network, lxc.net.[i].*: one row per key. Pure.

import { nearest } from "../../base/text.ts";
import { flag, line, oneOf, positive, unsigned, vlanId } from "./codecs.ts";
import type { GroupWays } from "./groups.ts";
import { KeySet, NO_VARIABLES, unknownKey } from "./keys.ts";
import {
  deviceName,
  hardwareAddress,
  ipv4Addresses,
  ipv4Gateway,
  ipv4Routes,
  ipv6Addresses,
  ipv6Gateway,
  ipv6Routes,
  upFlag,
  vlanIds,
  vlanOrNone,
} from "./network-codecs.ts";
import { bitRate, leasedAddress, publishedPorts } from "./publish-codecs.ts";
import type { Complaint, Setting } from "./settings.ts";

export type NetworkType = "none" | "empty" | "veth" | "macvlan" | "ipvlan" | "vlan" | "phys";
const networkType = oneOf<NetworkType>(["none", "empty", "veth", "macvlan", "ipvlan", "vlan", "phys"]);

export type VethMode = "bridge" | "router";
const vethMode = oneOf<VethMode>(["bridge", "router"]);

export type MacvlanMode = "private" | "vepa" | "bridge" | "passthru";
const macvlanMode = oneOf<MacvlanMode>(["private", "vepa", "bridge", "passthru"]);

export type IpvlanMode = "l3" | "l3s" | "l2";
const ipvlanMode = oneOf<IpvlanMode>(["l3", "l3s", "l2"]);

export type IpvlanIsolation = "bridge" | "private" | "vepa";
const ipvlanIsolation = oneOf<IpvlanIsolation>(["bridge", "private", "vepa"]);

/** The keys of one network. */
export class NetworkConfig extends KeySet {
  readonly index: number;

  readonly type = this.one(
    "type",
    networkType,
    "empty",
    "The kind of network; must come first, for it resets the others.",
  );
  readonly flags = this.one("flags", upFlag, false, "Whether the device is up when the container starts.");
  readonly link = this.maybe("link", line, "The host's device to use: a bridge for veth.");
  readonly name = this.maybe("name", deviceName, "The device's name inside the container. Default: eth and a number.");
  readonly hwaddr = this.maybe("hwaddr", hardwareAddress, "The hardware address; each x becomes a random digit.");
  readonly mtu = this.maybe("mtu", unsigned, "The largest packet, in bytes.");
  readonly ipv4Address = this.many(
    "ipv4.address",
    ipv4Addresses,
    "An IPv4 address inside the container, with its prefix.",
  );
  readonly ipv4Gateway = this.maybe("ipv4.gateway", ipv4Gateway, "Where IPv4 packets leave to.");
  readonly ipv6Address = this.many(
    "ipv6.address",
    ipv6Addresses,
    "An IPv6 address inside the container, with its prefix.",
  );
  readonly ipv6Gateway = this.maybe("ipv6.gateway", ipv6Gateway, "Where IPv6 packets leave to.");
  readonly scriptUp = this.maybe("script.up", line, "A program to run on the host when the network is made.");
  readonly scriptDown = this.maybe("script.down", line, "A program to run on the host when the network goes away.");
  readonly l2proxy = this.one("l2proxy", flag, false, "Answer for the container's addresses on the link.");
  readonly limitIngress = this.onLink(
    this.maybe("limit.ingress", bitRate, "What a container with a veth pair receives at most, in bits a second."),
  );
  readonly limitEgress = this.onLink(
    this.maybe("limit.egress", bitRate, "What a container with a veth pair sends at most, in bits a second."),
  );
  readonly publish = this.many(
    "publish",
    publishedPorts,
    "Ports of the host that lead to a container with a veth pair: [HOSTIP:]HOSTPORT[-END]:PORT[-END], then perhaps /tcp or /udp.",
  );
  readonly ipv4Lease = this.maybe(
    "ipv4.lease",
    leasedAddress,
    "The address that lxc-net gives to the container by DHCP.",
  );
  readonly vethPair = this.maybe(
    "veth.pair",
    deviceName,
    "The name of the host's end. Default: veth and random letters.",
  );
  readonly vethMode = this.one("veth.mode", vethMode, "bridge", "Joined to a bridge, or routed.");
  readonly vethRxQueues = this.maybe("veth.n_rxqueues", positive, "How many receive queues.");
  readonly vethTxQueues = this.maybe("veth.n_txqueues", positive, "How many transmit queues.");
  readonly vethIpv4Route = this.many("veth.ipv4.route", ipv4Routes, "A network the host reaches through here.");
  readonly vethIpv6Route = this.many("veth.ipv6.route", ipv6Routes, "A network the host reaches through here.");
  readonly vethVlanId = this.maybe("veth.vlan.id", vlanOrNone, "The bridge port's own VLAN.");
  readonly vethVlanTagged = this.many("veth.vlan.tagged.id", vlanIds, "A VLAN the bridge port also carries.");
  readonly macvlanMode = this.one("macvlan.mode", macvlanMode, "private", "Who may talk to whom on the link.");
  readonly ipvlanMode = this.one("ipvlan.mode", ipvlanMode, "l3", "The layer at which packets are passed on.");
  readonly ipvlanIsolation = this.one(
    "ipvlan.isolation",
    ipvlanIsolation,
    "bridge",
    "Who may talk to whom on the link.",
  );
  readonly vlanId = this.maybe("vlan.id", vlanId, "The VLAN's number.");

  constructor(index: number) {
    super(NO_VARIABLES);
    this.index = index;
  }

  /** False for keys such as `veth.pair` when the network is of another type. */
  fits(key: string): boolean {
    const needed = typeFor(key);
    return needed === "" || needed === this.type.value;
  }

  /** What its keys begin with, without the dot. */
  prefix(): string {
    return PREFIX + String(this.index);
  }

  /** The whole key of one of its settings. */
  keyOf(setting: Setting): string {
    return `${this.prefix()}.${setting.key}`;
  }

  about(setting: Setting, problem: string, hint: string): Complaint {
    return { about: "value", key: this.keyOf(setting), problem, hint };
  }

  needs(one: Setting, other: Setting): Complaint {
    const needed = this.keyOf(other);
    return this.about(one, `it cannot be used without ${needed}`, `set ${needed} as well`);
  }

  override noSuchKey(key: string): Complaint {
    return unknownKey(key, this.allKeys());
  }

  /** Everything back to its default. */
  reset(): void {
    for (const setting of this.settings) setting.clear();
  }
}

/** The type a network must have for this key, or "". */
export function typeFor(key: string): string {
  const dot = key.indexOf(".");
  const first = key.slice(0, Math.max(dot, 0));
  return first === "veth" || first === "macvlan" || first === "ipvlan" || first === "vlan" ? first : "";
}

/** The networks of a container, by index. */
export class Networks {
  items: NetworkConfig[] = [];

  at(index: number): NetworkConfig | undefined {
    for (let i = 0; i < this.items.length; i++) {
      const network = this.items[i]!;
      if (network.index === index) return network;
    }
    return undefined;
  }

  /** Keeps the order of the indices. */
  insert(made: NetworkConfig): void {
    const before: NetworkConfig[] = [];
    const after: NetworkConfig[] = [];
    for (const network of this.items) {
      if (network.index < made.index) before.push(network);
      else after.push(network);
    }
    before.push(made);
    this.items = before.concat(after);
  }

  remove(index: number): void {
    this.items = this.items.filter((network) => network.index !== index);
  }
}

/** How `lxc.net.` finds its keys. */
export function networkWays(networks: Networks): GroupWays {
  return {
    open: (rest, toWrite) => openNetworkKey(networks, rest, toWrite),
    rests: () => networkRests(networks),
    clear: () => {
      networks.items = [];
    },
    names: () => NO_NAMES,
    // `lxc.net.0 =` removes that network, if there is one.
    clearPart: (rest) => {
      const parts = networkKeyIn(rest);
      if (parts.index < 0 || parts.key !== "") return false;
      networks.remove(parts.index);
      return true;
    },
    // A new type takes back all that was said of the network before, as in LXC.
    beforeChange: (rest) => {
      if (rest.endsWith(TYPE)) networks.at(networkKeyIn(rest).index)?.reset();
    },
  };
}

function networkRests(networks: Networks): string[] {
  const rests: string[] = [];
  for (const network of networks.items) {
    for (const used of network.used()) rests.push(`${network.index}.${used.key}`);
  }
  return rests;
}

export interface NetworkKey {
  readonly index: number;
  readonly key: string;
}

/** The number at the start of `0.link`, and the key after its dot; the index is -1 when there is none. */
export function networkKeyIn(rest: string): NetworkKey {
  const dot = rest.indexOf(".");
  const digits = dot < 0 ? rest : rest.slice(0, dot);
  for (let at = 0; at < digits.length; at++) {
    const code = digits.charCodeAt(at);
    if (code < 48 || code > 57) return { index: -1, key: "" };
  }
  const good = digits !== "" && digits.length < 10;
  return { index: good ? parseInt(digits, 10) : -1, key: dot < 0 ? "" : rest.slice(dot + 1) };
}

function openNetworkKey(networks: Networks, rest: string, toWrite: boolean): Setting | undefined {
  const parts = networkKeyIn(rest);
  const index = parts.index;
  const key = parts.key;
  if (index < 0) return undefined;
  const there = networks.at(index);
  if (there === undefined && !toWrite) return undefined;
  const network = there ?? new NetworkConfig(index);
  const setting = network.fits(key) ? network.find(key, toWrite) : undefined;
  if (there === undefined && setting !== undefined) networks.insert(network);
  return setting;
}

const PREFIX = "lxc.net.";
const TYPE = ".type";
const NO_NAMES: readonly string[] = [];

export function isNetworkKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** The number of the network that a key belongs to; -1 for other keys. */
export function networkIndexOf(key: string): number {
  return isNetworkKey(key) ? networkKeyIn(key.slice(PREFIX.length)).index : -1;
}

/** The key of the type of the network that `key` belongs to; "" for other keys. */
export function networkTypeKeyOf(key: string): string {
  const index = networkIndexOf(key);
  return index < 0 ? "" : PREFIX + String(index) + TYPE;
}

/** What is wrong with a key of networks that is not there, or not for networks of that type. */
export function noSuchNetworkKey(key: string): Complaint {
  const parts = networkKeyIn(key.slice(PREFIX.length));
  const index = parts.index;
  const subkey = parts.key;
  if (index < 0) {
    const hint = "write lxc.net.0.type, with a number for each network";
    return { about: "key", key, problem: "a network has a number", hint };
  }
  const known = new NetworkConfig(index).allKeys();
  if (!known.includes(subkey)) {
    const near = nearest(subkey, known);
    const hint =
      near === undefined ? "man lxc.container.conf lists them all" : `did you mean lxc.net.${index}.${near}?`;
    return { about: "key", key, problem: "there is no such key", hint };
  }
  const type = typeFor(subkey);
  if (type === "") return { about: "key", key, problem: `there is no network ${index}`, hint: "" };
  const hint = `put lxc.net.${index}.type = ${type} before it`;
  return { about: "key", key, problem: `it is for networks of type ${type}`, hint };
}
