// Networks: an address and how many of its bits all members share. Pure.

import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "./ip.ts";
import { wholeNumberIn } from "./text.ts";

export interface IpNetwork {
  /** 4 or 16, in network order. */
  readonly bytes: Uint8Array;
  readonly prefix: number;
}

/** The bytes of an address of either protocol. */
export function addressBytes(text: string): Uint8Array | undefined {
  return text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
}

/** The address as text, of either protocol. */
export function addressOf(bytes: Uint8Array): string {
  return bytes.length === 16 ? ipv6Text(bytes) : ipv4Text(bytes);
}

/** `ADDRESS/PREFIX` of either protocol. */
export function networkIn(text: string): IpNetwork | undefined {
  const slash = text.indexOf("/");
  const bytes = slash < 0 ? undefined : addressBytes(text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const prefix = prefixIn(text.slice(slash + 1), bytes.length * 8);
  return prefix === undefined ? undefined : { bytes, prefix };
}

export function networkText(network: IpNetwork): string {
  return `${addressOf(network.bytes)}/${network.prefix}`;
}

/** A number of bits, of at most `most`. */
export function prefixIn(text: string, most: number): number | undefined {
  const prefix = text.startsWith("-") ? undefined : wholeNumberIn(text);
  return prefix === undefined || prefix > most ? undefined : prefix;
}

/** How many bits a mask such as 255.255.255.0 has; undefined when they are not all in front. */
export function prefixOfMask(text: string): number | undefined {
  const mask = ipv4Bytes(text);
  if (mask === undefined) return undefined;
  let prefix = 0;
  while (prefix < 32 && hasBit(mask, prefix)) prefix++;
  for (let bit = prefix; bit < 32; bit++) if (hasBit(mask, bit)) return undefined;
  return prefix;
}

/** The same as a mask. */
export function maskText(prefix: number): string {
  return ipv4Text(filled(new Uint8Array(4), 0, prefix));
}

function hasBit(bytes: Uint8Array, bit: number): boolean {
  return (bytes[bit >> 3]! & (128 >> (bit & 7))) !== 0;
}

/** A copy with the bits from `from` up to `to` set. */
function filled(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = bytes.slice();
  for (let bit = from; bit < to; bit++) copy[bit >> 3] = copy[bit >> 3]! | (128 >> (bit & 7));
  return copy;
}

/** The network that an address is in: all behind the prefix is zero. */
export function networkAround(address: Uint8Array, prefix: number): IpNetwork {
  const bytes = address.slice();
  for (let bit = prefix; bit < bytes.length * 8; bit++) bytes[bit >> 3] = bytes[bit >> 3]! & ~(128 >> (bit & 7));
  return { bytes, prefix };
}

/** The last address of a network, which reaches all of them (IPv4). */
export function broadcastOf(network: IpNetwork): Uint8Array {
  return filled(network.bytes, network.prefix, network.bytes.length * 8);
}

export function isInNetwork(network: IpNetwork, address: Uint8Array): boolean {
  if (address.length !== network.bytes.length) return false;
  return sameBytes(networkAround(address, network.prefix).bytes, networkAround(network.bytes, network.prefix).bytes);
}

/** Whether the two share an address. */
export function overlaps(one: IpNetwork, other: IpNetwork): boolean {
  return one.prefix <= other.prefix ? isInNetwork(one, other.bytes) : isInNetwork(other, one.bytes);
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** The address so many after the first one of an IPv4 network; negative counts from its end. */
export function addressAt(network: IpNetwork, at: number): Uint8Array {
  const size = 2 ** (32 - network.prefix);
  let value = numberOf(networkAround(network.bytes, network.prefix).bytes) + (at < 0 ? size + at : at);
  const bytes = new Uint8Array(4);
  for (let i = 3; i >= 0; i--) {
    bytes[i] = value % 256;
    value = Math.floor(value / 256);
  }
  return bytes;
}

/** An IPv4 address as a number, to compare and count. */
export function numberOf(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}
