// Kinds of value for what lxc-ts adds to networks: rates, published ports, addresses to be given. Pure.

import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../base/ip.ts";
import { lowerCase } from "../../base/text.ts";
import type { Codec, ListCodec } from "./codecs.ts";

const NONE: readonly string[] = [];
const UNITS = "kmgt";
const LEAST_RATE = 8000;
const MOST_RATE = 1e12;

/** Bits a second, as tc(8) writes them; k, m, g and t are powers of 1000. */
export const bitRate: Codec<number> = {
  name: "a rate such as 10mbit or 1.5gbit, from 8kbit to 1tbit",
  words: NONE,
  json: "number",
  parse: bitRateIn,
  format: (value) => String(value),
};

function bitRateIn(text: string): number | undefined {
  let end = 0;
  while (end < text.length && isNumeral(text.charCodeAt(end))) end++;
  const number = text.slice(0, end);
  const factor = factorOf(lowerCase(text.slice(end)));
  const dot = number.indexOf(".");
  const isNumber = dot < 0 || (dot > 0 && dot < number.length - 1 && number.lastIndexOf(".") === dot);
  if (number === "" || number.length > 16 || !isNumber || factor === 0) return undefined;
  const bits = Math.floor(Number(number) * factor);
  return bits >= LEAST_RATE && bits <= MOST_RATE ? bits : undefined;
}

/** 0 for what is no unit; bytes a second (`mbps`, `MB`) are none, for people mean bits by them as often. */
function factorOf(unit: string): number {
  if (unit === "" || unit === "bit") return 1;
  const at = UNITS.indexOf(unit.charAt(0));
  return at < 0 || unit.slice(1) !== "bit" ? 0 : 1000 ** (at + 1);
}

/** With the largest unit that leaves no fraction. */
export function bitRateText(bits: number): string {
  let value = bits;
  let unit = 0;
  while (unit < UNITS.length && value % 1000 === 0) {
    value /= 1000;
    unit++;
  }
  return `${value}${unit === 0 ? "" : UNITS.charAt(unit - 1)}bit`;
}

function isNumeral(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}

export type PublishedProtocol = "tcp" | "udp";

/** Ports of the host that lead to as many of the container. */
export interface PublishedPorts {
  /** The host's address in network order: 4 or 16 bytes; empty for all that it has. */
  readonly host: Uint8Array;
  readonly first: number;
  readonly last: number;
  /** The container's first port. */
  readonly target: number;
  readonly protocol: PublishedProtocol;
}

export const publishedPorts: ListCodec<PublishedPorts> = {
  name: "ports such as 8080:80, 127.0.0.1:8000-8009:80-89/tcp or [fd00::1]:53:53/udp",
  words: NONE,
  json: "text",
  between: "\n",
  add: (values, text) => {
    const ports = publishedPortsIn(text);
    if (ports === undefined) return undefined;
    values.push(ports);
    return values;
  },
  format: publishedText,
};

function publishedPortsIn(text: string): PublishedPorts | undefined {
  const slash = text.lastIndexOf("/");
  const word = slash < 0 ? "tcp" : text.slice(slash + 1);
  const protocol: PublishedProtocol | undefined = word === "tcp" || word === "udp" ? word : undefined;
  const rest = slash < 0 ? text : text.slice(0, slash);
  const last = rest.lastIndexOf(":");
  const before = rest.slice(0, Math.max(last, 0));
  const middle = before.lastIndexOf(":");
  const inside = portRangeIn(rest.slice(last + 1));
  // Within brackets a colon separates nothing.
  const outside = portRangeIn(before.slice(middle + 1));
  const host = middle < 0 ? new Uint8Array(0) : hostAddressIn(before.slice(0, middle));
  if (last < 0 || protocol === undefined || inside === undefined || outside === undefined) return undefined;
  if (host === undefined || inside.last - inside.first !== outside.last - outside.first) return undefined;
  return { host, first: outside.first, last: outside.last, target: inside.first, protocol };
}

/** 0.0.0.0 and [::] stand for all addresses of their kind. */
export function hostAddressIn(text: string): Uint8Array | undefined {
  if (!text.startsWith("[")) return ipv4Bytes(text);
  return text.endsWith("]") ? ipv6Bytes(text.slice(1, -1)) : undefined;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export function portRangeIn(text: string): PortRange | undefined {
  const dash = text.indexOf("-");
  const first = portIn(dash < 0 ? text : text.slice(0, dash));
  const last = dash < 0 ? first : portIn(text.slice(dash + 1));
  return first === undefined || last === undefined || first > last ? undefined : { first, last };
}

function portIn(text: string): number | undefined {
  if (text === "" || text.length > 5) return undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return undefined;
  }
  const port = parseInt(text, 10);
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** As in the configuration, with the protocol. */
export function publishedText(ports: PublishedPorts): string {
  const host = ports.host;
  const more = ports.last - ports.first;
  const address = host.length === 0 ? "" : host.length === 4 ? `${ipv4Text(host)}:` : `[${ipv6Text(host)}]:`;
  const end = more > 0 ? `-${ports.last}` : "";
  const targetEnd = more > 0 ? `-${ports.target + more}` : "";
  return `${address}${ports.first}${end}:${ports.target}${targetEnd}/${ports.protocol}`;
}

/** One address of one machine. */
export const leasedAddress: Codec<Uint8Array> = {
  name: "an IPv4 address such as 10.0.3.5, without a prefix",
  words: NONE,
  json: "text",
  parse: ipv4Bytes,
  format: ipv4Text,
};
