// lxc-device: interfaces that move in and out, device nodes that come and go, and a container that lies in wait for them.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Outcome, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("device-tool");
const LINK = `lxctsd${process.pid % 100000}`;
after(() => {
  for (const link of [LINK, `${LINK}n`]) spawnSync("ip", ["link", "del", link], { stdio: "ignore" });
  place.remove();
});

const NAME = "lxcts-dev";
const MAPPED = "lxcts-devmap";
const done = { code: 0, out: "", err: "" };

function start(name: string, ...lines: readonly string[]): void {
  place.create(name, "lxc.net.0.type = empty", ...lines);
  deepEqual(place.ours("lxc-start", "-n", name), done);
}

const device = (name: string, ...words: string[]): Outcome => place.ours("lxc-device", "-n", name, "--", ...words);
const sh = (name: string, script: string): string => {
  const { out, err } = place.ours("lxc-attach", "-n", name, "--", "/bin/sh", "-c", script);
  return (out + err).trim();
};
const links = (): string[] => readdirSync("/sys/class/net");
const linksInside = (name: string): string[] => sh(name, "ls /sys/class/net").split(/\s+/);
const node = (name: string, path: string): string => sh(name, `stat -c '%F %t:%T %u' ${path}`);
const isAllowed = (name: string, rule: string): boolean =>
  readFileSync(`/sys/fs/cgroup/devices/lxc.payload.${name}/devices.list`, "utf8").split("\n").includes(rule);

/** Nothing is allowed but what the test needs. */
const DENY = [
  "lxc.cgroup.devices.deny = a",
  "lxc.cgroup.devices.allow = c *:* m",
  "lxc.cgroup.devices.allow = c 1:3 rwm",
  "lxc.cgroup.devices.allow = c 5:* rwm",
  "lxc.cgroup.devices.allow = c 136:* rwm",
];

test("what is asked is checked in LXC's order and words", { skip }, () => {
  const first = (outcome: Outcome): string => `${outcome.code} ${outcome.err.split("\n")[0]}`;
  equal(first(device("lxcts-none", "foo", "bar")), "1 lxc-device: Container lxcts-none is not running");
  start(NAME, ...DENY);
  equal(first(device(NAME, "add")), "1 lxc-device: Error: no command given (Please see --help output)");
  equal(first(device(NAME, "foo", "bar")), "1 lxc-device: Error: Please use add or del (Please see --help output)");
  equal(first(device(NAME, "add", "/tmp")), "1 lxc-device: Failed to add /tmp to lxcts-dev");
  match(device(NAME, "add", "/tmp").err, /because: cannot use the device \/tmp: it is no device\n/);
  match(device(NAME, "add", "none0").err, /the host has neither a network interface nor a device of this name\n/);
});

test("a node comes with the leave to use it, under another name too, and both go", { skip }, () => {
  equal(sh(NAME, "test -e /dev/kmsg && echo there"), "");
  deepEqual(device(NAME, "add", "/dev/kmsg", "/dev/a/b/log"), done);
  equal(node(NAME, "/dev/a/b/log"), "character special file 1:b 0");
  equal(isAllowed(NAME, "c 1:11 rwm"), true);
  equal(sh(NAME, "head -c 1 /dev/a/b/log > /dev/null && echo read"), "read");
  deepEqual(device(NAME, "add", "/dev/kmsg", "/dev/a/b/log"), done);
  deepEqual(device(NAME, "del", "/dev/kmsg", "/dev/a/b/log"), done);
  equal(sh(NAME, "ls /dev/a/b"), "");
  equal(isAllowed(NAME, "c 1:11 rwm"), false);
  deepEqual(device(NAME, "del", "/dev/kmsg", "/dev/a/b/log"), done);
});

test("a container's link leads nowhere: nothing outside of it is made or removed (CVE-2015-1335)", { skip }, () => {
  const outside = join(place.folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "kmsg"), "precious");
  // As root sees it from the host, and as the container means it.
  rmSync(place.inside(NAME, "trap"), { force: true });
  symlinkSync(outside, place.inside(NAME, "trap"));
  symlinkSync(`/proc/1/root${outside}`, place.inside(NAME, "trap2"));
  for (const path of [
    "/trap/kmsg",
    "/trap/new/kmsg",
    "/trap2/kmsg",
    "/dev/../trap/kmsg",
    "/proc/self/root/trap/kmsg",
  ]) {
    for (const verb of ["add", "del"]) {
      const outcome = device(NAME, verb, "/dev/kmsg", path);
      equal(outcome.code, 1, `${verb} ${path}`);
      match(outcome.err, /a symbolic link or a file stands in its path/, outcome.err);
    }
  }
  deepEqual(readdirSync(outside), ["kmsg"]);
  ok(lstatSync(join(outside, "kmsg")).isFile());
  // A link in the place of the node is replaced, not followed.
  sh(NAME, `ln -s ${outside}/kmsg /dev/bait`);
  deepEqual(device(NAME, "add", "/dev/kmsg", "/dev/bait"), done);
  equal(node(NAME, "/dev/bait"), "character special file 1:b 0");
  equal(readFileSync(join(outside, "kmsg"), "utf8"), "precious");
  // Nor does a way up lead out.
  deepEqual(device(NAME, "add", "/dev/kmsg", "/../../../../dev/up"), done);
  equal(node(NAME, "/dev/up"), "character special file 1:b 0");
  equal(existsSync("/dev/up"), false);
  for (const path of ["/dev/bait", "/dev/up"]) deepEqual(device(NAME, "del", "/dev/kmsg", path), done);
});

test("a node that the container put there does not decide what is denied", { skip }, () => {
  deepEqual(device(NAME, "add", "/dev/kmsg"), done);
  sh(NAME, "rm /dev/kmsg; mknod /dev/kmsg c 1 3");
  const refused = device(NAME, "del", "/dev/kmsg");
  equal(refused.code, 1);
  match(refused.err, /something else is there, which is not this device/);
  equal(isAllowed(NAME, "c 1:3 rwm"), true);
  sh(NAME, "rm /dev/kmsg");
  deepEqual(device(NAME, "del", "/dev/kmsg"), done);
  equal(isAllowed(NAME, "c 1:11 rwm"), false);
});

test("an interface moves in, under another name, and back", { skip }, () => {
  equal(spawnSync("ip", ["link", "add", LINK, "type", "veth", "peer", "name", `${LINK}p`]).status, 0);
  spawnSync("ip", ["link", "set", LINK, "up"]);
  deepEqual(device(NAME, "add", LINK, "eth7"), done);
  equal(links().includes(LINK), false);
  deepEqual(linksInside(NAME).sort(), ["eth7", "lo"]);
  const taken = device(NAME, "add", `${LINK}p`, "eth7");
  match(taken.err, /^lxc-device: Failed to add .*\n {2}because: .*: there is one called eth7 on the other side\n/);
  equal(links().includes(`${LINK}p`), true);
  match(device(NAME, "add", `${LINK}p`, "a/b").err, /the kernel takes no such name/);
  deepEqual(device(NAME, "del", "eth7", `${LINK}n`), done);
  equal(links().includes(`${LINK}n`), true);
  deepEqual(linksInside(NAME), ["lo"]);
  match(device(NAME, "del", "eth7").err, /^lxc-device: Failed to del eth7 from lxcts-dev\n/);
});

test("a container with users of its own gets the host's node, which it can open, and an interface", { skip }, () => {
  const base = join(place.folder, "base.conf");
  writeFileSync(base, "lxc.idmap = u 0 1610000000 65536\nlxc.idmap = g 0 1610000000 65536\nlxc.net.0.type = empty\n");
  deepEqual(place.ours("lxc-create", "-n", MAPPED, "-t", "busybox", "-f", base), done);
  deepEqual(place.ours("lxc-start", "-n", MAPPED), done);
  deepEqual(device(MAPPED, "add", "/dev/full", "/dev/sub/full2"), done);
  equal(sh(MAPPED, "head -c 3 /dev/sub/full2 | wc -c"), "3");
  match(node(MAPPED, "/dev/sub/full2"), /^character special file 1:7 /);
  deepEqual(device(MAPPED, "del", "/dev/full", "/dev/sub/full2"), done);
  equal(sh(MAPPED, "ls /dev/sub"), "");
  deepEqual(device(MAPPED, "add", `${LINK}n`, "eth0"), done);
  deepEqual(linksInside(MAPPED).sort(), ["eth0", "lo"]);
  deepEqual(device(MAPPED, "del", "eth0", LINK), done);
  equal(links().includes(LINK), true);
});
