// Netlink requests as bytes, and answers read back: whole, cut off and refused.

import { ipv4Bytes, ipv6Bytes } from "../../../src/base/ip.ts";
import { NLM_F_ACK } from "../../../src/kernel/abi/netlink.ts";
import { addressRequest, routeRequest } from "../../../src/kernel/addresses.ts";
import { portVlanRemoval, portVlanRequest } from "../../../src/kernel/bridge-ports.ts";
import { upperRequest } from "../../../src/kernel/link-kinds.ts";
import { addAltNames, removeAltNames } from "../../../src/kernel/link-names.ts";
import { changeRequest, deleteRequest, linkIn, linkRequest, vethRequest } from "../../../src/kernel/links.ts";
import { proxyRemoval, proxyRequest } from "../../../src/kernel/neighbours.ts";
import type { NetlinkRequest } from "../../../src/kernel/netlink.ts";
import { repliesIn, verdictIn } from "../../../src/kernel/netlink-messages.ts";

const NONE = new Uint8Array(0);

function bytesOf(request: NetlinkRequest): Uint8Array {
  const bytes = new Uint8Array(request.message.length);
  request.message.writeTo(bytes, 7, NLM_F_ACK);
  return bytes;
}

export function requests(): string[] {
  const hwaddr = new Uint8Array([0, 22, 62, 1, 2, 255]);
  const v4 = ipv4Bytes("10.0.3.5") ?? NONE;
  const v6 = ipv6Bytes("fd00::5") ?? NONE;
  const upper = { name: "eth0", hwaddr, mtu: 1400, below: 3, pid: 42, flags: 1 };
  const all = [
    vethRequest({
      name: "vethA",
      hwaddr,
      mtu: 1400,
      master: 3,
      rxQueues: 2,
      txQueues: 3,
      peerName: "eth0-a-name-of-ours",
      peerHwaddr: hwaddr,
      peerPid: 4_000_000,
    }),
    linkRequest("lo"),
    changeRequest(5, "eth0", { name: "eth1", mtu: 9000, up: true, toPid: 12 }),
    changeRequest(5, "eth0", { up: false, toNamespaceFd: 0 }),
    deleteRequest(2 ** 31 - 1, "eth0"),
    addressRequest(2, { bytes: v4, prefix: 24, broadcast: ipv4Bytes("10.0.3.255") ?? NONE }, "10.0.3.5/24"),
    addressRequest(2, { bytes: v6, prefix: 64, broadcast: NONE }, "fd00::5/64"),
    upperRequest({ ...upper, kind: "macvlan", mode: 4 }, "up0"),
    upperRequest({ ...upper, kind: "ipvlan", mode: 2 }, "up0"),
    upperRequest({ ...upper, kind: "vlan", mode: 4094 }, "up0"),
    portVlanRequest(5, "vhost", 4094, true),
    portVlanRemoval(5, "vhost", 1),
    proxyRequest(3, v6, "fd00::5"),
    proxyRemoval(3, v4, "10.0.3.5"),
    addAltNames(5, "eth0", ["a", "a-longer-name-than-others"]),
    removeAltNames(5, "eth0", []),
    routeRequest(2, { destination: NONE, prefix: 0, gateway: v4, addressSize: 4 }, "add a route"),
    routeRequest(2, { destination: v6, prefix: 128, gateway: NONE, addressSize: 16 }, "add another"),
  ];
  return all.map((request) => `${request.doing}: ${bytesOf(request).join()}; ${request.hints.length} hints`);
}

export function answers(): string[] {
  const request = bytesOf(
    changeRequest(5, "eth0", { name: "eth1", hwaddr: new Uint8Array([2, 0, 0, 0, 0, 1]), mtu: 68 }),
  );
  const datagram = new Uint8Array(request.length * 2);
  datagram.set(request);
  datagram.set(request, request.length);
  const lines: string[] = [];
  for (const length of [0, 15, 16, request.length - 1, request.length, datagram.length]) {
    const replies = repliesIn(datagram.slice(0, length));
    lines.push(`${length}: ${replies.map((reply) => `${reply.type} ${reply.flags} ${reply.body.length}`).join()}`);
  }
  for (const reply of repliesIn(request)) {
    const link = linkIn({ type: 16, flags: reply.flags, sequence: reply.sequence, body: reply.body });
    lines.push(
      link === undefined ? "no link" : `${link.index} ${link.name} ${link.mtu} ${link.hwaddr.join()} ${link.up}`,
    );
    const verdict = verdictIn(reply);
    lines.push(`${verdict.errno} ${verdict.text}`);
  }
  return lines;
}
