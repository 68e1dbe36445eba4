// A host that systemd runs: what it thinks of containers started by a service, and of cgroups it delegates.

import { deepEqual, equal, match } from "node:assert/strict";
import { before, test } from "node:test";
import { create } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "qemu", init: "systemd" });

/** Cgroups of containers anywhere, without those of systemd. */
const OURS = "find /sys/fs/cgroup -name '*lxc*'";

before(async () => {
  // The agent starts before all else has.
  equal(await guest.said("systemctl is-system-running --wait", 120), "running");
});

test("a service's container is beside systemd's slices, and goes without a trace", async () => {
  equal(await guest.said("cat /proc/self/cgroup"), "0::/system.slice/guest.service");
  const container = await create(guest, "plain", ["lxc.limit.pids = 50", "lxc.limit.cpuset = 1"]);
  await container.tool("lxc-start");
  const pid = await container.tool("lxc-info", "-pH");
  equal(await guest.said(`cat /proc/${pid}/cgroup`), "0::/lxc.payload.plain");
  deepEqual(await container.files("pids.max", "cpuset.cpus"), ["50", "1"]);
  equal((await container.inside("cat /proc/self/cgroup")).stdout, "0::/\n");
  await container.tool("lxc-stop", "-k");
  await container.tool("lxc-destroy");
  equal(await guest.said(OURS), "");
});

test("systemd keeps the container's cgroup and limits when it reloads", async () => {
  const container = await create(guest, "kept", ["lxc.limit.pids = 50"]);
  await container.tool("lxc-start");
  await guest.said("systemctl daemon-reload");
  deepEqual(await container.files("pids.max"), ["50"]);
  equal(await container.tool("lxc-info", "-sH"), "RUNNING");
  await container.tool("lxc-stop", "-k");
  await container.tool("lxc-destroy");
});

test("lxc.cgroup.relative: below a service that has its cgroup delegated, with limits, and it ends with the service", async () => {
  const container = await create(guest, "below", ["lxc.cgroup.relative = 1", "lxc.limit.pids = 50"]);
  const unit = "systemd-run --quiet --unit=below --property=Delegate=yes --property=Type=exec";
  await guest.said(`${unit} /lxc-ts/dist/bin/lxc-start -n below -F`);
  await guest.said("lxc-wait -n below -s RUNNING -t 60", 90);
  const pid = await container.tool("lxc-info", "-pH");
  equal(await guest.said(`cat /proc/${pid}/cgroup`), "0::/system.slice/below.service/lxc.payload.below");
  equal(await guest.said("cat /sys/fs/cgroup/system.slice/below.service/lxc.payload.below/pids.max"), "50");
  await guest.said("systemctl stop below", 120);
  equal(await container.tool("lxc-info", "-sH"), "STOPPED");
  await container.tool("lxc-destroy");
  equal(await guest.said(OURS), "");
});

test("lxc.cgroup.relative: where the caller's cgroup has processes, a limit is refused, and it is said what to do", async () => {
  const container = await create(guest, "crowded", ["lxc.cgroup.relative = 1", "lxc.limit.pids = 50"]);
  const started = await guest.exec("lxc-start -n crowded");
  equal(started.status, 1);
  match(
    started.stderr,
    /cannot apply lxc\.limit\.pids = 50: .*\n {2}hint: move its processes into one below it: mkdir \/sys\/fs\/cgroup\/system\.slice\/guest\.service\//,
  );
  await container.tool("lxc-destroy");
  equal(await guest.said(OURS), "");
});

test("lxc-checkconfig finds all but version 1, in the kernel's own configuration", async () => {
  const said = await guest.exec("lxc-checkconfig --format=json");
  equal(said.status, 0);
  const items = JSON.parse(said.stdout) as { section: string; item: string; status: string }[];
  deepEqual(
    items
      .filter(
        ({ section, status }) => section !== "Programs" && !section.startsWith("Unprivileged") && status !== "enabled",
      )
      .map(({ item }) => item),
    ["Cgroup v1 mount points"],
  );
  match(
    await guest.said("lxc-checkconfig"),
    /\nKernel configuration found at \/boot\/config-6\..*\n.*\nSecurity module: enabled, apparmor\n/s,
  );
});
