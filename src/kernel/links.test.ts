import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { addressIn, addressRequest, routeIn, routeRequest } from "./addresses.ts";
import { changeRequest, isDeviceName, linkIn, vethRequest } from "./links.ts";
import type { NetlinkRequest } from "./netlink.ts";
import { type NetlinkReply, repliesIn } from "./netlink-messages.ts";

function bytesOf(request: NetlinkRequest): Uint8Array {
  const bytes = new Uint8Array(request.message.length);
  request.message.writeTo(bytes, 1, 4);
  return bytes;
}

function hex(request: NetlinkRequest): string {
  return Buffer.from(bytesOf(request)).toString("hex");
}

/** The kernel tells of things in the same words in which it is asked to make them. */
function asReply(request: NetlinkRequest): NetlinkReply {
  return repliesIn(bytesOf(request))[0] ?? { type: 0, flags: 0, sequence: 0, body: new Uint8Array(0) };
}

test("a pair with both ends settled is one message", () => {
  const request = vethRequest({
    name: "vethabc123",
    hwaddr: new Uint8Array([0xfe, 1, 2, 3, 4, 5]),
    mtu: 1400,
    master: 7,
    rxQueues: 0,
    txQueues: 0,
    peerName: "eth0",
    peerHwaddr: new Uint8Array([0x10, 0x66, 0x6a, 1, 2, 3]),
    peerPid: 4242,
  });
  equal(
    hex(request),
    [
      "9c000000100005060100000000000000",
      "00000000000000000100000001000000",
      "0f000300766574686162633132330000", // IFLA_IFNAME
      "0a000100fe01020304050000", // IFLA_ADDRESS
      "0800040078050000", // IFLA_MTU
      "08000a0007000000", // IFLA_MASTER
      "50001280", // IFLA_LINKINFO
      "090001007665746800000000",
      "40000280", // IFLA_INFO_DATA
      "3c000180", // VETH_INFO_PEER
      "00000000000000000000000000000000",
      "090003006574683000000000",
      "0a00010010666a0102030000",
      "0800040078050000",
      "0800130092100000", // IFLA_NET_NS_PID
    ].join(""),
  );
});

test("a device is told by its index, name, kind, master and state", () => {
  const made = vethRequest({
    name: "veth0",
    hwaddr: new Uint8Array([0xfe, 0, 0, 0, 0, 1]),
    mtu: 9000,
    master: 3,
    rxQueues: 0,
    txQueues: 0,
    peerName: "eth0",
    peerHwaddr: new Uint8Array(0),
    peerPid: 0,
  });
  deepEqual(linkIn(asReply(made)), {
    index: 0,
    name: "veth0",
    altNames: [],
    kind: "veth",
    data: bytesOf(made).subarray(92),
    up: true,
    mtu: 9000,
    hwaddr: new Uint8Array([0xfe, 0, 0, 0, 0, 1]),
    master: 3,
    peer: 0,
    rxBytes: 0,
    txBytes: 0,
  });
  equal(linkIn({ type: 16, flags: 0, sequence: 1, body: new Uint8Array(15) }), undefined);
});

test("an address and a route are read as they were written", () => {
  const address = { bytes: new Uint8Array([10, 0, 3, 5]), prefix: 24, broadcast: new Uint8Array([10, 0, 3, 255]) };
  deepEqual(addressIn(asReply(addressRequest(2, address, ""))), {
    device: 2,
    bytes: address.bytes,
    prefix: 24,
    scope: 0,
  });
  const route = {
    destination: new Uint8Array(0),
    prefix: 0,
    gateway: new Uint8Array([10, 0, 3, 1]),
    addressSize: 4,
  };
  deepEqual(routeIn(asReply(routeRequest(2, route, ""))), { device: 2, route });
});

test("a change says only what changes", () => {
  equal(hex(changeRequest(1, "lo", { up: true })), "2000000013000500010000000000000000000000010000000100000001000000");
  equal(changeRequest(2, "veth0", { name: "eth0" }).doing, "rename the network device veth0");
});

test("device names are those of the kernel", () => {
  const good = ["eth0", "a", "fifteen-letters", "eth%d"];
  const bad = ["", ".", "..", "sixteen-letters!", "a b", "a/b", "a:b", "tab\t", "ä"];
  deepEqual([good.filter((name) => !isDeviceName(name)), bad.filter((name) => isDeviceName(name))], [[], []]);
});
