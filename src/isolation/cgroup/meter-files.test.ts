import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { layoutFrom } from "./layout.ts";
import { Amounts, meterRows, plus } from "./meter-files.ts";
import { placeBelow } from "./meters.ts";

const second = layoutFrom("30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n", false);
const both = layoutFrom(
  "30 20 0:26 / /cg/cpuacct rw - cgroup cgroup rw,cpuacct\n31 20 0:27 / /cg/memory rw - cgroup cgroup rw,memory\n32 20 0:28 / /cg/blkio rw - cgroup cgroup rw,blkio\n33 20 0:29 / /cg/unified rw - cgroup2 cgroup2 rw\n",
  "3:cpuacct:/\n2:memory:/\n1:blkio:/\n0::/\n",
  false,
);

/** What comes of these files. */
function read(layout: typeof both, files: Readonly<Record<string, string>>): Amounts {
  const amounts = new Amounts();
  for (const row of meterRows(layout, { ioOperations: true, processes: true, pressure: true })) {
    const text = files[row.file];
    if (text !== undefined) row.take(amounts, new TextEncoder().encode(text), text.length);
  }
  return amounts;
}

test("version 1 is read from the files of LXC's lxc-top", () => {
  const amounts = read(both, {
    "cpuacct.usage": "12255394\n",
    "cpuacct.stat": "user 4\nsystem 3\n",
    "blkio.throttle.io_service_bytes": "8:0 Read 10\n8:0 Write 20\n8:16 Read 5\n8:16 Write 0\nTotal 35\n",
    "blkio.throttle.io_serviced": "8:0 Read 1\nTotal 9\n",
    "memory.usage_in_bytes": "100\n",
    "memory.memsw.usage_in_bytes": "110\n",
    "memory.kmem.usage_in_bytes": "7\n",
    "pids.current": "3\n",
    "cpu.pressure": "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
  });
  const { cpuNanoseconds, cpuUserTicks, cpuSystemTicks, ioBytes, ioReadBytes, ioWrittenBytes, ioOperations } = amounts;
  deepEqual([cpuNanoseconds, cpuUserTicks, cpuSystemTicks], [12255394, 4, 3]);
  deepEqual([ioBytes, ioReadBytes, ioWrittenBytes, ioOperations], [35, 15, 20, 9]);
  deepEqual([amounts.memoryBytes, amounts.memorySwapBytes, amounts.kernelMemoryBytes], [100, 110, 7]);
  deepEqual([amounts.processes, amounts.cpuPressure, amounts.ioPressure], [3, 1.5, -1]);
});

test("version 2 gives the same numbers from its own files", () => {
  const amounts = read(second, {
    "cpu.stat": "usage_usec 25000\nuser_usec 15000\nsystem_usec 10000\n",
    "io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=0 rios=1 wios=0\n",
    "memory.stat": "anon 100\nfile 20\nkernel 9\nkernel_stack 3\npagetables 2\nsock 0\nslab 1\nanon_thp 7\n",
    "memory.swap.current": "50\n",
  });
  const { cpuNanoseconds, cpuUserTicks, cpuSystemTicks, ioBytes, ioReadBytes, ioWrittenBytes, ioOperations } = amounts;
  deepEqual([cpuNanoseconds, cpuUserTicks, cpuSystemTicks], [25_000_000, 1, 1]);
  deepEqual([ioBytes, ioReadBytes, ioWrittenBytes, ioOperations], [35, 15, 20, 4]);
  deepEqual([amounts.memoryBytes, amounts.memorySwapBytes, amounts.kernelMemoryBytes], [120, 170, 6]);
});

test("what one does not count does not lessen the sum", () => {
  const a = new Amounts();
  const b = new Amounts();
  b.memoryBytes = 5;
  deepEqual([plus(a, b).memoryBytes, plus(b, b).memoryBytes, plus(a, a).memoryBytes], [5, 10, -1]);
});

test("a container's place is below the base of its hierarchy, and leads nowhere else", () => {
  const based = layoutFrom("30 20 0:26 / /cg rw - cgroup2 cgroup2 rw\n", "0::/user.slice/mine\n", true).hierarchies[0];
  const top = second.hierarchies[0];
  if (based === undefined || top === undefined) throw new Error("no hierarchy");
  equal(placeBelow(based, "/user.slice/mine/lxc.payload.c1"), "lxc.payload.c1");
  equal(placeBelow(top, "/lxc.payload.c1"), "lxc.payload.c1");
  deepEqual(
    [placeBelow(based, "/other/c1"), placeBelow(top, "/../c1"), placeBelow(top, "/")],
    [undefined, undefined, undefined],
  );
});
