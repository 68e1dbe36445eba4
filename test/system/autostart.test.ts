// lxc-autostart and lxc-containers: what starts and ends with the system, in its order.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { BIN, eventually, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";
import { endAll, endMonitords, fifoOf, LIBEXEC, type Running, watching } from "./watching.ts";

const place = new Place("autostart");

/** Answers no signal to shut down. */
const DEAF = "lxc.signal.halt = SIGWINCH";
const AUTO = "lxc.start.auto = 1";

before(() => {
  if (skip !== false) return;
  place.create("lxcts-auto-a", AUTO, "lxc.start.order = 2");
  place.create("lxcts-auto-b", AUTO, "lxc.start.order = 1", "lxc.start.delay = 1");
  place.create("lxcts-auto-c", AUTO, "lxc.start.order = 1", "lxc.group = onboot");
  place.create("lxcts-auto-d", AUTO, "lxc.group = deaf", DEAF);
  place.create("lxcts-auto-e", AUTO, "lxc.group = deaf", DEAF);
  place.create("lxcts-auto-f", "lxc.group = onboot");
  place.create("lxcts-auto-g", AUTO, "lxc.group = broken", "lxc.rootfs.path = dir:/nonexistent/lxcts");
});

afterEach(async () => {
  endAll();
  for (const name of "abcdefg") place.ours("lxc-stop", "-k", `lxcts-auto-${name}`);
  await endMonitords(place.lxcpath);
});

after(() => {
  place.remove();
  spawnSync("rmdir", ["-p", dirname(fifoOf(place.lxcpath))]);
});

function autostart(...words: string[]): Outcome {
  return place.ours("lxc-autostart", ...words);
}

/** The last letters of the names of those that run. */
function running(): string {
  const names = place.ours("lxc-ls", "-1", "--running").out.trim().split("\n");
  return names.map((name) => name.slice("lxcts-auto-".length)).join("");
}

function watch(): Promise<Running> {
  return watching(join(BIN, "lxc-monitor"), place.lxcpath);
}

/** Which reached a state, in order. */
function reached(monitor: Running, state: string): string {
  const lines = monitor.lines().filter((line) => line.endsWith(`[${state}]`));
  return lines.map((line) => line.slice("'lxcts-auto-".length).charAt(0)).join("");
}

test("containers start in their order, and are waited for", { skip }, async () => {
  const monitor = await watch();
  const began = Date.now();
  const started = autostart();
  deepEqual(started, { code: 0, out: "", err: "" });
  ok(Date.now() - began >= 1000);
  ok(await eventually(() => reached(monitor, "RUNNING") === "ba"), monitor.out);
  equal(running(), "ab");
  // What runs already is no failure, and not waited for.
  const again = Date.now();
  equal(autostart("-g", "onboot,").code, 0);
  ok(Date.now() - again < 1000);
  ok(await eventually(() => reached(monitor, "RUNNING") === "bac"), monitor.out);
  deepEqual(autostart("-L").out, "");
  deepEqual(autostart("-Lr", "-a").out, "lxcts-auto-b 1\nlxcts-auto-c 0\nlxcts-auto-a 0\n");
  deepEqual(autostart("-Ls", "-a").out, "lxcts-auto-a\nlxcts-auto-c\nlxcts-auto-b\n");
  // They end the other way round.
  const ended = autostart("-s", "-a", "-A");
  deepEqual(ended, { code: 0, out: "", err: "" });
  ok(await eventually(() => reached(monitor, "STOPPED").length === 3), monitor.out);
  equal(reached(monitor, "STOPPED").charAt(0), "a");
  equal(running(), "");
});

test("one that does not shut down in time is ended by force, and those of one order together", { skip }, () => {
  equal(autostart("-g", "deaf").code, 0);
  equal(running(), "de");
  const began = Date.now();
  const stopped = autostart("-s", "-g", "deaf", "-t", "1");
  const tookMs = Date.now() - began;
  deepEqual(stopped, { code: 0, out: "", err: "" });
  ok(tookMs >= 1000 && tookMs < 1900, `${tookMs} ms`);
  equal(running(), "");
});

test("-k ends by force at once, whatever else is said, but for -s", { skip }, async () => {
  equal(autostart("-g", "deaf").code, 0);
  const monitor = await watch();
  equal(autostart("-r", "-k", "-g", "deaf").code, 0);
  equal(running(), "");
  ok(await eventually(() => reached(monitor, "STOPPED") === "ed"), monitor.out);
});

test("-r reboots what runs, and nothing else", { skip }, async () => {
  equal(autostart("-g", "onboot").code, 0);
  const monitor = await watch();
  equal(autostart("-r", "-a").code, 0);
  ok(await eventually(() => reached(monitor, "RUNNING") === "c"), monitor.out);
  equal(running(), "c");
});

test("the exit code says whether all or some failed, and the message why", { skip }, () => {
  const all = autostart("-g", "broken");
  equal(all.code, 1);
  match(
    all.err,
    /^lxc-autostart: Error starting container: lxcts-auto-g\n {2}because: cannot start lxcts-auto-g: .*\n {2}because: .*\/nonexistent\/lxcts: there is no such folder\n {2}hint: correct lxc\.rootfs\.path /,
  );
  const some = autostart("-g", "broken,onboot");
  deepEqual([some.code, running()], [2, "c"]);
  equal(autostart("-g", "nobody").code, 0);
  const empty = join(place.folder, "empty");
  mkdirSync(empty);
  const run = (path: string): Outcome =>
    outcomeOf(spawnSync(join(BIN, "lxc-autostart"), ["-P", path], { encoding: "utf8" }));
  deepEqual(run(empty), { code: 0, out: "", err: "" });
  const missing = run(join(empty, "missing"));
  equal(missing.code, 1);
  match(missing.err, /there is no folder .*missing\n {2}hint: name the folder of the containers with -P/);
});

test("a configuration that cannot be read is told of, and the others start", { skip }, () => {
  const folder = join(place.lxcpath, "lxcts-auto-x");
  mkdirSync(folder);
  writeFileSync(join(folder, "config"), "lxc.start.auto = often\n");
  const started = autostart("-g", "onboot");
  rmSync(folder, { recursive: true });
  deepEqual([started.code, running()], [0, "c"]);
  match(started.err, /^lxc-autostart: warning: lxcts-auto-x is left out: .*\n(.*\n)*.*lxc\.start\.auto/);
});

test("programs read what was done, and what would be", { skip }, () => {
  const list = autostart("-L", "-g", "onboot", "-A", "--format=json");
  deepEqual(JSON.parse(list.out), [
    { name: "lxcts-auto-f", action: "start", order: 0, delay: 0, groups: ["onboot"] },
    { name: "lxcts-auto-c", action: "start", order: 1, delay: 0, groups: ["onboot"] },
  ]);
  const done = autostart("-g", "onboot,broken", "--format=json");
  equal(done.code, 2);
  deepEqual(JSON.parse(done.out), [
    { name: "lxcts-auto-c", action: "start", result: "done" },
    { name: "lxcts-auto-g", action: "start", result: "failed" },
  ]);
  const error = JSON.parse(done.err.trim().split("\n").at(-1) ?? "") as {
    container: string;
    error: { message: string };
  };
  deepEqual([error.container, error.error.message], ["lxcts-auto-g", "Error starting container: lxcts-auto-g"]);
  const lines = autostart("-g", "onboot", "--format=ndjson").out;
  equal(lines, '{"name":"lxcts-auto-c","action":"start","result":"nothing"}\n');
});

/** lxc-containers where /etc/default/lxc says this, and the lock is its own. */
function containers(verb: string, defaults: string, through = ""): Outcome {
  const file = join(place.folder, "defaults");
  writeFileSync(file, defaults);
  const script = `
    mount -t tmpfs tmpfs /run/lock
    mount -t tmpfs tmpfs /etc/default
    cp ${file} /etc/default/lxc
    ${through} ${join(LIBEXEC, "lxc-containers")} -P ${place.lxcpath} ${verb} || exit $?
    ls /run/lock`;
  return outcomeOf(spawnSync("unshare", ["-m", "sh", "-ec", script], { encoding: "utf8", timeout: 60_000 }));
}

test("lxc-containers does what /etc/default/lxc says", { skip }, () => {
  deepEqual(containers("start", 'BOOTGROUPS="onboot"\nSHUTDOWNDELAY=5\n'), { code: 0, out: "", err: "" });
  equal(running(), "c");
  const status = containers("status", "BOOTGROUPS=deaf,onboot\n");
  deepEqual(status, {
    code: 3,
    out: "lxcts-auto-d is stopped\nlxcts-auto-e is stopped\nlxcts-auto-c is running\n",
    err: "",
  });
  equal(containers("status", "BOOTGROUPS=onboot\n").code, 0);
  deepEqual(containers("stop", "SHUTDOWNDELAY=9\n"), { code: 0, out: "", err: "" });
  equal(running(), "");
  // A failure is told, and does not keep systemd from ending what did start.
  const some = containers("restart", "BOOTGROUPS=broken,onboot; # all\nOPTIONS=$(id)\n");
  deepEqual([some.code, running()], [0, "c"]);
  match(some.err, /^lxc-containers: warning: \/etc\/default\/lxc:2 is passed over: only a shell could understand it\n/);
  match(some.err, /\nlxc-autostart: Error starting container: lxcts-auto-g\n/);
});

test("lxc-containers starts nothing when it is told not to, or while another one starts", { skip }, () => {
  deepEqual(containers("start", "LXC_AUTO=no\nBOOTGROUPS=onboot\n"), { code: 0, out: "", err: "" });
  // The lock of a process, which is not the one that wants it; its file stays.
  const program =
    'open F, ">/run/lock/lxc"; my $lock = pack("s s x4 q q i x4", 1, 0, 0, 0, 0); fcntl(F, 6, $lock) or die $!; system @ARGV';
  deepEqual(containers("start", "BOOTGROUPS=onboot\n", `perl -e '${program}'`), { code: 0, out: "lxc\n", err: "" });
  equal(running(), "");
  const misused = containers("begin", "");
  equal(misused.code, 2);
  match(misused.err, /^lxc-containers: Usage: lxc-containers \{start\|stop\|restart\|reload\|force-reload\|status\}\n/);
});
