// Published ports: real packets from outside, from the host, from neighbours and from the container itself; and what is left.

import { deepEqual, equal, match } from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";
import { BRIDGE4, BRIDGE6, OUTSIDE4, OwnNetwork, UPLINK4 } from "./own-network.ts";

const place = new Place("publish");
const net = new OwnNetwork(place);
const NAMES = ["lxcts-pa", "lxcts-pb"] as const;
const [A, B] = NAMES;
const REFUSED = "ECONNREFUSED";

function settings(address: string, ...more: string[]): string[] {
  const common = ["type = veth", "link = br0", "flags = up"];
  if (address !== "") common.push(`ipv4.address = ${address}/24`, "ipv4.gateway = auto");
  return [...common, ...more].map((setting) => `lxc.net.0.${setting}`);
}

/** With only what is in `lines`, from here on. */
function configure(name: string, ...lines: string[]): void {
  net.host(`sed -i '/^lxc\\.net/d;/^lxc\\.hook/d' ${place.lxcpath}/${name}/config`);
  place.configure(name, ...lines);
}

function start(name: string): void {
  const { code, err } = net.tool("lxc-start", "-n", name);
  deepEqual([code, err], [0, ""]);
}

function published(): string[] {
  return net.tables().filter((line) => line.includes("lxc-publish") || line.includes("lxc-loopback"));
}

function localnet(): string {
  return net.host("cat /proc/sys/net/ipv4/conf/br0/route_localnet");
}

before(async () => {
  if (skip !== false) return;
  await net.up();
  net.host("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
  for (const name of NAMES) place.create(name);
});

afterEach(() => {
  if (skip !== false) return;
  for (const name of NAMES) net.tool("lxc-stop", "-n", name, "-k");
  deepEqual([published(), localnet()], [[], "0"]);
});

after(async () => {
  if (skip === false) await net.down(NAMES);
  place.remove();
});

/** Whether packets that a bridge passes on go through the packet filter, as Docker wants it. */
for (const filtered of ["0", "1"]) {
  test(`a port is reached from everywhere, with the source kept (bridge-nf-call-iptables ${filtered})`, {
    skip,
  }, async () => {
    for (const name of ["iptables", "ip6tables"]) {
      const file = `/proc/sys/net/bridge/bridge-nf-call-${name}`;
      net.host(`[ ! -e ${file} ] || echo ${filtered} > ${file}`);
    }
    configure(A, ...settings("10.77.0.5", "publish = 8080:80"));
    configure(B, ...settings("10.77.0.6"));
    start(A);
    start(B);
    const a = net.init(A);
    const b = net.init(B);
    await net.serve(a, "tcp", 80, "a");
    deepEqual(
      {
        outside: net.ask(net.outsidePid, "tcp", UPLINK4, 8080),
        hostByUplink: net.ask(net.hostPid, "tcp", UPLINK4, 8080),
        hostByBridge: net.ask(net.hostPid, "tcp", BRIDGE4, 8080),
        hostByLoopback: net.ask(net.hostPid, "tcp", "127.0.0.1", 8080),
        neighbour: net.ask(b, "tcp", UPLINK4, 8080).split(" ")[0],
        itself: net.ask(a, "tcp", UPLINK4, 8080),
        itselfByBridge: net.ask(a, "tcp", BRIDGE4, 8080),
        otherPort: net.ask(net.outsidePid, "tcp", UPLINK4, 8081),
      },
      {
        outside: `a ${OUTSIDE4}`,
        hostByUplink: `a ${UPLINK4}`,
        hostByBridge: `a ${BRIDGE4}`,
        hostByLoopback: `a ${BRIDGE4}`,
        neighbour: "a",
        itself: `a ${BRIDGE4}`,
        itselfByBridge: `a ${BRIDGE4}`,
        otherPort: REFUSED,
      },
    );
    equal(localnet(), "1");
  });
}

test("a range of UDP ports leads to other numbers, one to one", { skip }, async () => {
  configure(A, ...settings("10.77.0.5", "publish = 9000-9002:9100-9102/udp", "publish = 7000-7005:7000-7005/udp"));
  start(A);
  const init = net.init(A);
  for (const port of [9100, 9102, 7003]) await net.serve(init, "udp", port, `u${port}`);
  deepEqual(
    [9000, 9002, 7003].map((port) => net.ask(net.outsidePid, "udp", UPLINK4, port)),
    ["u9100", "u9102", "u7003"].map((name) => `${name} ${OUTSIDE4}`),
  );
});

test("what is published on one address is not reached by another, and on 127.0.0.1 only from the host", {
  skip,
}, async () => {
  configure(A, ...settings("10.77.0.5", "publish = 127.0.0.1:8080:80", `publish = ${BRIDGE4}:8081:80`));
  configure(B, ...settings("10.77.0.6"));
  start(A);
  start(B);
  await net.serve(net.init(A), "tcp", 80, "a");
  deepEqual(
    [
      net.ask(net.hostPid, "tcp", "127.0.0.1", 8080),
      net.ask(net.hostPid, "tcp", UPLINK4, 8080),
      net.ask(net.outsidePid, "tcp", UPLINK4, 8080),
      net.ask(net.init(B), "tcp", BRIDGE4, 8080),
      net.ask(net.outsidePid, "tcp", UPLINK4, 8081),
      net.ask(net.init(B), "tcp", BRIDGE4, 8081).split(" ")[0],
    ],
    [`a ${BRIDGE4}`, REFUSED, REFUSED, REFUSED, REFUSED, "a"],
  );
});

test("that the host's 127.0.0.1 leads in lets nobody out to it", { skip }, async () => {
  configure(A, ...settings("10.77.0.5", "publish = 8080:80"));
  configure(B, ...settings("10.77.0.6"));
  start(A);
  start(B);
  await net.serve(net.hostPid, "tcp", 5432, "secret", "127.0.0.1");
  const attacker = net.init(B);
  // What is local in there is no more, so that packets for 127.0.0.1 leave by the bridge.
  net.in(
    attacker,
    `sysctl -qw net.ipv4.conf.all.route_localnet=1
     ip address del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via ${BRIDGE4} src 10.77.0.6`,
  );
  equal(net.ask(attacker, "tcp", "127.0.0.1", 5432, 1500), "timeout");
  // All that keeps them out is the guard.
  net.host(
    `nft -a list tables | grep lxc-loopback | while read -r _ family name; do nft delete table $family $name; done`,
  );
  equal(net.ask(attacker, "tcp", "127.0.0.1", 5432, 1500), "timeout");
});

test("an address that comes later is followed; one that is none of the bridge's network, or the host's, is not", {
  skip,
}, async () => {
  configure(A, ...settings("", "publish = 8080:80"));
  start(A);
  const init = net.init(A);
  await net.serve(init, "tcp", 80, "a");
  const ways = (): string[] =>
    net
      .host("nft list ruleset")
      .match(/dnat ip6? to \S+/g)
      ?.toSorted() ?? [];
  net.in(init, `ip address add 10.9.0.2/32 dev eth0; ip address add ${BRIDGE4}/24 dev eth0`);
  net.in(init, "ip address add 10.77.0.9/24 dev eth0; ip address add 10.77.0.10/24 dev eth0");
  equal(await eventually(() => ways().length === 2), true);
  deepEqual(ways(), ["dnat ip to 10.77.0.9:80", "dnat ip to 10.77.0.9:80"]);
  net.in(init, "ip address flush dev eth0 scope global; ip address add 10.77.0.10/24 dev eth0");
  equal(await eventually(() => ways().join().includes("10.77.0.10")), true);
  equal(net.ask(net.hostPid, "tcp", "127.0.0.1", 8080), `a ${BRIDGE4}`);
  net.in(
    init,
    `ip address flush dev eth0 scope global; ip address add 10.77.0.11/24 dev eth0; ip route add default via ${BRIDGE4}`,
  );
  net.in(init, `ip address add fd77::11/64 dev eth0 nodad; ip -6 route add default via ${BRIDGE6}`);
  equal(await eventually(() => ways().length === 4), true);
  deepEqual(
    [net.ask(net.outsidePid, "tcp", UPLINK4, 8080), net.ask(net.outsidePid, "tcp", "fd09::1", 8080)],
    [`a ${OUTSIDE4}`, "a fd09::2"],
  );
  deepEqual(
    [net.ask(net.hostPid, "tcp", "fd09::1", 8080), net.ask(init, "tcp", "fd09::1", 8080)],
    ["a fd09::1", `a ${BRIDGE6}`],
  );
});

test("a port that somebody has is refused with who it is, before anything is made", { skip }, async () => {
  configure(A, ...settings("10.77.0.5", "publish = 8080:80", "publish = 53:53/udp"));
  configure(B, ...settings("10.77.0.6", `publish = ${UPLINK4}:8080:80`));
  start(A);
  const refused = net.tool("lxc-start", "-n", B);
  equal(refused.code, 1);
  match(
    refused.err,
    /cannot use lxc\.net\.0\.publish = 10\.9\.0\.1:8080:80\/tcp: the container \/\S+\/lxcts-pa has published 8080:80\/tcp/,
  );
  equal(net.host("ip -o link show type veth | wc -l"), "2");
  configure(B, ...settings("10.77.0.6", "publish = 8085:80"));
  const server = await net.serve(net.hostPid, "tcp", 8085, "h", "127.0.0.1");
  const taken = net.tool("lxc-start", "-n", B);
  match(
    taken.err,
    new RegExp(`publish = 8085:80/tcp: the program \\S+ \\(process ${server.pid}\\) has 127\\.0\\.0\\.1:8085/tcp`),
  );
  configure(B, ...settings("10.77.0.6", `publish = ${UPLINK4}:8085:80`));
  start(B);
});

test("the table goes with the container: at a failed start, and when the monitor is killed; a reboot makes it anew", {
  skip,
}, async () => {
  const failing = place.script("failing", "exit 3");
  configure(A, ...settings("10.77.0.5", "publish = 10.9.0.1:8080:80"), `lxc.hook.start-host = ${failing}`);
  equal(net.tool("lxc-start", "-n", A).code, 1);
  deepEqual(published(), []);
  configure(A, ...settings("10.77.0.5", "publish = 10.9.0.1:8080:80"));
  start(A);
  const [table = ""] = published();
  const init = net.init(A);
  net.tool("lxc-stop", "-n", A, "-r");
  equal(await eventually(() => net.init(A) > 0 && net.init(A) !== init && published().length === 1), true);
  deepEqual(published(), [table]);
  net.host("nft flush ruleset");
  await net.serve(net.init(A), "tcp", 80, "a");
  equal(net.ask(net.outsidePid, "tcp", UPLINK4, 8080), `a ${OUTSIDE4}`);
  process.kill(monitorPid(place, A), "SIGKILL");
  equal(await eventually(() => published().length === 0), true);
});

test("after a kill the guard stays with the setting, until lxc-stop has looked after it", { skip }, async () => {
  configure(A, ...settings("10.77.0.5", "publish = 8080:80"));
  configure(B, ...settings("10.77.0.6", "publish = 8090:80"));
  start(A);
  start(B);
  process.kill(monitorPid(place, A), "SIGKILL");
  equal(await eventually(() => published().length === 2), true);
  match(published().join(), /inet lxc-loopback-br0-/);
  net.tool("lxc-stop", "-n", A, "-k");
  // The other one needs it still.
  deepEqual([published().length, localnet()], [2, "1"]);
  process.kill(monitorPid(place, B), "SIGKILL");
  equal(await eventually(() => published().length === 1), true);
  equal(localnet(), "1");
  net.tool("lxc-stop", "-n", B, "-k");
  deepEqual([published(), localnet()], [[], "0"]);
});

test("a life that is over before anybody can look at its addresses is no failure", { skip }, () => {
  configure(A, ...settings("", `publish = ${UPLINK4}:8080:80`));
  for (let i = 0; i < 10; i++) {
    const ran = net.tool("lxc-start", "-n", A, "-F", "--", "/bin/true");
    deepEqual([ran.code, ran.err], [0, ""]);
  }
});

test("where others keep packets out, that is said with the command; and forwarding is switched on, which is said too", {
  skip,
}, () => {
  configure(A, ...settings("10.77.0.5", `publish = ${UPLINK4}:8080:80`));
  net.host("iptables -P FORWARD DROP; iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER");
  match(
    net.tool("lxc-start", "-n", A).err,
    /warning: .*ip filter FORWARD drops.*iptables -I DOCKER-USER -o br0 -j ACCEPT/,
  );
  net.tool("lxc-stop", "-n", A, "-k");
  net.host("iptables -I DOCKER-USER -o br0 -j ACCEPT");
  equal(net.tool("lxc-start", "-n", A).err, "");
  net.tool("lxc-stop", "-n", A, "-k");
  net.host("iptables -P FORWARD ACCEPT; iptables -F; iptables -X");
  net.host("iptables-legacy -P FORWARD DROP");
  match(
    net.tool("lxc-start", "-n", A).err,
    /warning: .*iptables-legacy FORWARD drops.*; iptables-legacy -I FORWARD -o br0 -j ACCEPT/,
  );
  net.tool("lxc-stop", "-n", A, "-k");
  net.host("iptables-legacy -P FORWARD ACCEPT");
  net.host("echo 0 > /proc/sys/net/ipv4/ip_forward");
  match(net.tool("lxc-start", "-n", A).err, /warning: published ports need IPv4 forwarding, which was off: it is on/);
  equal(net.host("cat /proc/sys/net/ipv4/ip_forward"), "1");
});

test("lxc-info and lxc-ls show the ports of a container that runs", { skip }, () => {
  configure(A, ...settings("10.77.0.5", `publish = ${UPLINK4}:8080:80`, `publish = ${UPLINK4}:53:53/udp`));
  const ports = ["10.9.0.1:8080:80/tcp", "10.9.0.1:53:53/udp"];
  configure(B, ...settings("10.77.0.6"));
  const rows = (): unknown => JSON.parse(net.tool("lxc-ls", "--columns=name,ports", "--format=json").out);
  const expected = [
    { name: A, ports },
    { name: B, ports: [] },
  ];
  deepEqual(rows(), expected);
  start(A);
  deepEqual(rows(), expected);
  deepEqual(JSON.parse(net.tool("lxc-info", "-n", A, "--format=json").out).ports, ports);
  match(net.tool("lxc-info", "-n", A).out, /\nPort: {11}10\.9\.0\.1:8080:80\/tcp\nPort: {11}10\.9\.0\.1:53:53\/udp\n/);
});
