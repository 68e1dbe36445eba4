// Keys that confine a container or describe its first process, and are not the subject of a file of their own.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("keys");
after(() => place.remove());

function startWith(name: string, options: readonly string[], script: string, ...lines: string[]): string {
  place.create(name, ...lines);
  const words = ["-n", name, "-F", ...options, "--", "/bin/sh", "-c", `exec >/out 2>&1; ${script}`];
  const run = place.ours("lxc-start", ...words);
  equal(run.err, "");
  equal(run.code, 0);
  return readFileSync(place.inside(name, "out"), "utf8").trim();
}

function inside(name: string, script: string, ...lines: string[]): string {
  return startWith(name, [], script, ...lines);
}

/** Of /proc/self/status. */
function capabilities(text: string, set: "CapEff" | "CapBnd" | "CapPrm" | "CapInh"): bigint {
  return BigInt(`0x${new RegExp(`${set}:\t([0-9a-f]+)`).exec(text)?.[1] ?? "f"}`);
}

const CHOWN = 1n << 0n;
const KILL = 1n << 5n;
const SYS_TIME = 1n << 25n;
const STATUS = "cat /proc/self/status";
/** Takes back what the template drops. */
const NOTHING = "lxc.cap.drop =";

test("lxc.cap.keep keeps only what it names, by name or by number, and none keeps nothing", { skip }, () => {
  const kept = inside("lxcts-key-keep", STATUS, NOTHING, "lxc.cap.keep = chown 5");
  for (const set of ["CapEff", "CapPrm", "CapBnd"] as const) equal(capabilities(kept, set), CHOWN | KILL, set);
  equal(capabilities(kept, "CapInh"), 0n);
  const none = inside("lxcts-key-none", STATUS, NOTHING, "lxc.cap.keep = none");
  for (const set of ["CapEff", "CapPrm", "CapBnd"] as const) equal(capabilities(none, set), 0n, set);
});

test("lxc.cap.drop drops by number too, and keeps the rest", { skip }, () => {
  const text = inside("lxcts-key-drop", STATUS, NOTHING, "lxc.cap.drop = 25");
  equal(capabilities(text, "CapBnd") & SYS_TIME, 0n);
  equal(capabilities(text, "CapBnd") | SYS_TIME, capabilities(readFileSync("/proc/self/status", "utf8"), "CapBnd"));
});

test("lxc.no_new_privs: no program inside gains anything by being setuid", { skip }, () => {
  match(inside("lxcts-key-nnp", STATUS, "lxc.no_new_privs = 1"), /NoNewPrivs:\t1/);
  match(inside("lxcts-key-privs", STATUS), /NoNewPrivs:\t0/);
});

test("lxc.arch is what uname says, and what is attached sees the same", { skip }, () => {
  equal(inside("lxcts-key-arch", "uname -m", "lxc.arch = i686"), "i686");
  place.create("lxcts-key-arch2", "lxc.arch = i686");
  equal(place.ours("lxc-start", "-n", "lxcts-key-arch2").code, 0);
  equal(place.ours("lxc-attach", "-n", "lxcts-key-arch2", "--", "uname", "-m").out, "i686\n");
  equal(place.ours("lxc-stop", "-n", "lxcts-key-arch2", "-k").code, 0);
});

test("lxc.monitor.signal.pdeath is what the first process gets when its monitor dies", { skip }, async () => {
  const script = "trap 'echo told > /told; exit 0' TERM; echo > /ready; while :; do sleep 0.05; done";
  place.create("lxcts-key-death", "lxc.monitor.signal.pdeath = SIGTERM");
  equal(place.ours("lxc-start", "-n", "lxcts-key-death", "--", "/bin/sh", "-c", script).code, 0);
  // A first process without a handler gets no such signal at all.
  ok(await eventually(() => existsSync(place.inside("lxcts-key-death", "ready"))));
  process.kill(monitorPid(place, "lxcts-key-death"), "SIGKILL");
  ok(await eventually(() => existsSync(place.inside("lxcts-key-death", "told"))), "it was not told");
  place.ours("lxc-stop", "-n", "lxcts-key-death", "-k");
});

test("lxc.sched.core gives the container a cookie of its own, or says that the kernel has none", { skip }, () => {
  place.create("lxcts-key-core", "lxc.sched.core = 1");
  const run = place.ours("lxc-start", "-n", "lxcts-key-core", "-F", "--", "/bin/true");
  const config = spawnSync("sh", ["-c", "zcat /proc/config.gz"], { encoding: "utf8" }).stdout;
  if (config.includes("CONFIG_SCHED_CORE=y")) equal(run.code, 0, run.err);
  else
    match(
      run.err,
      /lxc\.sched\.core says: the kernel has no core scheduling\n {2}hint: use a kernel with CONFIG_SCHED_CORE/,
    );
});

test("--share-net and its like join what they name", { skip }, () => {
  place.create("lxcts-key-owner");
  equal(place.ours("lxc-start", "-n", "lxcts-key-owner").code, 0);
  const owner = place.ours("lxc-info", "-n", "lxcts-key-owner", "-pH").out.trim();
  const shares = ["--share-net", "--share-ipc", "--share-uts", "--share-pid"];
  const options = shares.map((share) => `${share}=lxcts-key-owner`);
  const said = startWith("lxcts-key-share", options, "cd /proc/self/ns; stat -L -c %i net ipc uts pid mnt");
  const inodes = ["net", "ipc", "uts", "pid"].map((name) => String(statSync(`/proc/${owner}/ns/${name}`).ino));
  equal(said.split("\n").slice(0, 4).join(" "), inodes.join(" "));
  notEqual(said.split("\n")[4], String(statSync(`/proc/${owner}/ns/mnt`).ino));
  equal(place.ours("lxc-stop", "-n", "lxcts-key-owner", "-k").code, 0);
});

test("lxc.environment is for both, .runtime for the first process, and .hooks for hooks", { skip }, () => {
  const said = join(place.folder, "hook-environment");
  const hook = place.script("environment", `env > ${said}`);
  const inits = inside(
    "lxcts-key-env",
    "env",
    "lxc.environment = BOTH=1",
    "lxc.environment.runtime = RUNTIME=1",
    "lxc.environment.hooks = HOOKS=1",
    "lxc.environment = LD_BIND_NOW=1",
    `lxc.hook.mount = ${hook}`,
  );
  const hooks = readFileSync(said, "utf8");
  match(inits, /^BOTH=1$/m);
  match(inits, /^RUNTIME=1$/m);
  match(inits, /^LD_BIND_NOW=1$/m);
  equal(inits.includes("HOOKS=1"), false);
  match(hooks, /^BOTH=1$/m);
  match(hooks, /^HOOKS=1$/m);
  equal(hooks.includes("RUNTIME=1"), false);
  // A program of the host would load what the container's environment says.
  equal(hooks.includes("LD_BIND_NOW"), false);
});

test("lxc.signal.stop ends it by force with another signal", { skip }, async () => {
  const script = "trap 'echo told > /told; exit 0' USR2; echo > /ready; while :; do sleep 0.05; done";
  place.create("lxcts-key-stop", "lxc.signal.stop = SIGUSR2");
  equal(place.ours("lxc-start", "-n", "lxcts-key-stop", "--", "/bin/sh", "-c", `${script}`).code, 0);
  ok(await eventually(() => existsSync(place.inside("lxcts-key-stop", "ready"))));
  equal(place.ours("lxc-stop", "-n", "lxcts-key-stop", "-k").code, 0);
  ok(existsSync(place.inside("lxcts-key-stop", "told")));
});

test("lxc.init.cmd is what is started, and lxc.execute.cmd what lxc-execute runs", { skip }, () => {
  place.create("lxcts-cmd", "lxc.init.cmd = /bin/sh -c 'exit 4'", "lxc.execute.cmd = /bin/sh -c 'exit 5'");
  equal(place.ours("lxc-start", "-n", "lxcts-cmd", "-F").code, 4);
  equal(place.ours("lxc-execute", "-n", "lxcts-cmd").code, 5);
});

test("with lxc.tty.dir the terminals are in a folder of /dev, and links lead there", { skip }, () => {
  place.create("lxcts-ttydir", "lxc.tty.dir = lxc", "lxc.tty.max = 2");
  const script =
    "exec > /out; for f in tty1 tty2; do readlink /dev/$f; done; test -c /dev/lxc/tty2 && test -c /dev/lxc/console && echo terminal";
  equal(place.ours("lxc-start", "-n", "lxcts-ttydir", "-F", "--", "/bin/sh", "-c", script).err, "");
  deepEqual(readFileSync(place.inside("lxcts-ttydir", "out"), "utf8").split("\n"), [
    "lxc/tty1",
    "lxc/tty2",
    "terminal",
    "",
  ]);
});
