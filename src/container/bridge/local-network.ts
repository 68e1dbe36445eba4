// The IPv6 network that is this machine's alone (RFC 4193), drawn from its id, so that it is the same after each boot. Pure.

import type { IpNetwork } from "../../base/ip-network.ts";
import { sha256 } from "../../base/sha256.ts";

const PREFIX = 64;

/** `machineId` is the text of /etc/machine-id; any other text that lasts does as well. */
export function localNetworkOf(machineId: string): IpNetwork {
  const hash = sha256(new TextEncoder().encode(machineId.trim()));
  const bytes = new Uint8Array(16);
  bytes.set(hash.subarray(0, 7), 1);
  bytes[0] = 0xfd;
  return { bytes, prefix: PREFIX };
}
