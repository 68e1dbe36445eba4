import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { networkRequest, VETH } from "../../../test/fake/network-request.ts";
import { ipv4Bytes, ipv6Bytes } from "../../base/ip.ts";
import type { InterfaceAddress } from "../../kernel/addresses.ts";
import type { LinkInfo } from "../../kernel/links.ts";
import { insideRequests } from "./configure.ts";
import type { NetworkFacts } from "./facts.ts";
import { planNetworks } from "./plan.ts";
import type { NetworkPlan, PlannedNetwork } from "./planned.ts";
import { refuseAdditions } from "./publish-host.ts";
import type { NetworkGateway, NetworkRequest, VethRequest } from "./request.ts";
import { scriptCall } from "./scripts.ts";

const none = new Uint8Array(0);

function bytes(text: string): Uint8Array {
  return (text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text)) ?? none;
}

function address(text: string, prefix: number): InterfaceAddress {
  return { bytes: bytes(text), prefix, broadcast: none };
}

function via(text: string): NetworkGateway {
  return text === "auto" || text === "dev" ? { kind: text, bytes: none } : { kind: "address", bytes: bytes(text) };
}

type Changes = Partial<Omit<NetworkRequest, "veth">> & Partial<VethRequest>;

function veth(changes: Changes): NetworkRequest {
  const part = (isOfVeth: boolean) =>
    Object.fromEntries(Object.entries(changes).filter(([key]) => key in VETH === isOfVeth));
  return networkRequest(part(false), part(true));
}

const bridge: LinkInfo = {
  index: 7,
  name: "br0",
  altNames: [],
  kind: "bridge",
  // Filters VLANs, and puts new ports into number 1.
  data: new Uint8Array([5, 0, 7, 0, 1, 0, 0, 0, 6, 0, 39, 0, 1, 0, 0, 0]),
  up: true,
  mtu: 1400,
  hwaddr: none,
  master: 0,
  peer: 0,
  rxBytes: 0,
  txBytes: 0,
};

const more: readonly LinkInfo[] = [
  { ...bridge, index: 9, name: "eno2", kind: "", data: none },
  { ...bridge, index: 10, name: "ovs0", kind: "openvswitch", data: none },
];

const facts: NetworkFacts = {
  ownBridge: "lxcbr0",
  switches: [
    { name: "eno2", answer: "no" },
    { name: "ovs0", answer: "yes" },
  ],
  links: [bridge, { ...bridge, index: 8, name: "eno1", kind: "", data: none }, ...more],
  addresses: [
    { device: 7, bytes: bytes("fe80::1"), prefix: 64, scope: 253 },
    { device: 7, bytes: bytes("10.0.3.1"), prefix: 24, scope: 0 },
    { device: 7, bytes: bytes("fd00::1"), prefix: 64, scope: 0 },
  ],
  random: new Uint8Array(Array.from({ length: 44 }, (_, i) => i)),
};

function plan(...requests: NetworkRequest[]): NetworkPlan {
  return planNetworks(requests, facts);
}

function only(changes: Changes): PlannedNetwork {
  const found = plan(veth(changes)).networks[0];
  if (found === undefined) throw new Error("nothing was planned");
  return found;
}

test("a new network namespace is made unless every network is none", () => {
  const all = [[], [veth({ type: "none" })], [veth({ type: "none" }), veth({ type: "empty", index: 1 })]];
  deepEqual(
    all.map((requests) => plan(...requests).newNamespace),
    [true, false, true],
  );
});

test("a veth on a bridge takes its MTU, a random name and a high hardware address", () => {
  deepEqual(only({ link: "br0", hwaddr: "10:66:6A:01:02:03" }), {
    index: 0,
    type: "veth",
    place: "",
    link: "br0",
    linkIndex: 7,
    hostName: "veth012345",
    byHelper: false,
    veth: {
      hwaddr: new Uint8Array([0xfe, 6, 7, 8, 9, 10]),
      isRouter: false,
      isSwitched: false,
      rxQueues: 0,
      txQueues: 0,
      routes: [],
      gateways: [],
      vlans: { left: 0, own: -1, tagged: [] },
      ingressBits: 0,
      egressBits: 0,
      published: [],
      lease: none,
    },
    bornAs: "",
    mode: 0,
    flags: 0,
    name: "eth0",
    hwaddr: new Uint8Array([0x10, 0x66, 0x6a, 1, 2, 3]),
    mtu: 1400,
    up: true,
    addresses: [],
    routes: [],
    l2proxy: false,
    scriptUp: "",
    scriptDown: "",
  });
});

test("given names come first, numbers fill the gaps, and each pair has its own random name", () => {
  const networks = plan(
    veth({}),
    veth({ index: 1, name: "eth0" }),
    veth({ index: 2, name: "web%d", pair: "vweb" }),
    veth({ index: 3, type: "empty" }),
    veth({ index: 4, name: "eth%d" }),
  ).networks;
  deepEqual(
    networks.map((one) => `${one.name}=${one.hostName}`),
    ["eth1=veth012345", "eth0=vethbcdefg", "web0=vweb", "lo=", "eth2=vethxyzABC"],
  );
});

test("a gateway is a default route, after a route of its own when no address is near it", () => {
  const addresses = [address("10.0.3.5", 24), address("fd00::5", 64)];
  const of = (ipv4: string, ipv6: string): string[] =>
    only({ link: "br0", addresses, ipv4Gateway: via(ipv4), ipv6Gateway: via(ipv6) }).routes.map(
      ({ route, doing }) => `${route.destination.length}/${route.prefix} ${route.gateway.length}: ${doing}`,
    );
  deepEqual(of("10.0.3.1", "fe80::1"), [
    "0/0 4: use the gateway 10.0.3.1 (lxc.net.0.ipv4.gateway)",
    "0/0 16: use the gateway fe80::1 (lxc.net.0.ipv6.gateway)",
  ]);
  deepEqual(of("auto", "auto"), [
    "0/0 4: use the gateway 10.0.3.1 (lxc.net.0.ipv4.gateway)",
    "0/0 16: use the gateway fd00::1 (lxc.net.0.ipv6.gateway)",
  ]);
  deepEqual(of("10.0.4.1", "fd01::1"), [
    "4/32 0: reach the gateway 10.0.4.1 (lxc.net.0.ipv4.gateway)",
    "0/0 4: use the gateway 10.0.4.1 (lxc.net.0.ipv4.gateway)",
    "16/128 0: reach the gateway fd01::1 (lxc.net.0.ipv6.gateway)",
    "0/0 16: use the gateway fd01::1 (lxc.net.0.ipv6.gateway)",
  ]);
  deepEqual(of("dev", "dev"), [
    "0/0 0: send everything through the device (lxc.net.0.ipv4.gateway = dev)",
    "0/0 0: send everything through the device (lxc.net.0.ipv6.gateway = dev)",
  ]);
});

test("what cannot work is refused by its key, with a way out", () => {
  const cases: readonly (readonly [Changes, RegExp, RegExp])[] = [
    [{ link: "lxcbr0" }, /lxc\.net\.0\.link = lxcbr0: there is no such bridge/, /run lxc-net start/],
    [{ link: "br9" }, /lxc\.net\.0\.link = br9: there is no such bridge/, /ip link add br9 type bridge/],
    [{ link: "eno1" }, /link = eno1 is not a Linux bridge, and there is no ovs-vsctl/, /openvswitch-switch/],
    [{ link: "eno2" }, /link = eno2 is not a Linux bridge, nor one of Open vSwitch/, /ip -details/],
    [{ type: "macvlan" }, /lxc\.net\.0\.link is missing/, /ip link/],
    [{ type: "vlan", link: "eno7" }, /lxc\.net\.0\.link = eno7: there is no such device/, /ip link/],
    [{ type: "ipvlan", link: "eno1", hwaddr: "10:66:6a:01:02:03" }, /lxc\.net\.0\.hwaddr: an ipvlan/, /macvlan/],
    [{ type: "ipvlan", link: "eno1", l2proxy: true }, /l2proxy does not work in ipvlan mode l3/, /mode = l3s/],
    [{ mode: "router", l2proxy: true }, /l2proxy needs a device/, /lxc\.net\.0\.link/],
    [{ type: "phys", link: "wlan+" }, /link = wlan\+: no device of the host begins so/, /ip link/],
    [{ type: "phys", link: "eno+", name: "x" }, /stands for eno1, eno2, .* lxc\.net\.0\.name/, /of its own/],
    [{ vlan: 5 }, /lxc\.net\.0\.veth\.vlan\.id is for a port of a bridge/, /lxc\.net\.0\.link/],
    [{ link: "br0", vlan: 5, taggedVlans: [5] }, /veth\.vlan\.id = 5 is one of the tagged/, /once/],
    [{ link: "ovs0", vlan: -1 }, /none alone does not work with Open vSwitch/, /tagged\.id/],
    [
      { type: "ipvlan", link: "eno1", addresses: [address("10.0.3.5", 24)], ipv4Gateway: via("auto") },
      /auto is for networks of type veth and macvlan/,
      /name the gateway/,
    ],
    [{ name: "sixteen-letters-" }, /lxc\.net\.0\.name = sixteen-letters- has 16 letters/, /1 to 15/],
    [{ name: "lo" }, /lxc\.net\.0\.name = lo is taken/, /own name/],
    [{ pair: "a/b" }, /lxc\.net\.0\.veth\.pair = a\/b is no name/, /1 to 15/],
    [{ hwaddr: "10:66:6a:1:2:3" }, /lxc\.net\.0\.hwaddr = 10:66:6a:1:2:3: it is not six bytes/, /random/],
    [{ hwaddr: "11:66:6a:01:02:03" }, /multicast/, /random/],
    [{ ipv4Gateway: via("10.0.3.1") }, /ipv4\.gateway needs an address/, /lxc\.net\.0\.ipv4\.address/],
    [{ up: false, ipv4Gateway: via("dev") }, /ipv4\.gateway needs the device to be up/, /lxc\.net\.0\.flags = up/],
    [{ type: "empty", name: "eth0" }, /lxc\.net\.0\.name = eth0: the loopback device/, /type = veth/],
    [{ type: "empty", hwaddr: "10:66:6a:01:02:03" }, /lxc\.net\.0\.hwaddr/, /type = veth/],
    [{ ipv4Gateway: via("auto") }, /auto needs a bridge/, /lxc\.net\.0\.link/],
  ];
  for (const [changes, message, hint] of cases) throws(() => only(changes), { message, hint });
  throws(() => plan(veth({ pair: "v" }), veth({ index: 1, pair: "v" })), /lxc\.net\.1\.veth\.pair = v is used twice/);
  throws(
    () => planNetworks([veth({ link: "br0", ipv4Gateway: via("auto") })], { ...facts, addresses: [] }),
    /auto: br0 has no address/,
  );
});

test("the VLANs of a port leave the one that the bridge puts it in, unless that is its own", () => {
  const vlans = (changes: Changes): unknown => only({ link: "br0", ...changes }).veth?.vlans;
  deepEqual(vlans({ vlan: 7, taggedVlans: [8, 9] }), { left: 1, own: 7, tagged: [8, 9] });
  deepEqual(vlans({ vlan: 1 }), { left: 0, own: 1, tagged: [] });
  deepEqual(vlans({ vlan: -1 }), { left: 1, own: -1, tagged: [] });
  deepEqual(vlans({ taggedVlans: [8] }), { left: 0, own: -1, tagged: [8] });
  const flat = { ...facts, links: [{ ...bridge, data: none }] };
  throws(() => planNetworks([veth({ link: "br0", vlan: 7 })], flat), {
    message: /lxc\.net\.0\.veth\.vlan\.id: the bridge br0 does not filter VLANs/,
    hint: "let it: ip link set br0 type bridge vlan_filtering 1",
  });
});

test("in mode router the host has a route to each address, after those that are asked for, and is the gateways", () => {
  const route = { destination: bytes("10.1.0.0"), prefix: 16, gateway: none, addressSize: 4 };
  const addresses = [address("10.0.3.5", 24), address("fd00::5", 64)];
  const gateways = { ipv4Gateway: via("169.254.1.1"), ipv6Gateway: via("dev") };
  const { veth: host, link } = only({ mode: "router", routes: [route], addresses, ...gateways });
  deepEqual(
    host?.routes.map(({ doing }) => doing),
    [
      "route 10.1.0.0/16 to the container (lxc.net.0.veth.ipv4.route)",
      "route 10.0.3.5 to the container (lxc.net.0.veth.mode = router)",
      "route fd00::5 to the container (lxc.net.0.veth.mode = router)",
    ],
  );
  deepEqual([host?.isRouter, host?.gateways, link], [true, [bytes("169.254.1.1")], ""]);
});

test("a wildcard is one network for each device that begins so, which keeps its name inside", () => {
  const { networks } = plan(veth({ type: "phys", link: "eno+" }), veth({ index: 1, link: "br0" }));
  deepEqual(
    networks.map(({ index, type, link, linkIndex, name }) => `${index} ${type} ${link} ${linkIndex} ${name}`),
    ["0 phys eno1 8 eno1", "0 phys eno2 9 eno2", "1 veth br0 7 eth0"],
  );
});

test("the kinds on top of a device of the host have the kernel's numbers of their modes", () => {
  const numbers = (changes: Changes): string => {
    const { type, mode, flags, linkIndex, mtu } = only({ link: "eno1", ...changes });
    return `${type} ${mode} ${flags} on ${linkIndex}, ${mtu}`;
  };
  const macvlans = (["private", "vepa", "bridge", "passthru"] as const).map((macvlanMode) =>
    numbers({ type: "macvlan", macvlanMode }),
  );
  deepEqual(
    macvlans,
    [1, 2, 4, 8].map((mode) => `macvlan ${mode} 0 on 8, 0`),
  );
  equal(numbers({ type: "ipvlan", ipvlanMode: "l3s", ipvlanIsolation: "vepa" }), "ipvlan 2 2 on 8, 0");
  equal(numbers({ type: "ipvlan", ipvlanMode: "l2", ipvlanIsolation: "private" }), "ipvlan 0 1 on 8, 0");
  equal(numbers({ type: "vlan", vlanId: 4094, mtu: 1400 }), "vlan 4094 0 on 8, 1400");
});

test("inside, loopback and every device are told in one batch, up before its routes", () => {
  const told = insideRequests(
    plan(
      veth({ addresses: [address("10.0.3.5", 24)], ipv4Gateway: via("10.0.3.1") }),
      veth({ index: 1, type: "empty" }),
      veth({ index: 2, up: false }),
    ),
    [5, 1, 6],
  );
  deepEqual(
    told.map((request) => request.doing),
    [
      "switch on the network device lo",
      "add the address 10.0.3.5/24 on eth0 in the container",
      "switch on the network device eth0",
      "use the gateway 10.0.3.1 (lxc.net.0.ipv4.gateway) on eth0 in the container",
    ],
  );
});

test("of a pair that lxc-user-nic makes, hardware address and MTU are set inside, before it is up", () => {
  const planned = plan(veth({ hwaddr: "10:66:6a:01:02:03", mtu: 1300 }));
  const first = planned.networks[0] as PlannedNetwork;
  const told = insideRequests({ newNamespace: true, networks: [{ ...first, byHelper: true }] }, [5]);
  deepEqual(
    told.map((request) => request.doing),
    ["switch on the network device lo", "change the network device eth0", "switch on the network device eth0"],
  );
});

test("scripts get what LXC gives them", () => {
  const call = (link: string, version: number): string => {
    const scripts = { containerName: "c1", hookVersion: version, environment: ["LXC_NAME=c1"], run: () => {} };
    const hook = scriptCall(only({ link, pair: "v", scriptUp: "/s.sh a" }), "up", scripts);
    return `${hook.key} ${hook.command} [${hook.args.join(" ")}] ${hook.environment.join(" ")}`;
  };
  equal(call("br0", 0), "lxc.net.0.script.up /s.sh a [c1 net up veth br0 v] LXC_NAME=c1");
  equal(call("", 0), "lxc.net.0.script.up /s.sh a [c1 net up veth v] LXC_NAME=c1");
  equal(
    call("", 1),
    "lxc.net.0.script.up /s.sh a [veth v] LXC_NAME=c1 LXC_HOOK_TYPE=up LXC_HOOK_SECTION=net LXC_NET_TYPE=veth" +
      " LXC_NET_PEER=v LXC_NET_PARENT=",
  );
  const other = (type: "macvlan" | "ipvlan" | "vlan" | "phys", version: number): string => {
    const scripts = { containerName: "c1", hookVersion: version, environment: [], run: () => {} };
    const hook = scriptCall(only({ type, link: "eno1", scriptDown: "/s.sh" }), "down", scripts);
    return `[${hook.args.join(" ")}] ${hook.environment.join(" ")}`;
  };
  for (const type of ["macvlan", "ipvlan", "vlan", "phys"] as const) {
    equal(other(type, 0), `[c1 net down ${type} eno1] `);
    const environment = `LXC_HOOK_TYPE=down LXC_HOOK_SECTION=net LXC_NET_TYPE=${type} LXC_NET_PARENT=eno1`;
    equal(other(type, 1), `[${type} eno1] ${environment}`);
  }
});

test("an address to be given is one of the bridge's network, and nobody's yet", () => {
  const lease = (text: string): Changes => ({ link: "br0", lease: bytes(text) });
  deepEqual(only(lease("10.0.3.7")).veth?.lease, bytes("10.0.3.7"));
  const cases: readonly [Changes, RegExp, RegExp][] = [
    [
      lease("10.0.4.7"),
      /ipv4\.lease = 10\.0\.4\.7 is not in the network of br0, 10\.0\.3\.1\/24/,
      /choose one that is/,
    ],
    [lease("10.0.3.1"), /is the address of the bridge itself/, /another one/],
    [lease("10.0.3.0"), /is the first or the last address of its network/, /nobody's/],
    [lease("10.0.3.255"), /is the first or the last address of its network/, /nobody's/],
    [{ lease: bytes("10.0.3.7") }, /is for a port of a bridge/, /lxc\.net\.0\.link to the bridge/],
  ];
  for (const [changes, message, hint] of cases) throws(() => only(changes), { message, hint });
  throws(() => planNetworks([veth(lease("10.0.3.7"))], { ...facts, addresses: [] }), /br0 has no IPv4 address/);
});

test("what the host's side would do for an ordinary user is refused by name", () => {
  const cases: readonly [Changes, RegExp][] = [
    [{ ingressBits: 8000 }, /use lxc\.net\.0\.limit\.ingress: an ordinary user/],
    [{ egressBits: 8000 }, /use lxc\.net\.0\.limit\.egress: an ordinary user/],
    [{ link: "br0", lease: bytes("10.0.3.7") }, /use lxc\.net\.0\.ipv4\.lease: an ordinary user/],
  ];
  for (const [changes, message] of cases) {
    throws(() => refuseAdditions([only(changes)], false), { code: "not-permitted", message });
    refuseAdditions([only(changes)], true);
  }
  refuseAdditions([only({})], false);
});
