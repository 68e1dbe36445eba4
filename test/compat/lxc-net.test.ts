// LXC's own lxc-net and ours: the same bridge from the same settings, and each ends what the other one made.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { skipWithoutRoot } from "../system/host.ts";
import { NetRoom } from "../system/net-room.ts";

const skip = skipWithoutRoot;
const THEIRS = "/usr/libexec/lxc/lxc-net";
let room: NetRoom;

before(async () => {
  if (skip !== false) return;
  room = await NetRoom.make("netcmp");
  room.shell(
    "mkdir -p /run/lxc; printf '[ ! -f /etc/default/lxc-net ] || . /etc/default/lxc-net\\n' > /etc/default/lxc",
  );
});

after(() => {
  if (skip === false) room.close();
});

/** What differs on purpose: see docs/differences.md. */
const SAME = [
  "LXC_BRIDGE_MAC=00:16:3e:00:00:00",
  "LXC_ADDR=10.77.7.1",
  "LXC_NETWORK=10.77.7.0/24",
  "LXC_DHCP_RANGE=10.77.7.2,10.77.7.254",
];
const IPV6 = ["LXC_IPV6_ADDR=fd77:7::1", "LXC_IPV6_MASK=64", "LXC_IPV6_NETWORK=fd77:7::/64", "LXC_IPV6_NAT=true"];

const settings: Readonly<Record<string, readonly string[]>> = {
  usual: [...SAME, "LXC_IPV6_ENABLE=false", "LXC_DOMAIN="],
  "a domain, IPv6, and no pings": [...SAME, ...IPV6, "LXC_DOMAIN=example", "LXC_DHCP_PING=false", "LXC_DHCP_MAX=9"],
  "another bridge and iptables": [
    ...SAME,
    "LXC_IPV6_ENABLE=false",
    "LXC_DOMAIN=",
    "LXC_BRIDGE=lxcts7",
    "LXC_USE_NFT=false",
  ],
};

/** The words of dnsmasq, but for what only ours has. */
function dnsmasqWords(): string[] {
  const [pid = 0] = room.programs("dnsmasq");
  const [, ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  return words.filter((word) => !word.startsWith("--dhcp-hostsdir="));
}

function seen(): unknown {
  // Counters, and what is only spelled in another way: ports of DHCP for IPv6, and quotes.
  const rules = room
    .shell("nft -s list ruleset; iptables-save | grep '^-A' || :")
    .replaceAll("{ 53, 67, 547 }", "{ 53, 67 }");
  const addresses = room.shell(
    "ip -j address | jq -c '[.[] | {ifname, address, operstate, addr: [.addr_info[] | {local, prefixlen, broadcast, scope}]}]'",
  );
  const forwarding = room.shell(
    "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding; cat /proc/sys/net/ipv6/conf/lxc*/accept_dad",
  );
  return {
    rules: rules.split("\n"),
    addresses,
    routes: room.shell("ip -j route"),
    forwarding,
    dnsmasq: dnsmasqWords(),
  };
}

/** Both are called by whole path: LXC's finds others by PATH. */
const theirs = (verb: string) => room.run(THEIRS, verb);
const ours = (verb: string) => room.net(verb, "-q");

for (const [name, lines] of Object.entries(settings)) {
  test(`the same bridge, addresses, rules and words for dnsmasq: ${name}`, { skip }, () => {
    room.settings(...lines);
    // IPv6 of LXC's script has a rule that nft does not take: `ip saddr` of an IPv6 network.
    const isBroken = lines.includes("LXC_IPV6_NAT=true");
    if (isBroken) room.settings(...lines.filter((line) => line !== "LXC_IPV6_NAT=true"));
    equal(theirs("start").code, 0);
    const wanted = seen();
    deepEqual([ours("start").code, ours("status").code], [1, 0]);
    equal(ours("stop").code, 0);
    equal(room.shell("ip -o link | wc -l"), "1\n");
    equal(ours("start").code, 0);
    deepEqual(seen(), wanted);
    deepEqual([theirs("start").code, theirs("start").out], [1, "lxc-net is already running\n"]);
    equal(theirs("stop").code, 0);
    equal(room.shell("ip -o link | wc -l"), "1\n");
    deepEqual(room.programs("dnsmasq"), []);
    deepEqual([theirs("stop").out, ours("start").code, ours("stop").code], ["lxc-net isn't running\n", 0, 0]);
    equal(room.shell("ip -o link | wc -l; find /run/lxc -type f | wc -l"), "1\n0\n");
  });
}
