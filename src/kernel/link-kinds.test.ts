import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { bridgeVlansOf, portVlanRemoval, portVlanRequest } from "./bridge-ports.ts";
import { type UpperDevice, upperRequest } from "./link-kinds.ts";
import { addAltNames, removeAltNames } from "./link-names.ts";
import { linkIn } from "./links.ts";
import { proxyRemoval, proxyRequest } from "./neighbours.ts";
import type { NetlinkRequest } from "./netlink.ts";
import { repliesIn } from "./netlink-messages.ts";

const none = new Uint8Array(0);

function bytesOf(request: NetlinkRequest): Uint8Array {
  const bytes = new Uint8Array(request.message.length);
  request.message.writeTo(bytes, 1, 4);
  return bytes;
}

/** Without the header. */
function bodyOf(request: NetlinkRequest): string {
  return Buffer.from(bytesOf(request).subarray(16)).toString("hex");
}

const HEAD = "00000000000000000000000000000000";
const eth0: UpperDevice = { kind: "macvlan", name: "eth0", hwaddr: none, mtu: 0, below: 3, pid: 42, mode: 4, flags: 0 };
const COMMON = `${HEAD}0900030065746830000000000800050003000000080013002a000000`;

test("each kind on top of another device says its mode in its own attributes", () => {
  equal(bodyOf(upperRequest(eth0, "up0")), `${COMMON}1c0012800c0001006d6163766c616e000c0002800800010004000000`);
  equal(
    bodyOf(upperRequest({ ...eth0, kind: "vlan", mode: 7 }, "up0")),
    `${COMMON}1c00128009000100766c616e000000000c0002800600010007000000`,
  );
  equal(
    bodyOf(upperRequest({ ...eth0, kind: "ipvlan", mode: 2, flags: 1 }, "up0")),
    `${COMMON}240012800b0001006970766c616e00001400028006000100020000000600020001000000`,
  );
});

test("a port joins a VLAN, its own without a tag, and leaves one", () => {
  const head = "07000000050000000000000000000000";
  const spec = "14001a800600000001000000";
  equal(bodyOf(portVlanRequest(5, "v", 7, true)), `${head}${spec}0800020006000700`);
  equal(bodyOf(portVlanRequest(5, "v", 8, false)), `${head}${spec}0800020000000800`);
  equal(bodyOf(portVlanRemoval(5, "v", 1)), `${head}${spec}0800020000000100`);
});

test("a bridge says whether it filters and where new ports go; another device says no", () => {
  const reply = repliesIn(bytesOf(upperRequest(eth0, "up0")))[0];
  const link = reply === undefined ? undefined : linkIn(reply);
  if (link === undefined) throw new Error("not read back");
  deepEqual(bridgeVlansOf({ ...link, data: new Uint8Array([5, 0, 7, 0, 1, 0, 0, 0, 6, 0, 39, 0, 9, 0, 0, 0]) }), {
    filters: true,
    defaultId: 9,
  });
  deepEqual(bridgeVlansOf({ ...link, data: none }), { filters: false, defaultId: 0 });
});

test("a proxy entry names the protocol, the device and the address", () => {
  const address = new Uint8Array([10, 0, 3, 5]);
  equal(bodyOf(proxyRequest(3, address, "")), "020000000300000000000800080001000a000305");
  equal(bodyOf(proxyRemoval(3, address, "")), bodyOf(proxyRequest(3, address, "")));
  equal(bodyOf(proxyRequest(3, new Uint8Array(16), "")).slice(0, 32), "0a000000030000000000080014000100");
});

test("further names of a device go and come in one message, and are read back", () => {
  const request = addAltNames(5, "eth0", ["a", "lan"]);
  equal(bodyOf(request), `${HEAD.slice(0, 8)}05000000${HEAD.slice(16)}140034800600350061000000080035006c616e00`);
  equal(bodyOf(removeAltNames(5, "eth0", ["a", "lan"])), bodyOf(request));
  const reply = repliesIn(bytesOf(request))[0];
  deepEqual(reply === undefined ? [] : linkIn({ ...reply, type: 16 })?.altNames, ["a", "lan"]);
});
