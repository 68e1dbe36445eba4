import { deepEqual, equal, match } from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { after, before, beforeEach, test } from "node:test";

const DRIVER = "dist/drivers/network";
const NAMESPACE = `lxcts-net-${process.pid}`;
/** What is there before and after every container. */
const BEFORE = ["br0", "lo", "plain0", "plain1"];
const skip = process.getuid?.() === 0 ? false : "making network namespaces needs root";

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: "utf8", timeout: 120_000 });
}

/** In our own network namespace; `ip netns exec` would hide the cgroups. */
function within(...words: string[]): SpawnSyncReturns<string> {
  return run("nsenter", `--net=/run/netns/${NAMESPACE}`, ...words);
}

function network(commands: { inside?: string; outside?: string }, ...settings: string[]): SpawnSyncReturns<string> {
  return within(DRIVER, commands.inside ?? "true", commands.outside ?? "true", ...settings);
}

function veth(...settings: string[]): string[] {
  return ["lxc.net.0.type=veth", "lxc.net.0.flags=up", ...settings];
}

/** Names of devices, without the @ part. */
function devices(): string[] {
  const lines = within("ip", "-o", "link").stdout.trim().split("\n");
  return lines.map((line) => line.split(": ")[1]?.split("@")[0] ?? "").toSorted();
}

before(() => {
  if (skip !== false) return;
  equal(run("sh", "scripts/build.sh", "test/system/drivers/network.ts", DRIVER).status, 0);
  equal(run("ip", "netns", "add", NAMESPACE).status, 0);
  const made =
    "ip link set lo up; ip link add br0 type bridge; ip link set br0 mtu 1400 up; ip link add plain0 type veth peer name plain1";
  const addressed = "ip address add 10.99.0.1/24 dev br0; ip address add fd99::1/64 dev br0 nodad";
  equal(within("sh", "-ec", `${made}; ${addressed}`).status, 0);
});

beforeEach(() => {
  if (skip === false) deepEqual(devices(), BEFORE);
});

after(() => {
  if (skip !== false) return;
  const left = devices();
  run("ip", "netns", "delete", NAMESPACE);
  deepEqual(left, BEFORE);
});

test("a veth on a bridge is born in the container with its name, addresses, MTU and routes", { skip }, () => {
  const inside = "ip -o link show web0; ip -o address show web0 scope global; ip route; ip -6 route show default";
  const result = network(
    { inside: `${inside}; ping -c1 -W2 10.99.0.1 > /dev/null && echo pinged` },
    ...veth("lxc.net.0.link=br0", "lxc.net.0.name=web0", "lxc.net.0.hwaddr=10:66:6a:01:02:03"),
    ...["lxc.net.0.ipv4.address=10.99.0.2/24", "lxc.net.0.ipv4.gateway=auto"],
    ...["lxc.net.0.ipv6.address=fd99::2/64", "lxc.net.0.ipv6.gateway=auto"],
  );
  const expected = [
    /^addresses 10\.99\.0\.2 fd99::2$/m,
    /^device 1 lo {2}65536 up$/m,
    /^device 2 web0 veth 1400 up$/m,
    /^host 2 joined fe:yes$/m,
    /web0@if\d+: <[^>]*UP[^>]*> mtu 1400 .* link\/ether 10:66:6a:01:02:03/,
    /inet 10\.99\.0\.2\/24 brd 10\.99\.0\.255 scope global web0/,
    /inet6 fd99::2\/64 scope global/,
    /^default via 10\.99\.0\.1 dev web0/m,
    /^default via fd99::1 dev web0/m,
    /^pinged$/m,
  ];
  for (const line of expected) match(result.stdout, line);
  deepEqual([result.status, result.stderr], [0, ""]);
});

test("the host reaches the container, and its end of the pair has no IPv6", { skip }, () => {
  const outside = "cat /proc/sys/net/ipv6/conf/vhost/disable_ipv6; ping -c1 -W2 10.99.0.2 > /dev/null && echo pinged";
  const settings = ["lxc.net.0.link=br0", "lxc.net.0.veth.pair=vhost", "lxc.net.0.ipv4.address=10.99.0.2/24"];
  const result = network({ outside }, ...veth(...settings));
  match(result.stdout, /^1\npinged$/m);
});

test("a gateway outside of the container's networks gets a route of its own", { skip }, () => {
  const settings = ["lxc.net.0.ipv4.address=10.98.0.2/24", "lxc.net.0.ipv4.gateway=192.0.2.1"];
  const result = network({ inside: "ip route" }, ...veth(...settings));
  match(result.stdout, /^default via 192\.0\.2\.1 dev eth0/m);
  match(result.stdout, /^192\.0\.2\.1 dev eth0 scope link/m);
});

test("without settings there is a lone loopback device that is down, with empty it is up", { skip }, () => {
  const lines = [network({}), network({}, "lxc.net.0.type=empty"), network({}, "lxc.net.0.type=none")];
  deepEqual(
    lines.map(({ stdout }) => stdout.split("\n").filter((line) => line.startsWith("device"))),
    [
      ["device 1 lo  65536 down"],
      ["device 1 lo  65536 up"],
      ["device 1 lo  65536 up", "device 2 br0 bridge 1400 up", "device 3 plain1 veth 1500 down"].concat(
        "device 4 plain0 veth 1500 down",
      ),
    ],
  );
});

test("several networks are made at once", { skip }, () => {
  const second = ["lxc.net.1.type=veth", "lxc.net.1.link=br0", "lxc.net.1.name=eth0", "lxc.net.1.mtu=1300"];
  const result = network({}, ...veth("lxc.net.0.link=br0"), ...second);
  deepEqual(
    result.stdout.split("\n").filter((line) => line.startsWith("device")),
    ["device 1 lo  65536 up", "device 2 eth1 veth 1400 up", "device 3 eth0 veth 1300 down"],
  );
});

test("scripts run on the host, and again at the end", { skip }, () => {
  const log = `/tmp/${NAMESPACE}.log`;
  const script = (way: string): string =>
    `lxc.net.0.script.${way}=/bin/sh -c 'echo $LXC_HOOK_TYPE $LXC_NET_PEER "$@" >> ${log}' script`;
  const result = network({}, ...veth("lxc.net.0.link=br0", "lxc.net.0.veth.pair=vhost", script("up"), script("down")));
  const logged = run("cat", log).stdout;
  run("rm", "-f", log);
  deepEqual([result.status, logged], [0, "up vhost veth br0 vhost\ndown vhost veth br0 vhost\n"]);
});

test("devices are made, changed, moved and deleted, and what is there is read back", { skip }, () => {
  equal(run("sh", "scripts/build.sh", "test/system/drivers/links.ts", "dist/drivers/links").status, 0);
  const result = within("dist/drivers/links", "br0");
  deepEqual(result.stdout.trim().split("\n"), [
    "va veth 1500 2.0.0.0.0.1 up alone",
    "va veth 1500 2.0.0.0.0.1 up joined",
    "vb is not there",
    "vc veth 1300 2.0.0.0.0.2 up alone",
    "10.99.0.1 10.97.0.1 fd99::1",
    "10.96.0.0/16",
    "10.97.0.0/24",
    "traffic",
    "vc veth 1300 2.0.0.0.0.2 down alone",
    "vc is not there",
    "lo 65536 over there",
    "moved0 1300 over there",
    "deleted true, again false",
    "cannot switch on the network device va: netlink: invalid argument (EINVAL)",
    "  hint: the device does not take such a value; see `ip -details link`",
  ]);
});

const failures: readonly { what: string; settings: readonly string[]; says: readonly RegExp[] }[] = [
  {
    what: "a missing bridge",
    settings: veth("lxc.net.0.link=lxcbr9"),
    says: [/lxc\.net\.0\.link = lxcbr9: there is no such bridge/, /hint: .*ip link add lxcbr9 type bridge/],
  },
  {
    what: "a link that is no bridge",
    settings: veth("lxc.net.0.link=plain0"),
    says: [/lxc\.net\.0\.link = plain0 is not a Linux bridge/, /ovs-vsctl/],
  },
  {
    what: "a host name that is taken",
    settings: veth("lxc.net.0.veth.pair=plain0"),
    says: [/a device named plain0 is there already/, /because: .*EEXIST/, /hint: .*lxc\.net\.0\.veth\.pair/],
  },
  {
    what: "an address given twice",
    settings: veth("lxc.net.0.ipv4.address=10.9.0.2/24", "lxc.net.0.ipv4.address=10.9.0.2/24"),
    says: [/cannot add the address 10\.9\.0\.2\/24 on eth0 in the container: .*\(EEXIST\)/, /hint: .*already/],
  },
  {
    what: "an address of many machines",
    settings: veth("lxc.net.0.ipv6.address=ff02::2/64"),
    says: [/cannot add the address ff02::2\/64/, /hint: give an address of one machine/],
  },
  {
    what: "two gateways",
    settings: [
      ...veth("lxc.net.0.ipv4.address=10.9.0.2/24", "lxc.net.0.ipv4.gateway=10.9.0.1"),
      ...["lxc.net.1.type=veth", "lxc.net.1.flags=up", "lxc.net.1.ipv4.address=10.8.0.2/24"],
      "lxc.net.1.ipv4.gateway=10.8.0.1",
    ],
    says: [/cannot use the gateway 10\.8\.0\.1 \(lxc\.net\.1\.ipv4\.gateway\).*EEXIST/, /hint: .*only one network/],
  },
  {
    what: "an MTU that no device takes",
    settings: veth("lxc.net.0.mtu=70000"),
    says: [/the kernel does not take these values/, /hint: check lxc\.net\.0\.mtu = 70000/],
  },
  {
    what: "a script that fails",
    settings: veth("lxc.net.0.script.up=/bin/false", "lxc.net.0.script.down=echo must not run >&2"),
    says: [/cannot run lxc\.net\.0\.script\.up = \/bin\/false/],
  },
];

for (const { what, settings, says } of failures) {
  test(`${what} is refused with a cause and a hint, and nothing stays behind`, { skip }, () => {
    const result = network({ inside: "echo inside", outside: "echo outside" }, ...settings);
    for (const words of says) match(result.stdout, words);
    deepEqual([result.status, result.stderr, /inside$|outside$/m.test(result.stdout)], [1, "", false]);
    deepEqual(devices(), BEFORE);
  });
}

test("one veth, made and configured, takes 17 system calls", { skip }, (context) => {
  const names = "socket,setsockopt,sendto,recvfrom,getrandom,openat,write,close";
  const settings = ["lxc.net.0.link=br0", "lxc.net.0.ipv4.address=10.99.0.2/24", "lxc.net.0.ipv4.gateway=10.99.0.1"];
  const traced = within("strace", "-f", "-e", `trace=${names}`, DRIVER, "true", "true", ...veth(...settings));
  if (run("strace", "-V").status !== 0) return context.skip("strace is not installed");
  const ours = /AF_NETLINK|SOL_NETLINK|nlmsg_len|getrandom\(.*, 11, 0\)|disable_ipv6|write\(\d+, "1", 1\)/;
  const lines = traced.stderr.split("\n").filter((line) => ours.test(line));
  const asked = lines.findIndex((line) => line.includes("RTM_GETNSID"));
  // Two descriptors are closed as well: that of disable_ipv6, and the socket inside.
  equal(asked + 2, 17);
});
