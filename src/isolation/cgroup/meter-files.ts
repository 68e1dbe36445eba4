// Which files tell what a container uses, in either version of cgroups, and how they are read. Pure.

import { type CgroupLayout, hierarchyOf, unifiedOf } from "./layout.ts";
import { pressureIn } from "./pressure.ts";
import { fieldIn, ioBytes, legacyIoBytes, numberIn } from "./stats.ts";

/** What a container has used, or uses now; -1 where this host does not count it. */
export class Amounts {
  cpuNanoseconds = -1;
  /** In hundredths of a second, which user space calls USER_HZ. */
  cpuUserTicks = -1;
  cpuSystemTicks = -1;
  ioBytes = -1;
  ioReadBytes = -1;
  ioWrittenBytes = -1;
  ioOperations = -1;
  memoryBytes = -1;
  /** Memory and swap together. */
  memorySwapBytes = -1;
  kernelMemoryBytes = -1;
  processes = -1;
  /** The share of the last 10 seconds in which some process had to wait, in percent. */
  cpuPressure = -1;
  memoryPressure = -1;
  ioPressure = -1;
}

/** What is wanted beyond what LXC's lxc-top shows: each file takes its time. */
export interface Wish {
  readonly processes: boolean;
  readonly pressure: boolean;
}

/** One file of one controller ("" for the unified hierarchy itself). */
export interface MeterRow {
  readonly controller: string;
  readonly file: string;
  readonly take: (amounts: Amounts, text: string) => void;
}

const US_A_TICK = 10_000;
const USER_MEMORY: readonly string[] = ["anon", "file"];
const KERNEL_MEMORY: readonly string[] = ["kernel_stack", "pagetables", "sock", "slab"];

/** The files to read on a host with this layout. */
export function meterRows(layout: CgroupLayout, wish: Wish): MeterRow[] {
  let rows: MeterRow[] = isLegacy(layout, "cpuacct") ? cpuRows1() : cpuRows2();
  rows = rows.concat(isLegacy(layout, "blkio") ? ioRows1() : ioRows2());
  rows = rows.concat(isLegacy(layout, "memory") ? memoryRows1() : memoryRows2());
  if (wish.processes) rows.push(row("pids", "pids.current", takeProcesses));
  if (wish.pressure && unifiedOf(layout) !== undefined) rows = rows.concat(pressureRows());
  return rows;
}

function isLegacy(layout: CgroupLayout, controller: string): boolean {
  return hierarchyOf(layout, controller)?.version === 1;
}

function row(controller: string, file: string, take: (amounts: Amounts, text: string) => void): MeterRow {
  return { controller, file, take };
}

function cpuRows1(): MeterRow[] {
  return [
    row("cpuacct", "cpuacct.usage", (amounts, text) => {
      amounts.cpuNanoseconds = numberIn(text) ?? -1;
    }),
    row("cpuacct", "cpuacct.stat", (amounts, text) => {
      amounts.cpuUserTicks = fieldIn(text, "user") ?? -1;
      amounts.cpuSystemTicks = fieldIn(text, "system") ?? -1;
    }),
  ];
}

function cpuRows2(): MeterRow[] {
  return [
    row("cpu", "cpu.stat", (amounts, text) => {
      amounts.cpuNanoseconds = (fieldIn(text, "usage_usec") ?? 0) * 1000;
      amounts.cpuUserTicks = Math.floor((fieldIn(text, "user_usec") ?? 0) / US_A_TICK);
      amounts.cpuSystemTicks = Math.floor((fieldIn(text, "system_usec") ?? 0) / US_A_TICK);
    }),
  ];
}

function ioRows1(): MeterRow[] {
  return [
    row("blkio", "blkio.throttle.io_service_bytes", (amounts, text) => {
      amounts.ioBytes = legacyIoBytes(text) ?? -1;
      amounts.ioReadBytes = wordSum(text, "Read");
      amounts.ioWrittenBytes = wordSum(text, "Write");
    }),
    row("blkio", "blkio.throttle.io_serviced", (amounts, text) => {
      amounts.ioOperations = legacyIoBytes(text) ?? -1;
    }),
  ];
}

/** The sum of lines such as `8:0 Read 4096`. */
function wordSum(text: string, word: string): number {
  let sum = 0;
  for (const line of text.split("\n")) {
    const at = line.indexOf(` ${word} `);
    if (at > 0) sum += numberIn(line.slice(at + word.length + 2)) ?? 0;
  }
  return sum;
}

function ioRows2(): MeterRow[] {
  return [
    row("io", "io.stat", (amounts, text) => {
      amounts.ioBytes = ioBytes(text) ?? -1;
      amounts.ioReadBytes = namedSum(text, "rbytes=");
      amounts.ioWrittenBytes = namedSum(text, "wbytes=");
      amounts.ioOperations = namedSum(text, "rios=") + namedSum(text, "wios=");
    }),
  ];
}

/** The sum of words such as `rbytes=4096`, one for each disk. */
function namedSum(text: string, name: string): number {
  let sum = 0;
  for (const line of text.split("\n")) {
    for (const word of line.split(" ")) if (word.startsWith(name)) sum += numberIn(word.slice(name.length)) ?? 0;
  }
  return sum;
}

function memoryRows1(): MeterRow[] {
  return [
    row("memory", "memory.usage_in_bytes", (amounts, text) => {
      amounts.memoryBytes = numberIn(text) ?? -1;
    }),
    row("memory", "memory.memsw.usage_in_bytes", (amounts, text) => {
      amounts.memorySwapBytes = numberIn(text) ?? -1;
    }),
    row("memory", "memory.kmem.usage_in_bytes", (amounts, text) => {
      amounts.kernelMemoryBytes = numberIn(text) ?? -1;
    }),
  ];
}

/** As lxc-info has it. Swap is counted alone, so its file is read after that of memory. */
function memoryRows2(): MeterRow[] {
  return [
    row("memory", "memory.stat", (amounts, text) => {
      amounts.memoryBytes = 0;
      amounts.kernelMemoryBytes = 0;
      takeMemory(amounts, text);
      amounts.memorySwapBytes = amounts.memoryBytes;
    }),
    row("memory", "memory.swap.current", (amounts, text) => {
      amounts.memorySwapBytes = Math.max(0, amounts.memoryBytes) + (numberIn(text) ?? 0);
    }),
  ];
}

/** One way through the file, which has sixty lines. */
function takeMemory(amounts: Amounts, text: string): void {
  let at = 0;
  while (at < text.length) {
    const found = text.indexOf("\n", at);
    const end = found < 0 ? text.length : found;
    const blank = text.indexOf(" ", at);
    if (blank > 0 && blank < end) {
      const name = text.slice(at, blank);
      if (USER_MEMORY.includes(name)) amounts.memoryBytes += numberIn(text.slice(blank + 1, end)) ?? 0;
      else if (KERNEL_MEMORY.includes(name)) amounts.kernelMemoryBytes += numberIn(text.slice(blank + 1, end)) ?? 0;
    }
    at = end + 1;
  }
}

function takeProcesses(amounts: Amounts, text: string): void {
  amounts.processes = numberIn(text) ?? -1;
}

function pressureRows(): MeterRow[] {
  return [
    row("", "cpu.pressure", (amounts, text) => {
      amounts.cpuPressure = pressureIn(text)?.some.avg10 ?? -1;
    }),
    row("", "memory.pressure", (amounts, text) => {
      amounts.memoryPressure = pressureIn(text)?.some.avg10 ?? -1;
    }),
    row("", "io.pressure", (amounts, text) => {
      amounts.ioPressure = pressureIn(text)?.some.avg10 ?? -1;
    }),
  ];
}

/** The sum of two; what neither counts stays so. */
export function plus(a: Amounts, b: Amounts): Amounts {
  const sum = new Amounts();
  sum.cpuNanoseconds = added(a.cpuNanoseconds, b.cpuNanoseconds);
  sum.cpuUserTicks = added(a.cpuUserTicks, b.cpuUserTicks);
  sum.cpuSystemTicks = added(a.cpuSystemTicks, b.cpuSystemTicks);
  sum.ioBytes = added(a.ioBytes, b.ioBytes);
  sum.ioReadBytes = added(a.ioReadBytes, b.ioReadBytes);
  sum.ioWrittenBytes = added(a.ioWrittenBytes, b.ioWrittenBytes);
  sum.ioOperations = added(a.ioOperations, b.ioOperations);
  sum.memoryBytes = added(a.memoryBytes, b.memoryBytes);
  sum.memorySwapBytes = added(a.memorySwapBytes, b.memorySwapBytes);
  sum.kernelMemoryBytes = added(a.kernelMemoryBytes, b.kernelMemoryBytes);
  sum.processes = added(a.processes, b.processes);
  return sum;
}

function added(a: number, b: number): number {
  return a < 0 ? b : b < 0 ? a : a + b;
}
