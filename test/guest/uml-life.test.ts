// The life of a container where all controllers are of cgroup version 2, as on today's distributions.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { create, withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "uml" });

test("the guest has nothing but version 2, with the controllers that count", async () => {
  equal(await guest.said("cat /proc/self/cgroup"), "0::/init.scope");
  equal(await guest.said("cat /sys/fs/cgroup/cgroup.controllers"), "cpu io memory pids");
});

test("a container is made, runs, is entered, stops, and is gone without a trace", async () => {
  const before = await guest.traces();
  const made = await create(guest, "life", []);
  equal(await made.tool("lxc-start"), "");
  equal(await made.tool("lxc-info", "-sH"), "RUNNING");
  deepEqual(await made.inside("hostname; cat /proc/self/cgroup; ls -d /proc/1"), {
    status: 0,
    stdout: "life\n0::/\n/proc/1\n",
    stderr: "",
  });
  equal(await guest.said("lxc-ls --running"), "life");
  equal(await made.tool("lxc-stop", "-k"), "");
  equal(await made.tool("lxc-info", "-sH"), "STOPPED");
  equal(await made.tool("lxc-destroy"), "");
  deepEqual(await guest.tracesOnce(before), before);
});

test("it has a cgroup of its own beside its monitor's, and sees only that, read-write below", async () => {
  await withContainer(guest, "place", [], async (container) => {
    const pid = await container.tool("lxc-info", "-pH");
    equal(await guest.said(`cat /proc/${pid}/cgroup`), "0::/lxc.payload.place");
    const monitor = await guest.said("cat /sys/fs/cgroup/lxc.monitor.place/cgroup.procs");
    equal(await guest.said(`cat /proc/${monitor}/comm; ps -o ppid= ${monitor} | tr -d ' '`), "lxc-start\n1");
    const said = await container.inside(
      "mount | grep 'type cgroup'; ls -d /sys/fs/cgroup/*payload*; ls /sys/fs/cgroup/cgroup.procs",
    );
    match(said.stdout, /^cgroup2? on \/sys\/fs\/cgroup type cgroup2 \(.*\n\/sys\/fs\/cgroup\/cgroup.procs\n$/);
  });
});

test("freezing holds its processes, and thawing lets them go on", async () => {
  await withContainer(guest, "frozen", [], async (container) => {
    const cpu = () => container.count("cpu.stat", "usage_usec");
    await guest.said("lxc-attach -n frozen -- sh -c 'while :; do :; done' > /dev/null 2>&1 &");
    await container.tool("lxc-freeze");
    equal(await container.tool("lxc-info", "-sH"), "FROZEN");
    equal(await container.count("cgroup.events", "frozen"), 1);
    const held = await cpu();
    await guest.said("sleep 0.3");
    equal(await cpu(), held);
    await container.tool("lxc-unfreeze");
    equal(await container.tool("lxc-info", "-sH"), "RUNNING");
    await guest.said("sleep 0.3");
    ok((await cpu()) > held);
  });
});

test("what lxc-info counts is what the kernel counts", async () => {
  await withContainer(guest, "counted", [], async (container) => {
    equal(
      (
        await container.inside(
          "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; dd if=/dev/zero of=/big bs=1M count=4",
        )
      ).status,
      0,
    );
    await container.tool("lxc-freeze");
    const shown = JSON.parse(await container.tool("lxc-info", "--format=json")) as Record<string, number>;
    const usage = await container.count("cpu.stat", "usage_usec");
    equal(shown["cpu_ns"], usage * 1000);
    ok(usage > 0);
    const memory = await Promise.all(["anon", "file"].map((word) => container.count("memory.stat", word)));
    equal(
      shown["memory_bytes"],
      memory.reduce((sum, each) => sum + each),
    );
    ok((shown["memory_bytes"] ?? 0) > 4 << 20);
    await container.tool("lxc-unfreeze");
  });
});

test("lxc-execute runs one program below its own init, with its status, and leaves nothing", async () => {
  const before = await guest.traces();
  const container = await create(guest, "once", []);
  const run = await guest.exec("lxc-execute -n once -- sh -c 'cat /proc/self/cgroup; echo $PPID; exit 7'");
  deepEqual(run, { status: 7, stdout: "0::/\n1\n", stderr: "" });
  await container.tool("lxc-destroy");
  deepEqual(await guest.tracesOnce(before), before);
});

test("who is in the cgroup of a session starts a container as well, and the session stays as it was", async () => {
  const session = "/sys/fs/cgroup/user.slice/session-1.scope";
  await guest.said(`mkdir -p ${session}`);
  const before = await guest.traces();
  await create(guest, "session", []);
  const script = `echo $$ > ${session}/cgroup.procs
lxc-start -n session && lxc-info -n session -sH
cat /proc/$(lxc-info -n session -pH)/cgroup
lxc-stop -n session -k && lxc-destroy -n session
cat /proc/self/cgroup`;
  const said = await guest.exec(script);
  deepEqual(said, {
    status: 0,
    stdout: "RUNNING\n0::/lxc.payload.session\n0::/user.slice/session-1.scope\n",
    stderr: "",
  });
  deepEqual(await guest.tracesOnce(before), before);
});

test("the monitor says what it is, and a container whose monitor is elsewhere is not destroyed while it runs", async () => {
  const before = await guest.traces();
  const container = await create(guest, "elsewhere", []);
  await guest.said("unshare --net lxc-start -n elsewhere");
  const monitor = await guest.said("cat /sys/fs/cgroup/lxc.monitor.elsewhere/cgroup.procs");
  equal(await guest.said(`tr -d '\\0' < /proc/${monitor}/cmdline`), "[lxc monitor] /var/lib/lxc elsewhere");
  const refused = await guest.exec("lxc-destroy -n elsewhere; ls /var/lib/lxc/elsewhere");
  equal(refused.stdout, "config\nrootfs\n");
  match(refused.stderr, /cannot destroy elsewhere: elsewhere is running\n.*nsenter/s);
  await guest.said(`nsenter --target ${monitor} --net lxc-stop -n elsewhere -k`);
  await container.tool("lxc-destroy");
  deepEqual(await guest.tracesOnce(before), before);
});
