// A program on a terminal of its own, from util-linux's script, which may be typed to, and whose window may change.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { eventually } from "./host.ts";

const open: Pty[] = [];

/** Ends what a test that failed has left. */
export function closePtys(): void {
  for (const pty of open) pty.close();
}

export class Pty {
  /** All that has appeared on it, a letter for each byte. */
  said = "";
  readonly #child: ChildProcess;

  /** Runs a line of shell on a terminal of 33 rows and 77 columns. */
  constructor(line: string) {
    this.#child = spawn("script", ["-qec", `stty rows 33 cols 77; ${line}`, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.said += chunk.toString("latin1");
    });
    open.push(this);
  }

  type(text: string): void {
    this.#child.stdin?.write(text, "latin1");
  }

  /** Waits until `text` has appeared, after `from` letters. */
  shows(text: string, from = 0): Promise<boolean> {
    return eventually(() => this.said.indexOf(text, from) >= 0, 10_000);
  }

  /** Types `text` again and again until `answer` comes. */
  showsAfter(text: string, answer: string): Promise<boolean> {
    let waits = 0;
    return eventually(() => {
      if (this.said.includes(answer)) return true;
      if (waits % 30 === 0) this.type(text);
      waits++;
      return false;
    }, 10_000);
  }

  /** The first process on the terminal that runs the program called `name`, or 0. */
  pidOf(name: string): number {
    let pid = this.#child.pid ?? 0;
    while (pid > 0 && readFileSync(`/proc/${pid}/comm`, "utf8").trim() !== name) {
      pid = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
    }
    return pid;
  }

  /** Its settings, as `stty -g` writes them. */
  settings(name: string): string {
    return spawnSync("stty", ["-F", this.#device(name), "-g"], { encoding: "utf8" }).stdout;
  }

  resize(name: string, rows: number, columns: number): void {
    spawnSync("stty", ["-F", this.#device(name), "rows", String(rows), "cols", String(columns)]);
  }

  #device(name: string): string {
    return readlinkSync(`/proc/${this.pidOf(name)}/fd/0`);
  }

  hasEnded(): boolean {
    return this.#child.exitCode !== null;
  }

  close(): void {
    if (!this.hasEnded()) this.#child.kill("SIGKILL");
  }
}
