// Running a measure: the engines take turns in every round, so that whatever else the machine does hits all alike.

import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MEASURES, type Measure } from "./measures.ts";
import { type Engine, monitorOf, nameOf, type Place } from "./place.ts";
import { type Summary, summarize } from "./statistics.ts";

const WARM_UP = 3;

/** The milliseconds of each engine that has the operation. */
export function time(place: Place, measure: Measure, engines: readonly Engine[]): Map<Engine, Summary> {
  const rounds = measure.rounds + WARM_UP;
  const round = engines.flatMap((engine) =>
    measure.commands(place, engine).map((words) => [label(place, engine), ...words].join("\t")),
  );
  const input = Array.from({ length: rounds }, () => round.join("\n")).join("\n");
  const result = spawnSync(
    place.runner,
    [place.crunNamespace].filter((path) => path !== ""),
    {
      input: `${input}\n`,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "inherit"],
      timeout: 300_000,
      maxBuffer: 1 << 26,
    },
  );
  if (result.status !== 0) throw new Error(`cannot measure ${measure.name}: a command failed`);
  const times = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  for (const line of result.stdout.trim().split("\n")) {
    const [name = "", nanoseconds = ""] = line.split("\t");
    times.get(name.replace("@", "") as Engine)?.push(Number(nanoseconds) / 1e6);
  }
  const summaries = new Map<Engine, Summary>();
  for (const [engine, all] of times) {
    if (all.length > 0) summaries.set(engine, summarize(perRound(all, rounds), WARM_UP));
  }
  return summaries;
}

/** Starts, or stops, the container of each engine. */
export function setRunning(place: Place, engines: readonly Engine[], running: boolean): void {
  const measure = MEASURES.find((one) => one.daemon);
  for (const engine of engines) {
    const words = measure?.commands(place, engine)[running ? 0 : 1];
    if (words === undefined) continue;
    const [program = "", ...args] = inside(place, engine, words);
    // Nothing is piped: what goes on running would keep the pipe open.
    const { status } = spawnSync(program, args, { stdio: "ignore", timeout: 20_000 });
    if (status !== 0)
      throw new Error(`cannot ${running ? "start" : "stop"} ${nameOf(engine)}: ${program} ended with ${status}`);
  }
}

/** System calls, and processes started, of one operation of an engine: strace's count. */
export interface Count {
  readonly calls: number;
  readonly processes: number;
}

/** Counts the operation of `engine`, all its processes, also the monitor's life in the case of a start. */
export async function count(place: Place, measure: Measure, engine: Engine): Promise<Count> {
  const commands = measure.commands(place, engine);
  const files = commands.map((_, i) => join(place.folder, `strace-${i}`));
  const ends: Promise<number | null>[] = [];
  for (const [i, words] of commands.entries()) {
    const traced = inside(place, engine, ["strace", "-f", "-c", "-o", files[i] ?? "", ...words]);
    const child = spawn(traced[0] ?? "", traced.slice(1), { stdio: "ignore" });
    const end = new Promise<number | null>((resolve) => child.on("exit", resolve));
    ends.push(end);
    // A monitor is traced until it ends: after a start, wait only until all is quiet.
    await (measure.daemon && i === 0 ? Promise.race([end, pause(1500)]) : end);
  }
  const codes = await Promise.all(ends);
  if (codes.some((code) => code !== 0))
    throw new Error(`cannot count ${measure.name} of ${engine}: it ended with ${codes}`);
  const counts = files.map((file) => readCount(readFileSync(file, "utf8")));
  return {
    calls: counts.reduce((sum, one) => sum + one.calls, 0),
    processes: counts.reduce((sum, one) => sum + one.processes, 0),
  };
}

/** The private dirty memory of the monitor, in kB. */
export function monitorMemory(place: Place, engine: Engine): number {
  const memory = readFileSync(`/proc/${monitorOf(place, engine)}/smaps_rollup`, "utf8");
  return Number(/^Private_Dirty: +(\d+) kB$/m.exec(memory)?.[1] ?? Number.NaN);
}

function label(place: Place, engine: Engine): string {
  return engine === "crun" && place.crunNamespace !== "" ? `@${engine}` : engine;
}

function inside(place: Place, engine: Engine, words: readonly string[]): string[] {
  if (engine !== "crun" || place.crunNamespace === "") return [...words];
  return ["nsenter", `--mount=${place.crunNamespace}`, ...words];
}

/** The sums of the commands of each round. */
function perRound(times: readonly number[], rounds: number): number[] {
  const commands = times.length / rounds;
  return Array.from({ length: rounds }, (_, i) =>
    times.slice(i * commands, (i + 1) * commands).reduce((sum, one) => sum + one, 0),
  );
}

function readCount(summary: string): Count {
  let calls = 0;
  let processes = 1;
  for (const line of summary.split("\n")) {
    const words = line.trim().split(/\s+/);
    const [, , , made = "", errors = ""] = words;
    const name = words.at(-1) ?? "";
    if (name === "total") calls = Number(made);
    if (["clone", "clone3", "fork", "vfork"].includes(name))
      processes += Number(made) - (words.length > 5 ? Number(errors) : 0);
  }
  return { calls, processes };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
