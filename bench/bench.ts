// npm run bench: ours beside LXC, crun, bubblewrap and a floor in C, in one run; bench/results.md says what came out.

import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { type Changes, type Herd, measureChanges, measureHerd } from "./herd.ts";
import { MEASURES, type Measure } from "./measures.ts";
import { startNetwork, stopNetwork } from "./network.ts";
import { ENGINES, type Engine, findPeers, Place, ROOT, SIXTY_LINES } from "./place.ts";
import { type Count, count, monitorMemory, setRunning, time } from "./run.ts";
import { measureStarts, type Starts } from "./starts.ts";
import { type Summary, short, table } from "./statistics.ts";

const MEMORY_TARGET = 0.5;
const SIZE_TARGET = 1.5;
const READING_TARGET = 0.5;
const HERD_TARGET = 0.6;
const HERD_LIST_TARGET = 0.2;
const TOP_TARGET_MS = 30;
const TITLES: Record<Engine, string> = { ours: "ours", lxc: "LXC", crun: "crun", bwrap: "bubblewrap", floor: "floor" };

interface Result {
  readonly measure: Measure;
  readonly times: Map<Engine, Summary>;
  readonly counts: Map<Engine, Count>;
}

async function measureAll(place: Place, engines: readonly Engine[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const measure of MEASURES) {
    console.log(measure.name);
    if (measure.running) setRunning(place, engines, true);
    const times = time(place, measure, engines);
    const counts = new Map<Engine, Count>();
    for (const engine of times.keys()) counts.set(engine, await count(place, measure, engine));
    if (measure.running) setRunning(place, engines, false);
    results.push({ measure, times, counts });
  }
  return results;
}

/** The private dirty memory of idle monitors, in kB. */
async function measureMemory(place: Place, engines: readonly Engine[]): Promise<Map<Engine, number>> {
  const withMonitor = engines.filter((engine) => engine === "ours" || engine === "lxc");
  // Pages of a file just written count as dirty until they are on the disk.
  execFileSync("sync", ["-f", join(ROOT, "dist/lxc")]);
  setRunning(place, withMonitor, true);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const memory = new Map(withMonitor.map((engine) => [engine, monitorMemory(place, engine)]));
  setRunning(place, withMonitor, false);
  return memory;
}

interface Many {
  readonly starts: Map<Engine, Starts>;
  readonly herds: Map<Engine, Herd>;
  readonly changes: Changes;
}

async function measureMany(place: Place, engines: readonly Engine[]): Promise<Many> {
  const herds = new Map<Engine, Herd>();
  const both = engines.filter((one) => one === "ours" || one === "lxc");
  console.log("500 containers at once");
  const starts = measureStarts(place, both);
  for (const engine of both) {
    console.log(`200 containers of ${engine}`);
    herds.set(engine, await measureHerd(place, engine));
  }
  setRunning(place, ["ours"], true);
  const changes = await measureChanges(place);
  setRunning(place, ["ours"], false);
  return { starts, herds, changes };
}

function manyRows({ starts, herds, changes }: Many): string[][] {
  const of = (pick: (herd: Herd) => number) => new Map([...herds].map(([engine, herd]) => [engine, pick(herd)]));
  const compared = (name: string, values: Map<Engine, number>, target: number) => {
    const value = ratio(values.get("ours"), values.get("lxc"));
    return plainRow(name, values, value, [`at most ${target}`, verdict(value, target)]);
  };
  const ours = herds.get("ours");
  const top = ours?.top?.median ?? Number.NaN;
  const none = ENGINES.slice(1).map(() => "");
  const failed = new Map([...starts].map(([engine, { failed }]) => [engine, failed]));
  const { beforeKb, afterKb } = changes;
  return [
    startsRow(starts),
    plainRow("of these failed", failed, Number.NaN, ["none", (failed.get("ours") ?? 1) === 0 ? "reached" : "missed"]),
    compared(
      "lxc-ls -f --running, 200 running",
      of((herd) => herd.list.median),
      HERD_LIST_TARGET,
    ),
    compared(
      "the same, each with an address",
      of((herd) => herd.addresses.median),
      HERD_LIST_TARGET,
    ),
    [
      "lxc-top --once, 200 running",
      cell(ours?.top),
      ...none,
      "",
      `under ${TOP_TARGET_MS} ms`,
      verdict(top, TOP_TARGET_MS),
    ],
    ["100,000 changes of state, µs each", short(changes.microseconds), ...none, "", "", ""],
    [
      "the monitor's memory before, after, kB",
      `${beforeKb}, ${afterKb}`,
      ...none,
      "",
      "no growth",
      verdict(afterKb - beforeKb, 8),
    ],
  ];
}

function startsRow(starts: Map<Engine, Starts>): string[] {
  const value = ratio(starts.get("ours")?.seconds.median, starts.get("lxc")?.seconds.median);
  const ofLeast = ratio(starts.get("ours")?.seconds.least, starts.get("lxc")?.seconds.least);
  const cells = ENGINES.map((engine) => cell(starts.get(engine)?.seconds));
  const both = `${short(value)} (${short(ofLeast)})`;
  return ["500 lxc-start, 32 at a time, s", ...cells, both, `at most ${HERD_TARGET}`, verdict(value, HERD_TARGET)];
}

/** Milliseconds, median and least, of reading and checking common.conf and sixty lines, natively. */
function measureReading(): number[] {
  execFileSync("sh", ["scripts/build.sh", "bench/read-config.ts", "dist/read-config"], { cwd: ROOT });
  const words = [SIXTY_LINES, join(ROOT, "share/lxc/config/common.conf"), "60"];
  return execFileSync(join(ROOT, "dist/read-config"), words, { encoding: "utf8" }).trim().split(" ").map(Number);
}

/** Megabytes of our executable, and of LXC's library with the same tools. */
function measureSizes(engines: readonly Engine[]): Map<Engine, number> {
  const megabytes = (files: readonly string[]) => files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;
  const sizes = new Map<Engine, number>([["ours", megabytes([join(ROOT, "dist/lxc")])]]);
  if (engines.includes("lxc")) {
    const tools = readdirSync(join(ROOT, "dist/bin")).map((tool) => join("/usr/bin", tool));
    const libraries = globSync("/usr/lib/*/liblxc.so.1.*");
    sizes.set("lxc", megabytes([...libraries, ...tools.filter((tool) => existsSync(tool))]));
  }
  if (engines.includes("crun")) sizes.set("crun", megabytes(["/usr/bin/crun"]));
  if (engines.includes("bwrap")) sizes.set("bwrap", megabytes(["/usr/bin/bwrap"]));
  return sizes;
}

function cell(summary: Summary | undefined): string {
  return summary === undefined ? "" : `${short(summary.median)} (${short(summary.least)})`;
}

function ratio(ours: number | undefined, lxc: number | undefined): number {
  return ours === undefined || lxc === undefined ? Number.NaN : ours / lxc;
}

function verdict(value: number, target: number): string {
  if (Number.isNaN(value)) return "not measured";
  return value <= target ? "reached" : "missed";
}

function timeRow(result: Result): string[] {
  const { measure, times } = result;
  const value = ratio(times.get("ours")?.median, times.get("lxc")?.median);
  const cells = ENGINES.map((engine) => cell(times.get(engine)));
  const ofLeast = ratio(times.get("ours")?.least, times.get("lxc")?.least);
  const both = Number.isNaN(value) ? short(value) : `${short(value)} (${short(ofLeast)})`;
  return [measure.name, ...cells, both, `at most ${measure.target}`, verdict(value, measure.target)];
}

function plainRow(name: string, values: Map<Engine, number>, value: number, targets: readonly string[]): string[] {
  const cells = ENGINES.map((engine) => (values.has(engine) ? short(values.get(engine) ?? Number.NaN) : ""));
  return [name, ...cells, short(value), ...targets];
}

function countRow(result: Result): string[] {
  const cells = ENGINES.map((engine) => {
    const one = result.counts.get(engine);
    return one === undefined ? "" : `${one.calls}, ${one.processes}`;
  });
  const value = ratio(result.counts.get("ours")?.calls, result.counts.get("lxc")?.calls);
  return [result.measure.name, ...cells, short(value)];
}

function missed(results: readonly Result[], memory: Map<Engine, number>, size: number): string[] {
  const lines: string[] = [];
  for (const { measure, times } of results) {
    const value = ratio(times.get("ours")?.median, times.get("lxc")?.median);
    if (value > measure.target)
      lines.push(`- ${measure.name}: ${short(value)} of LXC, not ${measure.target}: ${measure.whyMissed}.`);
  }
  const execute = results.find((one) => one.measure.name.startsWith("lxc-execute"))?.times;
  const ofCrun = ratio(execute?.get("ours")?.median, execute?.get("crun")?.median);
  if (ofCrun > 1)
    lines.push(
      `- lxc-execute takes ${short(ofCrun)} of crun's time: it runs an init process in the container, as LXC does, and makes a cgroup for itself.`,
    );
  const ofMemory = ratio(memory.get("ours"), memory.get("lxc"));
  if (ofMemory > MEMORY_TARGET)
    lines.push(
      `- the monitor's memory: ${short(ofMemory)} of LXC's, not ${MEMORY_TARGET}. Most of it is what a start knew and the monitor still needs: configuration, plan and environment, an object for each value; the rest is what it changes of the executable's data, stack and buffers.`,
    );
  if (size > SIZE_TARGET) {
    lines.push(
      `- the executable has ${short(size)} MB, not ${SIZE_TARGET}: nearly all is machine code compiled from TypeScript.`,
    );
  }
  return lines.length > 0 ? lines : ["None."];
}

function manyMissed({ starts, herds }: Many): string[] {
  const ours = herds.get("ours");
  const lxc = herds.get("lxc");
  const lines: string[] = [];
  const ofStarts = ratio(starts.get("ours")?.seconds.median, starts.get("lxc")?.seconds.median);
  if (ofStarts > HERD_TARGET)
    lines.push(
      `- 500 starts: ${short(ofStarts)} of LXC, not ${HERD_TARGET}: most of it is the kernel's: namespaces, cgroups of ten hierarchies, and mounts, under locks of the whole system.`,
    );
  const list = ratio(ours?.list.median, lxc?.list.median);
  if (list > HERD_LIST_TARGET)
    lines.push(
      `- lxc-ls -f of 200 that run: ${short(list)} of LXC, not ${HERD_LIST_TARGET}: a question to each monitor, and its addresses from the kernel.`,
    );
  const top = ours?.top?.median ?? 0;
  if (top > TOP_TARGET_MS)
    lines.push(
      `- lxc-top: ${short(top)} ms, not ${TOP_TARGET_MS}: six files of cgroups are opened and read for each container, and its monitor is asked where they are.`,
    );
  return lines;
}

function readingMissed(milliseconds: number): string[] {
  if (milliseconds <= READING_TARGET) return [];
  return [
    `- reading a configuration: ${short(milliseconds)} ms, not ${READING_TARGET}: an object for each of the 125 rows of the table, and for each line and value, from an allocator made to be small.`,
  ];
}

function version(program: string): string {
  if (!existsSync(program)) return "absent";
  return /\d+(\.\d+)+/.exec(execFileSync(program, ["--version"], { encoding: "utf8" }))?.[0] ?? "unknown";
}

function cgroupLayout(): string {
  if (existsSync("/sys/fs/cgroup/cgroup.controllers")) return "v2";
  return existsSync("/sys/fs/cgroup/unified") ? "hybrid (v1 controllers, v2 without)" : "v1";
}

function machine(absent: readonly string[]): string[] {
  const processors = cpus();
  return [
    `- ${new Date().toISOString().slice(0, 10)}, Linux ${release()}, ${processors[0]?.model}, ${processors.length} cores, cgroups: ${cgroupLayout()}`,
    `- LXC ${version("/usr/bin/lxc-start")}, crun ${version("/usr/bin/crun")}, bubblewrap ${version("/usr/bin/bwrap")}`,
    ...absent.map((line) => `- ${line}`),
  ];
}

function report(parts: {
  results: Result[];
  memory: Map<Engine, number>;
  sizes: Map<Engine, number>;
  reading: number[];
  many: Many;
  absent: string[];
}): string {
  const { results, memory, sizes, reading } = parts;
  const titles = ENGINES.map((engine) => TITLES[engine]);
  const size = sizes.get("ours") ?? Number.NaN;
  const ofMemory = ratio(memory.get("ours"), memory.get("lxc"));
  const rows = [
    ...results.map(timeRow),
    plainRow("idle monitor, private dirty, kB", memory, ofMemory, [
      `at most ${MEMORY_TARGET}`,
      verdict(ofMemory, MEMORY_TARGET),
    ]),
    ...manyRows(parts.many),
    [
      "reading common.conf and 60 lines",
      `${short(reading[0] ?? Number.NaN)} (${short(reading[1] ?? Number.NaN)})`,
      ...ENGINES.slice(1).map(() => ""),
      "",
      `under ${READING_TARGET} ms`,
      verdict(reading[0] ?? Number.NaN, READING_TARGET),
    ],
    plainRow("executable, MB", sizes, ratio(size, sizes.get("lxc")), [
      `at most ${SIZE_TARGET} MB`,
      verdict(size, SIZE_TARGET),
    ]),
  ];
  return [
    "# Numbers",
    "",
    "Written by `npm run bench` (root): all engines in one run, taking turns in every round, on the same busybox root file system and with the same namespaces.",
    "",
    ...machine(parts.absent),
    "",
    "Milliseconds are medians, the least in brackets; so are the ratios. Outcomes go by medians, which for LXC are up to twice its least. crun's `run -d` + `delete --force`, `exec`, `state` and `list` stand for the tools it does not have. The floor is bench/floor.c.",
    "LXC's size is its library and the same tools.",
    "",
    table(["measure", ...titles, "ours / LXC", "to reach", "outcome"], rows),
    "",
    "## System calls and processes",
    "",
    "`strace -f -c` of the same commands: calls, processes. A start counts the whole life of the monitor and of the container's init.",
    "",
    table(["measure", ...titles, "calls, ours / LXC"], results.map(countRow)),
    "",
    "## Targets missed, and why",
    "",
    ...missed(results, memory, size),
    ...manyMissed(parts.many),
    ...readingMissed(reading[0] ?? Number.NaN),
    "",
  ].join("\n");
}

async function main(): Promise<void> {
  // Ctrl-C ends the command being run, and its failure clears up.
  process.on("SIGINT", () => {});
  const { present, absent } = findPeers();
  for (const line of absent) console.error(line);
  startNetwork();
  const place = new Place();
  try {
    const results = await measureAll(place, present);
    const memory = await measureMemory(place, present);
    const many = await measureMany(place, present);
    const reading = measureReading();
    const text = report({ results, memory, sizes: measureSizes(present), reading, many, absent });
    writeFileSync(join(ROOT, "bench/results.md"), text);
    console.log(text);
  } finally {
    for (const engine of present) {
      try {
        setRunning(place, [engine], false);
      } catch {
        // Not running, which is how it should be.
      }
    }
    place.remove();
    stopNetwork();
  }
}

await main();
