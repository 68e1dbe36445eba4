// What planning needs to know of the host's network. Runs in the monitor, before the container is born.

import { type DeviceAddress, listDeviceAddresses } from "../../kernel/addresses.ts";
import { call } from "../../kernel/call.ts";
import { findLinks, type LinkInfo } from "../../kernel/links.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import type { NetworkRequest } from "./request.ts";

/** Enough random bytes for the name and the hardware address of one host device. */
export const RANDOM_BYTES_EACH = 11;

export interface NetworkFacts {
  /** Those devices that are named as a `link` and exist. */
  readonly links: readonly LinkInfo[];
  /** Read only when a gateway is `auto`. */
  readonly addresses: readonly DeviceAddress[];
  /** `RANDOM_BYTES_EACH` for each request. */
  readonly random: Uint8Array;
}

/** Asks the kernel for what `requests` mention; nothing is asked when there is nothing to know. */
export function networkFacts(socket: NetlinkSocket, requests: readonly NetworkRequest[]): NetworkFacts {
  const names: string[] = [];
  let needsAddresses = false;
  for (const request of requests) {
    if (request.type !== "veth") continue;
    if (request.link !== "" && !names.includes(request.link)) names.push(request.link);
    if (request.ipv4Gateway.kind === "auto" || request.ipv6Gateway.kind === "auto") needsAddresses = true;
  }
  const links: LinkInfo[] = [];
  let at = 0;
  for (const link of findLinks(socket, names)) {
    // It may have been asked for by an alternative name.
    if (link !== undefined) links.push({ ...link, name: names[at] ?? link.name });
    at++;
  }
  const addresses = needsAddresses ? listDeviceAddresses(socket) : [];
  return { links, addresses, random: randomBytes(requests.filter((request) => request.type === "veth").length) };
}

function randomBytes(devices: number): Uint8Array {
  const bytes = new Uint8Array(devices * RANDOM_BYTES_EACH);
  if (devices > 0) call("draw random names", "getrandom", bytes, bytes.length, 0);
  return bytes;
}
