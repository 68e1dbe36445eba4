// Root in the mount namespace of an ordinary user of a test: sees that user, and changes nothing of the host's /etc.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { BIN, type Outcome, outcomeOf } from "./host.ts";
import type { OrdinaryUser } from "./ordinary-user.ts";

/** Runs a shell command as root there, with our tools in PATH. */
export function rootBeside(user: OrdinaryUser, command: string): Outcome {
  const words = [
    "-t",
    keeperOf(user),
    "-m",
    "env",
    "-i",
    `PATH=${BIN}:/usr/sbin:/usr/bin:/sbin:/bin`,
    "sh",
    "-c",
    command,
  ];
  return outcomeOf(
    spawnSync("nsenter", words, { encoding: "utf8", timeout: 60_000, stdio: ["ignore", "pipe", "pipe"], cwd: "/" }),
  );
}

/** The process that keeps the namespace is the one that sleeps with the user's own /etc mounted. */
function keeperOf(user: OrdinaryUser): string {
  const mounted = `${dirname(user.home)}/etc /etc `;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const isKeeper = readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\0");
      if (isKeeper && readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(mounted)) return pid;
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error(`nobody keeps the mount namespace of ${user.wish.name}`);
}
