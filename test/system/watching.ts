// What tests of lxc-monitor and lxc-monitord share: daemons, those who watch, and messages as monitors write them.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { monitordSocketOf } from "../../src/container/paths.ts";
import { encodeExitMessage, encodeStateMessage } from "../../src/lifecycle/life-message.ts";
import type { State } from "../../src/lifecycle/states.ts";
import { BIN, eventually } from "./host.ts";

export const LIBEXEC = join(BIN, "../libexec");

export function fifoOf(lxcpath: string): string {
  return `/run/lxc${lxcpath}/monitor-fifo`;
}

/** A tool that should end by itself has this long. */
const PATIENCE_MS = 20_000;

const all: Running[] = [];

/** Ends every tool that a test has left running. */
export function endAll(): void {
  for (const running of all.splice(0)) running.process.kill("SIGKILL");
}

/** A running tool, and what it has said. */
export class Running {
  out = "";
  err = "";
  readonly process: ChildProcess;
  readonly #ended: Promise<number>;

  constructor(program: string, ...args: string[]) {
    this.process = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    all.push(this);
    this.process.stdout?.setEncoding("utf8").on("data", (text) => {
      this.out += text;
    });
    this.process.stderr?.setEncoding("utf8").on("data", (text) => {
      this.err += text;
    });
    this.#ended = new Promise((resolve) => {
      this.process.on("close", (code, signal) => resolve(code ?? (signal === null ? -1 : -2)));
    });
  }

  /** The exit code; -2 for one that a signal ended. Throws at the deadline. */
  async ended(): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<number>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it does not end: ${this.process.spawnargs.join(" ")}`)), PATIENCE_MS);
    });
    try {
      return await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    this.process.kill(signal);
    return this.ended();
  }

  lines(): string[] {
    return this.out.split("\n").slice(0, -1);
  }

  /** Waits for so many lines; false at the deadline. */
  says(lines: number, timeoutMs?: number): Promise<boolean> {
    return eventually(() => this.lines().length >= lines, timeoutMs);
  }
}

/** Starts an lxc-monitor, ours or LXC's by its path, and waits until it is connected. */
export async function watching(program: string, lxcpath: string, ...args: string[]): Promise<Running> {
  const before = watchersOf(lxcpath);
  const monitor = new Running(program, "-P", lxcpath, ...args);
  if (!(await eventually(() => watchersOf(lxcpath) > before))) throw new Error(`it does not watch: ${monitor.err}`);
  return monitor;
}

/** How many are connected to the lxc-monitord of a container path. */
export function watchersOf(lxcpath: string): number {
  return socketsOf(lxcpath).filter((line) => line.split(/ +/)[5] === "03").length;
}

/** Whether an lxc-monitord listens. */
export function isWatched(lxcpath: string): boolean {
  return socketsOf(lxcpath).some((line) => line.includes(" 00010000 "));
}

function socketsOf(lxcpath: string): string[] {
  const end = ` @${monitordSocketOf(lxcpath)}`;
  return readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .filter((line) => line.endsWith(end));
}

/** The lxc-monitords of a container path, ours and LXC's. */
export function monitordsOf(lxcpath: string): number[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && isMonitordOf(pid, lxcpath))
    .map(Number);
}

function isMonitordOf(pid: string, lxcpath: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return (words[0] ?? "").endsWith("lxc-monitord") && words.includes(lxcpath);
  } catch {
    return false;
  }
}

/** Ends what is left of the lxc-monitords of a container path. */
export async function endMonitords(lxcpath: string): Promise<void> {
  for (const pid of monitordsOf(lxcpath)) process.kill(pid, "SIGTERM");
  await eventually(() => monitordsOf(lxcpath).length === 0);
}

/** Writes to the fifo as monitors do, but waits for room. */
export function writeToFifo(lxcpath: string, parts: readonly Uint8Array[]): void {
  const fd = openSync(fifoOf(lxcpath), constants.O_WRONLY);
  try {
    for (const part of parts) writeSync(fd, part);
  } finally {
    closeSync(fd);
  }
}

export function stateMessage(name: string, state: State): Uint8Array {
  return encodeStateMessage(name, state);
}

export function exitMessage(name: string, status: number): Uint8Array {
  return encodeExitMessage(name, status);
}
