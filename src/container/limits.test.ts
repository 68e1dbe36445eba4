import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { layoutFrom } from "../isolation/cgroup/layout.ts";
import { planLimits } from "../isolation/cgroup/limit-plan.ts";
import { friendlyLimits, needsDevice, type WantedLimits } from "./limits.ts";

const all: WantedLimits = {
  memoryBytes: { label: "lxc.limit.memory", value: 536870912 },
  swapBytes: { label: "lxc.limit.memory.swap", value: 0 },
  cpus: { label: "lxc.limit.cpus", value: 1.5 },
  cpuWeight: { label: "lxc.limit.cpu.weight", value: 200 },
  cpuset: { label: "lxc.limit.cpuset", value: "0-3" },
  pids: { label: "lxc.limit.pids", value: 100 },
  ioReadBps: { label: "lxc.limit.io.read", value: 1048576 },
  ioWriteIops: { label: "lxc.limit.io.write.iops", value: 50 },
};
const sda = { major: 8, minor: 0 };

test("plain words become limits of version 2 under their own names, to be read back", () => {
  const limits = friendlyLimits(
    {
      ...all,
      memoryHighBytes: { label: "lxc.limit.memory.high", value: 4096 },
      ioWeight: { label: "lxc.limit.io.weight", value: 300 },
    },
    sda,
  );
  deepEqual(
    limits.map((l) => `${l.label}: ${l.file} = ${l.value}`),
    [
      "lxc.limit.memory: memory.max = 536870912",
      "lxc.limit.memory.swap: memory.swap.max = 0",
      "lxc.limit.memory.high: memory.high = 4096",
      "lxc.limit.cpus: cpu.max = 150000 100000",
      "lxc.limit.cpu.weight: cpu.weight = 200",
      "lxc.limit.cpuset: cpuset.cpus = 0-3",
      "lxc.limit.pids: pids.max = 100",
      "lxc.limit.io.read: io.max = 8:0 rbps=1048576",
      "lxc.limit.io.write.iops: io.max = 8:0 wiops=50",
      "lxc.limit.io.weight: io.weight = default 300",
    ],
  );
  deepEqual(
    limits.every((l) => l.version === 2 && l.readBack === true),
    true,
  );
});

test("on a host of version 1 they are applied in its words", () => {
  const controllers = ["memory", "cpu", "cpuset", "pids", "blkio"];
  const mounts = controllers.map((c, i) => `${i} 1 0:${i} / /sys/fs/cgroup/${c} rw - cgroup cgroup rw,${c}\n`);
  const layout = layoutFrom(mounts.join(""), controllers.map((c, i) => `${i}:${c}:/\n`).join(""), false);
  deepEqual(
    planLimits(layout, friendlyLimits(all, sda)).limits.map((l) => `${l.file} = ${l.value}`),
    [
      "memory.limit_in_bytes = 536870912",
      "cpu.cfs_period_us = 100000",
      "cpu.cfs_quota_us = 150000",
      "cpu.shares = 2048",
      "cpuset.cpus = 0-3",
      "pids.max = 100",
      "blkio.throttle.read_bps_device = 8:0 1048576",
      "blkio.throttle.write_iops_device = 8:0 50",
      "memory.memsw.limit_in_bytes = 536870912",
    ],
  );
});

test("nothing wanted is no limit, and needs no disk", () => {
  deepEqual([friendlyLimits({}, undefined), needsDevice({}), needsDevice(all)], [[], false, true]);
});

test("a limit of a disk without a disk says what to do", () => {
  throws(() => friendlyLimits(all, undefined), {
    code: "unsupported",
    message: "cannot apply lxc.limit.io.read = 1048576: the root file system is on no disk that the kernel could limit",
  });
});

test("the kernel has a smallest part of a processor", () => {
  throws(() => friendlyLimits({ cpus: { label: "lxc.limit.cpus", value: 0.001 } }, undefined), {
    code: "config-invalid",
    hint: "set lxc.limit.cpus to 0.01 or more",
  });
});
