// lxc-cgroup on a host with cgroups of both versions: values in the words of either, device rules, and why not.

import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type Outcome, Place, skipWithoutRoot } from "./host.ts";

const isHybrid = existsSync("/sys/fs/cgroup/memory") && existsSync("/sys/fs/cgroup/unified");
const skip = skipWithoutRoot !== false ? skipWithoutRoot : isHybrid ? false : "needs cgroups of both versions";

const place = new Place("cgroup-tool");
const NAME = "lxcts-cg";
before(() => {
  if (skip !== false) return;
  place.create(
    NAME,
    "lxc.cgroup.devices.deny = a",
    "lxc.cgroup.devices.allow = c *:* m",
    "lxc.cgroup.devices.allow = c 1:3 rwm",
  );
  equal(place.ours("lxc-start", "-n", NAME).code, 0);
});
after(() => place.remove());

const ask = (...words: string[]): Outcome => place.ours("lxc-cgroup", "-n", NAME, ...words);
const got = (key: string): string => {
  const { code, out, err } = ask(key);
  return code === 0 ? out : err;
};
const file = (controller: string, name: string): string =>
  readFileSync(`/sys/fs/cgroup/${controller}/lxc.payload.${NAME}/${name}`, "utf8").trim();
const silent = { code: 0, out: "", err: "" };

test("a value is followed by an empty line, and set without a word", { skip }, () => {
  deepEqual(ask("memory.limit_in_bytes", "100M"), silent);
  deepEqual(ask("memory.limit_in_bytes"), { code: 0, out: "104857600\n\n", err: "" });
  equal(got("cpuset.cpus"), `${file("cpuset", "cpuset.cpus")}\n\n`);
});

test("files of version 2 are read and written where the host has version 1", { skip }, () => {
  deepEqual(ask("memory.max", "64M"), silent);
  equal(file("memory", "memory.limit_in_bytes"), "67108864");
  equal(got("memory.max"), "67108864\n\n");
  deepEqual(ask("memory.max", "max"), silent);
  equal(got("memory.max"), "max\n\n");
  deepEqual(ask("cpu.max", "20000 50000"), silent);
  deepEqual([file("cpu", "cpu.cfs_quota_us"), file("cpu", "cpu.cfs_period_us")], ["20000", "50000"]);
  equal(got("cpu.max"), "20000 50000\n\n");
  deepEqual(ask("cpu.max", "max"), silent);
  match(got("memory.current"), /^\d+\n\n$/);
  deepEqual(ask("pids.max", "77"), silent);
  equal(file("pids", "pids.max"), "77");
});

test("those that are of version 2 here are its own", { skip }, () => {
  match(got("cgroup.events"), /^populated 1\nfrozen 0\n\n$/);
});

test("JSON names what the value was made of", { skip }, () => {
  equal(
    ask("cpu.max", "--format=json").out,
    `{"name":"${NAME}","key":"cpu.max","value":"max 100000","files":["cpu.cfs_quota_us","cpu.cfs_period_us"]}\n`,
  );
});

test("what has no exact translation, no file, or no sense is refused with its reason", { skip }, () => {
  const where = `${place.lxcpath}:${NAME}`;
  const high = got("memory.high");
  match(high, new RegExp(`^lxc-cgroup: Failed to retrieve value of 'memory.high' for '${where}'\n`));
  match(
    high,
    /because: .*: it is a file of cgroup version 2, which this host has in version 1, and version 1 has nothing that does the same/,
  );
  match(
    got("memory.nothing"),
    /because: cannot read memory\.nothing of lxcts-cg: there is no such file\n {2}hint: see ls \/sys\/fs\/cgroup\/memory\//,
  );
  match(got("nothing.at.all"), /^lxc-cgroup: Failed to retrieve value of 'nothing\.at\.all'/);
  match(got("../cgroup.procs"), /^lxc-cgroup: Failed to retrieve value/);
  const bad = ask("memory.limit_in_bytes", "abc");
  equal(bad.code, 1);
  match(
    bad.err,
    /^lxc-cgroup: Failed to assign 'abc' value to 'memory\.limit_in_bytes' for 'lxcts-cg'\n {2}because: .*EINVAL/,
  );
});

test("device rules take effect at once, and what is none is refused", { skip }, () => {
  const canRead = (): boolean =>
    place.ours("lxc-attach", "-n", NAME, "--", "/bin/sh", "-c", "head -c1 /dev/zero > /dev/null").code === 0;
  equal(canRead(), false);
  deepEqual(ask("devices.allow", "/dev/zero rw"), silent);
  equal(canRead(), true);
  match(got("devices.list"), /^c 1:5 rwm?$/m);
  deepEqual(ask("devices.deny", "c 1:5 rw"), silent);
  equal(canRead(), false);
  match(
    ask("devices.allow", "nonsense").err,
    /Failed to assign 'nonsense' value to 'devices\.allow' for 'lxcts-cg'\n.*it is not a device rule/,
  );
});

test("the command line is checked in LXC's order and words", { skip }, () => {
  match(ask().err, /^lxc-cgroup: could not parse command line\n {2}because: .*Missing state object\n/);
  const none = place.ours("lxc-cgroup", "-n", "lxcts-none", "memory.max");
  deepEqual([none.code, none.err.split("\n")[0]], [1, `lxc-cgroup: '${place.lxcpath}:lxcts-none' is not running`]);
  const extra = ask("pids.max", "88", "99");
  deepEqual([extra.code, file("pids", "pids.max")], [0, "88"]);
  match(extra.err, /only "88" is written/);
});
