// What many containers cost: lists and tables of 200 that run, and 100,000 changes of state of one.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { networkConfig } from "./network.ts";
import { type Engine, monitorOf, NAME, type Place } from "./place.ts";
import { type Summary, summarize } from "./statistics.ts";

const AT_ONCE = 32;
const LISTED = 200;
const ROUNDS = 15;
const CHANGES = 100_000;
const SERVE_STATE_CLIENTS = 12;
const RUNNING = 2;

export interface Herd {
  /** Milliseconds with 200 that run. */
  readonly list: Summary;
  /** The same, each with an address on a bridge. */
  readonly addresses: Summary;
  /** Ours alone: LXC's needs a terminal. */
  readonly top: Summary | undefined;
}

export interface Changes {
  readonly microseconds: number;
  readonly beforeKb: number;
  readonly afterKb: number;
}

/** Starts, measures and ends the herd of one engine. */
export async function measureHerd(place: Place, engine: Engine): Promise<Herd> {
  const path = join(place.folder, `herd-${engine}`);
  const names = Array.from({ length: LISTED }, (_, at) => `${NAME}-h${at}`);
  for (const name of names) {
    mkdirSync(join(path, name), { recursive: true });
    writeFileSync(join(path, name, "config"), place.herdConfig(name));
  }
  const tool = (name: string, ...words: string[]) => place.toolOn(path, engine, name, ...words);
  try {
    const failed = await all(names.map((name) => tool("lxc-start", "-n", name)));
    if (failed > 0) throw new Error(`${failed} containers did not start`);
    const list = timed(place, tool("lxc-ls", "-f", "--running"));
    const top = engine === "ours" ? timed(place, tool("lxc-top", "--once")) : undefined;
    await all(names.map((name) => tool("lxc-stop", "-k", "-n", name)));
    return { list, top, addresses: await listAddresses(place, engine) };
  } finally {
    await all(names.map((name) => tool("lxc-stop", "-k", "-n", name)));
  }
}

async function listAddresses(place: Place, engine: Engine): Promise<Summary> {
  const path = join(place.folder, `herd-net-${engine}`);
  const tool = (name: string, ...words: string[]) => place.toolOn(path, engine, name, ...words);
  const names = Array.from({ length: LISTED }, (_, at) => `${NAME}-n${at}`);
  for (const [at, name] of names.entries()) {
    mkdirSync(join(path, name), { recursive: true });
    writeFileSync(join(path, name, "config"), place.herdConfig(name, networkConfig(`10.0.9.${at + 1}`)));
  }
  try {
    const failed = await all(names.map((name) => tool("lxc-start", "-n", name)));
    if (failed > 0) throw new Error(`${failed} containers with a network did not start`);
    return timed(place, tool("lxc-ls", "-f", "--running"));
  } finally {
    await all(names.map((name) => tool("lxc-stop", "-k", "-n", name)));
  }
}

/** Runs the commands, so many at once; returns how many failed. */
async function all(commands: readonly string[][]): Promise<number> {
  const left = commands.slice();
  let failed = 0;
  const worker = async (): Promise<void> => {
    for (let words = left.shift(); words !== undefined; words = left.shift()) {
      const child: ChildProcess = spawn(words[0] ?? "", words.slice(1), { stdio: "ignore" });
      const code = await new Promise((done) => child.on("exit", done));
      if (code !== 0) failed++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed;
}

/** By the runner, as all single commands are. */
function timed(place: Place, words: readonly string[]): Summary {
  const input = `${["herd", ...words].join("\t")}\n`.repeat(ROUNDS);
  const { status, stdout } = spawnSync(place.runner, [], {
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${words.join(" ")} failed`);
  const times = stdout
    .trim()
    .split("\n")
    .map((line) => Number(line.split("\t")[1]) / 1e6);
  return summarize(times, 2);
}

/** Tells the monitor of our running container of so many changes, as LXC's freezer does, each on a connection of its own. */
export async function measureChanges(place: Place): Promise<Changes> {
  const monitor = monitorOf(place, "ours");
  const memory = () =>
    Number(/^Private_Dirty: +(\d+) kB$/m.exec(readFileSync(`/proc/${monitor}/smaps_rollup`, "utf8"))?.[1]);
  const request = Buffer.alloc(16);
  request.writeInt32LE(SERVE_STATE_CLIENTS, 0);
  request.writeInt32LE(RUNNING, 8);
  const socket = `\0${place.path("ours")}/${NAME}-ours/command`;
  await change(socket, request);
  const beforeKb = memory();
  const began = process.hrtime.bigint();
  for (let count = 0; count < CHANGES; count++) await change(socket, request);
  const microseconds = Number(process.hrtime.bigint() - began) / 1e3 / CHANGES;
  return { microseconds, beforeKb, afterKb: memory() };
}

function change(path: string, request: Buffer): Promise<void> {
  return new Promise((done, failed) => {
    const socket = connect(path);
    socket.on("error", failed);
    socket.on("close", () => done());
    socket.resume();
    socket.write(request);
  });
}
