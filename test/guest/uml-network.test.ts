// The kinds of network that many kernels of build machines lack, in whole containers: vlan, ipvlan, the VLANs of bridges.

import { deepEqual, equal, match } from "node:assert/strict";
import { before, test } from "node:test";
import { create, withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "uml" });

interface Link {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly linkinfo: { readonly info_kind: string; readonly info_data: Readonly<Record<string, unknown>> };
}

before(() =>
  guest.said(`ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up
    ip address add 10.98.0.1/24 dev up0
    ip link add br0 type bridge vlan_filtering 1; ip link set br0 up; ip link add br1 type bridge
    echo 1 > /proc/sys/net/ipv4/conf/up0/forwarding`),
);

const net = (...settings: readonly string[]): string[] => settings.map((setting) => `lxc.net.0.${setting}`);

/** What the kernel says of a device inside, by the host's ip: busybox's is too old. */
async function linkInside(name: string, device: string): Promise<Link> {
  const said = await guest.said(`nsenter --net=/proc/$(lxc-info -n ${name} -pH)/ns/net ip -d -j link show ${device}`);
  return (JSON.parse(said) as Link[])[0]!;
}

test("a network of type vlan has the number that it is given, and a start right after a stop has it again", async () => {
  const lines = net("type = vlan", "link = up0", "vlan.id = 7", "flags = up", "name = tagged");
  for (let i = 0; i < 2; i++) {
    await withContainer(guest, "vlan", lines, async () => {
      const { linkinfo, flags } = await linkInside("vlan", "tagged");
      deepEqual([linkinfo.info_kind, linkinfo.info_data["id"], flags.includes("UP")], ["vlan", 7, true]);
    });
  }
});

for (const mode of ["l2", "l3", "l3s"]) {
  for (const isolation of ["bridge", "private", "vepa"]) {
    test(`a network of type ipvlan is in mode ${mode}, isolation ${isolation}`, async () => {
      const modes = [`ipvlan.mode = ${mode}`, `ipvlan.isolation = ${isolation}`];
      await withContainer(guest, "ipvlan", net("type = ipvlan", "link = up0", "flags = up", ...modes), async () => {
        const { info_kind, info_data } = (await linkInside("ipvlan", "eth0")).linkinfo;
        deepEqual([info_kind, info_data["mode"], info_data[isolation] ?? false], ["ipvlan", mode, true]);
      });
    });
  }
}

test("l2proxy of ipvlan answers on the link and routes to lo, and both end with the container", async () => {
  const addresses = ["ipv4.address = 10.98.0.9/32", "ipv4.gateway = dev"];
  const lines = net("type = ipvlan", "link = up0", "ipvlan.mode = l3s", "l2proxy = 1", "flags = up", ...addresses);
  const shown = (): Promise<string> => guest.said("ip -4 neigh show proxy; ip route show dev lo");
  await withContainer(guest, "proxied", lines, async (container) => {
    equal(await shown(), "10.98.0.9 dev up0 proxy \n10.98.0.9 scope link ");
    equal(await guest.said("lxc-info -n proxied -iH"), "10.98.0.9");
    match((await container.inside("ip route")).stdout, /^default dev eth0/m);
  });
  equal(await shown(), "");
});

for (const [type, settings] of [
  ["macvlan", []],
  ["ipvlan", []],
  ["vlan", ["vlan.id = 9"]],
] as const) {
  test(`a network of type ${type} may have the name of its link inside`, async () => {
    await withContainer(guest, "alike", net(`type = ${type}`, "link = up0", "name = up0", ...settings), async () => {
      equal((await linkInside("alike", "up0")).linkinfo.info_kind, type);
    });
  });
}

const portVlans = async (port: string): Promise<string> => {
  const said = JSON.parse(await guest.said(`bridge -j vlan show dev ${port}`)) as {
    readonly vlans: readonly { readonly vlan: number; readonly flags?: readonly string[] }[];
  }[];
  return (said[0]?.vlans ?? []).map(({ vlan, flags }) => [vlan, ...(flags ?? [])].join(" ")).join(", ");
};

const ports: readonly (readonly [string, readonly string[], string])[] = [
  ["its own", ["veth.vlan.id = 7"], "7 PVID Egress Untagged"],
  ["tagged ones beside the bridge's", ["veth.vlan.tagged.id = 8"], "1 PVID Egress Untagged, 8"],
  [
    "its own and tagged ones",
    ["veth.vlan.id = 7", "veth.vlan.tagged.id = 8", "veth.vlan.tagged.id = 9"],
    "7 PVID Egress Untagged, 8, 9",
  ],
  ["tagged ones only", ["veth.vlan.id = none", "veth.vlan.tagged.id = 8"], "8"],
  ["none", ["veth.vlan.id = none"], ""],
];

for (const [what, lines, vlans] of ports) {
  test(`a port of a bridge that filters is in ${what}`, async () => {
    const settings = net("type = veth", "link = br0", "veth.pair = vhost", ...lines);
    await withContainer(guest, "port", settings, async () => {
      equal(await portVlans("vhost"), vlans);
    });
  });
}

test("a bridge that does not filter is told, with the key and the way to let it", async () => {
  const container = await create(guest, "flat", net("type = veth", "link = br1", "veth.vlan.id = 7"));
  const { status, stderr } = await guest.exec("lxc-start -n flat");
  await container.tool("lxc-destroy");
  equal(status, 1);
  match(stderr, /lxc\.net\.0\.veth\.vlan\.id: the bridge br1 does not filter VLANs/);
  match(stderr, /hint: let it: ip link set br1 type bridge vlan_filtering 1/);
});

test("a kind that the link refuses is told with the place in the configuration and the kernel's words", async () => {
  const lines = net("type = macvlan", "link = up1", "macvlan.mode = passthru");
  await withContainer(guest, "first", lines, async () => {
    const second = await create(guest, "second", lines);
    const { status, stderr } = await guest.exec("lxc-start -n second");
    await second.tool("lxc-destroy");
    equal(status, 1);
    match(stderr, /cannot set up the network lxc\.net\.0, \/var\/lib\/lxc\/second\/config:\d+: its macvlan device/);
    match(stderr, /because: .*netlink: .*\(E[A-Z]+\)\n/);
  });
});

test("each container counts its own traffic, by the name of the link", async () => {
  const lines = net("type = macvlan", "link = up1", "flags = up", "ipv4.address = 10.98.0.3/24");
  await withContainer(guest, "counted", lines, async (container) => {
    await container.inside("ping -c 2 -s 1000 10.98.0.1");
    const shown = JSON.parse(await container.tool("lxc-info", "--format=json")) as {
      readonly links: readonly Readonly<Record<string, unknown>>[];
    };
    const inside = await container.inside("cat /sys/class/net/eth0/statistics/tx_bytes");
    deepEqual(
      shown.links.map((link) => [link["link"], Number(link["tx_bytes"]) > 2000, Number(link["rx_bytes"]) > 2000]),
      [["up1", true, true]],
    );
    // Two pings of a kilobyte, and what it takes to find each other.
    equal(Number(inside.stdout) < 20_000, true);
  });
});
