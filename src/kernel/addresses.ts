// Internet addresses and routes of network devices by rtnetlink. The functions named …Request are pure.

import { LxcError } from "../base/errors.ts";
import { broadcastOf } from "../base/ip-network.ts";
import { plain } from "../base/number.ts";
import {
  EACCES,
  EADDRNOTAVAIL,
  EEXIST,
  EHOSTUNREACH,
  EINVAL,
  ENETDOWN,
  ENETUNREACH,
  EPERM,
  ESRCH,
} from "./abi/errno.ts";
import { NETNSA_NSID, NETNSA_PID, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from "./abi/netlink.ts";
import {
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_LOCAL,
  IFA_TARGET_NETNSID,
  ifaddrmsg,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTA_DST,
  RTA_GATEWAY,
  RTA_OIF,
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETNSID,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWNSID,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTPROT_BOOT,
  rtgenmsg,
  rtmsg,
} from "./abi/rtnetlink.ts";
import { AF_INET, AF_INET6 } from "./abi/socket.ts";
import { tryReadLink } from "./files.ts";
import { type ErrnoHint, type NetlinkRequest, type NetlinkSocket, refusedRequest } from "./netlink.ts";
import { Attributes, NetlinkMessage, type NetlinkReply } from "./netlink-messages.ts";

/** Every network namespace has its loopback device at this index. */
export const LOOPBACK_INDEX = 1;

/** An address to give to a device, in network order: 4 or 16 bytes. */
export interface InterfaceAddress {
  readonly bytes: Uint8Array;
  readonly prefix: number;
  /** Empty for none. */
  readonly broadcast: Uint8Array;
}

/** The address with the broadcast that its network has (IPv4). */
export function interfaceAddress(bytes: Uint8Array, prefix: number): InterfaceAddress {
  return { bytes, prefix, broadcast: bytes.length === 4 ? broadcastOf({ bytes, prefix }) : new Uint8Array(0) };
}

/** An address that a device has. */
export interface DeviceAddress {
  /** The device's index. */
  readonly device: number;
  /** 4 or 16, in network order. */
  readonly bytes: Uint8Array;
  readonly prefix: number;
  /** 0 global, 253 link, 254 host. */
  readonly scope: number;
}

/** A way to a network, in network order. */
export interface Route {
  /** Empty for everything. */
  readonly destination: Uint8Array;
  readonly prefix: number;
  /** Empty when what is there is reached directly. */
  readonly gateway: Uint8Array;
  /** 4 or 16: which protocol, where `destination` is empty. */
  readonly addressSize: number;
}

/** A route that the kernel has in its main table. */
export interface DeviceRoute {
  readonly device: number;
  readonly route: Route;
}

export function familyOf(addressSize: number): number {
  return addressSize === 16 ? AF_INET6 : AF_INET;
}

/** Gives `address` to the device `index`; `words` is the address as text. */
export function addressRequest(index: number, address: InterfaceAddress, words: string): NetlinkRequest {
  const head = new Uint8Array(ifaddrmsg.size);
  ifaddrmsg.family.put(head, familyOf(address.bytes.length));
  ifaddrmsg.prefixlen.put(head, address.prefix);
  ifaddrmsg.index.put(head, plain(index));
  const message = new NetlinkMessage(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, head);
  message.bytes(IFA_LOCAL, address.bytes);
  message.bytes(IFA_ADDRESS, address.bytes);
  if (address.broadcast.length === 4) message.bytes(IFA_BROADCAST, address.broadcast);
  const hints: readonly ErrnoHint[] = [
    { errno: EEXIST, hint: "the device has that address already: name it once" },
    { errno: EINVAL, hint: "give an address of one machine, with a prefix that fits: 10.0.3.5/24, fd00::5/64" },
    { errno: EADDRNOTAVAIL, hint: "give an address of one machine, neither multicast nor unspecified" },
    { errno: EPERM, hint: "IPv6 may be switched off here: see /proc/sys/net/ipv6/conf/all/disable_ipv6" },
  ];
  return { message, doing: `add the address ${words}`, hints };
}

/** Takes an address from the device `index` again. */
export function addressRemoval(index: number, address: InterfaceAddress, words: string): NetlinkRequest {
  const head = new Uint8Array(ifaddrmsg.size);
  ifaddrmsg.family.put(head, familyOf(address.bytes.length));
  ifaddrmsg.prefixlen.put(head, address.prefix);
  ifaddrmsg.index.put(head, index);
  const message = new NetlinkMessage(RTM_DELADDR, NLM_F_REQUEST, head);
  message.bytes(IFA_LOCAL, address.bytes);
  message.bytes(IFA_ADDRESS, address.bytes);
  return { message, doing: `take the address ${words} away`, hints: [] };
}

/** Takes `route` through the device `index` away. */
export function routeRemoval(index: number, route: Route, words: string): NetlinkRequest {
  return { message: routeMessage(RTM_DELROUTE, NLM_F_REQUEST, index, route), doing: words, hints: [] };
}

function routeMessage(type: number, flags: number, index: number, route: Route): NetlinkMessage {
  const head = new Uint8Array(rtmsg.size);
  const direct = route.gateway.length === 0;
  rtmsg.family.put(head, familyOf(route.addressSize));
  rtmsg.dstLen.put(head, route.prefix);
  rtmsg.table.put(head, RT_TABLE_MAIN);
  rtmsg.protocol.put(head, RTPROT_BOOT);
  rtmsg.scope.put(head, direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
  rtmsg.type.put(head, RTN_UNICAST);
  const message = new NetlinkMessage(type, flags, head);
  if (route.destination.length > 0) message.bytes(RTA_DST, route.destination);
  if (!direct) message.bytes(RTA_GATEWAY, route.gateway);
  message.u32(RTA_OIF, plain(index));
  return message;
}

/** Adds `route` through the device `index`; `words` completes "cannot …". */
export function routeRequest(index: number, route: Route, words: string): NetlinkRequest {
  const message = routeMessage(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, index, route);
  const unreachable =
    route.gateway.length > 0
      ? "the gateway must be another machine's address that the device can reach"
      : "write a network, all zero behind its prefix, such as 10.1.0.0/16 or fd00:1::/64";
  const isThere = route.destination.length > 0 ? "see `ip route`" : "give only one network a gateway";
  const hints: readonly ErrnoHint[] = [
    { errno: EEXIST, hint: `there is such a route already: ${isThere}` },
    { errno: ENETUNREACH, hint: unreachable },
    { errno: EHOSTUNREACH, hint: unreachable },
    { errno: EINVAL, hint: unreachable },
    { errno: ENETDOWN, hint: "the device is down: set its flags to up" },
  ];
  return { message, doing: words, hints };
}

/** The addresses of all devices, IPv4 first, of this network namespace or, when not negative, of `nsId`. */
export function listDeviceAddresses(socket: NetlinkSocket, nsId = -1): DeviceAddress[] {
  const message = new NetlinkMessage(RTM_GETADDR, NLM_F_REQUEST, new Uint8Array(ifaddrmsg.size));
  if (nsId >= 0) {
    socket.beStrict();
    message.i32(IFA_TARGET_NETNSID, nsId);
  }
  const addresses: DeviceAddress[] = [];
  for (const reply of socket.dump({ message, doing: "list the network addresses", hints: namespaceHints })) {
    const address = addressIn(reply);
    if (address !== undefined) addresses.push(address);
  }
  return addresses;
}

/** The address an RTM_NEWADDR message tells of; undefined for another message, another protocol or one cut off. */
export function addressIn(reply: NetlinkReply): DeviceAddress | undefined {
  if (reply.type !== RTM_NEWADDR || reply.body.length < ifaddrmsg.size) return undefined;
  const family = ifaddrmsg.family.get(reply.body);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const attributes = new Attributes(reply.body, ifaddrmsg.size);
  const local = attributes.bytes(IFA_LOCAL);
  // IFA_ADDRESS is the other side of a point to point connection, when both are there.
  const bytes = local.length > 0 ? local : attributes.bytes(IFA_ADDRESS);
  if (bytes.length !== (family === AF_INET ? 4 : 16)) return undefined;
  return {
    device: ifaddrmsg.index.get(reply.body),
    bytes,
    prefix: ifaddrmsg.prefixlen.get(reply.body),
    scope: ifaddrmsg.scope.get(reply.body),
  };
}

/** The routes of the main table. */
export function listRoutes(socket: NetlinkSocket): DeviceRoute[] {
  const message = new NetlinkMessage(RTM_GETROUTE, NLM_F_REQUEST, new Uint8Array(rtmsg.size));
  const routes: DeviceRoute[] = [];
  for (const reply of socket.dump({ message, doing: "list the routes", hints: [] })) {
    const route = routeIn(reply);
    if (route !== undefined) routes.push(route);
  }
  return routes;
}

/** The route an RTM_NEWROUTE message tells of; undefined for one of another table or kind. */
export function routeIn(reply: NetlinkReply): DeviceRoute | undefined {
  if (reply.type !== RTM_NEWROUTE || reply.body.length < rtmsg.size) return undefined;
  const family = rtmsg.family.get(reply.body);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  if (rtmsg.table.get(reply.body) !== RT_TABLE_MAIN || rtmsg.type.get(reply.body) !== RTN_UNICAST) return undefined;
  const attributes = new Attributes(reply.body, rtmsg.size);
  return {
    device: attributes.u32(RTA_OIF, 0),
    route: {
      destination: attributes.bytes(RTA_DST),
      prefix: rtmsg.dstLen.get(reply.body),
      gateway: attributes.bytes(RTA_GATEWAY),
      addressSize: family === AF_INET6 ? 16 : 4,
    },
  };
}

const namespaceHints: readonly ErrnoHint[] = [
  { errno: EPERM, hint: "looking into a container's network needs root" },
  { errno: EACCES, hint: "looking into a container's network needs root" },
  { errno: ESRCH, hint: "the process has ended" },
];

/**
 * The number by which our network namespace knows that of process `pid`; makes one when there is none yet. With it the
 * kernel answers questions about the other namespace (Linux 4.20), so that nobody has to enter it. -1 when it is ours.
 */
export function namespaceIdOf(socket: NetlinkSocket, pid: number): number {
  const known = askNamespaceId(socket, pid);
  if (known >= 0) return known;
  const own = tryReadLink("/proc/self/ns/net");
  if (own !== undefined && tryReadLink(`/proc/${pid}/ns/net`) === own) return -1;
  const message = new NetlinkMessage(RTM_NEWNSID, NLM_F_REQUEST, new Uint8Array(rtgenmsg.size));
  message.u32(NETNSA_PID, pid);
  message.i32(NETNSA_NSID, -1);
  const request = { message, doing: `number the network of process ${pid}`, hints: namespaceHints };
  for (const refusal of socket.tryRun([request]).refusals) {
    // Somebody else was faster.
    if (refusal.errno !== EEXIST) throw refusedRequest(request, refusal);
  }
  const made = askNamespaceId(socket, pid);
  if (made < 0) throw new LxcError("wrong-state", request.doing, "the number was taken away again");
  return made;
}

/** -1 when there is no number yet. */
function askNamespaceId(socket: NetlinkSocket, pid: number): number {
  const message = new NetlinkMessage(RTM_GETNSID, NLM_F_REQUEST, new Uint8Array(rtgenmsg.size));
  message.u32(NETNSA_PID, pid);
  const request = { message, doing: `find the network of process ${pid}`, hints: namespaceHints };
  for (const { reply } of socket.run([request])) {
    if (reply.type === RTM_NEWNSID) return new Attributes(reply.body, 4).i32(NETNSA_NSID, -1);
  }
  return -1;
}
