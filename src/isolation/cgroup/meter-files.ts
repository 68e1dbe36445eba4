// Which files tell what a container uses, in either version of cgroups, and how they are read. Pure.

import { type CgroupLayout, hierarchyOf, unifiedOf } from "./layout.ts";
import { fieldOf, numberAt, shareOf, sumOf } from "./meter-numbers.ts";

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

/** What is wanted beyond what a table of LXC's lxc-top shows: each file takes its time. */
export interface Wish {
  readonly ioOperations: boolean;
  readonly processes: boolean;
  readonly pressure: boolean;
}

/** One file of one controller ("" for the unified hierarchy itself). */
export interface MeterRow {
  readonly controller: string;
  readonly file: string;
  /** Gets the file's content: as bytes, for there are thousands of them each second. */
  readonly take: (amounts: Amounts, bytes: Uint8Array, length: number) => void;
}

const US_A_TICK = 10_000;
const USER_MEMORY: readonly string[] = ["anon ", "file "];
const KERNEL_MEMORY: readonly string[] = ["kernel_stack ", "pagetables ", "sock ", "slab "];

/** The files to read on a host with this layout. */
export function meterRows(layout: CgroupLayout, wish: Wish): MeterRow[] {
  let rows: MeterRow[] = isLegacy(layout, "cpuacct") ? cpuRows1() : cpuRows2();
  rows = rows.concat(isLegacy(layout, "blkio") ? ioRows1(wish.ioOperations) : ioRows2());
  rows = rows.concat(isLegacy(layout, "memory") ? memoryRows1() : memoryRows2());
  if (wish.processes) rows.push(row("pids", "pids.current", takeProcesses));
  if (wish.pressure && unifiedOf(layout) !== undefined) rows = rows.concat(pressureRows());
  return rows;
}

function isLegacy(layout: CgroupLayout, controller: string): boolean {
  return hierarchyOf(layout, controller)?.version === 1;
}

function row(controller: string, file: string, take: MeterRow["take"]): MeterRow {
  return { controller, file, take };
}

function cpuRows1(): MeterRow[] {
  return [
    row("cpuacct", "cpuacct.usage", (amounts, bytes, length) => {
      amounts.cpuNanoseconds = numberAt(bytes, 0, length);
    }),
    row("cpuacct", "cpuacct.stat", (amounts, bytes, length) => {
      amounts.cpuUserTicks = fieldOf(bytes, length, "user ");
      amounts.cpuSystemTicks = fieldOf(bytes, length, "system ");
    }),
  ];
}

function cpuRows2(): MeterRow[] {
  return [
    row("cpu", "cpu.stat", (amounts, bytes, length) => {
      amounts.cpuNanoseconds = Math.max(0, fieldOf(bytes, length, "usage_usec ")) * 1000;
      amounts.cpuUserTicks = Math.floor(Math.max(0, fieldOf(bytes, length, "user_usec ")) / US_A_TICK);
      amounts.cpuSystemTicks = Math.floor(Math.max(0, fieldOf(bytes, length, "system_usec ")) / US_A_TICK);
    }),
  ];
}

/** They end in a line `Total 3`; before any disk was used they are just that. */
function ioRows1(withOperations: boolean): MeterRow[] {
  const rows = [
    row("blkio", "blkio.throttle.io_service_bytes", (amounts, bytes, length) => {
      amounts.ioBytes = fieldOf(bytes, length, "Total ");
      amounts.ioReadBytes = sumOf(bytes, length, " Read ");
      amounts.ioWrittenBytes = sumOf(bytes, length, " Write ");
    }),
  ];
  if (withOperations) rows.push(row("blkio", "blkio.throttle.io_serviced", takeOperations));
  return rows;
}

function takeOperations(amounts: Amounts, bytes: Uint8Array, length: number): void {
  amounts.ioOperations = fieldOf(bytes, length, "Total ");
}

function ioRows2(): MeterRow[] {
  return [
    row("io", "io.stat", (amounts, bytes, length) => {
      amounts.ioReadBytes = sumOf(bytes, length, " rbytes=");
      amounts.ioWrittenBytes = sumOf(bytes, length, " wbytes=");
      amounts.ioBytes = amounts.ioReadBytes + amounts.ioWrittenBytes;
      amounts.ioOperations = sumOf(bytes, length, " rios=") + sumOf(bytes, length, " wios=");
    }),
  ];
}

function memoryRows1(): MeterRow[] {
  return [
    row("memory", "memory.usage_in_bytes", (amounts, bytes, length) => {
      amounts.memoryBytes = numberAt(bytes, 0, length);
    }),
    row("memory", "memory.memsw.usage_in_bytes", (amounts, bytes, length) => {
      amounts.memorySwapBytes = numberAt(bytes, 0, length);
    }),
    row("memory", "memory.kmem.usage_in_bytes", (amounts, bytes, length) => {
      amounts.kernelMemoryBytes = numberAt(bytes, 0, length);
    }),
  ];
}

/** As lxc-info has it. Swap is counted alone, so its file is read after that of memory. */
function memoryRows2(): MeterRow[] {
  return [
    row("memory", "memory.stat", (amounts, bytes, length) => {
      amounts.memoryBytes = 0;
      amounts.kernelMemoryBytes = 0;
      for (const name of USER_MEMORY) amounts.memoryBytes += Math.max(0, fieldOf(bytes, length, name));
      for (const name of KERNEL_MEMORY) amounts.kernelMemoryBytes += Math.max(0, fieldOf(bytes, length, name));
      amounts.memorySwapBytes = amounts.memoryBytes;
    }),
    row("memory", "memory.swap.current", (amounts, bytes, length) => {
      amounts.memorySwapBytes = Math.max(0, amounts.memoryBytes) + Math.max(0, numberAt(bytes, 0, length));
    }),
  ];
}

function takeProcesses(amounts: Amounts, bytes: Uint8Array, length: number): void {
  amounts.processes = numberAt(bytes, 0, length);
}

function pressureRows(): MeterRow[] {
  return [
    row("", "cpu.pressure", (amounts, bytes, length) => {
      amounts.cpuPressure = shareOf(bytes, length);
    }),
    row("", "memory.pressure", (amounts, bytes, length) => {
      amounts.memoryPressure = shareOf(bytes, length);
    }),
    row("", "io.pressure", (amounts, bytes, length) => {
      amounts.ioPressure = shareOf(bytes, length);
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
