// Every kind of network that this kernel has, with its sub-keys: what the kernel itself says of the devices. The kinds that
// it lacks are tested in a guest (test/guest/uml-network.test.ts).

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

const DRIVER = "dist/drivers/network";
const NAMESPACE = `lxcts-kinds-${process.pid}`;
/** What is there before and after every container. */
const BEFORE = ["br0", "lo", "up0", "up1"];
const skip = process.getuid?.() === 0 ? false : "making network namespaces needs root";
const folder = mkdtempSync(join(tmpdir(), "lxcts-kinds-"));

interface Link {
  readonly ifname: string;
  readonly mtu: number;
  readonly address: string;
  readonly flags: readonly string[];
  readonly altnames?: readonly string[];
  readonly num_rx_queues: number;
  readonly num_tx_queues: number;
  readonly linkinfo?: { readonly info_kind: string; readonly info_data?: Readonly<Record<string, unknown>> };
}

interface Route {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev: string;
}

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  return spawnSync(command, args, { encoding: "utf8", timeout: 120_000, env });
}

/** In our own network namespace; `ip netns exec` would hide the cgroups. */
function within(...words: string[]): SpawnSyncReturns<string> {
  return run("nsenter", `--net=/run/netns/${NAMESPACE}`, ...words);
}

function host(script: string): string {
  const { status, stdout, stderr } = within("sh", "-ec", script);
  deepEqual([status, stderr], [0, ""], script);
  return stdout.trim();
}

function hostLink(name: string): Link {
  return (JSON.parse(host(`ip -d -j link show ${name}`)) as Link[])[0]!;
}

interface Shown {
  readonly result: SpawnSyncReturns<string>;
  /** What the commands inside and outside print, between marks. */
  readonly inside: string;
  readonly outside: string;
}

/** A container with these networks; `inside` and `outside` are shell commands, run while it lives. */
function network(commands: { inside?: string; outside?: string }, ...settings: string[]): Shown {
  const marked = (command = "true"): string => `echo '<<'; ${command}; echo '>>'`;
  const result = within(DRIVER, marked(commands.inside), marked(commands.outside), ...settings);
  const parts = result.stdout.split("<<\n").slice(1);
  const [outside = "", inside = ""] = parts.map((part) => part.split(">>")[0] ?? "");
  return { result, inside, outside };
}

function good(shown: Shown): Shown {
  deepEqual([shown.result.status, shown.result.stderr], [0, ""], shown.result.stdout);
  return shown;
}

/** The first device in what `ip -d -j link` printed. */
function linkIn(text: string): Link {
  return (JSON.parse(text) as Link[])[0]!;
}

function of(type: string, ...rest: string[]): string[] {
  return [`type=${type}`, "link=up0", "flags=up", ...rest].map((setting) => `lxc.net.0.${setting}`);
}

function routed(...rest: string[]): string[] {
  return ["type=veth", "flags=up", "veth.pair=vhost", "veth.mode=router", ...rest].map((text) => `lxc.net.0.${text}`);
}

function devices(): string[] {
  return (JSON.parse(host("ip -j link")) as Link[]).map(({ ifname }) => ifname).toSorted();
}

before(() => {
  if (skip !== false) return;
  equal(run("sh", "scripts/build.sh", "test/system/drivers/network.ts", DRIVER).status, 0);
  equal(run("ip", "netns", "add", NAMESPACE).status, 0);
  host(`ip link set lo up
    ip link add up0 type veth peer name up1
    ip link set up0 up; ip link set up1 up
    ip link set up0 mtu 1480
    ip link property add dev up0 altname lxcts-other-name altname lxcts-third
    ip address add 10.98.0.1/24 dev up0
    ip link add br0 type bridge; ip link set br0 up
    ip address add 10.99.0.1/24 dev br0; ip address add fd99::1/64 dev br0 nodad
    echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`);
});

beforeEach(() => {
  if (skip === false) deepEqual(devices(), BEFORE);
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
  if (skip !== false) return;
  const left = devices();
  run("ip", "netns", "delete", NAMESPACE);
  deepEqual(left, BEFORE);
});

for (const mode of ["private", "vepa", "bridge", "passthru"]) {
  test(`a macvlan device is in mode ${mode}, again at once after it has gone`, { skip }, () => {
    for (let i = 0; i < 3; i++) {
      const { inside } = good(network({ inside: "ip -d -j link show eth0" }, ...of("macvlan", `macvlan.mode=${mode}`)));
      const { linkinfo, flags, mtu } = linkIn(inside);
      deepEqual([linkinfo?.info_kind, linkinfo?.info_data?.["mode"], mtu], ["macvlan", mode, 1480]);
      ok(flags.includes("UP"));
    }
  });
}

test("a macvlan device inside may have the name of a device of the host, even of the one below it", { skip }, () => {
  const { inside } = good(network({ inside: "ip -d -j link show up0" }, ...of("macvlan", "name=up0")));
  equal(linkIn(inside).linkinfo?.info_kind, "macvlan");
});

test("a macvlan device has the name, MTU, hardware address, addresses and gateway that it is given", { skip }, () => {
  const settings = ["name=lan0", "mtu=1300", "hwaddr=10:66:6a:01:02:03", "ipv4.address=10.98.0.7/24"];
  const { inside } = good(
    network({ inside: "ip -d -j link show lan0; ip -j route" }, ...of("macvlan", ...settings, "ipv4.gateway=auto")),
  );
  const [links = "", routes = ""] = inside.split("\n").filter((line) => line.startsWith("["));
  const { mtu, address, linkinfo } = linkIn(links);
  deepEqual([mtu, address, linkinfo?.info_data?.["mode"]], [1300, "10:66:6a:01:02:03", "private"]);
  deepEqual(
    (JSON.parse(routes) as Route[]).map(({ dst, gateway }) => `${dst} ${gateway ?? ""}`),
    ["default 10.98.0.1", "10.98.0.0/24 "],
  );
});

test("a device of the host moves in, renamed and changed, and comes back with all it had", { skip }, () => {
  const was = hostLink("up0");
  const settings = ["name=eth7", "mtu=1300", "hwaddr=10:66:6a:01:02:03"];
  const inside = "ip -d -j link show eth7; ip link set eth7 name mine; ip link property add dev mine altname br0";
  const shown = good(network({ inside, outside: "ip -o link | cut -d: -f2" }, ...of("phys", ...settings)));
  const moved = linkIn(shown.inside);
  deepEqual([moved.mtu, moved.address, moved.altnames], [1300, "10:66:6a:01:02:03", undefined]);
  deepEqual(shown.outside.trim().split(/\s+/).toSorted(), ["br0", "lo", "up1@if3"]);
  const back = hostLink("up0");
  deepEqual([back.mtu, back.address, back.altnames], [was.mtu, was.address, was.altnames]);
  deepEqual(was.altnames, ["lxcts-other-name", "lxcts-third"]);
  host("ip link set up0 up");
});

test("a device that moves in keeps its name unless it is given another", { skip }, () => {
  const { inside } = good(network({ inside: "ip -d -j link show up0" }, ...of("phys")));
  deepEqual([linkIn(inside).ifname, linkIn(inside).mtu], ["up0", 1480]);
  host("ip link set up0 up");
});

test("two devices that change names with each other both come home", { skip }, () => {
  const second = ["lxc.net.1.type=phys", "lxc.net.1.link=up1", "lxc.net.1.name=up0"];
  const was = hostLink("up1").address;
  const { inside } = good(network({ inside: "ip -d -j link show up0" }, ...of("phys", "name=up1"), ...second));
  equal(linkIn(inside).address, was);
  equal(hostLink("up1").address, was);
  host("ip link set up0 up; ip link set up1 up");
});

test("a wildcard stands for all devices of the host that begin so", { skip }, () => {
  const { inside } = good(
    network({ inside: "ip -o link | cut -d: -f2 | sort" }, "lxc.net.0.type=phys", "lxc.net.0.link=up+"),
  );
  deepEqual(inside.trim().split(/\s+/), ["lo", "up0@up1", "up1@up0"]);
  host("ip link set up0 up; ip link set up1 up");
});

test("a device whose name the host has given away comes home under another, and that is said", { skip }, () => {
  const outside = "ip link add name up0 type ifb";
  const { result } = network({ outside }, ...of("phys", "name=eth7"));
  match(result.stdout, /^cannot call the network device phys\d+ up0 again: the name is taken$/m);
  match(result.stdout, /hint: rename it once the name is free: ip link set phys\d+ name up0/);
  host(
    "ip link del up0; ip link set phys* name up0 2> /dev/null || ip link set $(ip -o link | grep -o 'phys[0-9]*' | head -1) name up0",
  );
  deepEqual(hostLink("up0").altnames, ["lxcts-other-name", "lxcts-third"]);
  host("ip link set up0 up");
});

test("scripts of a device that moves find it on the host, before it leaves and after it is back", { skip }, () => {
  const log = join(folder, "log");
  const script = (way: string): string =>
    `script.${way}=/bin/sh -c 'echo $LXC_NET_TYPE $LXC_NET_PARENT "$@" $(ip -o link show up0 | grep -o "mtu [0-9]*") >> ${log}' script`;
  good(network({}, ...of("phys", "mtu=1300", script("up"), script("down"))));
  equal(readFileSync(log, "utf8"), "phys up0 phys up0 mtu 1300\nphys up0 phys up0 mtu 1480\n");
  host("ip link set up0 up");
});

test("a script that fails leaves the device that should have moved as it was", { skip }, () => {
  const was = hostLink("up0");
  const { result } = network({}, ...of("phys", "mtu=1300", "script.up=/bin/false"));
  match(result.stdout, /cannot set up the network lxc\.net\.0, settings:1/);
  match(result.stdout, /cannot run lxc\.net\.0\.script\.up = \/bin\/false/);
  deepEqual(hostLink("up0"), was);
});

test("in mode router the host routes to the container and passes its packets on, and nothing is on a bridge", {
  skip,
}, () => {
  // The kernel answers for an address that it would reach by another device.
  host("ip route replace default via 10.98.0.254 dev up0 onlink");
  const outside =
    "ip -j route show dev vhost; ip -j -6 route show dev vhost; ip -j -4 neigh show proxy; ip -j -6 neigh show proxy;" +
    " cd /proc/sys/net; cat ipv4/conf/vhost/forwarding ipv6/conf/vhost/forwarding ipv6/conf/vhost/proxy_ndp; ip -d -j link show vhost";
  const settings = ["ipv4.address=10.97.0.2/32", "ipv4.gateway=169.254.1.1", "ipv6.address=fd97::2/128"];
  // Its own address counts only once the kernel knows that nobody else has it.
  const six = "until ping -c1 -W1 fd99::1 > /dev/null; do i=$((i+1)); [ $i -lt 5 ] || break; done; [ $i -lt 5 ]";
  const inside = `ping -c1 -W2 10.99.0.1 > /dev/null && echo pinged; i=0; ${six} && echo pinged6`;
  const shown = good(network({ inside, outside }, ...routed(...settings, "ipv6.gateway=fe80::1")));
  const lines = shown.outside.trim().split("\n");
  const text = (line: string): string =>
    (JSON.parse(line) as Route[])
      .map(({ dst }) => dst)
      .filter((dst) => dst !== "fe80::/64")
      .join(" ");
  deepEqual(lines.slice(0, 4).map(text), ["10.97.0.2", "fd97::2", "169.254.1.1", "fe80::1"]);
  deepEqual(lines.slice(4, 7), ["1", "1", "1"]);
  match(linkIn(lines[7] ?? "[]").address, /^fe:/);
  equal(shown.inside, "pinged\npinged6\n");
});

test("without mode router there are neither those routes nor proxies", { skip }, () => {
  const outside = "ip -j route show dev vhost; ip -j neigh show proxy; cat /proc/sys/net/ipv4/conf/vhost/forwarding";
  const settings = ["veth.mode=bridge", "ipv4.address=10.97.0.2/32", "ipv4.gateway=169.254.1.1"];
  equal(good(network({ outside }, ...routed(...settings))).outside, "[ ]\n[]\n0\n".replace("[ ]", "[]"));
});

test("IPv6 by mode router needs a host that passes it on", { skip }, () => {
  host("echo 0 > /proc/sys/net/ipv6/conf/all/forwarding");
  const { result } = network({}, ...routed("ipv6.address=fd97::2/128", "ipv6.gateway=fe80::1"));
  host("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
  match(result.stdout, /\/proc\/sys\/net\/ipv6\/conf\/all\/forwarding is off\n {2}hint: switch it on: echo 1 >/);
});

test("the host has the routes that are asked for, of both protocols, also on a bridge", { skip }, () => {
  const settings = ["veth.ipv4.route=10.77.0.0/16", "veth.ipv6.route=fd77::/64", "veth.mode=bridge", "link=br0"];
  // The kernel answers for an address that it would reach by another device.
  host("ip route replace default via 10.98.0.254 dev up0 onlink");
  const outside =
    "ip -j route show dev vhost; ip -j -6 route show dev vhost; ip -j -6 address show dev vhost scope link";
  const [four = "", six = "", own = ""] = good(network({ outside }, ...routed(...settings))).outside.split("\n");
  deepEqual(
    [four, six].map((line) => (JSON.parse(line) as Route[]).map(({ dst }) => dst)),
    [["10.77.0.0/16"], ["fd77::/64"]],
  );
  // A port of a bridge has no address.
  ok(!own.includes("fe80"));
});

test("a route with bits behind its prefix is refused in the kernel's words, with the key", { skip }, () => {
  const { result } = network({}, ...routed("veth.ipv4.route=10.77.1.0/16"));
  match(result.stdout, /cannot route 10\.77\.1\.0\/16 to the container \(lxc\.net\.0\.veth\.ipv4\.route\): netlink: /);
  match(result.stdout, /netlink: Invalid prefix for given prefix length: invalid argument \(EINVAL\)/);
  match(result.stdout, /hint: write a network, all zero behind its prefix/);
});

test("the container's end of a pair has the queues that are asked for, and the host's the counterparts", {
  skip,
}, () => {
  const show = (name: string): string => `ip -d -j link show ${name}`;
  // Not the kernel's own, which are as many as processors.
  const settings = routed("veth.n_rxqueues=11", "veth.n_txqueues=13");
  const shown = good(network({ inside: show("eth0"), outside: show("vhost") }, ...settings));
  const queues = (text: string): number[] => [linkIn(text).num_rx_queues, linkIn(text).num_tx_queues];
  deepEqual(
    [queues(shown.inside), queues(shown.outside)],
    [
      [11, 13],
      [13, 11],
    ],
  );
});

test("gateways dev and auto are default routes of both protocols", { skip }, () => {
  const addresses = ["ipv4.address=10.99.0.2/24", "ipv6.address=fd99::2/64", "link=br0", "veth.mode=bridge"];
  const defaults = (kind: string): string[] => {
    const inside = "ip -j route show default; ip -j -6 route show default";
    const settings = routed(...addresses, `ipv4.gateway=${kind}`, `ipv6.gateway=${kind}`);
    const { inside: said } = good(network({ inside }, ...settings));
    return said
      .trim()
      .split("\n")
      .flatMap((line) => (JSON.parse(line) as Route[]).map(({ gateway }) => gateway ?? "dev"));
  };
  deepEqual(defaults("dev"), ["dev", "dev"]);
  deepEqual(defaults("auto"), ["10.99.0.1", "fd99::1"]);
});

test("with l2proxy the link answers for the container's addresses, until it has gone", { skip }, () => {
  const settings = ["link=up0", "l2proxy=1", "ipv4.address=10.98.0.9/32", "ipv6.address=fd98::9/128"];
  const refused = network({}, ...routed(...settings)).result.stdout;
  match(
    refused,
    /cannot use lxc\.net\.0\.l2proxy: \/proc\/sys\/net\/ipv\d\/conf\/up0\/\w+ is off\n {2}hint: switch it on/,
  );
  host(
    "cd /proc/sys/net; echo 1 | tee ipv4/conf/up0/forwarding ipv6/conf/up0/forwarding ipv6/conf/up0/proxy_ndp > /dev/null",
  );
  const proxies = "ip -4 neigh show proxy dev up0; ip -6 neigh show proxy dev up0";
  const shown = good(network({ outside: proxies }, ...routed(...settings)));
  deepEqual(shown.outside.match(/\S+(?= +proxy)/g), ["10.98.0.9", "fd98::9"]);
  equal(host(proxies), "");
  const answered = good(network({ outside: `ip link set up1 up; ${proxies}` }, ...routed("ipv4.address=10.98.0.9/32")));
  equal(answered.outside, "");
});

for (const type of ["ipvlan", "vlan"]) {
  test(`a kernel without ${type} is told by name, unless it has it`, { skip }, () => {
    const { result } = network({}, ...of(type, ...(type === "vlan" ? ["vlan.id=7"] : [])));
    if (result.status === 0) return;
    match(result.stdout, new RegExp(`this kernel has no devices of type ${type}`));
    match(result.stdout, /netlink: .*\(EOPNOTSUPP\)\n {2}hint: load its module, `modprobe \w+`/);
  });
}

test("a device that a bridge has is refused for macvlan in the kernel's words", { skip }, () => {
  host("ip link set up1 master br0");
  const { result } = network({}, ...of("macvlan", "link=up1", "macvlan.mode=bridge"));
  host("ip link set up1 nomaster");
  match(result.stdout, /cannot set up the network lxc\.net\.0, settings:1: its macvlan device is not ready/);
  match(result.stdout, /netlink: .*(EBUSY|EINVAL)\)\n {2}hint: /);
});

/** A program that keeps its ports in a file, as ovs-vsctl keeps them in a database. */
function fakeSwitch(failing = ""): void {
  const body = `#!/bin/sh
echo "$*" >> ${folder}/calls
shift
[ "$1" = --if-exists ] && shift
case $1 in
  br-exists) [ "$2" = up0 ] || exit 2 ;;
  ${failing === "" ? "never" : failing}) echo 'database connection failed' >&2; exit 1 ;;
  add-port) ip link show $3 > /dev/null && echo "$3" >> ${folder}/ports ;;
  del-port) sed -i "/^$3$/d" ${folder}/ports ;;
esac`;
  for (const name of ["calls", "ports"]) writeFileSync(join(folder, name), "");
  writeFileSync(join(folder, "ovs-vsctl"), body);
  chmodSync(join(folder, "ovs-vsctl"), 0o755);
}

const switched = (...rest: string[]): string[] => routed("veth.mode=bridge", "link=up0", ...rest);
const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

test("a bridge of Open vSwitch gets the pair as a port with its VLANs, and loses it", { skip }, () => {
  fakeSwitch();
  const settings = switched("veth.vlan.id=7", "veth.vlan.tagged.id=8", "veth.vlan.tagged.id=9");
  const { outside } = good(network({ outside: `cat ${folder}/ports` }, ...settings));
  equal(outside, "vhost\n");
  deepEqual(calls(), [
    "--timeout=30 br-exists up0",
    "--timeout=30 add-port up0 vhost vlan_mode=native-untagged tag=7 trunks=8,9",
    "--timeout=30 --if-exists del-port up0 vhost",
  ]);
  equal(readFileSync(join(folder, "ports"), "utf8"), "");
});

test("a port leaves Open vSwitch also when the start fails after it, and its failure is told in its words", {
  skip,
}, () => {
  fakeSwitch();
  const { result } = network({}, ...switched("script.up=/bin/false"));
  equal(result.status, 1);
  equal(calls().at(-1), "--timeout=30 --if-exists del-port up0 vhost");
  fakeSwitch("add-port");
  const refused = network({}, ...switched()).result.stdout;
  match(refused, /cannot join vhost to the bridge up0 of Open vSwitch: `ovs-vsctl .*` ended with 1 and said: database/);
  match(refused, /hint: see `ovs-vsctl show`/);
});

test("a link that is no bridge of any sort is refused, with and without ovs-vsctl", { skip }, () => {
  fakeSwitch();
  match(network({}, ...switched("link=up1")).result.stdout, /up1 is not a Linux bridge, nor one of Open vSwitch/);
  rmSync(join(folder, "ovs-vsctl"));
  ok(!existsSync(join(folder, "ovs-vsctl")));
  match(network({}, ...switched()).result.stdout, /up0 is not a Linux bridge, and there is no ovs-vsctl in PATH/);
});
