// What User Mode Linux has no controllers for: processors by number, disks, huge pages; in a kernel like that of a host.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { create, withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "qemu" });

test("the guest has all controllers of version 2", async () => {
  equal(await guest.said("cat /sys/fs/cgroup/cgroup.controllers"), "cpuset cpu io memory hugetlb pids rdma misc");
});

async function holdsToProcessor(limit: string): Promise<void> {
  await withContainer(guest, "cpuset", [limit], async (container) => {
    const said = await container.inside("grep Cpus_allowed_list: /proc/self/status; nproc");
    deepEqual(said, { status: 0, stdout: "Cpus_allowed_list:\t1\n1\n", stderr: "" });
    deepEqual(await container.files("cpuset.cpus.effective"), ["1"]);
  });
}

test("lxc.cgroup2.cpuset.cpus: programs run on these processors and on no other", () =>
  holdsToProcessor("lxc.cgroup2.cpuset.cpus = 1"));

test("lxc.limit.cpuset: programs run on these processors and on no other", () =>
  holdsToProcessor("lxc.limit.cpuset = 1"));

test("a processor that there is not is refused", async () => {
  const before = await guest.traces();
  const container = await create(guest, "absent", ["lxc.limit.cpuset = 60"]);
  const started = await guest.exec("lxc-start -n absent");
  equal(started.status, 1);
  match(started.stderr, /cannot apply lxc\.limit\.cpuset = 60: /);
  await container.tool("lxc-destroy");
  deepEqual(await guest.tracesOnce(before), before);
});

test("lxc.limit.io.write: the disk takes no more than that in a second", async () => {
  const limits = ["lxc.limit.io.write = 1M", "lxc.limit.io.read.iops = 500", "lxc.limit.io.weight = 200"];
  await withContainer(guest, "disk", limits, async (container) => {
    const disk = await guest.said("cat /sys/block/vda/dev");
    const [max, weight] = await container.files("io.max", "io.weight");
    equal(max, `${disk} rbps=max wbps=1048576 riops=500 wiops=max`);
    equal(weight, "default 200");
    const seconds = async (where: string) => {
      const write = "read begin rest < /proc/uptime; dd if=/dev/zero of=/big bs=64k count=48 conv=fsync 2> /dev/null";
      const script = `${write}; read end rest < /proc/uptime; rm /big; echo $begin $end`;
      const said = where === "inside" ? (await container.inside(script)).stdout : await guest.said(script);
      const [begin, end] = said.split(" ").map(Number);
      return (end ?? 0) - (begin ?? 0);
    };
    const free = await seconds("outside");
    const held = await seconds("inside");
    ok(held > 2 && held > 2 * free, `3 MiB took ${held} s inside and ${free} s outside`);
  });
});

test("lxc.cgroup2.io.max and huge pages are what was written", async () => {
  const disk = await guest.said("cat /sys/block/vda/dev");
  const lines = [`lxc.cgroup2.io.max = ${disk} wiops=100`, "lxc.cgroup2.hugetlb.2MB.max = 4M"];
  await withContainer(guest, "written", lines, async (container) => {
    const files = await container.files("io.max", "hugetlb.2MB.max");
    deepEqual(files, [`${disk} rbps=max wbps=max riops=max wiops=100`, String(4 << 20)]);
  });
});
