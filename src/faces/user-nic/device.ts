// The pair of devices: made with one end in the namespace of the caller, and taken away.

import { LxcError } from "../../base/errors.ts";
import { setDevice } from "../../container/network/device-settings.ts";
import { NO_BRIDGE } from "../../container/network/nics.ts";
import { addSwitchPort, removeSwitchPort } from "../../container/network/open-vswitch.ts";
import type { PortVlans } from "../../container/network/planned.ts";
import { EEXIST } from "../../kernel/abi/errno.ts";
import {
  deleteLink,
  type LinkInfo,
  linkAtRequest,
  linkIn,
  linkRequest,
  peerNamespaceIn,
  vethRequest,
} from "../../kernel/links.ts";
import { type NetlinkSocket, refusedRequest } from "../../kernel/netlink.ts";
import type { NicRequest } from "./request.ts";

/** Both ends, by name and index. */
export interface NicPair {
  readonly inside: string;
  readonly insideIndex: number;
  readonly host: string;
  readonly hostIndex: number;
}

/** So ovs-vsctl is looked for in /bin and /usr/bin, and has no environment. */
const NO_ENVIRONMENT: readonly string[] = [];
const NO_VLANS: PortVlans = { left: 0, own: -1, tagged: [] };

/** The bridge of the request among the devices of the host; undefined where there is none, or none is wanted. */
export function bridgeOf(request: NicRequest, links: readonly LinkInfo[]): LinkInfo | undefined {
  for (const link of links) if (link.name === request.bridge && request.bridge !== NO_BRIDGE) return link;
  return undefined;
}

/** What is no bridge of Linux is left to Open vSwitch. */
function isSwitched(bridge: LinkInfo | undefined): boolean {
  return bridge !== undefined && bridge.kind !== "bridge";
}

/**
 * Makes the pair, the host's end `host` and joined to the bridge, its address like that of LXC's (`random` has five bytes
 * for it). Undefined when a name is taken, here or there. Leaves nothing when it throws.
 */
export function makePair(
  socket: NetlinkSocket,
  request: NicRequest,
  bridge: LinkInfo | undefined,
  wanted: { readonly host: string; readonly random: Uint8Array; readonly namespace: number },
): NicPair | undefined {
  const hwaddr = new Uint8Array(6);
  hwaddr[0] = 0xfe;
  hwaddr.set(wanted.random.subarray(0, 5), 1);
  const made = vethRequest({
    name: wanted.host,
    hwaddr,
    mtu: bridge?.mtu ?? 0,
    master: bridge === undefined || isSwitched(bridge) ? 0 : bridge.index,
    rxQueues: 0,
    txQueues: 0,
    peerName: request.device,
    peerHwaddr: new Uint8Array(0),
    peerPid: 0,
    peerNamespaceFd: wanted.namespace,
  });
  for (const refusal of socket.tryRun([made]).refusals) {
    if (refusal.errno === EEXIST) return undefined;
    throw refusedRequest(made, refusal);
  }
  try {
    const pair = pairOf(socket, request, wanted.host);
    if (bridge !== undefined) setDevice(wanted.host, "ipv6 off");
    if (isSwitched(bridge)) addSwitchPort(request.bridge, wanted.host, NO_VLANS, NO_ENVIRONMENT);
    return pair;
  } catch (caught) {
    removePair(socket, request, bridge, wanted.host);
    throw caught;
  }
}

/** The kernel tells of the other end where it is; a name with %d has become another. */
function pairOf(socket: NetlinkSocket, request: NicRequest, host: string): NicPair {
  for (const { reply } of socket.run([linkRequest(host)])) {
    const link = linkIn(reply);
    if (link === undefined) continue;
    const there = peerNamespaceIn(reply);
    let inside = request.device;
    for (const answer of socket.run([linkAtRequest(link.peer, host, there)])) {
      inside = linkIn(answer.reply)?.name ?? inside;
    }
    return { inside, insideIndex: link.peer, host, hostIndex: link.index };
  }
  throw new LxcError("wrong-state", `make ${host}`, "it vanished at once");
}

/** Takes away the host's end, with which the other goes, and its port of Open vSwitch, which stays otherwise. */
export function removePair(
  socket: NetlinkSocket,
  request: NicRequest,
  bridge: LinkInfo | undefined,
  host: string,
): void {
  for (const { reply } of socket.tryRun([linkRequest(host)]).answers) {
    const link = linkIn(reply);
    if (link?.kind === "veth") deleteLink(socket, link.index, host);
  }
  if (isSwitched(bridge)) removeSwitchPort(request.bridge, host, NO_ENVIRONMENT);
}
