import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { Amounts } from "../../isolation/cgroup/meter-files.ts";
import {
  batchHead,
  batchLine,
  extrasFor,
  frameOf,
  sorted,
  sortKeyIn,
  tableOf,
  topSize,
  usageJson,
} from "./top-table.ts";

const NONE = { processes: false, pressure: false };
const ALL = { processes: true, pressure: true };

function usage(name: string, values: Partial<Amounts>): { name: string; amounts: Amounts } {
  return { name, amounts: Object.assign(new Amounts(), values) };
}

const one = usage("t1", {
  cpuNanoseconds: 12_255_394,
  cpuSystemTicks: 0,
  cpuUserTicks: 1,
  ioBytes: 0,
  ioReadBytes: 0,
  ioWrittenBytes: 0,
  ioOperations: 0,
  memoryBytes: 884_736,
  memorySwapBytes: 884_736,
  kernelMemoryBytes: 352_256,
});

test("LXC's table stands in LXC's columns", () => {
  deepEqual(tableOf([one], NONE, 9), [
    "Container                   CPU          CPU          CPU                                BlkIO        Mem      MemSw       KMem",
    "Name                       Used          Sys         User                    Total(Read/Write)       Used       Used       Used",
    "t1                         0.01         0.00         0.01         0.00   (  0.00   /  0.00   ) 864.00 KiB 864.00 KiB 344.00 KiB",
    "TOTAL 1 of 1               0.01         0.00         0.01         0.00   (  0.00   /  0.00   ) 864.00 KiB 864.00 KiB 344.00 KiB",
  ]);
});

test("what is not counted has no column, and what has no room no row", () => {
  const lines = tableOf([usage("a", { memoryBytes: 5 }), usage("b", { memoryBytes: 6 })], NONE, 1);
  deepEqual(
    lines.map((line) => line.slice(0, 18).trim()),
    ["Container", "Name", "a", "TOTAL 1 of 2"],
  );
  equal(lines[0]?.endsWith("Mem"), true);
  equal(lines[3]?.endsWith(" 11.00   "), true);
  equal(tableOf([], NONE, 5)[2]?.startsWith("TOTAL 0 of 0 "), true);
});

test("ours come behind, where there is room for them", () => {
  const line = tableOf([usage("a", { processes: 7, cpuPressure: 1.5, memoryPressure: 0 })], ALL, 5)[2] ?? "";
  equal(line.slice(-35), "       7    1.50%    0.00%        -");
  deepEqual([80, 134, 135, 161, 162].map(extrasFor), [
    NONE,
    NONE,
    { processes: true, pressure: false },
    { processes: true, pressure: false },
    ALL,
  ]);
});

test("amounts are sorted with the greatest first, names by letter, and either the other way round", () => {
  const list = [usage("b", { memoryBytes: 1 }), usage("a", { memoryBytes: 1 }), usage("c", { memoryBytes: 9 })];
  const names = (key: "n" | "m", reverse: boolean): string =>
    sorted(list, key, reverse)
      .map((each) => each.name)
      .join("");
  deepEqual([names("n", false), names("n", true), names("m", false), names("m", true)], ["abc", "cba", "cab", "bac"]);
  deepEqual(["cpu", "k", "x", ""].map(sortKeyIn), ["c", "k", undefined, undefined]);
});

test("rows of -b are LXC's, with ours behind when they are asked for", () => {
  equal(batchLine(one, 1_795_677_021_868, NONE), "1795677021868,t1,12255394,0,1,0,0,884736,884736,352256");
  equal(batchLine(usage("x", { processes: 3, ioPressure: 0.5 }), 1, ALL), "1,x,0,0,0,0,0,0,0,0,3,,,0.50");
  equal(batchHead(ALL).split(",").length, 14);
});

test("JSON has null for what is not counted", () => {
  equal(
    usageJson(usage("x", { cpuNanoseconds: 5, cpuUserTicks: 2 }), 1).encode(),
    '{"time_ms":1,"name":"x","cpu_ns":5,"cpu_system_ms":null,"cpu_user_ms":20,"io_bytes":null,"io_read_bytes":null,"io_written_bytes":null,"io_operations":null,"memory_bytes":null,"memory_swap_bytes":null,"kernel_memory_bytes":null,"processes":null,"pressure":{"cpu":null,"memory":null,"io":null}}',
  );
});

test("a frame overwrites the one before, and clears only what is left of it", () => {
  equal(
    frameOf(["ab", "cd", "efgh"], 3),
    "\x1b[H\x1b[7m\x1b[1mab\x1b[0m\x1b[K\n\x1b[7m\x1b[1mcd\x1b[0m\x1b[K\nefg\x1b[J",
  );
  deepEqual([0, 1000, 1024, 1025].map(topSize), ["  0.00   ", "1000.00   ", "1024.00   ", "1.00 KiB"]);
});
