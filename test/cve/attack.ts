// What the tests of test/cve share: each attacks a real container the way an advisory says, and says which one in the printed table.

import { equal } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, type Outcome, outcomeOf, type Place, skipWithoutRoot as skip } from "../system/host.ts";

const PROGRAMS = join(import.meta.dirname, "programs");

/** Maps that make a container's root somebody else on the host. */
export const MAPPED = ["lxc.idmap = u 0 1500000000 65536", "lxc.idmap = g 0 1500000000 65536"];

const rows: string[] = [];
after(() => console.log(rows.join("\n")));

/**
 * A test of one row of docs/security.md. First it proves that the attack works on something weak, of which a comment says
 * what it is; then that it does not on us.
 */
export function attack(ids: string, target: string, name: string, run: () => void | Promise<void>): void {
  test(`${name} (${ids})`, { skip }, async () => {
    await run();
    rows.push(`CVE ${ids} | ${target} | ${name}`);
  });
}

/** Compiles a program of test/cve/programs; it needs nothing of the place it runs at. */
export function compiled(place: Place, name: string): string {
  const path = join(place.folder, name);
  if (existsSync(path)) return path;
  const words = ["-static", "-O1", "-Wall", "-Werror", "-idirafter", "/usr/include"];
  const built = sh(
    `musl-gcc ${words.join(" ")} -idirafter /usr/include/x86_64-linux-gnu -o '${path}' '${PROGRAMS}/${name}.c'`,
  );
  equal(built.err, "");
  return path;
}

/** Runs a shell script on the host, with $B for our tools. */
export function sh(script: string, ...words: readonly string[]): Outcome {
  return runWith("sh", ["-c", script, "sh", ...words]);
}

/** The same in a mount namespace of its own, in which nothing spreads. */
export function apart(script: string, ...words: readonly string[]): Outcome {
  return runWith("unshare", ["--mount", "--propagation", "private", "sh", "-c", script, "sh", ...words]);
}

function runWith(program: string, words: readonly string[]): Outcome {
  const env = { ...process.env, B: BIN };
  return outcomeOf(
    spawnSync(program, words, { encoding: "utf8", timeout: 30_000, env, stdio: ["ignore", "pipe", "pipe"] }),
  );
}

/** A folder of the host that no container has, with a file `secret` in it. */
export function victimOf(place: Place, name: string): string {
  const folder = join(place.folder, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "secret"), "untouched\n");
  return folder;
}

/** What is in a folder. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** Runs `during` while a program runs on the host; it must still run afterwards. */
export async function beside(words: readonly string[], during: () => void | Promise<void>): Promise<void> {
  const child = spawn(words[0] ?? "", words.slice(1), { stdio: "ignore" });
  try {
    await during();
    equal(child.exitCode, null, `${words[0]} has ended`);
  } finally {
    child.kill("SIGKILL");
  }
}

/** A container that runs in the background; returns the host's pid of its first process. */
export function started(place: Place, name: string, ...command: readonly string[]): number {
  const words = command.length === 0 ? ["/bin/sleep", "1000"] : command;
  const run = place.ours("lxc-start", "-n", name, "--", ...words);
  equal(run.code, 0, run.err);
  return Number(place.ours("lxc-info", "-n", name, "-pH").out);
}

/** A program that runs in the background inside a container, and what it has said. */
export class Inside {
  readonly #child: ChildProcess;
  #said = "";
  #ended = false;

  constructor(place: Place, name: string, ...command: readonly string[]) {
    const words = ["-P", place.lxcpath, "-n", name, "--", ...command];
    this.#child = spawn(join(BIN, "lxc-attach"), words, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (bytes: Buffer) => {
        this.#said += bytes.toString();
      });
    }
    this.#child.on("close", () => {
      this.#ended = true;
    });
  }

  /** Waits for a line. */
  async says(line: string): Promise<void> {
    equal(await eventually(() => this.#said.includes(line), 10_000), true, `${line} was not said: ${this.#said}`);
  }

  /** Waits for its end; returns all that it said. */
  async end(): Promise<string> {
    equal(await eventually(() => this.#ended, 20_000), true, `it does not end: ${this.#said}`);
    return this.#said;
  }
}
