// What planning needs to know of the host's network. Runs in the monitor, before the container is born.

import { type DeviceAddress, listDeviceAddresses } from "../../kernel/addresses.ts";
import { call } from "../../kernel/call.ts";
import { findLinks, type LinkInfo, listLinks } from "../../kernel/links.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { ownBridgeName } from "../bridge/own-bridge.ts";
import { isSwitch, type SwitchAnswer } from "./open-vswitch.ts";
import { isWildcard } from "./phys.ts";
import type { NetworkRequest } from "./request.ts";

/** Enough random bytes for the name and the hardware address of one host device. */
export const RANDOM_BYTES_EACH = 11;

export interface NetworkFacts {
  /** Those devices that are named as a `link` and exist; all of them when one is a wildcard. */
  readonly links: readonly LinkInfo[];
  /** Read only when a gateway is `auto`, or an address is to be given. */
  readonly addresses: readonly DeviceAddress[];
  /** What Open vSwitch says of those that should be a bridge and are none of Linux. */
  readonly switches: readonly SwitchAnswer[];
  /** The bridge that lxc-net makes; asked for only when one is not there, and "" otherwise. */
  readonly ownBridge: string;
  /** `RANDOM_BYTES_EACH` for each request that draws. */
  readonly random: Uint8Array;
}

/** Asks the kernel for what `requests` mention; nothing is asked when there is nothing to know. */
export function networkFacts(
  socket: NetlinkSocket,
  requests: readonly NetworkRequest[],
  environment: readonly string[],
): NetworkFacts {
  const names: string[] = [];
  let needsAddresses = false;
  let needsAll = false;
  for (const request of requests) {
    if (request.type === "none" || request.type === "empty") continue;
    if (isWildcard(request)) needsAll = true;
    else if (request.link !== "" && !names.includes(request.link)) names.push(request.link);
    if (request.ipv4Gateway.kind === "auto" || request.ipv6Gateway.kind === "auto") needsAddresses = true;
    if (request.veth.lease.length > 0) needsAddresses = true;
  }
  const links = needsAll ? listLinks(socket) : [];
  let at = 0;
  for (const link of findLinks(socket, names)) {
    // It may have been asked for by an alternative name.
    if (link !== undefined) links.push({ ...link, name: names[at] ?? link.name });
    at++;
  }
  return {
    links,
    addresses: needsAddresses ? listDeviceAddresses(socket) : [],
    switches: switchesAmong(requests, links, environment),
    ownBridge: names.length > 0 && links.length < names.length ? ownBridgeName() : "",
    random: randomBytes(requests.filter((request) => draws(request)).length),
  };
}

/** Whether a network has a device with a name at random. */
export function draws(request: NetworkRequest): boolean {
  const { type } = request;
  return type === "veth" || type === "macvlan" || type === "ipvlan" || type === "vlan";
}

function switchesAmong(
  requests: readonly NetworkRequest[],
  links: readonly LinkInfo[],
  environment: readonly string[],
): SwitchAnswer[] {
  const answers: SwitchAnswer[] = [];
  for (const request of requests) {
    if (request.type !== "veth" || request.veth.mode !== "bridge") continue;
    const link = links.find((one) => one.name === request.link);
    if (link === undefined || link.kind === "bridge") continue;
    if (answers.some((answer) => answer.name === link.name)) continue;
    // Only root may ask Open vSwitch: for an ordinary user lxc-user-nic does.
    const answer = effectiveUser() === 0 ? isSwitch(link.name, environment) : "yes";
    answers.push({ name: link.name, answer });
  }
  return answers;
}

function randomBytes(devices: number): Uint8Array {
  const bytes = new Uint8Array(devices * RANDOM_BYTES_EACH);
  if (devices > 0) call("draw random names", "getrandom", bytes, bytes.length, 0);
  return bytes;
}
