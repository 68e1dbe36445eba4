// Our orders to a container that LXC's own lxc-start runs, and to what is left when its monitor is killed or stuck.

import { deepEqual, equal } from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

const NAME = `lxcts-orders-${process.pid}`;
const lxcpath = mkdtempSync(join(tmpdir(), "lxcts-orders-"));
const hasLxc = spawnSync("lxc-start", ["--version"]).status === 0;
const skip = process.getuid?.() !== 0 ? "starting a container needs root" : hasLxc ? false : "LXC is not installed";

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
}

function lxc(tool: string, ...args: string[]): SpawnSyncReturns<string> {
  return run(tool, "-P", lxcpath, "-n", NAME, ...args);
}

function order(...words: string[]): { out: string; code: number | null } {
  const result = run("dist/drivers/command-orders", lxcpath, NAME, ...words);
  return { out: result.stdout.trim(), code: result.status };
}

function ask(...words: string[]): string {
  return run("dist/drivers/command-client", lxcpath, NAME, ...words).stdout.trim();
}

/** The monitor has a title of its own. */
function monitorPid(): number {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`[lxc monitor] ${lxcpath} ${NAME}`))
        return Number(pid);
    } catch {
      // It has ended while we looked.
    }
  }
  return 0;
}

function cgroupsLeft(): string[] {
  return run("sh", "-c", `ls -d /sys/fs/cgroup/lxc.*.${NAME} /sys/fs/cgroup/*/lxc.*.${NAME} 2>/dev/null`).stdout.split(
    "\n",
  );
}

before(() => {
  if (skip !== false) return;
  for (const driver of ["command-orders", "command-client"]) {
    equal(run("sh", "scripts/build.sh", `test/system/drivers/${driver}.ts`, `dist/drivers/${driver}`).status, 0);
  }
  equal(lxc("lxc-create", "-t", "busybox", "-f", "/dev/null").status, 0);
});

beforeEach(() => {
  if (skip === false && ask("state") === "STOPPED") equal(lxc("lxc-start").status, 0);
});

after(() => {
  if (skip === false) {
    lxc("lxc-stop", "-k");
    lxc("lxc-destroy");
  }
  rmSync(lxcpath, { recursive: true, force: true });
});

test("its monitor tells us what it tells LXC's tools", { skip }, () => {
  const pid = lxc("lxc-info", "-pH").stdout.trim();
  const got = [ask("state"), ask("pid"), ask("pidfd"), ask("config", "lxc.uts.name"), ask("name"), ask("lxcpath")];
  deepEqual(got, ["RUNNING", pid, "anon_inode:[pidfd]", NAME, NAME, lxcpath]);
  equal(ask("limit-cgroup", "freezer"), `/lxc.payload.${NAME}`);
  equal(order("list").out, `${NAME}; ${NAME}`);
});

test("it is frozen and thawed, and those who wait are told", { skip }, async () => {
  const waiting = spawn("lxc-wait", ["-P", lxcpath, "-n", NAME, "-s", "FROZEN", "-t", "10"]);
  deepEqual(order("freeze"), { out: "", code: 0 });
  equal(lxc("lxc-info", "-sH").stdout, "FROZEN\n");
  deepEqual(await once(waiting, "exit"), [0, null]);
  deepEqual(order("freeze"), { out: "", code: 0 });
  deepEqual(order("thaw"), { out: "", code: 0 });
  equal(lxc("lxc-info", "-sH").stdout, "RUNNING\n");
});

test("it is stopped cleanly, and then was not running", { skip }, () => {
  deepEqual(order("stop", "clean", "20"), { out: "stopped", code: 0 });
  deepEqual(order("stop", "clean", "20"), { out: "not-running", code: 2 });
  deepEqual(order("wait", "STOPPED", "5"), { out: "STOPPED", code: 0 });
  deepEqual(order("wait", "RUNNING", "1"), { out: "no", code: 0 });
});

test("it is rebooted", { skip }, () => {
  const pid = ask("pid");
  deepEqual(order("stop", "reboot", "20"), { out: "rebooted", code: 0 });
  equal(ask("pid") !== pid, true);
});

test("it is killed", { skip }, () => {
  deepEqual(order("stop", "kill", "0"), { out: "stopped", code: 0 });
  equal(ask("state"), "STOPPED");
});

test("what a killed monitor left is removed", { skip }, () => {
  process.kill(monitorPid(), "SIGKILL");
  equal(order("stop", "kill", "0").out.includes("cannot"), false);
  deepEqual(cgroupsLeft(), [""]);
});

test("a stopped monitor is ended with its container", { skip }, () => {
  process.kill(monitorPid(), "SIGSTOP");
  deepEqual(order("stop", "kill", "0"), { out: "stopped", code: 0 });
  deepEqual([ask("state"), cgroupsLeft()], ["STOPPED", [""]]);
});
