// Every lxc-monitor hears of every container by every lxc-monitord: LXC's and ours, in all mixes.

import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, afterEach, test } from "node:test";
import { BIN, eventually, type Outcome, Place, skipWithoutRoot } from "../system/host.ts";
import {
  endAll,
  endMonitords,
  exitMessage,
  fifoOf,
  isWatched,
  LIBEXEC,
  monitordsOf,
  Running,
  stateMessage,
  watchersOf,
  watching,
  writeToFifo,
} from "../system/watching.ts";

const hasLxc = spawnSync("/usr/bin/lxc-start", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const place = new Place("compat-monitor");
const NAME = "lxcts-cmon";

afterEach(async () => {
  endAll();
  await endMonitords(place.lxcpath);
  rmSync(fifoOf(place.lxcpath), { force: true });
});

after(() => {
  place.remove();
  spawnSync("rmdir", ["-p", dirname(fifoOf(place.lxcpath))]);
});

type Family = "LXC" | "ours";
const families: readonly Family[] = ["LXC", "ours"];

function folderOf(family: Family): string {
  return family === "LXC" ? "/usr/bin" : BIN;
}

function tool(family: Family, name: string, ...args: string[]): Outcome {
  return family === "LXC" ? place.theirs(name, ...args) : place.ours(name, ...args);
}

function daemonOf(family: Family): string {
  return join(family === "LXC" ? "/usr/libexec/lxc" : LIBEXEC, "lxc-monitord");
}

function watch(family: Family, ...args: string[]): Promise<Running> {
  return watching(join(folderOf(family), "lxc-monitor"), place.lxcpath, ...args);
}

async function daemon(family: Family): Promise<Running> {
  const running = new Running(daemonOf(family), "--daemon", place.lxcpath);
  ok(await eventually(() => isWatched(place.lxcpath)), running.err);
  return running;
}

const LIFE = [
  "changed state to [STARTING]",
  "changed state to [RUNNING]",
  "exited with status [0]",
  "changed state to [STOPPING]",
  "changed state to [STOPPED]",
].map((what) => `'${NAME}' ${what}`);

// LXC with LXC goes first: it proves the test.
for (const host of families) {
  test(`both watch, through an lxc-monitord of ${host}, containers that either starts and stops`, {
    skip,
  }, async () => {
    if (!existsSync(join(place.lxcpath, NAME))) place.create(NAME);
    await daemon(host);
    const theirs = await watch("LXC", "-n", NAME);
    const ours = await watch("ours", "-n", NAME);
    let count = 0;
    for (const starter of families) {
      for (const stopper of families) {
        equal(tool(starter, "lxc-start", "-n", NAME).code, 0);
        equal(tool(stopper, "lxc-stop", "-k", "-n", NAME).code, 0);
        count += LIFE.length;
        ok(
          await eventually(() => ours.lines().length === count && theirs.lines().length === count),
          ours.out + theirs.out,
        );
      }
    }
    const expected = [...LIFE, ...LIFE, ...LIFE, ...LIFE];
    deepEqual([theirs.lines(), ours.lines()], [expected, expected]);
    deepEqual(monitordsOf(place.lxcpath).length, 1);
    await theirs.stop();
    await ours.stop();
  });
}

test("freezing is told by either; LXC's tools say FROZEN and THAWED twice, ours once", { skip }, async () => {
  if (!existsSync(join(place.lxcpath, NAME))) place.create(NAME);
  const [first, second] = [await watch("LXC"), await watch("ours")];
  const told: Record<string, readonly string[]> = {};
  for (const starter of families) {
    for (const freezer of families) {
      equal(tool(starter, "lxc-start", "-n", NAME).code, 0);
      equal(tool(freezer, "lxc-freeze", "-n", NAME).code, 0);
      equal(tool(freezer, "lxc-unfreeze", "-n", NAME).code, 0);
      equal(tool("ours", "lxc-stop", "-k", "-n", NAME).code, 0);
      ok(await eventually(() => first.out.endsWith("[STOPPED]\n") && first.out === second.out));
      const states = second.lines().map((line) => line.replace(/.*\[(.*)\]/, "$1"));
      told[`${starter} ${freezer}`] = states.slice(states.indexOf("RUNNING") + 1, states.lastIndexOf("0"));
      [first.out, second.out] = ["", ""];
    }
  }
  const once = ["FREEZING", "FROZEN", "THAWED", "RUNNING"];
  const twice = ["FREEZING", "FROZEN", "FROZEN", "THAWED", "THAWED", "RUNNING"];
  deepEqual(told, { "LXC LXC": twice, "LXC ours": once, "ours LXC": twice, "ours ours": once });
  await first.stop();
  await second.stop();
});

test("either starts the lxc-monitord that the other finds, and ends it", { skip }, async () => {
  for (const [one, another] of [["LXC", "ours"] as const, ["ours", "LXC"] as const]) {
    const first = await watch(one);
    const second = await watch(another);
    equal(monitordsOf(place.lxcpath).length, 1);
    equal(tool(another, "lxc-monitor", "-Q").code, 0);
    deepEqual([await first.ended(), await second.ended()], [1, 1]);
    ok(await eventually(() => monitordsOf(place.lxcpath).length === 0));
    equal(existsSync(fifoOf(place.lxcpath)), false);
    deepEqual([tool(one, "lxc-monitor", "-Q").code, tool(another, "lxc-monitor", "-Q").code], [1, 1]);
  }
});

test("neither lxc-monitord begins where the other is", { skip }, async () => {
  for (const [one, another] of [["LXC", "ours"] as const, ["ours", "LXC"] as const]) {
    await daemon(one);
    equal(spawnSync(daemonOf(another), ["--daemon", place.lxcpath], { timeout: 10_000 }).status, 1, another);
    equal(watchersOf(place.lxcpath), 0);
    await endMonitords(place.lxcpath);
  }
});

test("both print the same of the same messages", { skip }, async () => {
  const monitors = [await watch("LXC", "-n", "[a-z]+1"), await watch("ours", "-n", "[a-z]+1")];
  writeToFifo(place.lxcpath, [
    stateMessage("web1", "ABORTING"),
    stateMessage("web2", "RUNNING"),
    exitMessage("db1", 255 * 256),
    exitMessage("db1", 9),
    exitMessage("1", 0),
    stateMessage("x1", "STOPPED"),
  ]);
  for (const monitor of monitors) ok(await monitor.says(4));
  equal(monitors[0]?.out, monitors[1]?.out);
  for (const monitor of monitors) equal(await monitor.stop("SIGINT"), -2);
});
