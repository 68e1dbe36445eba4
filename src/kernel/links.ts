// Network devices by rtnetlink: make, find, change, delete. The functions named …Request are pure.

import { plain } from "../base/number.ts";
import { EEXIST, EINVAL, ENETDOWN, ENODEV, EOPNOTSUPP, EPERM } from "./abi/errno.ts";
import {
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_ALT_IFNAME,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINK_NETNSID,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_NET_NS_FD,
  IFLA_NET_NS_PID,
  IFLA_NUM_RX_QUEUES,
  IFLA_NUM_TX_QUEUES,
  IFLA_PROP_LIST,
  IFLA_STATS64,
  IFLA_TARGET_NETNSID,
  IFNAMSIZ,
  rtnlLinkStats64,
  VETH_INFO_PEER,
} from "./abi/if.ts";
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from "./abi/netlink.ts";
import {
  ifinfomsg,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_SETLINK,
} from "./abi/rtnetlink.ts";
import { type ErrnoHint, type NetlinkRequest, type NetlinkSocket, refusedRequest } from "./netlink.ts";
import { Attributes, NetlinkMessage, type NetlinkReply } from "./netlink-messages.ts";

/** A network device as the kernel tells of it. */
export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  /** Others that it is known by (`ip link property`). */
  readonly altNames: readonly string[];
  /** "bridge", "veth", …; "" for hardware. */
  readonly kind: string;
  /** The attributes of that kind. */
  readonly data: Uint8Array;
  readonly up: boolean;
  readonly mtu: number;
  /** 6 bytes for Ethernet. */
  readonly hwaddr: Uint8Array;
  /** The index of the bridge it is joined to, or 0. */
  readonly master: number;
  /** The index of a veth's other end, in whatever namespace that is, or 0. */
  readonly peer: number;
  /** 0 unless they were asked for. */
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** A pair of devices, the second born in another network namespace. */
export interface VethPair {
  readonly name: string;
  /** 6 bytes, or none for a random one; the same for the peer. */
  readonly hwaddr: Uint8Array;
  /** 0 for the kernel's default. */
  readonly mtu: number;
  /** The bridge to join, or 0. */
  readonly master: number;
  /** The peer's; what one end sends the other receives, so that they are the other way round here. 0 for the default. */
  readonly rxQueues: number;
  readonly txQueues: number;
  readonly peerName: string;
  readonly peerHwaddr: Uint8Array;
  /** A process in the peer's network namespace; 0 for this one. */
  readonly peerPid: number;
  /** Or a descriptor of that namespace. */
  readonly peerNamespaceFd?: number;
}

/** What to change of a device; 0 and "" and no bytes leave things as they are. */
export interface LinkChange {
  readonly name?: string;
  readonly mtu?: number;
  readonly hwaddr?: Uint8Array;
  readonly master?: number;
  readonly up?: boolean;
  /** Moves it to the network namespace of this process, or behind this descriptor. */
  readonly toPid?: number;
  readonly toNamespaceFd?: number;
}

export const creationHints: readonly ErrnoHint[] = [
  { errno: EPERM, hint: "making network devices needs root (CAP_NET_ADMIN)" },
];

/** Makes `pair` with its first end up, in one message: peer's namespace, names, addresses, MTU and bridge included. */
export function vethRequest(pair: VethPair): NetlinkRequest {
  const flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
  const message = new NetlinkMessage(RTM_NEWLINK, flags, linkHead(0, IFF_UP, IFF_UP));
  putDevice(message, pair.name, pair.hwaddr, pair.mtu);
  putQueues(message, pair.txQueues, pair.rxQueues);
  if (pair.master > 0) message.u32(IFLA_MASTER, pair.master);
  const info = message.open(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, "veth");
  const data = message.open(IFLA_INFO_DATA);
  const peer = message.open(VETH_INFO_PEER);
  message.raw(linkHead(0, 0, 0));
  putDevice(message, pair.peerName, pair.peerHwaddr, pair.mtu);
  putQueues(message, pair.rxQueues, pair.txQueues);
  if (pair.peerPid > 0) message.u32(IFLA_NET_NS_PID, pair.peerPid);
  const peerNamespaceFd = pair.peerNamespaceFd ?? -1;
  if (peerNamespaceFd >= 0) message.u32(IFLA_NET_NS_FD, peerNamespaceFd);
  message.close(peer);
  message.close(data);
  message.close(info);
  return { message, doing: `make the network devices ${pair.name} and ${pair.peerName}`, hints: creationHints };
}

/** Makes a bridge, down and with this hardware address from its first moment. */
export function bridgeRequest(name: string, hwaddr: Uint8Array): NetlinkRequest {
  const message = new NetlinkMessage(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, linkHead(0, 0, 0));
  putDevice(message, name, hwaddr, 0);
  const info = message.open(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, "bridge");
  message.close(info);
  const hints: readonly ErrnoHint[] = [
    ...creationHints,
    { errno: EOPNOTSUPP, hint: "the kernel has no bridges: modprobe bridge" },
  ];
  return { message, doing: `make the bridge ${name}`, hints };
}

function putQueues(message: NetlinkMessage, rxQueues: number, txQueues: number): void {
  if (rxQueues > 0) message.u32(IFLA_NUM_RX_QUEUES, rxQueues);
  if (txQueues > 0) message.u32(IFLA_NUM_TX_QUEUES, txQueues);
}

export function putDevice(message: NetlinkMessage, name: string, hwaddr: Uint8Array, mtu: number): void {
  message.text(IFLA_IFNAME, name);
  if (hwaddr.length > 0) message.bytes(IFLA_ADDRESS, hwaddr);
  if (mtu > 0) message.u32(IFLA_MTU, mtu);
}

/** Asks for one device by name. */
export function linkRequest(name: string, withTraffic = false): NetlinkRequest {
  const message = new NetlinkMessage(RTM_GETLINK, NLM_F_REQUEST, linkHead(0, 0, 0));
  message.text(IFLA_IFNAME, name);
  if (!withTraffic) message.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return { message, doing: `find the network device ${name}`, hints: [] };
}

/** Asks for one device by its index, here or in the network namespace that we know as `nsId`; `what` names it in errors. */
export function linkAtRequest(index: number, what: string, nsId = -1): NetlinkRequest {
  const message = new NetlinkMessage(RTM_GETLINK, NLM_F_REQUEST, linkHead(index, 0, 0));
  message.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (nsId >= 0) message.i32(IFLA_TARGET_NETNSID, nsId);
  return { message, doing: `find the network device ${what}`, hints: [] };
}

/** Changes the device `index`; `what` names it in errors. */
export function changeRequest(index: number, what: string, change: LinkChange): NetlinkRequest {
  const up = change.up === true ? IFF_UP : 0;
  const message = new NetlinkMessage(
    RTM_SETLINK,
    NLM_F_REQUEST,
    linkHead(index, up, change.up === undefined ? 0 : IFF_UP),
  );
  const name = change.name ?? "";
  const mtu = change.mtu ?? 0;
  const hwaddr = change.hwaddr ?? new Uint8Array(0);
  const master = change.master ?? 0;
  const toPid = change.toPid ?? 0;
  const toNamespaceFd = change.toNamespaceFd ?? -1;
  if (name !== "") message.text(IFLA_IFNAME, name);
  if (hwaddr.length > 0) message.bytes(IFLA_ADDRESS, hwaddr);
  if (mtu > 0) message.u32(IFLA_MTU, mtu);
  if (master > 0) message.u32(IFLA_MASTER, master);
  if (toPid > 0) message.u32(IFLA_NET_NS_PID, toPid);
  if (toNamespaceFd >= 0) message.u32(IFLA_NET_NS_FD, toNamespaceFd);
  const hints: readonly ErrnoHint[] = [
    { errno: EPERM, hint: "changing network devices needs root (CAP_NET_ADMIN)" },
    { errno: EEXIST, hint: `the name ${name} is taken there; see \`ip link\`` },
    { errno: EINVAL, hint: "the device does not take such a value; see `ip -details link`" },
    { errno: ENETDOWN, hint: "the host's device below it is down: switch it on with `ip link set DEVICE up`" },
  ];
  return { message, doing: `${doingOf(change)} ${what}`, hints };
}

function doingOf(change: LinkChange): string {
  if ((change.toPid ?? 0) > 0 || (change.toNamespaceFd ?? -1) >= 0) return "move the network device";
  if ((change.name ?? "") !== "") return "rename the network device";
  return change.up === true ? "switch on the network device" : "change the network device";
}

/** Deletes a device; of a veth pair both ends go. */
export function deleteRequest(index: number, what: string): NetlinkRequest {
  const message = new NetlinkMessage(RTM_DELLINK, NLM_F_REQUEST, linkHead(index, 0, 0));
  return {
    message,
    doing: `delete the network device ${what}`,
    hints: [{ errno: EPERM, hint: "it needs root (CAP_NET_ADMIN)" }],
  };
}

export function linkHead(index: number, flags: number, change: number): Uint8Array {
  const head = new Uint8Array(ifinfomsg.size);
  ifinfomsg.index.put(head, plain(index));
  ifinfomsg.flags.put(head, flags);
  ifinfomsg.change.put(head, change);
  return head;
}

/** The device an RTM_NEWLINK message tells of; undefined for another message or one cut off. */
export function linkIn(reply: NetlinkReply): LinkInfo | undefined {
  if (reply.type !== RTM_NEWLINK || reply.body.length < ifinfomsg.size) return undefined;
  const attributes = new Attributes(reply.body, ifinfomsg.size);
  const info = attributes.nested(IFLA_LINKINFO);
  const stats = attributes.bytes(IFLA_STATS64);
  const hasStats = stats.length >= 32;
  return {
    index: ifinfomsg.index.get(reply.body),
    name: attributes.text(IFLA_IFNAME),
    altNames: attributes.nested(IFLA_PROP_LIST).texts(IFLA_ALT_IFNAME),
    kind: info.text(IFLA_INFO_KIND),
    data: info.bytes(IFLA_INFO_DATA),
    up: (ifinfomsg.flags.get(reply.body) & IFF_UP) !== 0,
    mtu: attributes.u32(IFLA_MTU, 0),
    hwaddr: attributes.bytes(IFLA_ADDRESS),
    master: attributes.u32(IFLA_MASTER, 0),
    peer: attributes.u32(IFLA_LINK, 0),
    rxBytes: hasStats ? rtnlLinkStats64.rxBytes.get(stats) : 0,
    txBytes: hasStats ? rtnlLinkStats64.txBytes.get(stats) : 0,
  };
}

/** The number by which we know the network namespace of a veth's other end; -1 when it is ours. */
export function peerNamespaceIn(reply: NetlinkReply): number {
  return new Attributes(reply.body, ifinfomsg.size).i32(IFLA_LINK_NETNSID, -1);
}

/** The devices called `names`, in one question; undefined in the place of each that is not there. */
export function findLinks(
  socket: NetlinkSocket,
  names: readonly string[],
  withTraffic = false,
): (LinkInfo | undefined)[] {
  const asked = names.filter((name) => isDeviceName(name));
  const requests = asked.map((name) => linkRequest(name, withTraffic));
  const outcome = socket.tryRun(requests);
  for (const refusal of outcome.refusals) {
    const request = requests[refusal.request];
    if (request !== undefined && refusal.errno !== ENODEV) throw refusedRequest(request, refusal);
  }
  const found: (LinkInfo | undefined)[] = [];
  for (const name of names) {
    let link: LinkInfo | undefined;
    for (const answer of outcome.answers) if (asked[answer.request] === name) link = linkIn(answer.reply);
    found.push(link);
  }
  return found;
}

/** The device at an index, or undefined when there is none. */
export function findLinkAt(socket: NetlinkSocket, index: number, what: string): LinkInfo | undefined {
  const request = linkAtRequest(index, what);
  const outcome = socket.tryRun([request]);
  for (const refusal of outcome.refusals) if (refusal.errno !== ENODEV) throw refusedRequest(request, refusal);
  for (const answer of outcome.answers) return linkIn(answer.reply);
  return undefined;
}

/** The device `name`, or undefined when there is none. */
export function findLink(socket: NetlinkSocket, name: string, withTraffic = false): LinkInfo | undefined {
  return findLinks(socket, [name], withTraffic)[0];
}

/** All devices with their statistics, of this network namespace or, when not negative, of the one we know as `nsId`. */
export function listLinks(socket: NetlinkSocket, nsId = -1): LinkInfo[] {
  const message = new NetlinkMessage(RTM_GETLINK, NLM_F_REQUEST, linkHead(0, 0, 0));
  if (nsId >= 0) {
    socket.beStrict();
    message.i32(IFLA_TARGET_NETNSID, nsId);
  }
  const links: LinkInfo[] = [];
  for (const reply of socket.dump({ message, doing: "list the network devices", hints: [] })) {
    const link = linkIn(reply);
    if (link !== undefined) links.push(link);
  }
  return links;
}

/** Deletes the device if it still is there under its index. Returns false when it was gone. */
export function deleteLink(socket: NetlinkSocket, index: number, what: string): boolean {
  const request = deleteRequest(index, what);
  for (const refusal of socket.tryRun([request]).refusals) {
    if (refusal.errno !== ENODEV) throw refusedRequest(request, refusal);
    return false;
  }
  return true;
}

/** Whether the kernel takes this as a device's name (dev_valid_name in net/core/dev.c). */
export function isDeviceName(name: string): boolean {
  if (name === "" || name === "." || name === ".." || name.length >= IFNAMSIZ) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    // Slash, colon, white space, and what is more than one byte long.
    if (code === 47 || code === 58 || code <= 32 || code > 126) return false;
  }
  return true;
}
