// lxc-net on two hosts with a router between them, and with many clients at once.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, skipWithoutRoot } from "./host.ts";
import { NetRoom } from "./net-room.ts";

const skip = skipWithoutRoot;
/** More when asked: 200 take some seconds longer. */
const CLIENTS = Number(process.env["LXCTS_CLIENTS"] ?? "50");
const NAME = "lxctsnet-h";
let hosts: NetRoom[] = [];
let router: NetRoom;

before(async () => {
  if (skip !== false) return;
  router = await NetRoom.make("netrouter");
  router.shell("echo 1 > /proc/sys/net/ipv4/ip_forward");
  hosts = [await NetRoom.make("neth1"), await NetRoom.make("neth2")];
  for (const [at, host] of hosts.entries()) {
    const number = at + 1;
    host.settings(
      `LXC_ADDR=10.81.${number}.1`,
      "LXC_IPV6_ENABLE=false",
      "LXC_DHCP_PING=false",
      `LXC_DOMAIN=h${number}`,
    );
    host.shell(`ip link add up0 type veth peer name to${number} netns ${router.pid}
      ip address add 192.0.${number}.2/24 dev up0; ip link set up0 up; ip route add default via 192.0.${number}.1`);
    router.shell(`ip address add 192.0.${number}.1/24 dev to${number}; ip link set to${number} up
      ip route add 10.81.${number}.0/24 via 192.0.${number}.2`);
  }
});

after(() => {
  if (skip !== false) return;
  for (const host of hosts) {
    tool(host, "lxc-stop", "-n", NAME, "-k");
    host.net("stop");
    host.close();
  }
  router.close();
});

const pathOf = (host: NetRoom): string => join(host.folder, "containers");
const tool = (host: NetRoom, name: string, ...words: string[]) =>
  host.run(join(BIN, name), "-P", pathOf(host), ...words);
const addressOf = (host: NetRoom): string => tool(host, "lxc-info", "-n", NAME, "-iH").out.trim();

function startContainer(host: NetRoom): void {
  host.shell(`mkdir -p ${pathOf(host)}
    printf 'lxc.net.0.type = veth\\nlxc.net.0.link = lxcbr0\\nlxc.net.0.flags = up\\n' > ${host.folder}/c.conf`);
  equal(tool(host, "lxc-create", "-n", NAME, "-t", "busybox", "-f", `${host.folder}/c.conf`).code, 0);
  equal(tool(host, "lxc-start", "-n", NAME).code, 0);
}

/** What the host has beside the bridge. */
const own = (host: NetRoom): string =>
  // An address of IPv6 is tentative for its first second.
  host.shell(
    "ip address show dev up0 | sed 's/ tentative//'; ip route show dev up0; cat /proc/sys/net/ipv4/conf/up0/rp_filter",
  );

test("containers of two hosts reach each other through a router, also after a bridge was restarted", {
  skip,
}, async () => {
  const before = hosts.map(own);
  for (const host of hosts) equal(host.net("start", "-q").code, 0);
  for (const host of hosts) startContainer(host);
  for (const host of hosts) equal(await eventually(() => addressOf(host).startsWith("10.81."), 15_000), true);
  const reach = (): void => {
    for (const [at, host] of hosts.entries()) {
      const other = hosts[1 - at];
      const pinged = tool(
        host,
        "lxc-attach",
        NAME,
        "--",
        "ping",
        "-c1",
        "-W2",
        other === undefined ? "" : addressOf(other),
      );
      match(pinged.out, /1 packets received/);
    }
  };
  reach();
  for (const host of hosts) equal(host.net("restart", "-q").code, 0);
  reach();
  deepEqual(hosts.map(own), before);
  for (const host of hosts) {
    equal(tool(host, "lxc-stop", "-n", NAME, "-k").code, 0);
    equal(host.net("stop").code, 0);
  }
  deepEqual(hosts.map(own), before);
});

test(`${CLIENTS} clients at once all get an address of their own and a name`, { skip }, () => {
  const [host] = hosts;
  if (host === undefined) return;
  equal(host.net("start", "-q").code, 0);
  host.shell(`mkdir -p /run/dhcp /run/netns
    printf '#!/bin/sh\\n[ -z "$ip" ] || echo "$ip" > /run/dhcp/$NAME\\n' > /run/dhcp.sh; chmod 755 /run/dhcp.sh
    for i in $(seq ${CLIENTS}); do
      ip netns add c$i; ip link add v$i type veth peer name eth0 netns c$i; ip link set v$i master lxcbr0 up
      ip -n c$i link set eth0 up
    done
    for i in $(seq ${CLIENTS}); do
      NAME=c$i nsenter --net=/run/netns/c$i busybox udhcpc -f -q -n -t 10 -T 1 -x hostname:c$i -s /run/dhcp.sh > /dev/null 2>&1 &
    done
    wait`);
  const given = host.shell("cd /run/dhcp; for f in *; do echo $f $(cat $f); done").trim().split("\n");
  equal(given.length, CLIENTS);
  equal(new Set(given.map((line) => line.split(" ")[1])).size, CLIENTS);
  const resolved = host.shell(`for i in $(seq ${CLIENTS}); do
    echo c$i $(busybox nslookup -type=a c$i.h1 10.81.1.1 | sed -n 's/^Address: \\(10.81.*\\)/\\1/p'); done`);
  deepEqual(resolved.trim().split("\n").toSorted(), given.toSorted());
  const { leases } = JSON.parse(host.net("status", "--format=json").out);
  equal(leases.filter((lease: { name: string }) => lease.name.startsWith("c")).length, CLIENTS);
  host.shell(`for i in $(seq ${CLIENTS}); do ip netns delete c$i; ip link delete v$i 2> /dev/null || :; done`);
  deepEqual(host.net("stop"), { code: 0, out: "", err: "" });
});
