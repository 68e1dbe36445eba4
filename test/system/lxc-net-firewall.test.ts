// lxc-net beside other firewalls: with what Docker, ufw and others leave behind in a host's tables, real packets and real programs.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { skipWithoutRoot } from "./host.ts";
import { NetRoom } from "./net-room.ts";

const skip = skipWithoutRoot;
let room: NetRoom;
let inside: NetRoom;
let world: NetRoom;

before(async () => {
  if (skip !== false) return;
  room = await NetRoom.make("netfire");
  inside = await NetRoom.make("netin");
  world = await NetRoom.make("netout");
  room.shell(`mkdir -p /run/lxc; ip link add up0 type veth peer name up1 netns ${world.pid}
    ip address add 192.0.2.2/24 dev up0; ip link set up0 up`);
  world.shell("ip address add 192.0.2.1/24 dev up1; ip link set up1 up");
});

beforeEach(() => {
  if (skip === false) room.settings("LXC_ADDR=10.77.6.1", "LXC_IPV6_ENABLE=false", "LXC_DHCP_PING=false");
});

after(() => {
  if (skip !== false) return;
  for (const each of [room, inside, world]) each.close();
});

/** Makes a client with a device on the bridge; what it gets from DHCP, and whether it reaches the world. */
function client(): { readonly address: string; readonly isOut: boolean } {
  room.shell(`ip link add c0 type veth peer name eth0 netns ${inside.pid}; ip link set c0 master lxcbr0 up`);
  inside.shell("ip link set eth0 up");
  const script = "/tmp/lxcts-dhcp-$$";
  const address =
    inside
      .run(
        "sh",
        "-c",
        `printf '#!/bin/sh\\n[ -z "$ip" ] || echo "$ip"\\n' > ${script}; chmod 755 ${script}
    busybox udhcpc -q -n -f -t 3 -T 1 -s ${script} 2> /dev/null; rm ${script}`,
      )
      .out.trim()
      .split("\n")[0] ?? "";
  if (address !== "") inside.shell(`ip address add ${address}/24 dev eth0; ip route add default via 10.77.6.1`);
  const isOut = inside.run("ping", "-c1", "-W1", "192.0.2.1").code === 0;
  room.shell("ip link delete c0");
  return { address, isOut };
}

interface Firewall {
  readonly made: string;
  readonly gone: string;
  /** The lines of iptables -S that are ours. */
  readonly rules: readonly string[];
  readonly show: string;
}

const INPUT = ["tcp --dport 53", "udp --dport 53", "tcp --dport 67", "udp --dport 67"].map(
  (port) => `-A INPUT -i lxcbr0 -p ${port.slice(0, 3)} -m ${port} -j ACCEPT`,
);

const firewalls: Readonly<Record<string, Firewall>> = {
  "Docker, which drops what others pass on": {
    made: "iptables -P FORWARD DROP; iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; iptables -A FORWARD -j DOCKER-USER",
    gone: "iptables -F; iptables -X; iptables -P FORWARD ACCEPT",
    show: "iptables -S",
    rules: ["-A DOCKER-USER -o lxcbr0 -j ACCEPT", "-A DOCKER-USER -i lxcbr0 -j ACCEPT"],
  },
  "ufw, which drops both": {
    made: "iptables -P INPUT DROP; iptables -P FORWARD DROP; iptables -N ufw-before-input; iptables -A INPUT -j ufw-before-input",
    gone: "iptables -F; iptables -X; iptables -P INPUT ACCEPT; iptables -P FORWARD ACCEPT",
    show: "iptables -S",
    rules: [...INPUT, "-A FORWARD -o lxcbr0 -j ACCEPT", "-A FORWARD -i lxcbr0 -j ACCEPT"],
  },
  "the old kind of tables": {
    made: "iptables-legacy -P INPUT DROP; iptables-legacy -P FORWARD DROP",
    gone: "iptables-legacy -P INPUT ACCEPT; iptables-legacy -P FORWARD ACCEPT",
    show: "iptables-legacy -S",
    rules: [...INPUT, "-A FORWARD -o lxcbr0 -j ACCEPT", "-A FORWARD -i lxcbr0 -j ACCEPT"],
  },
};

/** The rules for our bridge. */
const ours = (show: string): string[] =>
  room
    .shell(show)
    .split("\n")
    .filter((line) => line.includes("lxcbr0"));

for (const [name, firewall] of Object.entries(firewalls)) {
  test(`beside ${name}: exactly the rules that are needed, and they go with the bridge`, { skip }, () => {
    room.shell(firewall.made);
    try {
      const first = room.state();
      equal(room.net("start", "-q").code, 0);
      deepEqual(ours(firewall.show).toSorted(), [...firewall.rules].toSorted());
      equal(room.net("status").code, 0);
      const { address, isOut } = client();
      match(address, /^10\.77\.6\.\d+$/);
      equal(isOut, true);
      // Without ours it does not work: the firewall is real.
      for (const rule of ours(firewall.show)) room.shell(`${firewall.show.split(" ")[0]} ${rule.replace("-A", "-D")}`);
      equal(client().isOut, false);
      equal(room.net("status").code, 1);
      equal(room.net("stop").code, 0);
      deepEqual(room.state(), first);
    } finally {
      room.net("stop");
      room.shell(firewall.gone);
    }
  });
}

test("tables that are not ours to change: the commands are said, and they are what it takes", { skip }, () => {
  room.shell(`nft add table inet mine
    nft add chain inet mine in '{ type filter hook input priority 0; policy drop; }'
    nft add chain inet mine pass '{ type filter hook forward priority 0; policy drop; }'`);
  try {
    const first = room.state();
    const { code, out } = room.net("start");
    equal(code, 0);
    const commands = out
      .split("\n")
      .filter((line) => line.includes("; run: nft insert"))
      .map((line) => line.split("; run: ")[1] ?? "");
    equal(commands.length, 2);
    deepEqual(client(), { address: "", isOut: false });
    equal(room.net("status").code, 1);
    for (const command of commands) room.shell(command);
    ok(client().isOut);
    equal(room.net("stop").code, 0);
    room.shell("nft flush table inet mine");
    deepEqual(room.state(), first);
  } finally {
    room.net("stop");
    room.shell("nft delete table inet mine");
  }
});

test("firewalld is recognised by its table", { skip }, () => {
  room.shell(
    "nft add table inet firewalld; nft add chain inet firewalld filter_INPUT '{ type filter hook input priority 10; }'",
  );
  try {
    match(
      room.net("start").out,
      /run: firewall-cmd --permanent --zone=trusted --add-interface=lxcbr0 && firewall-cmd --reload/,
    );
    equal(room.net("stop").code, 0);
  } finally {
    room.shell("nft delete table inet firewalld");
  }
});

test("LXC_USE_NFT=false: the rules are iptables' own, and as good", { skip }, () => {
  room.settings(
    "LXC_ADDR=10.77.6.1",
    "LXC_IPV6_ADDR=fd77:6::1",
    "LXC_IPV6_NAT=true",
    "LXC_USE_NFT=false",
    "LXC_DHCP_PING=false",
  );
  // The tables stay when the rules go: made before, so that they are there before and after.
  room.shell(
    "for t in filter nat mangle; do iptables -t $t -S; ip6tables -t $t -S; done > /dev/null; iptables -P INPUT DROP; iptables -P FORWARD DROP",
  );
  try {
    const rules = (): string => room.shell("iptables-save | grep '^-A'; ip6tables-save | grep '^-A' || :");
    equal(room.net("start", "-q").code, 0);
    match(rules(), /POSTROUTING -s 10.77.6.0\/24 ! -d 10.77.6.0\/24 -j MASQUERADE/);
    match(rules(), /POSTROUTING -s fd77:6::\/64 ! -d fd77:6::\/64 -j MASQUERADE/);
    match(rules(), /-o lxcbr0 -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill/);
    equal(room.run("nft", "list", "table", "inet", "lxc").code, 1);
    const { address, isOut } = client();
    match(address, /^10\.77\.6\.\d+$/);
    equal(isOut, true);
    equal(room.net("status").code, 0);
    equal(room.net("stop").code, 0);
    equal(room.run("sh", "-c", "{ iptables-save; ip6tables-save; } | grep '^-A'").out, "");
  } finally {
    room.net("stop");
    room.shell("iptables -P INPUT ACCEPT; iptables -P FORWARD ACCEPT");
  }
});
