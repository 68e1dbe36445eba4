// Containers on the bridge of lxc-net: addresses, names, each other, the world, and lxc-net status NAME.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, skipWithoutRoot } from "./host.ts";
import { NetRoom } from "./net-room.ts";

const skip = skipWithoutRoot;
const NAMES = ["lxctsnet-a", "lxctsnet-b"] as const;
const [A, B] = NAMES;
let room: NetRoom;
let world: NetRoom;
let lxcpath = "";

/** One of our tools on the containers of the room. */
const tool = (name: string, ...words: string[]) => room.run(join(BIN, name), "-P", lxcpath, ...words);
const inside = (name: string, ...words: string[]) => tool("lxc-attach", name, "--", ...words);
const status = (name: string) => tool("lxc-net", "status", name);

before(async () => {
  if (skip !== false) return;
  room = await NetRoom.make("netcont");
  world = await NetRoom.make("networld");
  lxcpath = join(room.folder, "containers");
  room.settings("LXC_ADDR=10.77.5.1", "LXC_IPV6_ADDR=fd77:5::1", "LXC_IPV6_NAT=true", "LXC_DHCP_PING=false");
  // The host's way out, by IPv6 from what a router would have announced.
  room.shell(`mkdir ${lxcpath}; ip link add up0 type veth peer name up1 netns ${world.pid}
    ip address add 192.0.2.2/24 dev up0; ip address add 2001:db8::2/64 dev up0 nodad; ip link set up0 up
    ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1`);
  world.shell(`ip address add 192.0.2.1/24 dev up1; ip address add 2001:db8::1/64 dev up1 nodad; ip link set up1 up`);
  equal(room.net("start").code, 0);
  for (const name of NAMES) create(name);
});

after(() => {
  if (skip !== false) return;
  for (const name of NAMES) tool("lxc-stop", "-n", name, "-k");
  room.net("stop");
  room.close();
  world.close();
});

function create(name: string, ...lines: string[]): void {
  const config = join(room.folder, `${name}.conf`);
  const all = ["lxc.net.0.type = veth", "lxc.net.0.link = lxcbr0", "lxc.net.0.flags = up", ...lines];
  room.shell(`printf '%s\\n' ${all.map((line) => `'${line}'`).join(" ")} > ${config}`);
  const made = tool("lxc-create", "-n", name, "-t", "busybox", "-f", config);
  deepEqual([made.code, made.err], [0, ""]);
  const started = tool("lxc-start", "-n", name);
  deepEqual([started.code, started.err], [0, ""]);
}

const hasAddress = (name: string): Promise<boolean> =>
  eventually(() => tool("lxc-info", "-n", name, "-iH").out.includes("10.77.5."), 15_000);

test("containers get an address and a name, and reach each other by it", { skip }, async () => {
  for (const name of NAMES) equal(await hasAddress(name), true, name);
  match(inside(A, "ping", "-c1", "-W2", `${B}.lxc`).out, /1 packets received/);
  match(inside(A, "nslookup", `${B}.lxc`).out, /Address: 10.77.5.\d+/);
  // By the router's announcements.
  equal(
    await eventually(() => inside(A, "ip", "-6", "address", "show", "dev", "eth0").out.includes("fd77:5:"), 10_000),
    true,
  );
});

test("the world is reached behind the host's address, by IPv4 and by IPv6", { skip }, async () => {
  equal(await hasAddress(A), true);
  // The world has no way back to containers.
  match(world.shell("ip route"), /^192.0.2.0\/24[^\n]*\n$/);
  match(inside(A, "ping", "-c1", "-W2", "192.0.2.1").out, /1 packets received/);
  equal(await eventually(() => inside(A, "ping", "-6", "-c1", "-W1", "2001:db8::1").code === 0, 10_000), true);
  equal(room.shell("cat /proc/sys/net/ipv6/conf/up0/accept_ra"), "2\n");
});

test("status NAME walks the whole way, and says where it stops", { skip }, async () => {
  for (const name of NAMES) equal(await hasAddress(name), true, name);
  const well = status(A);
  deepEqual([well.code, well.err], [0, ""]);
  match(well.out, new RegExp(`^State of ${A}: RUNNING\nLink: eth0 inside is veth\\w+ on lxcbr0\nBridge: `));
  match(well.out, new RegExp(`Lease: 10.77.5.\\d+ for ${A}\nAddress: 10.77.5.\\d+\nWay out: by 10.77.5.1\nPassing on`));
  match(well.out, new RegExp(`Name: ${A}.lxc is 10.77.5.\\d+\n${A} is reached, and reaches the world.\n$`));
  const way = JSON.parse(tool("lxc-net", "status", A, "--format=json").out);
  deepEqual([way.name, way.reached, way.stops, way.way.length], [A, true, "", 11]);
});

/** What is broken by a script in the room, the step that it stops at, what is said, and how it is mended. */
const breaks: readonly (readonly [string, string, RegExp, string])[] = [
  [
    `ip link set $HOST nomaster`,
    "link",
    /veth\w+ is not connected to lxcbr0.*ip link set veth\w+ master lxcbr0/s,
    `ip link set $HOST master lxcbr0`,
  ],
  [`ip link set $HOST down`, "link", /veth\w+ is down.*ip link set veth\w+ up/s, `ip link set $HOST up`],
  [
    `ip link set lxcbr0 down`,
    "bridge",
    /lxcbr0 is down/,
    `ip link set lxcbr0 up; ip -6 address add fd77:5::1/64 dev lxcbr0 nodad`,
  ],
  [
    `ip address delete 10.77.5.1/24 dev lxcbr0`,
    "address",
    /10.77.5.1\/24 is missing/,
    `ip address add 10.77.5.1/24 dev lxcbr0`,
  ],
  [
    `$ATTACH ip address flush dev eth0`,
    "container-address",
    /the client did not set 10.77.5.\d+/,
    `$ATTACH udhcpc -q -n`,
  ],
  [
    `$ATTACH ip route delete default`,
    "route",
    /no default route.*ipv4.gateway = auto/s,
    `$ATTACH ip route add default via 10.77.5.1`,
  ],
  [
    `sysctl -qw net.ipv4.ip_forward=0`,
    "forwarding",
    /sysctl -w net.ipv4.ip_forward=1/,
    `sysctl -qw net.ipv4.ip_forward=1`,
  ],
  [`nft delete table inet lxc`, "firewall", /rules are missing.*lxc-net restart/s, `lxc-net restart -q`],
  [
    `iptables -P FORWARD DROP`,
    "firewall",
    /another firewall drops.*-I FORWARD -i lxcbr0 -j ACCEPT/s,
    `iptables -P FORWARD ACCEPT`,
  ],
  [
    `nft add table inet f; nft add chain inet f f '{ type filter hook forward priority 0; policy drop; }'`,
    "firewall",
    /nft insert rule inet f f iifname lxcbr0 accept/,
    `nft delete table inet f`,
  ],
  [
    `pid=$(cat /run/lxc/dnsmasq.pid); kill -9 $pid; while [ -e /proc/$pid/ns/net ]; do :; done`,
    "dnsmasq",
    /dnsmasq does not run/,
    `lxc-net restart -q`,
  ],
];

for (const [broken, stopsAt, said, mended] of breaks) {
  test(`status NAME after: ${broken.slice(0, 50)}`, { skip }, async () => {
    equal(await hasAddress(A), true);
    const host = tool("lxc-info", "-n", A).out.match(/veth\w+/)?.[0] ?? "";
    const fill = (script: string): string =>
      script.replaceAll("$HOST", host).replaceAll("$ATTACH", `lxc-attach -P ${lxcpath} ${A} --`);
    room.shell(fill(broken));
    const stopped = status(A);
    const way = JSON.parse(tool("lxc-net", "status", A, "--format=json").out);
    room.shell(fill(mended));
    deepEqual([stopped.code, way.stops, way.reached], [1, stopsAt, false], stopped.out);
    match(stopped.out, said);
    match(stopped.out, /\nIt stops there.\n$/);
    equal(status(A).code, 0, status(A).out);
  });
}

test("a restart leaves running containers connected", { skip }, async () => {
  for (const name of NAMES) equal(await hasAddress(name), true, name);
  const before = inside(A, "ip", "-4", "address", "show", "dev", "eth0").out;
  equal(room.net("restart").code, 0);
  equal(inside(A, "ip", "-4", "address", "show", "dev", "eth0").out, before);
  match(inside(A, "ping", "-c1", "-W2", `${B}.lxc`).out, /1 packets received/);
  match(inside(A, "ping", "-c1", "-W2", "192.0.2.1").out, /1 packets received/);
  equal(status(A).code, 0);
});

test("the address that a key asks for is the container's, and leads to its name", { skip }, async () => {
  const name = "lxctsnet-c";
  create(name, "lxc.net.0.ipv4.lease = 10.77.5.77");
  try {
    equal(await eventually(() => tool("lxc-info", "-n", name, "-iH").out.includes("10.77.5.77"), 15_000), true);
    match(inside(A, "nslookup", `${name}.lxc`).out, /Address: 10.77.5.77/);
  } finally {
    tool("lxc-stop", "-n", name, "-k");
  }
});

test("one that does not run, is not there, or is somewhere else", { skip }, () => {
  equal(tool("lxc-create", "-n", "lxctsnet-d", "-t", "busybox", "-f", "/dev/null").code, 0);
  const stopped = status("lxctsnet-d");
  deepEqual([stopped.code, stopped.out.split("\n")[0]], [1, "! State of lxctsnet-d: STOPPED"]);
  equal(tool("lxc-start", "-n", "lxctsnet-d").code, 0);
  match(status("lxctsnet-d").out, /! Link: no network of its configuration leads to lxcbr0/);
  equal(tool("lxc-stop", "-n", "lxctsnet-d", "-k").code, 0);
  match(status("lxctsnet-none").err, /Container lxctsnet-none does not exist/);
});

test("lxc-start without the bridge says how to have one", { skip }, () => {
  for (const name of NAMES) tool("lxc-stop", "-n", name, "-k");
  equal(room.net("stop").code, 0);
  const refused = tool("lxc-start", "-n", A);
  equal(refused.code, 1);
  match(refused.err, /lxc.net.0.link = lxcbr0: there is no such bridge\n {2}hint: make it: run lxc-net start/);
  equal(room.net("start").code, 0);
});
