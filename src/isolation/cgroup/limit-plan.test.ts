import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { layoutFrom } from "./layout.ts";
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

test("a version 2 limit alone, whose controller is bound to version 1, is refused with what to write", () => {
  throws(() => planLimits(hybrid, [limit("lxc.cgroup2.memory.max", "32M")]), {
    message:
      "cannot apply lxc.cgroup2.memory.max = 32M: memory is bound to cgroup version 1 here, at /sys/fs/cgroup/memory",
    hint: "use lxc.cgroup.memory.limit_in_bytes",
  });
});

test("a version 1 limit alone on a version 2 host is refused with what to write", () => {
  throws(() => planLimits(unified, [limit("lxc.cgroup.memory.limit_in_bytes", "32M")]), {
    message: "cannot apply lxc.cgroup.memory.limit_in_bytes = 32M: this host has cgroup version 2 only",
    hint: "use lxc.cgroup2.memory.max",
  });
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
