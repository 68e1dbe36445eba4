// Which of a container's own addresses its published ports may lead to. Pure.

import { RT_SCOPE_LINK } from "../../kernel/abi/rtnetlink.ts";
import type { DeviceAddress } from "../../kernel/addresses.ts";
import { isSameAddress } from "../config/port-rules.ts";

/**
 * Root in the container sets what addresses it likes: only one of the bridge's own network counts, and none that the host
 * has. The one in use stays as long as it is there; empty for none. `size` is 4 or 16.
 */
export function learnedAddress(
  size: number,
  current: Uint8Array,
  inside: readonly DeviceAddress[],
  host: readonly DeviceAddress[],
): Uint8Array {
  let first = new Uint8Array(0);
  for (const { bytes, scope } of inside) {
    if (bytes.length !== size || scope === RT_SCOPE_LINK || !isNeighbour(bytes, host)) continue;
    if (isSameAddress(bytes, current)) return current;
    if (first.length === 0) first = new Uint8Array(bytes);
  }
  return first;
}

/** Whether `address` is another one of a network that one of `host` is in. */
export function isNeighbour(address: Uint8Array, host: readonly DeviceAddress[]): boolean {
  if (host.some((one) => isSameAddress(one.bytes, address))) return false;
  return host.some(
    (one) =>
      one.scope !== RT_SCOPE_LINK &&
      one.bytes.length === address.length &&
      one.prefix < address.length * 8 &&
      isInPrefix(address, one.bytes, one.prefix),
  );
}

/** Whether the first `prefix` bits are the same. */
export function isInPrefix(address: Uint8Array, network: Uint8Array, prefix: number): boolean {
  for (let at = 0; at < address.length; at++) {
    const bits = Math.max(0, Math.min(8, prefix - at * 8));
    const mask = 256 - 2 ** (8 - bits);
    if (((address[at] ?? 0) & mask) !== ((network[at] ?? 0) & mask)) return false;
  }
  return true;
}
