// What a container has used so far: processor, disks and memory, for lxc-info. Runs in tools.

import { type AskPath, tryReadItem } from "./items.ts";
import type { CgroupLayout } from "./layout.ts";
import { hierarchyOf } from "./layout.ts";

/** Undefined is what this host does not count. */
export interface CgroupStats {
  readonly cpuNanoseconds: number | undefined;
  readonly ioBytes: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly kernelMemoryBytes: number | undefined;
}

/** What of memory.stat is the programs' memory, and what the kernel's for them (as in LXC 7). */
const USER_MEMORY: readonly string[] = ["anon", "file"];
const KERNEL_MEMORY: readonly string[] = ["kernel_stack", "pagetables", "sock", "slab"];

/** Reads what is counted for a running container: version 1 where it has the controller, else version 2. */
export function readStats(layout: CgroupLayout, ask: AskPath): CgroupStats {
  const read = (file: string): string | undefined => tryReadItem(layout, ask, file);
  const isLegacyMemory = isLegacy(layout, "memory");
  const memory = isLegacyMemory ? undefined : read("memory.stat");
  return {
    cpuNanoseconds: isLegacy(layout, "cpuacct")
      ? numberIn(read("cpuacct.usage"))
      : thousandfold(fieldIn(read("cpu.stat"), "usage_usec")),
    ioBytes: isLegacy(layout, "blkio")
      ? legacyIoBytes(read("blkio.throttle.io_service_bytes"))
      : ioBytes(read("io.stat")),
    memoryBytes: isLegacyMemory ? numberIn(read("memory.usage_in_bytes")) : sumOf(memory, USER_MEMORY),
    kernelMemoryBytes: isLegacyMemory ? numberIn(read("memory.kmem.usage_in_bytes")) : sumOf(memory, KERNEL_MEMORY),
  };
}

function isLegacy(layout: CgroupLayout, controller: string): boolean {
  return hierarchyOf(layout, controller)?.version === 1;
}

/** Sizes and times reach 2^53 and no further, so no wholeNumberIn with its 15 digits. */
export function numberIn(text: string | undefined): number | undefined {
  const digits = text === undefined ? "" : text.trim();
  if (digits === "") return undefined;
  for (let at = 0; at < digits.length; at++) {
    const code = digits.charCodeAt(at);
    if (code < 48 || code > 57) return undefined;
  }
  return Number(digits);
}

function thousandfold(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1000;
}

/** The number behind `name` in a file of lines `name number`. */
export function fieldIn(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith(`${name} `)) return numberIn(line.slice(name.length + 1));
  }
  return undefined;
}

function sumOf(text: string | undefined, names: readonly string[]): number | undefined {
  if (text === undefined) return undefined;
  let sum = 0;
  for (const name of names) sum += fieldIn(text, name) ?? 0;
  return sum;
}

/** io.stat has a line `8:0 rbytes=1 wbytes=2 …` for each disk. */
export function ioBytes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  let sum = 0;
  for (const line of text.split("\n")) {
    for (const word of line.split(" ")) {
      if (word.startsWith("rbytes=") || word.startsWith("wbytes=")) sum += numberIn(word.slice(7)) ?? 0;
    }
  }
  return sum;
}

/** The file ends in a line `Total 3`; before any disk was used it is just that. */
export function legacyIoBytes(text: string | undefined): number | undefined {
  return fieldIn(text, "Total");
}
