import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { type CgroupLayout, layoutFrom } from "./layout.ts";
import { type CgroupLimit, planLimits } from "./limit-plan.ts";

const hybrid = layoutFrom(
  `32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 31 0:30 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
34 31 0:31 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
  "4:memory:/\n3:devices:/\n2:blkio:/\n0::/\n",
  false,
);
const unified = layoutFrom("29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n", false);
const none = layoutFrom("", "0::/\n", false);
/** As `unified`, with what its cgroup.controllers says. */
const withMemory: CgroupLayout = {
  kind: "unified",
  hierarchies: [
    { version: 2, mountPoint: "/sys/fs/cgroup", controllers: ["memory", "io"], base: "", underSystemd: false },
  ],
};

function limit(key: string, value: string): CgroupLimit {
  const version = key.startsWith("lxc.cgroup2.") ? 2 : 1;
  return { label: key, version, file: key.slice(version === 2 ? 12 : 11), value };
}

const both = [
  limit("lxc.cgroup.memory.memsw.limit_in_bytes", "64M"),
  limit("lxc.cgroup.memory.limit_in_bytes", "32M"),
  limit("lxc.cgroup2.memory.max", "32M"),
  limit("lxc.cgroup.devices.deny", "a"),
  limit("lxc.cgroup2.devices.deny", "a"),
];

test("a configuration for both versions uses those of the host, memory before memory and swap", () => {
  const plan = planLimits(hybrid, both);
  deepEqual(
    [plan.limits.map((l) => l.label), plan.devices.map((l) => l.label), plan.devicesByFile, plan.setAside],
    [
      ["lxc.cgroup.memory.limit_in_bytes", "lxc.cgroup.memory.memsw.limit_in_bytes"],
      ["lxc.cgroup.devices.deny"],
      true,
      ["lxc.cgroup2.memory.max has no effect here, lxc.cgroup.memory.memsw.limit_in_bytes does"],
    ],
  );
});

test("on pure version 2 the same configuration uses the others", () => {
  const plan = planLimits(unified, both);
  deepEqual(
    [plan.limits.map((l) => l.label), plan.devices.map((l) => l.label), plan.devicesByFile, plan.setAside.length],
    [["lxc.cgroup2.memory.max"], ["lxc.cgroup2.devices.deny"], false, 2],
  );
});

test("a version 2 limit alone, whose controller is bound to version 1, is translated under its own name", () => {
  const plan = planLimits(hybrid, [
    limit("lxc.cgroup2.memory.swap.max", "16M"),
    limit("lxc.cgroup2.memory.max", "32M"),
  ]);
  deepEqual(
    [plan.limits.map((l) => `${l.version} ${l.label}: ${l.file} = ${l.value}`), plan.translations, plan.setAside],
    [
      [
        "1 lxc.cgroup2.memory.max: memory.limit_in_bytes = 33554432",
        "1 lxc.cgroup2.memory.swap.max: memory.memsw.limit_in_bytes = 50331648",
      ],
      [
        "lxc.cgroup2.memory.swap.max = 16M is applied as memory.memsw.limit_in_bytes = 50331648",
        "lxc.cgroup2.memory.max = 32M is applied as memory.limit_in_bytes = 33554432",
      ],
      [],
    ],
  );
});

test("two files that are one in the other version are written once", () => {
  const quota = limit("lxc.cgroup.cpu.cfs_quota_us", "50000");
  const plan = planLimits(unified, [quota, limit("lxc.cgroup.cpu.cfs_period_us", "200000")]);
  deepEqual(
    [plan.limits.map((l) => `${l.file} = ${l.value}`), plan.translations],
    [
      ["cpu.max = 50000 200000"],
      [
        "lxc.cgroup.cpu.cfs_quota_us = 50000 is applied as cpu.max = 50000 200000",
        "lxc.cgroup.cpu.cfs_period_us = 200000 is applied as cpu.max = 50000 200000",
      ],
    ],
  );
});

test("a limit of disks finds the controller under its old name", () => {
  const plan = planLimits(hybrid, [limit("lxc.cgroup2.io.max", "8:0 rbps=1000 wiops=5")]);
  deepEqual(
    plan.limits.map((l) => `${l.version} ${l.file} = ${l.value}`),
    ["1 blkio.throttle.read_bps_device = 8:0 1000", "1 blkio.throttle.write_iops_device = 8:0 5"],
  );
});

test("what has no exact translation is refused with the nearest key", () => {
  throws(() => planLimits(hybrid, [limit("lxc.cgroup2.memory.high", "32M")]), {
    message:
      "cannot apply lxc.cgroup2.memory.high = 32M: memory is bound to cgroup version 1 here, at /sys/fs/cgroup/memory, and version 1 has nothing that does the same",
    hint: "the nearest there is lxc.cgroup.memory.soft_limit_in_bytes; it is not the same",
  });
  throws(() => planLimits(unified, [limit("lxc.cgroup.cpu.shares", "1000")]), {
    message:
      "cannot apply lxc.cgroup.cpu.shares = 1000: this host has cgroup version 2 only, and version 2 has no weight of just 1000 shares: cpu.weight = 98 is 1004",
    hint: "use lxc.cgroup2.cpu.weight",
  });
});

function promise(key: string, file: string, value: string): CgroupLimit {
  return { label: `lxc.limit.${key}`, version: 2, file, value, readBack: true };
}

test("a promise is translated beside limits of the host's version, and they beside it", () => {
  const swappiness = limit("lxc.cgroup.memory.swappiness", "10");
  deepEqual(
    planLimits(hybrid, [swappiness, promise("memory", "memory.max", "4096")]).limits.map((l) => l.file),
    ["memory.limit_in_bytes", "memory.swappiness"],
  );
  throws(() => planLimits(withMemory, [swappiness, promise("memory", "memory.max", "4096")]), { code: "unsupported" });
});

test("a promise gives way to the reader's own words for the same file, on either host", () => {
  const memory = promise("memory", "memory.max", "4096");
  const legacy = limit("lxc.cgroup.memory.limit_in_bytes", "8192");
  for (const layout of [hybrid, withMemory]) {
    const plan = planLimits(layout, [memory, legacy]);
    deepEqual([plan.limits.map((l) => [l.label, l.value]), plan.setAside.length], [[[legacy.label, "8192"]], 1]);
  }
  const swap = promise("memory.swap", "memory.swap.max", "4096");
  deepEqual(
    planLimits(hybrid, [swap, legacy]).limits.map((l) => `${l.file} = ${l.value}`),
    ["memory.limit_in_bytes = 8192", "memory.memsw.limit_in_bytes = 12288"],
  );
});

test("a promise for one disk or one direction stays beside another", () => {
  const read = promise("io.read", "io.max", "8:0 rbps=1000");
  const lines = ["8:0 wbps=5", "8:16 rbps=5", "8:0 rbps=5 wbps=5"];
  deepEqual(
    lines.map((value) => planLimits(withMemory, [read, limit("lxc.cgroup2.io.max", value)]).limits.length),
    [2, 2, 1],
  );
});

test("a promise that cannot be kept is refused with what to do", () => {
  throws(() => planLimits(withMemory, [promise("pids", "pids.max", "5")]), {
    message: "cannot apply lxc.limit.pids = 5: the controller pids is not available here",
    hint: /if it is not in \/sys\/fs\/cgroup\/cgroup.controllers/,
  });
  const legacy = layoutFrom("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "4:cpu:/\n", false);
  throws(() => planLimits(legacy, [promise("memory", "memory.max", "4096")]), {
    code: "unsupported",
    hint: /mount -t cgroup -o memory.*cgroup_enable=memory/,
  });
  throws(() => planLimits(none, [promise("pids", "pids.max", "5")]), { code: "unsupported" });
});

test("what version 2 has besides controllers works on a hybrid host, and so do its device rules alone", () => {
  const plan = planLimits(hybrid, [limit("lxc.cgroup2.cgroup.max.depth", "3"), limit("lxc.cgroup2.devices.deny", "a")]);
  deepEqual([plan.limits.length, plan.devices.length, plan.setAside], [1, 1, []]);
});

test("without cgroups the container starts and each limit is told", () => {
  deepEqual(planLimits(none, both).setAside.length, 4);
});

test("a file outside of the cgroup is no limit", () => {
  throws(() => planLimits(unified, [limit("lxc.cgroup2.../memory.max", "1")]), { code: "unsupported" });
});
