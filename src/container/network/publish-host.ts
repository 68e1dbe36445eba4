// What stands in the way of published ports on this host, told before anything is made. Runs in tools and in the monitor.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { NFPROTO_INET } from "../../kernel/abi/netfilter.ts";
import { listDirectory, tryReadLink, tryReadText } from "../../kernel/files.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { listRules, listTables } from "../../kernel/nftables.ts";
import { type PublishedPorts, type PublishedProtocol, publishedPorts } from "../config/publish-codecs.ts";
import type { PlannedNetwork } from "./planned.ts";
import { isTableOf, LIST_CHAIN, type PortOwner, TABLE_PREFIX } from "./published.ts";
import {
  type HostListener,
  listenerInTheWay,
  listenersIn,
  type PublishedElsewhere,
  publishedInTheWay,
  takenByContainer,
  takenByListener,
} from "./taken-ports.ts";

const LISTED: readonly { readonly file: string; readonly protocol: PublishedProtocol }[] = [
  { file: "/proc/net/tcp", protocol: "tcp" },
  { file: "/proc/net/tcp6", protocol: "tcp" },
  { file: "/proc/net/udp", protocol: "udp" },
  { file: "/proc/net/udp6", protocol: "udp" },
];

export const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

/** Ports that are to be published, by which key. */
export interface WantedPorts {
  readonly key: string;
  readonly ports: PublishedPorts;
}

/** What each of `networks` publishes. */
export function wantedPorts(networks: readonly PlannedNetwork[]): WantedPorts[] {
  const wanted: WantedPorts[] = [];
  for (const network of networks) {
    for (const ports of network.veth?.published ?? []) wanted.push({ key: `lxc.net.${network.index}.publish`, ports });
  }
  return wanted;
}

/** Throws when a program of this host, or another container than that of `owner`, has one of the ports. */
export function refuseTakenPorts(owner: PortOwner, wanted: readonly WantedPorts[], socket: NetlinkSocket): void {
  if (wanted.length === 0) return;
  const others = publishedByOthers(socket, owner);
  for (const { key, ports } of wanted) {
    const other = publishedInTheWay(ports, others);
    if (other !== undefined) throw takenByContainer(key, ports, other);
  }
  refuseListeners(wanted);
}

/** Throws when a program of this host has one of the ports, which anybody may ask. */
export function refuseListeners(wanted: readonly WantedPorts[]): void {
  if (wanted.length === 0) return;
  const listeners = hostListeners();
  for (const { key, ports } of wanted) {
    const listener = listenerInTheWay(ports, listeners);
    if (listener !== undefined) throw takenByListener(key, ports, listener, holderOf(listener));
  }
}

function hostListeners(): HostListener[] {
  let listeners: HostListener[] = [];
  for (const { file, protocol } of LISTED) listeners = listeners.concat(listenersIn(tryReadText(file) ?? "", protocol));
  return listeners;
}

/** By the tables that their monitors own: what is in one belongs to a container that runs. */
function publishedByOthers(socket: NetlinkSocket, owner: PortOwner): PublishedElsewhere[] {
  const names = new Map<string, string>();
  for (const { name, comment } of listTables(socket)) if (name.startsWith(TABLE_PREFIX)) names.set(name, comment);
  if (names.size === 0) return [];
  const found: PublishedElsewhere[] = [];
  for (const { table, chain, comment } of listRules(socket, NFPROTO_INET)) {
    const container = names.get(table) ?? "";
    if (container === "" || chain !== LIST_CHAIN || isTableOf(owner, table)) continue;
    const values: PublishedPorts[] = [];
    publishedPorts.add(values, comment);
    for (const ports of values) found.push({ container, ports });
  }
  return found;
}

/** Whose socket it is, by looking at every process. */
function holderOf(listener: HostListener): string {
  const link = `socket:[${listener.inode}]`;
  for (const entry of listDirectory("/proc")) {
    const pid = wholeNumberIn(entry);
    if (pid !== undefined && hasOpen(pid, link)) {
      const program = (tryReadText(`/proc/${pid}/comm`) ?? "").trim();
      return `the program ${program} (process ${pid})`;
    }
  }
  return "a program";
}

function hasOpen(pid: number, link: string): boolean {
  try {
    for (const fd of listDirectory(`/proc/${pid}/fd`)) if (tryReadLink(`/proc/${pid}/fd/${fd}`) === link) return true;
  } catch (caught) {
    // It has ended meanwhile.
    asLxcError(caught as Error);
  }
  return false;
}

/** Only root may: devices and addresses of a bridge belong to the host. */
export function refuseAdditions(networks: readonly PlannedNetwork[], isRoot: boolean): void {
  if (isRoot) return;
  for (const { index, veth } of networks) {
    if (veth === undefined) continue;
    if (veth.ingressBits > 0) throw onlyRoot(index, "limit.ingress", "the host's end of the network");
    if (veth.egressBits > 0) throw onlyRoot(index, "limit.egress", "the host's end of the network");
    if (veth.lease.length > 0) throw onlyRoot(index, "ipv4.lease", "lxc-net's list of addresses");
  }
}

function onlyRoot(index: number, key: string, what: string): LxcError {
  return new LxcError("not-permitted", `use lxc.net.${index}.${key}`, `an ordinary user may not change ${what}`, {
    hint: `take it out, or start the container as root (with lxc.idmap, so that root inside is nobody outside)`,
  });
}

/** The device towards the container: its bridge, or the host's end. */
export function deviceOf(network: PlannedNetwork): string {
  return network.veth?.isRouter === true || network.link === "" ? network.hostName : network.link;
}
