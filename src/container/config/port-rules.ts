// When two published ports get in each other's way. Pure.

import type { PublishedPorts } from "./publish-codecs.ts";

/** A port for each rule, where a range leads to other numbers. */
export const LONGEST_SHIFTED_RANGE = 1024;

/** Whether one packet could be for both. */
export function portsOverlap(one: PublishedPorts, other: PublishedPorts): boolean {
  if (one.protocol !== other.protocol || one.first > other.last || other.first > one.last) return false;
  return addressesOverlap(one.host, other.host);
}

/** Empty is every address of both protocols, and all zero every one of its own. */
export function addressesOverlap(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length === 0 || other.length === 0) return true;
  if (one.length !== other.length) return false;
  return isAnyAddress(one) || isAnyAddress(other) || isSameAddress(one, other);
}

export function isAnyAddress(address: Uint8Array): boolean {
  for (const byte of address) if (byte !== 0) return false;
  return true;
}

export function isSameAddress(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

export function isLoopback(address: Uint8Array): boolean {
  return address.length === 4 ? address[0] === 127 : address.length === 16 && isSameAddress(address, loopback6());
}

/** ::1 */
export function loopback6(): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[15] = 1;
  return bytes;
}
