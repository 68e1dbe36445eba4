// What system tests share: our tools and LXC's run as a user would, in folders of their own, and what a test left behind.

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const BIN = join(import.meta.dirname, "../../dist/bin");

/** Why tests of the real kernel are skipped here, or false. */
export const skipWithoutRoot = process.getuid?.() === 0 ? false : "containers of the system need root";

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export function outcomeOf(result: SpawnSyncReturns<string>): Outcome {
  return { code: result.status, out: result.stdout, err: result.stderr };
}

/** Waits until `holds` is true; false at the deadline. */
export async function eventually(holds: () => boolean, timeoutMs = 5000): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** A container path of one test file, with the tools that work on it. Every name in it begins with `lxcts`. */
export class Place {
  readonly folder: string;
  readonly lxcpath: string;

  constructor(topic: string) {
    this.folder = mkdtempSync(join(tmpdir(), `lxcts-${topic}-`));
    this.lxcpath = join(this.folder, "containers");
    mkdirSync(this.lxcpath);
  }

  /** Runs one of our tools on this path. */
  ours(tool: string, ...args: string[]): Outcome {
    return this.#run(join(BIN, tool), args);
  }

  /** Runs LXC's tool of the same name. */
  theirs(tool: string, ...args: string[]): Outcome {
    return this.#run(join("/usr/bin", tool), args);
  }

  #run(program: string, args: readonly string[]): Outcome {
    const result = spawnSync(program, ["-P", this.lxcpath, ...args], {
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return outcomeOf(result);
  }

  /** A busybox container, with further lines of configuration. */
  create(name: string, ...lines: string[]): string {
    const made = this.ours("lxc-create", "-n", name, "-t", "busybox", "-f", "/dev/null");
    if (made.code !== 0) throw new Error(made.err);
    this.configure(name, ...lines);
    return join(this.lxcpath, name);
  }

  configure(name: string, ...lines: string[]): void {
    const file = join(this.lxcpath, name, "config");
    writeFileSync(file, `${readFileSync(file, "utf8")}\n${lines.join("\n")}\n`);
  }

  /** An executable file, such as a hook. */
  script(name: string, body: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** A file inside of a container's root file system. */
  inside(name: string, path: string): string {
    return join(this.lxcpath, name, "rootfs", path);
  }

  state(name: string): string {
    return this.ours("lxc-info", "-n", name, "-sH").out.trim();
  }

  /** Ends everything that still runs here, and removes the folder. */
  remove(): void {
    for (const name of existsSync(this.lxcpath) ? readdirSync(this.lxcpath) : []) {
      spawnSync(join(BIN, "lxc-stop"), ["-P", this.lxcpath, "-n", name, "-k"], { timeout: 30_000 });
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What is left of containers whose name begins with `prefix`: cgroups, monitors, sockets, locks and mounts. */
  leftovers(prefix: string): string[] {
    return cgroupsNamed(prefix).concat(
      monitorsOf(this.lxcpath),
      socketsBelow(this.lxcpath),
      locksBelow(this.lxcpath),
      mountsBelow(this.folder),
    );
  }
}

/** The monitor of a container, or 0. */
export function monitorPid(place: Place, name: string): number {
  for (const pid of readdirSync("/proc")) {
    if (/^\d+$/.test(pid) && titleOf(pid).startsWith(`[lxc monitor] ${place.lxcpath} ${name}`)) return Number(pid);
  }
  return 0;
}

function titleOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", "");
  } catch {
    return "";
  }
}

function monitorsOf(lxcpath: string): string[] {
  return readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && titleOf(pid).startsWith(`[lxc monitor] ${lxcpath} `),
  );
}

function cgroupsNamed(prefix: string): string[] {
  const found: string[] = [];
  const roots = ["/sys/fs/cgroup", ...readdirSync("/sys/fs/cgroup").map((name) => `/sys/fs/cgroup/${name}`)];
  for (const root of roots) {
    try {
      for (const name of readdirSync(root)) {
        if (/^lxc\.(payload|monitor)\./.test(name) && name.includes(`.${prefix}`)) found.push(join(root, name));
      }
    } catch {
      // A file, not a hierarchy.
    }
  }
  return found;
}

function socketsBelow(lxcpath: string): string[] {
  const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
  return lines.filter((line) => line.includes(`@${lxcpath}/`));
}

function locksBelow(lxcpath: string): string[] {
  const folder = join("/run/lxc/lock", lxcpath);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(` ${folder}/`));
}

/** The host's network devices by name. */
export function linkNames(): string[] {
  return readdirSync("/sys/class/net").filter((name) => name.startsWith("veth"));
}
