// Limits of cgroup version 2, each with the proof that it holds, and device rules as a program in the kernel.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "uml" });

/** Memory that a process of the container touches at once. */
const take = (mebibytes: number) => `dd if=/dev/zero of=/dev/null bs=${mebibytes}M count=1 2> /dev/null`;
const KILLED = 128 + 9;

async function holdsMemory(limit: string): Promise<void> {
  await withContainer(guest, "memory", [limit], async (container) => {
    deepEqual(await container.files("memory.max"), [String(32 << 20)]);
    equal((await container.inside(take(16))).status, 0);
    equal(await container.count("memory.events", "oom_kill"), 0);
    equal((await container.inside(take(64))).status, KILLED);
    equal(await container.count("memory.events", "oom_kill"), 1);
    equal(await container.tool("lxc-info", "-sH"), "RUNNING");
  });
}

test("lxc.cgroup2.memory.max: what does not fit is killed, what fits is not", () =>
  holdsMemory("lxc.cgroup2.memory.max = 32M"));

test("lxc.limit.memory: what does not fit is killed, what fits is not", () => holdsMemory("lxc.limit.memory = 32M"));

async function holdsProcesses(limit: string): Promise<void> {
  await withContainer(guest, "pids", [limit], async (container) => {
    deepEqual(await container.files("pids.max"), ["20"]);
    equal((await container.inside("sleep 5 & sleep 5 & kill $!; kill %1")).status, 0);
    equal(await container.count("pids.events", "max"), 0);
    const many = await container.inside("i=0; while [ $i -lt 20 ]; do sleep 5 & i=$((i+1)); done");
    equal(many.status, 2);
    match(many.stderr, /can't fork: Resource temporarily unavailable/);
    ok((await container.count("pids.events", "max")) > 0);
  });
}

test("lxc.cgroup2.pids.max: a fork too many fails", () => holdsProcesses("lxc.cgroup2.pids.max = 20"));

test("lxc.limit.pids: a fork too many fails", () => holdsProcesses("lxc.limit.pids = 20"));

async function holdsProcessor(limit: string): Promise<void> {
  await withContainer(guest, "cpu", [limit], async (container) => {
    deepEqual(await container.files("cpu.max"), ["25000 100000"]);
    const looks = `now() { read -r up _ < /proc/uptime; read -r _ used < ${container.cgroup}/cpu.stat; echo $up $used; }`;
    const spin = "lxc-attach -n cpu -- timeout 2 sh -c 'while :; do :; done'";
    const said = await guest.exec(`${looks}; now; ${spin}; now`);
    const [up = 0, used = 0, upThen = 0, usedThen = 0] = said.stdout.split(/\s/).map(Number);
    const share = (usedThen - used) / 1e6 / (upThen - up);
    ok(share > 0 && share < 0.4, `it had ${share} of a processor`);
    ok((await container.count("cpu.stat", "nr_throttled")) > 0);
  });
}

test("lxc.cgroup2.cpu.max: a quarter of a processor is all there is", () =>
  holdsProcessor("lxc.cgroup2.cpu.max = 25000 100000"));

test("lxc.limit.cpus: a quarter of a processor is all there is", () => holdsProcessor("lxc.limit.cpus = 0.25"));

test("other limits in plain words are in the kernel's files", async () => {
  const lines = ["lxc.limit.memory.high = 24M", "lxc.limit.memory.swap = 0", "lxc.limit.cpu.weight = 50"];
  await withContainer(guest, "plain", lines, async (container) => {
    deepEqual(await container.files("memory.high", "memory.swap.max", "cpu.weight"), [String(24 << 20), "0", "50"]);
  });
});

test("limits of version 1 are translated", async () => {
  const lines = ["lxc.cgroup.memory.limit_in_bytes = 32M", "lxc.cgroup.pids.max = 30", "lxc.cgroup.cpu.shares = 512"];
  await withContainer(guest, "former", lines, async (container) => {
    deepEqual(await container.files("memory.max", "pids.max"), [String(32 << 20), "30"]);
    const [weight = ""] = await container.files("cpu.weight");
    ok(Number(weight) > 0 && Number(weight) < 100, weight);
  });
});

const DEVICES = ["deny = a", "allow = c 1:3 rwm", "allow = c 1:5 r", "allow = c 5:* rwm", "allow = c 136:* rwm"];

test("device rules: what is denied cannot be opened or made, and what is allowed can, each access for itself", async () => {
  const lines = DEVICES.map((rule) => `lxc.cgroup2.devices.${rule}`);
  await withContainer(guest, "devices", lines, async (container) => {
    const script = `echo x > /dev/null && echo null
head -c 3 /dev/zero | wc -c
(: > /dev/zero) || echo zero is not written
head -c 1 /dev/full || echo full is not read
mknod /tmp/null c 1 3 && echo null is made
mknod /tmp/zero c 1 5 || echo zero is not made`;
    const said = await container.inside(script);
    deepEqual(said.stdout.split("\n"), [
      "null",
      "3",
      "zero is not written",
      "full is not read",
      "null is made",
      "zero is not made",
      "",
    ]);
    match(
      said.stderr,
      /\/dev\/zero: Operation not permitted\n.*\/dev\/full: Operation not permitted\n.*\/tmp\/zero: Operation not permitted\n$/,
    );
  });
});

test("without rules every device there is can be used", async () => {
  await withContainer(guest, "free", [], async (container) => {
    equal((await container.inside("head -c 3 /dev/zero | wc -c; head -c 1 /dev/full > /dev/null")).stdout, "3\n");
  });
});

test("a limit that cannot be kept is refused with its reason, and nothing is left", async () => {
  const before = await guest.traces();
  await guest.said("lxc-create -n refused -t busybox -f /dev/null");
  const start = (line: string) => guest.exec(`lxc-start -n refused -s '${line}'; lxc-info -n refused -sH`);
  const cpuset = await start("lxc.limit.cpuset=0");
  equal(cpuset.stdout, "STOPPED\n");
  match(cpuset.stderr, /cannot apply lxc\.limit\.cpuset = 0: /);
  const wrong = await start("lxc.cgroup2.pids.max=many");
  equal(wrong.stdout, "STOPPED\n");
  match(wrong.stderr, /cannot apply lxc\.cgroup2\.pids\.max = many: .*invalid argument \(EINVAL\)/);
  await guest.said("lxc-destroy -n refused");
  deepEqual(await guest.tracesOnce(before), before);
});
