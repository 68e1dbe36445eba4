import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { madeOf, rangesIn } from "./read-back.ts";

function made(file: string, value: string, content: string): string | undefined {
  return madeOf({ label: file, version: 2, file, value }, content);
}

test("a limit holds when the file says the same in the kernel's words", () => {
  deepEqual(
    [
      made("memory.max", "33554433", "33554432\n"),
      made("memory.swap.max", "max", "max\n"),
      made("memory.memsw.limit_in_bytes", "-1", "9223372036854771712\n"),
      made("cpu.max", "150000 100000", "150000 100000\n"),
      made("cpu.weight", "200", "200\n"),
      made("pids.max", "64", "64\n"),
      made("cpuset.cpus", "3,0-1,2,7", "0-3,7\n"),
      made("io.max", "8:0 rbps=1000", "8:16 rbps=1 wbps=max\n8:0 rbps=1000 wbps=max riops=max wiops=max\n"),
      made("blkio.throttle.read_bps_device", "8:0 1000", "8:0 1000\n"),
      made("blkio.throttle.read_bps_device", "8:0 0", "8:16 1000\n"),
      made("io.weight", "default 200", "default 200\n8:0 300\n"),
    ].filter((text) => text !== undefined),
    [],
  );
});

test("it does not hold when the kernel made another thing of it", () => {
  deepEqual(
    [
      made("memory.max", "33554432", "67108864\n"),
      made("memory.max", "33554432", "max\n"),
      made("cpu.max", "150000 100000", "max 100000\n"),
      made("cpuset.cpus", "0-3", "0-1\n"),
      made("cpuset.cpus", "0-3", "\n"),
      made("io.max", "8:0 rbps=1000", "8:0 rbps=max wbps=5\n"),
      made("blkio.throttle.read_bps_device", "8:0 1000", ""),
    ],
    ["67108864", "max", "max 100000", "0-1", "nothing", "8:0 rbps=max wbps=5", "nothing for 8:0"],
  );
});

test("ranges have a shortest form, and other ways to write a set are not compared", () => {
  deepEqual(
    ["0-3", "3,2,1,0", "5,0-1, 2", "1-4,2-3", "", "0-31:2/4", "all"].map((text) => rangesIn(text)),
    ["0-3", "0-3", "0-2,5", "1-4", "", undefined, undefined],
  );
});
