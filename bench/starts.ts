// What many starts at once cost: 500 containers, 32 at a time, by xargs(1), which does little itself. The engines take turns.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, NAME, type Place } from "./place.ts";
import { type Summary, summarize } from "./statistics.ts";

const STARTED = 500;
const AT_ONCE = 32;
const ROUNDS = 9;
/** The kernel takes networks and cgroups down after a container has stopped: the other engine's start is not to pay for that. */
const QUIET_S = "2";

/** Of all rounds. */
export interface Starts {
  /** Seconds for all starts of one round. */
  readonly seconds: Summary;
  readonly failed: number;
}

export function measureStarts(place: Place, engines: readonly Engine[]): Map<Engine, Starts> {
  const names = Array.from({ length: STARTED }, (_, at) => `${NAME}-h${at}`);
  const times = new Map<Engine, number[]>();
  const failed = new Map<Engine, number>();
  for (const engine of engines) {
    makeContainers(place, engine, names);
    times.set(engine, []);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const engine of engines) {
      const began = process.hrtime.bigint();
      const missing = onAll(place, engine, names, "lxc-start", "-n", "{}");
      times.get(engine)?.push(Number(process.hrtime.bigint() - began) / 1e9);
      failed.set(engine, (failed.get(engine) ?? 0) + missing);
      onAll(place, engine, names, "lxc-stop", "-k", "-n", "{}");
      spawnSync("sleep", [QUIET_S]);
    }
  }
  return new Map(
    engines.map((engine) => [
      engine,
      { seconds: summarize(times.get(engine) ?? [], 0), failed: failed.get(engine) ?? 0 },
    ]),
  );
}

/** The container path of one engine's herd. */
function pathOf(place: Place, engine: Engine): string {
  return join(place.folder, `starts-${engine}`);
}

function makeContainers(place: Place, engine: Engine, names: readonly string[]): void {
  for (const name of names) {
    const folder = join(pathOf(place, engine), name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "config"), place.herdConfig(name));
  }
}

/** Runs a tool for each container, {} for its name. Returns how many then do not run. */
function onAll(place: Place, engine: Engine, names: readonly string[], tool: string, ...words: string[]): number {
  const command = place.toolOn(pathOf(place, engine), engine, tool, ...words);
  const input = `${names.join("\n")}\n`;
  spawnSync("xargs", [`-P${AT_ONCE}`, "-I{}", ...command], { input, stdio: ["pipe", "ignore", "ignore"] });
  const [program = "", ...list] = place.toolOn(pathOf(place, engine), engine, "lxc-ls", "-1", "--running");
  const running = spawnSync(program, list, { encoding: "utf8" }).stdout.trim().split("\n");
  return names.filter((name) => !running.includes(name)).length;
}
