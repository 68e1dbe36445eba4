// Who has a port of this host already: programs, from /proc/net, and other containers' published ports. Pure.

import { LxcError } from "../../base/errors.ts";
import { ipv4Text, ipv6Text } from "../../base/ip.ts";
import { blankSeparated } from "../../base/text.ts";
import { addressesOverlap, isAnyAddress, portsOverlap } from "../config/port-rules.ts";
import { type PublishedPorts, type PublishedProtocol, publishedText } from "../config/publish-codecs.ts";

/** A socket of this host that waits for somebody. */
export interface HostListener {
  readonly protocol: PublishedProtocol;
  /** In network order; empty for all of both protocols. */
  readonly address: Uint8Array;
  readonly port: number;
  /** The number of its socket. */
  readonly inode: string;
}

/** What another container has published. */
export interface PublishedElsewhere {
  /** Its container path and name. */
  readonly container: string;
  readonly ports: PublishedPorts;
}

/** States of include/net/tcp_states.h as /proc/net shows them; a UDP socket that is connected to nobody is "closed". */
const TCP_LISTEN = "0A";
const TCP_CLOSE = "07";

/** The listeners in a file such as /proc/net/tcp or udp6. */
export function listenersIn(text: string, protocol: PublishedProtocol): HostListener[] {
  const listeners: HostListener[] = [];
  const wanted = protocol === "tcp" ? TCP_LISTEN : TCP_CLOSE;
  for (const line of text.split("\n")) {
    const words = blankSeparated(line);
    const local = words[1] ?? "";
    const colon = local.indexOf(":");
    if ((words[3] ?? "") !== wanted || colon < 0) continue;
    const address = addressIn(local.slice(0, colon));
    const port = parseInt(local.slice(colon + 1), 16);
    if (address !== undefined && port > 0) listeners.push({ protocol, address, port, inode: words[9] ?? "" });
  }
  return listeners;
}

/** Words of 32 bits, each in this machine's order. One for all of IPv6 takes what comes by IPv4 as well. */
function addressIn(hex: string): Uint8Array | undefined {
  if (hex.length !== 8 && hex.length !== 32) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    const word = at - (at % 4);
    const from = 2 * (word + 3 - (at % 4));
    bytes[at] = parseInt(hex.slice(from, from + 2), 16);
  }
  if (bytes.length === 4) return bytes;
  if (isAnyAddress(bytes)) return new Uint8Array(0);
  return isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** ::ffff:a.b.c.d */
function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 255 && bytes[11] === 255 && isAnyAddress(bytes.subarray(0, 10));
}

/** The first listener in the way of `ports`. */
export function listenerInTheWay(ports: PublishedPorts, listeners: readonly HostListener[]): HostListener | undefined {
  return listeners.find((one): boolean => {
    if (one.protocol !== ports.protocol || one.port < ports.first || one.port > ports.last) return false;
    return addressesOverlap(one.address, ports.host);
  });
}

export function publishedInTheWay(
  ports: PublishedPorts,
  others: readonly PublishedElsewhere[],
): PublishedElsewhere | undefined {
  return others.find((other) => portsOverlap(ports, other.ports));
}

/** `holder` says whose the socket is. */
export function takenByListener(key: string, ports: PublishedPorts, listener: HostListener, holder: string): LxcError {
  const { address, port, protocol } = listener;
  const where = address.length === 0 ? "*" : address.length === 4 ? ipv4Text(address) : `[${ipv6Text(address)}]`;
  const reason = `${holder} has ${where}:${port}/${protocol} of this host already`;
  return new LxcError("wrong-state", `use ${key} = ${publishedText(ports)}`, reason, {
    hint: "publish another port, or on one address of the host that is free: HOSTIP:PORT:PORT",
  });
}

export function takenByContainer(key: string, ports: PublishedPorts, other: PublishedElsewhere): LxcError {
  const reason = `the container ${other.container} has published ${publishedText(other.ports)}`;
  return new LxcError("wrong-state", `use ${key} = ${publishedText(ports)}`, reason, {
    hint: "publish another port, or stop that container",
  });
}
