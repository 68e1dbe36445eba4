// The edges of a container's life: reboots and halts from inside, what is frozen, stuck or deaf, and ends in the middle of a start.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("edges");
after(() => place.remove());

/** A first process in shell; `ready` appears in its root when it is. */
function startShell(name: string, script: string, ...lines: string[]): Promise<boolean> {
  place.create(name, ...lines);
  const started = place.ours("lxc-start", "-n", name, "--", "/bin/sh", "-c", script);
  equal(started.err, "");
  return eventually(() => existsSync(place.inside(name, "ready")));
}

function initPid(name: string): string {
  return place.ours("lxc-info", "-n", name, "-pH").out.trim();
}

async function isGone(name: string): Promise<void> {
  equal(place.state(name), "STOPPED");
  ok(await eventually(() => place.leftovers(name).length === 0), place.leftovers(name).join("\n"));
}

/** A tool in the background, and how it ended. */
function background(tool: string, ...args: string[]): { child: ChildProcess; end: Promise<number | null> } {
  const child = spawn(join(BIN, tool), ["-P", place.lxcpath, ...args], { stdio: "ignore" });
  return { child, end: new Promise((done) => child.on("exit", (code) => done(code))) };
}

const DEAF = "trap '' TERM PWR INT HUP USR1 USR2 RTMIN+3 2>/dev/null; touch /ready; while :; do sleep 1; done";

test("a halt from inside ends it, with 0 in the foreground; a reboot from there starts it again", {
  skip,
}, async () => {
  place.create("lxcts-halt", "lxc.hook.pre-start = /bin/sh -c 'echo life >> $LXC_ROOTFS_PATH/lives'");
  const script = "if [ -e /second ]; then halt -f; else touch /second; reboot -f; fi; sleep 60";
  const run = place.ours("lxc-start", "-n", "lxcts-halt", "-F", "--", "/bin/sh", "-c", script);
  deepEqual([run.code, run.err], [0, ""]);
  equal(readFileSync(place.inside("lxcts-halt", "lives"), "utf8"), "life\nlife\n");
  await isGone("lxcts-halt");
});

test("lxc-stop -r keeps the monitor, and whoever waits for the next life is told of it", { skip }, async () => {
  const name = "lxcts-again";
  place.create(name);
  equal(place.ours("lxc-start", "-n", name).code, 0);
  const monitor = monitorPid(place, name);
  for (let life = 0; life < 3; life++) {
    const before = initPid(name);
    deepEqual(place.ours("lxc-stop", "-n", name, "-r", "-t", "20"), { code: 0, out: "", err: "" });
    ok(initPid(name) !== before && initPid(name) !== "");
  }
  equal(monitorPid(place, name), monitor);
  const files = readFileSync(`/proc/${monitor}/limits`, "utf8");
  ok(files !== "");
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  await isGone(name);
});

test("lxc.signal.reboot is what asks the first process to reboot", { skip }, async () => {
  const name = "lxcts-asked";
  const script = "trap 'echo asked >> /said; reboot -f' USR2; touch /ready; while :; do sleep 0.1; done";
  ok(await startShell(name, script, "lxc.signal.reboot = SIGUSR2"));
  equal(place.ours("lxc-stop", "-n", name, "-r", "-t", "15").code, 0);
  equal(readFileSync(place.inside(name, "said"), "utf8"), "asked\n");
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  await isGone(name);
});

test("a post-stop hook that fails keeps it from starting again", { skip }, async () => {
  const name = "lxcts-noagain";
  place.create(name, "lxc.hook.post-stop = /bin/false");
  equal(place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", "reboot -f; sleep 60").code, 129);
  await isGone(name);
});

test("an ephemeral container survives its reboot, and not its end", { skip }, async () => {
  const name = "lxcts-fleeting";
  place.create(name, "lxc.ephemeral = 1");
  equal(place.ours("lxc-start", "-n", name).code, 0);
  equal(place.ours("lxc-stop", "-n", name, "-r", "-t", "20").code, 0);
  equal(existsSync(join(place.lxcpath, name, "config")), true);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  ok(await eventually(() => !existsSync(join(place.lxcpath, name))));
});

test("one that is frozen goes on to shut down, or is killed as it is", { skip }, async () => {
  const name = "lxcts-frozen";
  ok(await startShell(name, "trap 'echo asked > /said; exit' USR1; touch /ready; while :; do sleep 0.1; done"));
  equal(place.ours("lxc-freeze", "-n", name).code, 0);
  deepEqual(place.ours("lxc-stop", "-n", name, "-t", "15"), { code: 0, out: "", err: "" });
  equal(readFileSync(place.inside(name, "said"), "utf8"), "asked\n");
  await isGone(name);
  equal(place.ours("lxc-start", "-n", name).code, 0);
  equal(place.ours("lxc-freeze", "-n", name).code, 0);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  await isGone(name);
});

test("an init that is deaf is killed when its time is over, unless it may not be", { skip }, async () => {
  const name = "lxcts-deaf";
  ok(await startShell(name, DEAF, "lxc.signal.halt = SIGTERM"));
  const spared = place.ours("lxc-stop", "-n", name, "-t", "1", "--nokill");
  deepEqual([spared.code, place.state(name)], [1, "RUNNING"]);
  match(spared.err, /it still runs after 1 seconds\n {2}hint: end it by force: lxc-stop -k/);
  const before = Date.now();
  equal(place.ours("lxc-stop", "-n", name, "-t", "1").code, 0);
  ok(Date.now() - before < 5000);
  await isGone(name);
});

test("a monitor that is stopped has as long as a shutdown, and then is ended with its container", {
  skip,
}, async () => {
  const name = "lxcts-stuck";
  ok(await startShell(name, DEAF));
  const monitor = monitorPid(place, name);
  process.kill(monitor, "SIGSTOP");
  const spared = place.ours("lxc-stop", "-n", name, "-t", "1", "--nokill");
  equal(spared.code, 1);
  match(spared.err, new RegExp(`it does not answer\\n.*process ${monitor}`));
  equal(place.ours("lxc-stop", "-n", name, "-t", "1").code, 0);
  await isGone(name);
});

test("what is asked to stop while it starts stops when it can", { skip }, async () => {
  const name = "lxcts-early";
  place.create(name, `lxc.hook.pre-start = /bin/sh -c 'touch ${place.folder}/hooked; sleep 2'`);
  const start = background("lxc-start", "-n", name);
  ok(await eventually(() => existsSync(join(place.folder, "hooked"))));
  equal(place.ours("lxc-stop", "-n", name, "-t", "20").code, 0);
  ok(((await start.end) ?? -1) >= 0);
  await isGone(name);
});

test("whoever starts it may be killed: the container starts, or nothing of it is left", { skip }, async () => {
  const name = "lxcts-caller";
  place.create(name, `lxc.hook.pre-start = /bin/sh -c 'touch ${place.folder}/waits; sleep 1'`);
  const start = background("lxc-start", "-n", name);
  ok(await eventually(() => existsSync(join(place.folder, "waits"))));
  start.child.kill("SIGKILL");
  await start.end;
  ok(await eventually(() => ["RUNNING", "STOPPED"].includes(place.state(name)), 10_000), place.state(name));
  place.ours("lxc-stop", "-n", name, "-k");
  await isGone(name);
});

test("in the foreground SIGTERM reaches the first process, and before there is its program it ends the start", {
  skip,
}, async () => {
  const name = "lxcts-front";
  place.create(name);
  const script = "trap 'echo asked > /said; exit 3' TERM; touch /ready; while :; do sleep 0.1; done";
  const front = background("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", script);
  ok(await eventually(() => existsSync(place.inside(name, "ready"))));
  front.child.kill("SIGTERM");
  equal(await front.end, 3);
  equal(readFileSync(place.inside(name, "said"), "utf8"), "asked\n");
  place.configure(name, `lxc.hook.start-host = /bin/sh -c 'touch ${place.folder}/host; sleep 1'`);
  const early = background("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", script);
  ok(await eventually(() => existsSync(join(place.folder, "host"))));
  early.child.kill("SIGTERM");
  equal(await early.end, 1);
  await isGone(name);
});
