// A network as it is asked for, with nothing said but its type, for tests of what is made of it.

import { type NetworkRequest, type VethRequest, VLAN_UNSAID } from "../../src/container/network/request.ts";

const none = new Uint8Array(0);

export const VETH: VethRequest = {
  pair: "",
  mode: "bridge",
  rxQueues: 0,
  txQueues: 0,
  routes: [],
  vlan: VLAN_UNSAID,
  taggedVlans: [],
  ingressBits: 0,
  egressBits: 0,
  published: [],
  lease: none,
};

export function networkRequest(change: Partial<NetworkRequest>, veth: Partial<VethRequest> = {}): NetworkRequest {
  return {
    index: 0,
    type: "veth",
    place: "",
    link: "",
    up: true,
    name: "",
    hwaddr: "",
    mtu: 0,
    addresses: [],
    ipv4Gateway: { kind: "none", bytes: none },
    ipv6Gateway: { kind: "none", bytes: none },
    l2proxy: false,
    veth: { ...VETH, ...veth },
    macvlanMode: "private",
    ipvlanMode: "l3",
    ipvlanIsolation: "bridge",
    vlanId: 0,
    scriptUp: "",
    scriptDown: "",
    ...change,
  };
}
