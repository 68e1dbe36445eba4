// The key table of one network, lxc.net.[i].*: one row per key. Pure.

import type { LxcError } from "../../base/errors.ts";
import { flag, line, oneOf, positive, unsigned, vlanId } from "./codecs.ts";
import { type GroupWays, KeySet, Setting, unknownKey } from "./keys.ts";
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

/** The types whose effect is there. */
const typesNow: readonly NetworkType[] = ["none", "empty", "veth"];

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
  readonly l2proxy = this.later(this.one("l2proxy", flag, false, "Answer for the container's addresses on the link."));
  readonly vethPair = this.maybe(
    "veth.pair",
    deviceName,
    "The name of the host's end. Default: veth and random letters.",
  );
  readonly vethMode = this.later(this.one("veth.mode", vethMode, "bridge", "Joined to a bridge, or routed."));
  readonly vethRxQueues = this.later(this.maybe("veth.n_rxqueues", positive, "How many receive queues."));
  readonly vethTxQueues = this.later(this.maybe("veth.n_txqueues", positive, "How many transmit queues."));
  readonly vethIpv4Route = this.later(
    this.many("veth.ipv4.route", ipv4Routes, "A network the host reaches through here."),
  );
  readonly vethIpv6Route = this.later(
    this.many("veth.ipv6.route", ipv6Routes, "A network the host reaches through here."),
  );
  readonly vethVlanId = this.later(this.maybe("veth.vlan.id", vlanOrNone, "The bridge port's own VLAN."));
  readonly vethVlanTagged = this.later(
    this.many("veth.vlan.tagged.id", vlanIds, "A VLAN the bridge port also carries."),
  );
  readonly macvlanMode = this.later(
    this.one("macvlan.mode", macvlanMode, "private", "Who may talk to whom on the link."),
  );
  readonly ipvlanMode = this.later(
    this.one("ipvlan.mode", ipvlanMode, "l3", "The layer at which packets are passed on."),
  );
  readonly ipvlanIsolation = this.later(
    this.one("ipvlan.isolation", ipvlanIsolation, "bridge", "Who may talk to whom on the link."),
  );
  readonly vlanId = this.later(this.maybe("vlan.id", vlanId, "The VLAN's number."));

  constructor(index: number) {
    super({});
    this.index = index;
  }

  /** False for keys such as `veth.pair` when the network is of another type. */
  fits(key: string): boolean {
    const needed = typeFor(key);
    return needed === "" || needed === this.type.value;
  }

  override noSuchKey(key: string): LxcError {
    return unknownKey(key, this.allKeys());
  }

  isTypeThere(): boolean {
    return typesNow.includes(this.type.value);
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
    for (const network of this.items) if (network.index === index) return network;
    return undefined;
  }

  /** Finds or makes it, and keeps the order of the indices. */
  open(index: number): NetworkConfig {
    const found = this.at(index);
    if (found !== undefined) return found;
    const made = new NetworkConfig(index);
    const before: NetworkConfig[] = [];
    const after: NetworkConfig[] = [];
    for (const network of this.items) {
      if (network.index < index) before.push(network);
      else after.push(network);
    }
    before.push(made);
    this.items = before.concat(after);
    return made;
  }

  remove(index: number): void {
    this.items = this.items.filter((network) => network.index !== index);
  }
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

/** How `lxc.net.` finds its keys. */
export function networkWays(networks: Networks): GroupWays {
  return {
    open: (rest, toWrite) => openNetworkKey(networks, rest, toWrite),
    rests: () => {
      const rests: string[] = [];
      for (const network of networks.items) {
        for (const setting of network.used()) rests.push(`${network.index}.${setting.key}`);
      }
      return rests;
    },
    clear: () => {
      networks.items = [];
    },
  };
}

function openNetworkKey(networks: Networks, rest: string, toWrite: boolean): Setting | undefined {
  const parts = networkKeyIn(rest);
  const index = parts.index;
  const key = parts.key;
  if (index < 0) return undefined;
  if (key === "") return toWrite ? undefined : wholeNetwork(networks, index);
  const network = networks.at(index) ?? (toWrite && isNetworkKey(key) ? networks.open(index) : undefined);
  if (network === undefined || !network.fits(key)) return undefined;
  return key === "type" ? typeSetting(network) : network.find(key, toWrite);
}

/** `lxc.net.0 =` removes that network. */
function wholeNetwork(networks: Networks, index: number): Setting | undefined {
  if (networks.at(index) === undefined) return undefined;
  const whole = new Setting(`lxc.net.${index}`, "One network; empty removes it.", (operation) => {
    if (operation === "clear") networks.remove(index);
    return undefined;
  });
  whole.isDirective = true;
  return whole;
}

/** A new type takes back all that was said of the network before, as in LXC. */
function typeSetting(network: NetworkConfig): Setting {
  return new Setting("type", "The kind of network.", (operation, text) => {
    if (operation === "set" && networkType.parse(text) !== undefined) network.reset();
    if (operation === "clear") network.reset();
    return network.type.act(operation, text);
  });
}

function isNetworkKey(key: string): boolean {
  return new NetworkConfig(0).find(key, false) !== undefined;
}
