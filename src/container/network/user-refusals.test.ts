import { deepEqual, doesNotThrow, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { networkRequest } from "../../../test/fake/network-request.ts";
import type { NetworkRequest, VethRequest } from "./request.ts";
import { type NicRefusal, refuseForUser, unnamedPair, whyNoNic } from "./user-refusals.ts";

const none = new Uint8Array(0);
const route = { destination: new Uint8Array([10, 0, 0, 0]), prefix: 8, gateway: none, addressSize: 4 };

function request(change: Partial<NetworkRequest>, veth: Partial<VethRequest> = {}): NetworkRequest {
  return networkRequest({ link: "br0", ...change }, veth);
}

test("a user may have pairs on a bridge, and each key that is for root is refused by its name", () => {
  doesNotThrow(() => refuseForUser([request({}), request({ type: "none" }), request({ type: "empty" })]));
  const refusals: [NetworkRequest, RegExp][] = [
    [request({ type: "macvlan" }), /lxc\.net\.0\.type = macvlan is for/],
    [request({ type: "phys" }), /lxc\.net\.0\.type = phys is for/],
    [request({ l2proxy: true }), /lxc\.net\.0\.l2proxy = 1 is for/],
    [request({}, { mode: "router" }), /lxc\.net\.0\.veth\.mode = router is for/],
    [request({}, { vlan: 7 }), /lxc\.net\.0\.veth\.vlan\.id = 7 is for/],
    [request({}, { vlan: -1 }), /lxc\.net\.0\.veth\.vlan\.id = none is for/],
    [request({}, { taggedVlans: [8] }), /lxc\.net\.0\.veth\.vlan\.tagged\.id = 8 is for/],
    [request({}, { routes: [route] }), /lxc\.net\.0\.veth\.ipv4\.route = … is for/],
    [request({}, { routes: [{ ...route, addressSize: 16 }] }), /lxc\.net\.0\.veth\.ipv6\.route = … is for/],
    [request({}, { rxQueues: 2 }), /lxc\.net\.0\.veth\.n_rxqueues = 2 is for/],
    [request({}, { txQueues: 2 }), /lxc\.net\.0\.veth\.n_txqueues = 2 is for/],
  ];
  for (const [wanted, said] of refusals) throws(() => refuseForUser([request({}), wanted]), said);
  equal(
    unnamedPair(request({})),
    "lxc.net.0.veth.pair has no effect: lxc-user-nic names the devices of ordinary users",
  );
});

test("each refusal of the helper is told with what to do", () => {
  const refusal: NicRefusal = {
    user: "ann",
    bridge: "br0",
    rules: [{ who: "ann", isGroup: false, bridge: "br0", count: 3 }],
    isReadable: true,
    helper: "/h",
    said: "lxc-user-nic: Quota reached",
  };
  const told = (change: Partial<NicRefusal>): string[] => {
    const { reason, hint } = whyNoNic({ ...refusal, ...change });
    return [reason, hint];
  };
  deepEqual(told({}), [
    "Quota reached: /etc/lxc/lxc-usernet allows ann 3 there",
    "stop another container of ann, or have root raise the number: ann veth br0 13",
  ]);
  deepEqual(told({ rules: [] }), [
    "/etc/lxc/lxc-usernet allows ann none there",
    "have root add this line to /etc/lxc/lxc-usernet: ann veth br0 10",
  ]);
  equal(told({ said: "it is not setuid root" })[0], "/h runs without the rights of root");
  deepEqual(told({ isReadable: false, rules: [], said: "" }), [
    "/h said: nothing",
    "see whether br0 is a bridge (ip -details link show br0), and whether /etc/lxc/lxc-usernet has a line ann veth br0 10",
  ]);
});
