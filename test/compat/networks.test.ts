// The same networks by LXC's lxc-start and by ours: what the kernel says inside and outside must not differ.

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, Place, skipWithoutRoot } from "../system/host.ts";

const NAMESPACE = `lxcts-netcmp-${process.pid}`;
const NAME = "lxcts-netcmp";
const place = new Place("netcmp");
const skip = skipWithoutRoot;

/** In our own network namespace, the tools' sockets too; `ip netns exec` would hide the cgroups. */
function within(...words: string[]): string {
  const ran = spawnSync("nsenter", [`--net=/run/netns/${NAMESPACE}`, ...words], {
    encoding: "utf8",
    timeout: 60_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
  deepEqual([ran.status, ran.stderr], [0, ""], words.join(" "));
  return ran.stdout;
}

const shell = (script: string): string => within("sh", "-ec", script);

before(() => {
  if (skip !== false) return;
  mkdirSync(join(place.folder, "cgroup"));
  equal(spawnSync("ip", ["netns", "add", NAMESPACE]).status, 0);
  shell(`ip link set lo up
    ip link add up0 type veth peer name up1
    ip link set up1 up
    ip link add br0 type bridge; ip link set br0 mtu 1400 up
    ip address add 10.99.0.1/24 dev br0; ip address add fd99::1/64 dev br0 nodad
    echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`);
});

after(() => {
  for (const bin of [BIN, "/usr/bin"]) {
    spawnSync("nsenter", [
      `--net=/run/netns/${NAMESPACE}`,
      join(bin, "lxc-stop"),
      "-P",
      place.lxcpath,
      "-n",
      NAME,
      "-k",
    ]);
  }
  spawnSync("ip", ["netns", "delete", NAMESPACE]);
  place.remove();
});

type Json = Readonly<Record<string, unknown>>;

/** A bridge, and each of its ports, counts the seconds. */
const bridge = 'kind":"bridge"';

/** What is random, or counts on. */
const varying = ["ifindex", "link_index", "link_netnsid", "link", "address", "operstate", "flags", "gso_max_size"];

function asList(text: string): Json[] {
  return text.trim() === "" ? [] : (JSON.parse(text) as Json[]);
}

function settled(list: readonly Json[], keep: readonly string[]): Json[] {
  return list
    .filter((each) => each["type"] !== "multicast" && each["dst"] !== "fe80::/64")
    .map((each) => {
      const entries = Object.entries(each).filter(([key]) => keep.includes(key) || !varying.includes(key));
      const texts = entries.map(([key, value]) => [key, String(JSON.stringify(value))] as const);
      return Object.fromEntries(texts.filter(([, text]) => !text.includes(bridge)));
    })
    .toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}

/** Everything that `ip` tells of devices, routes and proxies. */
function seen(prefix: readonly string[], keep: readonly string[]): Json[][] {
  const run = prefix.length === 0 ? within : (...words: string[]): string => spawnIn(prefix, words);
  const ask = (...words: string[]): Json[] => settled(asList(run("ip", ...words)), keep);
  return [
    ask("-d", "-j", "link"),
    ask("-j", "-4", "route"),
    ask("-j", "-6", "route"),
    ask("-j", "-4", "neigh", "show", "proxy"),
    ask("-j", "-6", "neigh", "show", "proxy"),
  ];
}

function spawnIn(prefix: readonly string[], words: readonly string[]): string {
  const [command = "", ...rest] = prefix;
  return spawnSync(command, [...rest, ...words], { encoding: "utf8" }).stdout;
}

/** One life by the tools of a folder. */
function life(bin: string, keep: readonly string[]): unknown {
  // LXC asks /sys whether a bridge is one of Linux, and /sys shows the network in which it was mounted.
  const sysfs = `mount --make-rprivate /; mount --rbind /sys/fs/cgroup ${place.folder}/cgroup; mount -t sysfs sysfs /sys
    mount --rbind ${place.folder}/cgroup /sys/fs/cgroup; exec "$@"`;
  const tool = (name: string, ...args: string[]): string =>
    within("unshare", "-m", "sh", "-ec", sysfs, "sh", join(bin, name), "-P", place.lxcpath, "-n", NAME, ...args);
  tool("lxc-start");
  const pid = tool("lxc-info", "-pH").trim();
  const inside = seen(["nsenter", `--net=/proc/${pid}/ns/net`], keep);
  const outside = seen([], keep);
  const addresses = tool("lxc-info", "-iH").trim().split("\n").toSorted();
  tool("lxc-stop", "-k");
  return { inside, outside, addresses, afterwards: seen([], keep) };
}

const addresses = ["ipv4.address = 10.99.0.7/24", "ipv6.address = fd99::7/64"];
const hwaddr = "hwaddr = 10:66:6a:01:02:03";
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["a pair on a bridge", ["type = veth", "link = br0", "veth.pair = vhost", "flags = up", hwaddr, ...addresses], []],
  [
    "a pair on a bridge with gateways and routes",
    [
      ...["type = veth", "link = br0", "veth.pair = vhost", "flags = up", ...addresses, "ipv4.gateway = auto"],
      ...["ipv6.gateway = auto", "veth.ipv4.route = 10.77.0.0/16"],
    ],
    [],
  ],
  [
    "a pair in mode router",
    [
      ...["type = veth", "veth.mode = router", "veth.pair = vhost", "flags = up", "ipv4.address = 10.97.0.7/32"],
      ...["ipv4.gateway = 169.254.1.1", "ipv6.address = fd97::7/128", "ipv6.gateway = fe80::1"],
    ],
    [],
  ],
  ["queues", ["type = veth", "veth.pair = vhost", "veth.n_rxqueues = 3", "veth.n_txqueues = 2"], []],
  ["a private macvlan", ["type = macvlan", "link = up0", "flags = up", hwaddr, ...addresses], []],
  ["a bridging macvlan", ["type = macvlan", "link = up0", "macvlan.mode = bridge", "mtu = 1300", "name = lan0"], []],
  ["a device that moves", ["type = phys", "link = up0", "name = lan0", "flags = up", "mtu = 1300"], ["address"]],
];

for (const [what, lines, keep] of cases) {
  test(`${what} is the same inside and outside, and afterwards`, { skip }, () => {
    place.create(NAME, ...lines.map((line) => `lxc.net.0.${line}`));
    try {
      const theirs = life("/usr/bin", keep);
      deepEqual(life(BIN, keep), theirs);
    } finally {
      place.ours("lxc-destroy", "-n", NAME);
    }
  });
}

for (const version of [0, 1]) {
  test(`scripts of every kind get what LXC gives them, version ${version}`, { skip }, () => {
    const log = join(place.folder, "scripts");
    const words = "^LXC_\\(NET_TYPE\\|NET_PARENT\\|NET_PEER\\|HOOK_TYPE\\|HOOK_SECTION\\|NAME\\)=";
    const script = place.script("script", `echo "$@" >> ${log}; env | grep '${words}' | sort >> ${log}`);
    const kinds: readonly (readonly string[])[] = [
      ["type = empty"],
      ["type = veth", "link = br0", "veth.pair = vhost"],
      ["type = veth", "veth.pair = valone"],
      ["type = macvlan", "link = up1"],
      ["type = phys", "link = up0"],
    ];
    const lines = kinds.flatMap((kind, index) =>
      [...kind, `script.up = ${script} up`, `script.down = ${script} down`].map((line) => `lxc.net.${index}.${line}`),
    );
    place.create(NAME, `lxc.hook.version = ${version}`, ...lines);
    const logged = (bin: string): string => {
      life(bin, []);
      const text = readFileSync(log, "utf8");
      rmSync(log);
      return text;
    };
    try {
      const unique = (text: string): string[] => [...new Set(text.split("\n"))].toSorted();
      const theirs = unique(logged("/usr/bin"));
      const text = logged(BIN);
      const ours = text.split("\n");
      // LXC 5.0.2 runs no script.down for type empty, and its scripts find LXC_NET_PEER of those before them.
      deepEqual(
        unique(text).filter((line) => !/^down .*empty$/.test(line)),
        theirs,
      );
      equal(ours.filter((line) => line.startsWith("up ")).length, kinds.length);
    } finally {
      place.ours("lxc-destroy", "-n", NAME);
    }
  });
}
