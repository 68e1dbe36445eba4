import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import type { CgroupLimit } from "./limit.ts";
import { counterpartHint, translated } from "./translate.ts";

function limitsFrom(version: number, lines: readonly string[]): CgroupLimit[] {
  return lines.map((line) => {
    const [file = "", value = ""] = line.split(" = ");
    return { label: file, version, file, value };
  });
}

/** All of `lines` in the words of the other version, each once, or why not. */
function inOther(version: number, ...lines: readonly string[]): string[] {
  const all = limitsFrom(version, lines);
  const found = new Set<string>();
  for (const limit of all) {
    const { files, why } = translated(limit, all);
    if (why !== "") found.add(`no: ${why}`);
    for (const { file, value } of files) found.add(`${file} = ${value}`);
  }
  return [...found];
}

const both: readonly (readonly [v1: readonly string[], v2: readonly string[]])[] = [
  [["memory.limit_in_bytes = 33554432"], ["memory.max = 33554432"]],
  [["memory.limit_in_bytes = -1"], ["memory.max = max"]],
  [
    ["memory.limit_in_bytes = 33554432", "memory.memsw.limit_in_bytes = 50331648"],
    ["memory.max = 33554432", "memory.swap.max = 16777216"],
  ],
  [
    ["memory.limit_in_bytes = 33554432", "memory.memsw.limit_in_bytes = 33554432"],
    ["memory.max = 33554432", "memory.swap.max = 0"],
  ],
  [["memory.memsw.limit_in_bytes = -1"], ["memory.swap.max = max"]],
  [["cpu.cfs_period_us = 100000", "cpu.cfs_quota_us = 150000"], ["cpu.max = 150000 100000"]],
  [["cpu.cfs_period_us = 20000", "cpu.cfs_quota_us = -1"], ["cpu.max = max 20000"]],
  [["cpu.cfs_burst_us = 5000"], ["cpu.max.burst = 5000"]],
  [["cpu.shares = 1024"], ["cpu.weight = 100"]],
  [["cpu.shares = 820"], ["cpu.weight.nice = 1"]],
  [["cpuset.cpus = 0-2,5"], ["cpuset.cpus = 0-2,5"]],
  [["cpuset.mems = 0"], ["cpuset.mems = 0"]],
  [["pids.max = max"], ["pids.max = max"]],
  [["rdma.max = mlx4_0 hca_handle=2"], ["rdma.max = mlx4_0 hca_handle=2"]],
  [["blkio.throttle.read_bps_device = 8:0 1048576"], ["io.max = 8:0 rbps=1048576"]],
  [["blkio.throttle.write_iops_device = 8:16 0"], ["io.max = 8:16 wiops=max"]],
  [["blkio.bfq.weight = 300"], ["io.bfq.weight = 300"]],
  [["blkio.bfq.weight_device = 8:0 300"], ["io.bfq.weight = 8:0 300"]],
  [["hugetlb.2MB.limit_in_bytes = 4194304"], ["hugetlb.2MB.max = 4194304"]],
  [["hugetlb.1GB.rsvd.limit_in_bytes = -1"], ["hugetlb.1GB.rsvd.max = max"]],
];

for (const [v1, v2] of both) {
  test(`${v1.join(" and ")} of version 1 is ${v2.join(" and ")} of version 2, and back`, () => {
    deepEqual([inOther(1, ...v1), inOther(2, ...v2)], [v2, v1]);
  });
}

test("values are read as the kernel reads them", () => {
  const written = ["32M", "32m", "0x10k", "010", "33554433", "9223372036854771712", " 1g "];
  const read = ["33554432", "33554432", "16384", "8", "33554433", "9223372036854771712", "1073741824"];
  deepEqual(
    written.flatMap((value) => inOther(1, `memory.limit_in_bytes = ${value}`)),
    read.map((value) => `memory.max = ${value}`),
  );
  deepEqual(
    [
      inOther(1, "cpu.cfs_quota_us = 0x2710"),
      inOther(1, "cpu.cfs_period_us = 50000"),
      inOther(2, "cpu.max = 50000"),
      inOther(1, "cpu.shares = 10"),
      inOther(2, "io.bfq.weight = default 100"),
      inOther(2, "io.max = 8:0  rbps=1 wbps=max riops=4294967295"),
    ],
    [
      ["cpu.max = 10000 100000"],
      ["cpu.max = max 50000"],
      ["cpu.cfs_period_us = 100000", "cpu.cfs_quota_us = 50000"],
      ["cpu.weight = 1"],
      ["blkio.bfq.weight = 100"],
      [
        "blkio.throttle.read_bps_device = 8:0 1",
        "blkio.throttle.write_bps_device = 8:0 0",
        "blkio.throttle.read_iops_device = 8:0 0",
      ],
    ],
  );
});

test("memory and swap are counted in whole pages before they are added or taken away", () => {
  deepEqual(inOther(1, "memory.limit_in_bytes = 8191", "memory.memsw.limit_in_bytes = 12289"), [
    "memory.max = 8191",
    "memory.swap.max = 8192",
  ]);
  deepEqual(inOther(2, "memory.max = 8191", "memory.swap.max = 8191"), [
    "memory.limit_in_bytes = 8191",
    "memory.memsw.limit_in_bytes = 8192",
  ]);
});

const refused: readonly (readonly [version: number, lines: readonly string[], why: RegExp])[] = [
  [1, ["memory.limit_in_bytes = much"], /takes bytes/],
  [1, ["memory.limit_in_bytes = -2"], /takes bytes/],
  [1, ["memory.limit_in_bytes = max"], /takes bytes/],
  [1, ["memory.limit_in_bytes = 1.5G"], /takes bytes/],
  [2, ["memory.max = -1"], /takes bytes/],
  [1, ["memory.memsw.limit_in_bytes = 64M"], /memory.limit_in_bytes is needed/],
  [1, ["memory.limit_in_bytes = 64M", "memory.memsw.limit_in_bytes = 32M"], /lower/],
  [2, ["memory.swap.max = 64M"], /a limit of memory is needed/],
  [1, ["cpu.cfs_quota_us = 999"], /1000 us or more/],
  [1, ["cpu.cfs_period_us = 2000000"], /from 1000 to 1000000/],
  [2, ["cpu.max = 1 2 3"], /quota/],
  [2, ["cpu.max = -1"], /quota/],
  [1, ["cpu.shares = 1000"], /no weight of just 1000 shares: cpu.weight = 98 is 1004/],
  [1, ["cpu.shares = 0"], /no weight of just 2 shares: cpu.weight = 1 is 10/],
  [2, ["cpu.weight = 0"], /from 1 to 10000/],
  [2, ["cpu.weight.nice = 20"], /from -20 to 19/],
  [1, ["cpuset.cpus = "], /is empty/],
  [1, ["blkio.throttle.read_bps_device = 8:0"], /a device such as/],
  [1, ["blkio.throttle.read_iops_device = 8:0 4294967296"], /no such number/],
  [2, ["io.max = 8:0 rbps=0"], /above 0/],
  [2, ["io.max = 8:0 speed=1"], /rbps=/],
  [2, ["io.max = sda rbps=1"], /a device such as/],
  [2, ["io.bfq.weight = 1001"], /from 1 to 1000/],
  [1, ["memory.swappiness = 10"], /nothing that does the same/],
  [1, ["memory.soft_limit_in_bytes = 1G"], /nothing that does the same/],
  [2, ["memory.high = 1G"], /nothing that does the same/],
  [2, ["io.latency = 8:0 target=1"], /nothing that does the same/],
  [1, ["net_cls.classid = 1"], /nothing that does the same/],
];

for (const [version, lines, why] of refused) {
  test(`${lines.join(" and ")} of version ${version} is not translated`, () => {
    const limits = limitsFrom(version, lines);
    const last = limits.at(-1);
    if (last !== undefined) match(translated(last, limits).why, why);
  });
}

test("a limit comes back as it was from the other version and again", () => {
  const once = (lines: readonly string[]): string[] => inOther(2, ...inOther(1, ...lines));
  for (let weight = 1; weight <= 10000; weight++) {
    const line = `cpu.weight = ${weight}`;
    deepEqual(inOther(1, ...inOther(2, line)), [line]);
  }
  for (let shares = 2; shares <= 3000; shares++) {
    const v2 = inOther(1, `cpu.shares = ${shares}`);
    if (v2[0]?.startsWith("no: ") !== true) deepEqual(inOther(2, ...v2), [`cpu.shares = ${shares}`]);
  }
  let size = 4096;
  for (let step = 0; step < 200; step++) {
    size = (size * 1103515245 + 12345) % 2 ** 40;
    const memory = Math.floor(size / 4096) * 4096 + 4096;
    const lines = [`memory.limit_in_bytes = ${memory}`, `memory.memsw.limit_in_bytes = ${memory + step * 4096}`];
    deepEqual(once(lines), lines);
    const time = [`cpu.cfs_period_us = ${1000 + step * 4995}`, `cpu.cfs_quota_us = ${1000 + (size % 10 ** 6)}`];
    deepEqual(once(time), time);
    const disk = [
      `blkio.throttle.read_bps_device = 8:${step} ${size}`,
      `blkio.throttle.write_iops_device = 8:0 ${step}`,
    ];
    deepEqual(once(disk), disk);
  }
});

test("every nice value has its shares and comes back as the same shares", () => {
  for (let nice = -20; nice < 20; nice++) {
    const shares = inOther(2, `cpu.weight.nice = ${nice}`);
    equal(shares.length, 1);
    deepEqual(inOther(2, ...inOther(1, ...shares)), shares);
  }
});

test("a hint names the file to use, or says that it is only the nearest", () => {
  const hints = [
    ...limitsFrom(2, ["memory.max = 1", "memory.high = 1", "io.latency = 1"]),
    ...limitsFrom(1, ["cpu.shares = 1"]),
  ];
  deepEqual(
    hints.map((limit) => counterpartHint(limit)),
    [
      "use lxc.cgroup.memory.limit_in_bytes",
      "the nearest there is lxc.cgroup.memory.soft_limit_in_bytes; it is not the same",
      "see whether a file of io in version 1 helps, and set lxc.cgroup.FILE",
      "use lxc.cgroup2.cpu.weight",
    ],
  );
});
