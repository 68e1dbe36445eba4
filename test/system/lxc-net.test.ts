// lxc-net in a host's network of its own: real bridge, dnsmasq, nft and iptables.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { BIN, eventually, skipWithoutRoot } from "./host.ts";
import { NetRoom } from "./net-room.ts";

const skip = skipWithoutRoot;
let room: NetRoom;

before(async () => {
  if (skip === false) room = await NetRoom.make("net");
});

beforeEach(() => {
  if (skip === false) room.settings("LXC_ADDR=10.77.3.1", "LXC_IPV6_ADDR=fd77::1", "LXC_IPV6_NAT=true");
});

after(() => {
  if (skip === false) room.close();
});

/** Afterwards all is as before: devices, addresses, routes, rules, files and processes. */
function leavesNothing(act: () => void): void {
  const first = room.state();
  const running = room.programs("dnsmasq");
  act();
  deepEqual(room.state(), first);
  deepEqual(room.programs("dnsmasq"), running);
}

test("lxc-net start makes bridge, addresses, rules and dnsmasq, and stop takes all of it away", { skip }, () => {
  // Made once, and kept: the folder of all that runs.
  room.shell("mkdir -p /run/lxc");
  leavesNothing(() => {
    const started = room.net("start");
    deepEqual([started.code, started.err], [0, ""]);
    match(started.out, /put this line first in \/etc\/resolv.conf: nameserver 10.77.3.1\n$/);
    match(room.shell("ip -br address show lxcbr0"), /10.77.3.1\/24 fd77::1\/64/);
    match(room.shell("ip -j link show lxcbr0"), /"address":"10:66:6a:00:00:00"/);
    equal(room.shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding"), "1\n1\n");
    match(room.shell("nft list table ip lxc"), /ip saddr 10.77.3.0\/24 ip daddr != 10.77.3.0\/24 .* masquerade/);
    match(room.shell("nft list table ip6 lxc"), /ip6 saddr fd77::\/64/);
    match(room.shell("nft list table inet lxc"), /oifname "lxcbr0" accept/);
    equal(room.programs("dnsmasq").length, 1);
    // Nowhere else: other servers of names can have port 53 of other addresses.
    deepEqual(room.shell("ss -Hlnup 'sport = 53' | awk '{print $4}' | sort").trim().split("\n"), [
      "10.77.3.1:53",
      "[fd77::1]:53",
    ]);
    deepEqual(room.net("start"), {
      code: 1,
      out: "lxc-net is already running\n",
      err: "  hint: lxc-net status says how it is; lxc-net restart sets it up anew\n",
    });
    equal(room.net("restart").code, 0);
    equal(room.programs("dnsmasq").length, 1);
    deepEqual(room.net("stop"), { code: 0, out: "", err: "" });
  });
  deepEqual(room.net("stop"), { code: 1, out: "lxc-net isn't running\n", err: "  hint: lxc-net start\n" });
});

test("who wants no bridge gets none, and a word that is no verb is refused as by LXC", { skip }, () => {
  room.settings("USE_LXC_BRIDGE=false");
  leavesNothing(() => {
    for (const verb of ["start", "stop", "restart"]) deepEqual(room.net(verb), { code: 0, out: "", err: "" });
  });
  const status = room.net("status");
  deepEqual([status.code, status.out], [3, "State: off, as /etc/default/lxc-net:1 says (USE_LXC_BRIDGE)\n"]);
  for (const words of [[], ["begin"], ["start", "twice"]]) {
    const refused = room.net(...words);
    equal(refused.code, 2);
    match(refused.err, /Usage: lxc-net \{start\|stop\|restart\|reload\|force-reload\|status \[NAME\]\}/);
  }
});

test("settings that cannot be are told with file and line, and change nothing", { skip }, () => {
  room.settings("# mine", "LXC_NETWORK=10.9.0.0/24");
  leavesNothing(() => {
    const refused = room.net("start", "--format=json");
    equal(refused.code, 1);
    match(
      JSON.parse(refused.err).error.reason,
      /^\/etc\/default\/lxc-net:2: LXC_NETWORK = "10.9.0.0\/24" has no room for LXC_ADDR/,
    );
  });
});

test("a network that another device has is refused", { skip }, () => {
  room.shell("ip link add lxctsv0 type veth peer name lxctsv1; ip address add 10.77.3.200/24 dev lxctsv0");
  leavesNothing(() => {
    const refused = room.net("start");
    equal(refused.code, 1);
    match(refused.err, /Failed to setup lxc-net.\n.*\n?.*10.77.3.1\/24 is in the network of lxctsv0, 10.77.3.200\/24/);
  });
  room.shell("ip link delete lxctsv0");
});

test("a bridge that was there before stays, with all that it had", { skip }, () => {
  room.shell("ip link add lxcbr0 type bridge; ip address add 192.0.2.1/24 dev lxcbr0; ip link set lxcbr0 up");
  leavesNothing(() => {
    equal(room.net("start").code, 0);
    match(room.shell("ip -br address show lxcbr0"), /192.0.2.1\/24 10.77.3.1\/24/);
    equal(room.net("stop").code, 0);
  });
  room.shell("ip link delete lxcbr0");
});

test("a bridge with something connected stays through stop and start, and goes with the last stop", { skip }, () => {
  leavesNothing(() => {
    equal(room.net("start").code, 0);
    room.shell("ip link add lxctsv0 type veth peer name lxctsv1; ip link set lxctsv0 master lxcbr0 up");
    const index = room.shell("cat /sys/class/net/lxcbr0/ifindex");
    const stopped = room.net("stop");
    deepEqual(
      [stopped.code, stopped.out],
      [0, "the bridge lxcbr0 stays, for lxctsv0; it goes with the next stop without one\n"],
    );
    equal(room.net("start").code, 0);
    equal(room.net("restart").code, 0);
    equal(room.shell("cat /sys/class/net/lxcbr0/ifindex; ls /sys/class/net/lxcbr0/brif"), `${index}lxctsv0\n`);
    equal(room.net("stop").code, 0);
    room.shell("ip link delete lxctsv0");
    deepEqual(room.net("stop"), { code: 0, out: "", err: "" });
  });
});

test("a dnsmasq that was killed is missed by start and status, and restart heals it", { skip }, async () => {
  equal(room.net("start").code, 0);
  deepEqual(room.net("status").code, 0);
  const [pid = 0] = room.programs("dnsmasq");
  process.kill(pid, "SIGKILL");
  equal(await eventually(() => room.programs("dnsmasq").length === 0), true);
  const started = room.net("start");
  deepEqual([started.code, started.err], [1, "  hint: lxc-net restart\n"]);
  const status = room.net("status");
  equal(status.code, 1);
  match(status.out, /^State: running, but not all of it works$/m);
  match(status.out, /^! Addresses and names for containers: dnsmasq does not run\n {4}fix: lxc-net restart$/m);
  equal(room.net("restart").code, 0);
  equal(room.net("status").code, 0);
  equal(room.net("stop").code, 0);
});

test("a number in the file of dnsmasq that is another process's does not end that", { skip }, () => {
  equal(room.net("start").code, 0);
  room.shell(`echo ${room.pid} > /run/lxc/dnsmasq.pid`);
  equal(room.net("stop").code, 0);
  equal(room.run("true").code, 0);
  equal(room.programs("dnsmasq").length, 0);
});

test("another dnsmasq on port 53 of all addresses is named, with what to write where", { skip }, async () => {
  room.shell("dnsmasq --conf-file=/dev/null --port=53 --pid-file=/run/other.pid --no-resolv -u root");
  const other = Number(room.shell("cat /run/other.pid"));
  leavesNothing(() => {
    const refused = room.net("start");
    equal(refused.code, 1);
    match(refused.err, /Address already in use/);
    match(
      refused.err,
      new RegExp(
        `hint: dnsmasq \\(process ${other}\\) has port 53 of all addresses: write "bind-interfaces" and "except-interface=lxcbr0"`,
      ),
    );
    const status = room.net("status");
    equal(status.code, 3);
    match(status.out, /^! Port 53: taken on 0.0.0.0 by dnsmasq$/m);
  });
  process.kill(other, "SIGKILL");
  equal(await eventually(() => room.net("start").code === 0), true);
  equal(room.net("stop").code, 0);
});

test("status is a table for people and JSON for programs", { skip }, () => {
  room.settings("LXC_ADDR=10.77.3.1", "LXC_IPV6_ENABLE=false");
  equal(room.net("status").code, 3);
  equal(room.net("start", "-q").out, "");
  const status = JSON.parse(room.net("status", "--format=json").out);
  deepEqual(Object.keys(status), ["state", "bridge", "checks", "leases"]);
  deepEqual(
    [
      status.state,
      status.bridge,
      status.checks.map((check: { id: string; weight: string }) => `${check.id} ${check.weight}`),
    ],
    [
      "running",
      "lxcbr0",
      ["bridge fine", "address fine", "dnsmasq fine", "forwarding fine", "firewall fine", "names advice"],
    ],
  );
  deepEqual(JSON.parse(room.net("stop", "--format=json").out), { state: "stopped", notes: [] });
  equal(JSON.parse(room.net("stop", "--format=json").err).error.message, "lxc-net isn't running");
});

test("of two starts at once one makes it, and the other one finds it made", { skip }, () => {
  const codes = room.shell(`for i in 1 2 3 4; do { lxc-net start > /dev/null 2>&1 && echo 0 || echo 1; } & done; wait`);
  deepEqual(codes.trim().split("\n").toSorted(), ["0", "1", "1", "1"]);
  equal(room.programs("dnsmasq").length, 1);
  equal(room.net("stop").code, 0);
});

test("settings that changed meanwhile leave nothing of the old bridge behind", { skip }, () => {
  leavesNothing(() => {
    room.settings("LXC_BRIDGE=lxctsold", "LXC_ADDR=10.77.8.1", "LXC_IPV6_ENABLE=false");
    equal(room.net("start", "-q").code, 0);
    room.settings("LXC_BRIDGE=lxctsnew", "LXC_ADDR=10.77.9.1", "LXC_IPV6_ENABLE=false", "LXC_USE_NFT=false");
    equal(room.net("restart", "-q").code, 0);
    equal(room.shell("ip -br address | awk '{print $1, $3}'"), "lo 127.0.0.1/8\nlxctsnew 10.77.9.1/24\n");
    room.settings("LXC_BRIDGE=lxctsold");
    equal(room.net("stop").code, 0);
    room.shell("for t in filter nat mangle; do iptables -t $t -F; nft delete table ip $t || :; done 2> /dev/null");
  });
});

test("systemd-resolved learns the names where it runs, and a bridge that stays is forgotten", { skip }, () => {
  // Not here: a program of its name writes down what it is told.
  room.shell(`mkdir -p /run/systemd/resolve; : > /run/systemd/resolve/io.systemd.Resolve
    mount -t tmpfs tmpfs /usr/local/sbin
    printf '#!/bin/sh\\necho "$@" >> /run/told\\n' > /usr/local/sbin/resolvectl; chmod 755 /usr/local/sbin/resolvectl`);
  try {
    const started = room.net("start");
    deepEqual([started.code, started.out, started.err], [0, "", ""]);
    equal(room.shell("cat /run/told; rm /run/told"), "dns lxcbr0 10.77.3.1\ndomain lxcbr0 ~lxc\n");
    equal(
      JSON.parse(room.net("status", "--format=json").out).checks.some((check: { id: string }) => check.id === "names"),
      false,
    );
    equal(room.net("stop").code, 0);
    equal(room.shell("cat /run/told; rm /run/told"), "revert lxcbr0\n");
    room.settings("LXC_DOMAIN=");
    equal(room.net("start").out, "");
    equal(room.run("test", "-e", "/run/told").code, 1);
    equal(room.net("stop").code, 0);
  } finally {
    room.shell("umount /usr/local/sbin; rm -r /run/systemd");
  }
});

test("an ordinary user is told how it is, and may change nothing", { skip }, () => {
  equal(room.net("start", "-q").code, 0);
  const as = (...words: string[]) =>
    room.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", join(BIN, "lxc-net"), ...words);
  const status = as("status");
  equal(status.code, 0, status.out);
  match(status.out, /^Firewall: only root may look$/m);
  for (const verb of ["start", "stop", "restart"]) {
    const refused = as(verb);
    deepEqual([refused.code, refused.err.split("\n").at(-2)], [1, `  hint: sudo lxc-net ${verb}`]);
  }
  equal(room.net("stop").code, 0);
});

test("Ctrl-C and its like end a start with everything taken back", { skip }, () => {
  leavesNothing(() => {
    for (const nth of [1, 2]) {
      const inject = `inject=clone3:signal=INT:when=${nth}`;
      const ended = room.run("strace", "-qq", "-o", "/dev/null", "-e", inject, join(BIN, "lxc-net"), "start");
      equal(ended.code, 1);
      match(ended.err, /because: cannot set up lxcbr0: interrupted by SIGINT/);
    }
  });
});
