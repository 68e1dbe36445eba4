// What lxc-top shows of its containers: LXC's columns in their places, and ours behind them. Pure.

import { Amounts, plus } from "../../isolation/cgroup/meter-files.ts";
import type { Usage } from "../../lifecycle/usage-watch.ts";
import { JsonObject } from "./json.ts";
import { humanSize } from "./sizes.ts";

/** By name, processor time, disks, memory, memory and swap, or memory of the kernel. */
export type SortKey = "n" | "c" | "b" | "m" | "s" | "k";

/** The key that a word begins with, as LXC has it; undefined for another. */
export function sortKeyIn(word: string): SortKey | undefined {
  for (const key of sortKeys()) if (word.startsWith(key)) return key;
  return undefined;
}

function sortKeys(): readonly SortKey[] {
  return ["n", "c", "b", "m", "s", "k"];
}

/** Names in the order of their letters, of amounts the greatest first; or the other way round. */
export function sorted(usages: readonly Usage[], key: SortKey, reverse: boolean): Usage[] {
  const direction = reverse ? -1 : 1;
  return usages.toSorted((a, b) => {
    const byAmount = key === "n" ? 0 : amountFor(b.amounts, key) - amountFor(a.amounts, key);
    const byName = a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
    return direction * (byAmount === 0 ? byName : byAmount);
  });
}

function amountFor(amounts: Amounts, key: SortKey): number {
  if (key === "c") return amounts.cpuNanoseconds;
  if (key === "b") return amounts.ioBytes;
  if (key === "m") return amounts.memoryBytes;
  return key === "s" ? amounts.memorySwapBytes : amounts.kernelMemoryBytes;
}

/** Which of our own columns are shown. */
export interface Extras {
  readonly processes: boolean;
  readonly pressure: boolean;
}

/** As wide as LXC's table is with all of its columns, and what ours add. */
const LXC_WIDTH = 127;
const PROCESSES_WIDTH = 8;
const PRESSURE_WIDTH = 27;

/** Those that a terminal of `columns` has room for. */
export function extrasFor(columns: number): Extras {
  const processes = columns >= LXC_WIDTH + PROCESSES_WIDTH;
  return { processes, pressure: columns >= LXC_WIDTH + PROCESSES_WIDTH + PRESSURE_WIDTH };
}

/** The two lines above, one a container, and their sum; of the containers the first `most`. */
export function tableOf(usages: readonly Usage[], extras: Extras, most: number): string[] {
  const total = totalOf(usages);
  const shown = shownOf(total, extras);
  const count = Math.max(0, Math.min(most, usages.length));
  const lines = headLines(shown);
  for (let i = 0; i < count; i++) lines.push(lineFor(usages[i]!.name, usages[i]!.amounts, shown));
  lines.push(lineFor(`TOTAL ${count} of ${usages.length}`, total, shown));
  return lines;
}

export const HEAD_LINES = 2;

function totalOf(usages: readonly Usage[]): Amounts {
  if (usages.length === 0) return new Amounts();
  let total = usages[0]!.amounts;
  for (let i = 1; i < usages.length; i++) total = plus(total, usages[i]!.amounts);
  return total;
}

/** Which columns there are beyond those that are always there. */
interface Shown {
  readonly swap: boolean;
  readonly kernel: boolean;
  readonly processes: boolean;
  readonly pressure: boolean;
}

/** As in LXC these two are shown only where anything is counted. */
function shownOf(total: Amounts, extras: Extras): Shown {
  return {
    swap: total.memorySwapBytes > 0,
    kernel: total.kernelMemoryBytes > 0,
    processes: extras.processes,
    pressure: extras.pressure,
  };
}

function headLines(shown: Shown): string[] {
  let first = heading(["Container", "CPU", "CPU", "CPU", "BlkIO", "Mem"]);
  let second = heading(["Name", "Used", "Sys", "User", "Total(Read/Write)", "Used"]);
  if (shown.swap) {
    first += right("MemSw", 10);
    second += right("Used", 10);
  }
  if (shown.kernel) {
    first += right("KMem", 10);
    second += right("Used", 10);
  }
  if (shown.processes) {
    first += right("Pids", 7);
    second += right("Now", 7);
  }
  if (shown.pressure) {
    first += right("CPU", 8) + right("Mem", 8) + right("IO", 8);
    second += right("Waits", 8) + right("Waits", 8) + right("Waits", 8);
  }
  return [first, second];
}

function heading(words: readonly string[]): string {
  const widths: readonly number[] = [0, 12, 12, 12, 36, 10];
  let line = (words[0] ?? "").padEnd(18);
  for (let at = 1; at < words.length; at++) line += right(words[at] ?? "", widths[at] ?? 0);
  return line;
}

function lineFor(name: string, amounts: Amounts, shown: Shown): string {
  let line = name.slice(0, 18).padEnd(18);
  line += right(hundredths(amounts.cpuNanoseconds / 1e9), 12);
  line += right(hundredths(amounts.cpuSystemTicks / 100), 12);
  line += right(hundredths(amounts.cpuUserTicks / 100), 12);
  line += right(ioText(amounts), 36);
  line += right(topSize(amounts.memoryBytes), 10);
  if (shown.swap) line += right(topSize(amounts.memorySwapBytes), 10);
  if (shown.kernel) line += right(topSize(amounts.kernelMemoryBytes), 10);
  if (shown.processes) line += right(String(Math.max(0, amounts.processes)), 7);
  if (shown.pressure) {
    line += right(percent(amounts.cpuPressure), 8);
    line += right(percent(amounts.memoryPressure), 8) + right(percent(amounts.ioPressure), 8);
  }
  return line;
}

function right(text: string, width: number): string {
  return ` ${text.padStart(width)}`;
}

function hundredths(value: number): string {
  return Math.max(0, value).toFixed(2);
}

function percent(value: number): string {
  return value < 0 ? "-" : `${value.toFixed(2)}%`;
}

function ioText(amounts: Amounts): string {
  return `${topSize(amounts.ioBytes)}(${topSize(amounts.ioReadBytes)}/${topSize(amounts.ioWrittenBytes)})`;
}

/** As LXC's lxc-top rounds: what is no KiB is a number without a unit, in the place of one that has one. */
export function topSize(sizeBytes: number): string {
  return sizeBytes > 1024 ? humanSize(sizeBytes) : `${String(Math.max(0, sizeBytes)).padStart(3)}.00   `;
}

/** LXC's line above the rows of -b, and the names of ours. */
export function batchHead(extras: Extras): string {
  const lxc =
    "time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes";
  const processes = extras.processes ? ",processes" : "";
  const pressure = extras.pressure ? ",cpu_pressure_percent,memory_pressure_percent,io_pressure_percent" : "";
  return lxc + processes + pressure;
}

/** A row of it: what is not counted is 0, as in LXC, and for ours nothing. */
export function batchLine(usage: Usage, timeMs: number, extras: Extras): string {
  const { amounts } = usage;
  const cells: string[] = [String(timeMs), usage.name];
  const counts: readonly number[] = [
    amounts.cpuNanoseconds,
    amounts.cpuSystemTicks,
    amounts.cpuUserTicks,
    amounts.ioBytes,
    amounts.ioOperations,
    amounts.memoryBytes,
    amounts.memorySwapBytes,
    amounts.kernelMemoryBytes,
  ];
  for (const count of counts) cells.push(String(Math.max(0, count)));
  if (extras.processes) cells.push(amounts.processes < 0 ? "" : String(amounts.processes));
  if (extras.pressure) {
    for (const share of [amounts.cpuPressure, amounts.memoryPressure, amounts.ioPressure]) {
      cells.push(share < 0 ? "" : share.toFixed(2));
    }
  }
  return cells.join(",");
}

/** All that is known of one container; null is what this host does not count. */
export function usageJson(usage: Usage, timeMs: number): JsonObject {
  const { amounts } = usage;
  const json = new JsonObject().number("time_ms", timeMs).text("name", usage.name);
  put(json, "cpu_ns", amounts.cpuNanoseconds);
  put(json, "cpu_system_ms", amounts.cpuSystemTicks < 0 ? -1 : amounts.cpuSystemTicks * 10);
  put(json, "cpu_user_ms", amounts.cpuUserTicks < 0 ? -1 : amounts.cpuUserTicks * 10);
  put(json, "io_bytes", amounts.ioBytes);
  put(json, "io_read_bytes", amounts.ioReadBytes);
  put(json, "io_written_bytes", amounts.ioWrittenBytes);
  put(json, "io_operations", amounts.ioOperations);
  put(json, "memory_bytes", amounts.memoryBytes);
  put(json, "memory_swap_bytes", amounts.memorySwapBytes);
  put(json, "kernel_memory_bytes", amounts.kernelMemoryBytes);
  put(json, "processes", amounts.processes);
  const pressure = new JsonObject();
  put(pressure, "cpu", amounts.cpuPressure);
  put(pressure, "memory", amounts.memoryPressure);
  put(pressure, "io", amounts.ioPressure);
  return json.object("pressure", pressure);
}

function put(json: JsonObject, key: string, amount: number): void {
  if (amount < 0) json.nothing(key);
  else json.number(key, amount);
}

/** One frame in place of the one before, in one piece: nothing is cleared that is not written anew at once. */
export function frameOf(lines: readonly string[], columns: number): string {
  let text = "\x1b[H";
  let at = 0;
  for (const line of lines) {
    const cut = columns > 0 ? line.slice(0, columns) : line;
    if (at > 0) text += "\n";
    text += at < HEAD_LINES ? `\x1b[7m\x1b[1m${cut}\x1b[0m` : cut;
    // Behind a full line the cursor stands on its last letter.
    if (columns <= 0 || cut.length < columns) text += "\x1b[K";
    at++;
  }
  return `${text}\x1b[J`;
}
