// Kinds of value for networks: addresses, gateways, hardware addresses, device names. Pure.

import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../base/ip.ts";
import { cInteger, digitOf } from "../../base/text.ts";
import type { Codec, ListCodec } from "./codecs.ts";

const NONE: readonly string[] = [];
/** IFNAMSIZ counts the final NUL. */
const IFNAMSIZ = 16;

/** An address with its prefix, in network order: 4 or 16 bytes. */
export interface IpAddress {
  readonly bytes: Uint8Array;
  readonly prefix: number;
  /** Whether the prefix was written; else it is that of the address's class, or 64. */
  readonly hasPrefix: boolean;
  /** Empty when the address has none: IPv6, /31, /32. */
  readonly broadcast: Uint8Array;
}

/** A network to reach, in network order. */
export interface IpRoute {
  readonly bytes: Uint8Array;
  readonly prefix: number;
}

/** Where packets leave to. `auto` is the address of the host's bridge, `dev` the device itself. */
export interface Gateway {
  readonly kind: "auto" | "dev" | "address";
  /** Empty unless `kind` is "address". */
  readonly bytes: Uint8Array;
}

export const ipv4Addresses: ListCodec<IpAddress> = {
  name: "an IPv4 address such as 10.0.3.5/24, then perhaps its broadcast address",
  words: NONE,
  json: "text",
  between: "\n",
  add: (values, text) => {
    const address = ipv4AddressIn(text);
    if (address === undefined) return undefined;
    values.push(address);
    return values;
  },
  format: (value) => `${ipv4Text(value.bytes)}/${value.prefix}`,
};

function ipv4AddressIn(text: string): IpAddress | undefined {
  const space = text.indexOf(" ");
  const own = space < 0 ? text : text.slice(0, space);
  const slash = own.indexOf("/");
  const bytes = ipv4Bytes(slash < 0 ? own : own.slice(0, slash));
  if (bytes === undefined) return undefined;
  const prefix = slash < 0 ? classPrefix(bytes) : cInteger(own.slice(slash + 1));
  if (prefix === undefined || prefix < 0 || prefix > 32) return undefined;
  const broadcast = space < 0 ? broadcastOf(bytes, prefix) : ipv4Bytes(text.slice(space + 1));
  return broadcast === undefined ? undefined : { bytes, prefix, hasPrefix: slash >= 0, broadcast };
}

/** The prefix of the address's class, from before there were prefixes; 0 beyond class C, as in LXC. */
function classPrefix(bytes: Uint8Array): number {
  const first = bytes[0] ?? 0;
  return first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 0;
}

function broadcastOf(bytes: Uint8Array, prefix: number): Uint8Array {
  // A /31 has no broadcast address (RFC 3021), nor has a single one.
  if (prefix > 30) return new Uint8Array(0);
  const broadcast = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const fixedBits = Math.max(0, Math.min(8, prefix - i * 8));
    broadcast[i] = (bytes[i] ?? 0) | (255 >> fixedBits);
  }
  return broadcast;
}

export const ipv6Addresses: ListCodec<IpAddress> = {
  name: "an IPv6 address such as fd00::5/64",
  words: NONE,
  json: "text",
  between: "\n",
  add: (values, text) => {
    const slash = text.indexOf("/");
    const bytes = ipv6Bytes(slash < 0 ? text : text.slice(0, slash));
    const prefix = slash < 0 ? 64 : cInteger(text.slice(slash + 1));
    if (bytes === undefined || prefix === undefined || prefix < 0 || prefix > 128) return undefined;
    values.push({ bytes, prefix, hasPrefix: slash >= 0, broadcast: new Uint8Array(0) });
    return values;
  },
  format: (value) => `${ipv6Text(value.bytes)}/${value.prefix}`,
};

export const ipv4Routes: ListCodec<IpRoute> = {
  name: "an IPv4 network such as 10.1.0.0/16",
  words: NONE,
  json: "text",
  between: "\n",
  add: (values, text) => {
    const slash = text.indexOf("/");
    const bytes = ipv4Bytes(text.slice(0, Math.max(slash, 0)));
    const prefix = cInteger(text.slice(slash + 1));
    if (bytes === undefined || prefix === undefined || prefix < 0 || prefix > 32) return undefined;
    values.push({ bytes, prefix });
    return values;
  },
  format: (value) => `${ipv4Text(value.bytes)}/${value.prefix}`,
};

export const ipv6Routes: ListCodec<IpRoute> = {
  name: "an IPv6 network such as fd00:1::/64",
  words: NONE,
  json: "text",
  between: "\n",
  add: (values, text) => {
    const slash = text.indexOf("/");
    const bytes = ipv6Bytes(text.slice(0, Math.max(slash, 0)));
    const prefix = cInteger(text.slice(slash + 1));
    if (bytes === undefined || prefix === undefined || prefix < 0 || prefix > 128) return undefined;
    values.push({ bytes, prefix });
    return values;
  },
  format: (value) => `${ipv6Text(value.bytes)}/${value.prefix}`,
};

export const ipv4Gateway: Codec<Gateway> = {
  name: "an IPv4 address, auto or dev",
  words: ["auto", "dev"],
  json: "text",
  parse: (text) =>
    text === "auto" || text === "dev" ? { kind: text, bytes: new Uint8Array(0) } : viaBytes(ipv4Bytes(text)),
  format: (value) => (value.kind === "address" ? ipv4Text(value.bytes) : value.kind),
};

export const ipv6Gateway: Codec<Gateway> = {
  name: "an IPv6 address, auto or dev",
  words: ["auto", "dev"],
  json: "text",
  parse: (text) =>
    text === "auto" || text === "dev" ? { kind: text, bytes: new Uint8Array(0) } : viaBytes(ipv6Bytes(text)),
  format: (value) => (value.kind === "address" ? ipv6Text(value.bytes) : value.kind),
};

function viaBytes(bytes: Uint8Array | undefined): Gateway | undefined {
  return bytes === undefined ? undefined : { kind: "address", bytes };
}

/** A network device's name. LXC cuts a longer one off without a word; we refuse it. */
export const deviceName: Codec<string> = {
  name: "a device name of at most 15 letters",
  words: NONE,
  json: "text",
  parse: (text) => (text.length < IFNAMSIZ && !text.includes("/") ? text : undefined),
  format: (value) => value,
};

/** Six bytes in hexadecimal; an x stands for a random digit until the document is filled in. */
export const hardwareAddress: Codec<string> = {
  name: "a hardware address such as 10:66:6a:xx:xx:xx",
  words: NONE,
  json: "text",
  parse: (text) => (isHardwareAddress(text) ? text : undefined),
  format: (value) => value,
};

function isHardwareAddress(text: string): boolean {
  if (text.length !== 17) return false;
  for (let at = 0; at < 17; at++) {
    const code = text.charCodeAt(at);
    if (at % 3 === 2) {
      if (code !== 58) return false;
    } else if (digitOf(code) < 0 && code !== 120 && code !== 88) return false;
  }
  return true;
}

/** Any word switches the device on, as in LXC. */
export const upFlag: Codec<boolean> = {
  name: "up",
  words: ["up"],
  json: "text",
  parse: () => true,
  format: (value) => (value ? "up" : ""),
};

/** A VLAN number, or "none" for a bridge port without one. */
export const vlanOrNone: Codec<number> = {
  name: "a VLAN number from 0 to 4094, or none",
  words: ["none"],
  json: "number",
  parse: (text) => {
    // BRIDGE_VLAN_NONE
    if (text === "none") return -1;
    const value = cInteger(text);
    return value === undefined || value < 0 || value > 4094 ? undefined : value;
  },
  format: (value) => String(value),
};

export const vlanIds: ListCodec<number> = {
  name: "a VLAN number from 0 to 4094",
  words: NONE,
  json: "number",
  between: "\n",
  add: (values, text) => {
    const value = cInteger(text);
    if (value === undefined || value < 0 || value > 4094) return undefined;
    values.push(value);
    return values;
  },
  format: (value) => String(value),
};
