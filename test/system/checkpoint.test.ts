// lxc-checkpoint: its words to criu, a container that stops or goes on, and one that comes back. The criu here is one of the tests: it saves
// nothing, as the real one needs more of the kernel than test machines have; what is restored is a process that waits.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("checkpoint");
const bin = join(place.folder, "bin");
const wordsFile = join(place.folder, "words");
const saved = join(place.folder, "saved");
const NAME = "lxcts-ck";

before(() => {
  if (skip !== false) return;
  mkdirSync(bin);
  const source = join(import.meta.dirname, "drivers/fake-criu.c");
  equal(spawnSync("gcc", ["-O1", "-o", join(bin, "criu"), source], { encoding: "utf8" }).stderr, "");
  place.create(NAME, "lxc.net.0.type = empty", "lxc.console.path = none", "lxc.tty.max = 0");
});
after(() => place.remove());

const environment = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: `${bin}:/usr/bin:/bin`,
  FAKE_CRIU_LOG: wordsFile,
  ...more,
});

function checkpoint(options: readonly string[], more: Readonly<Record<string, string>> = {}): Outcome {
  const result: SpawnSyncReturns<string> = spawnSync(join(BIN, "lxc-checkpoint"), ["-P", place.lxcpath, ...options], {
    encoding: "utf8",
    timeout: 30_000,
    env: environment(more),
    stdio: ["ignore", "pipe", "pipe"],
  });
  return outcomeOf(result);
}

const done = { code: 0, out: "", err: "" };
const words = (): string => readFileSync(wordsFile, "utf8").trim().split("\n").join(" ");
const start = (): void => equal(place.ours("lxc-start", "-n", NAME, "--", "/bin/sh", "-c", "sleep 1000").code, 0);
const initPid = (): string => place.ours("lxc-info", "-n", NAME, "-pH").out.trim();

test("options that exclude each other are refused in LXC's words, before the container is looked up", { skip }, () => {
  const said = (...options: string[]): string => {
    const { code, err } = checkpoint(["-n", "lxcts-none", ...options]);
    equal(code, 1);
    match(err, /^lxc-checkpoint: could not parse command line\n/);
    return /because: .*: (.*)\n/.exec(err)?.[1] ?? err;
  };
  equal(said("-r", "-s", "-D", "/x"), "-s not compatible with -r");
  equal(said("-d", "-D", "/x"), "-d/-F not compatible with -r");
  equal(said("-F"), "-d/-F not compatible with -r");
  equal(said(), "-D is required");
  equal(said("-r", "-p", "-D", "/x"), "-p not compatible with -r");
  equal(said("--predump-dir=/y", "-D", "/x"), "--predump-dir is a path relative to -D");
  match(checkpoint(["-n", "lxcts-none", "-D", "/x"]).err, /^lxc-checkpoint: lxcts-none is not defined\n/);
  match(checkpoint(["-n", NAME, "-D", "/x"]).err, /^lxc-checkpoint: lxcts-ck not running, not checkpointing\n/);
});

test("a checkpoint leaves the container running, or stops it, with LXC's words to criu", { skip }, async () => {
  start();
  const pid = initPid();
  match(checkpoint(["-n", NAME, "-r", "-D", saved]).err, /^lxc-checkpoint: lxcts-ck is running, not restoring\n/);
  deepEqual(checkpoint(["-n", NAME, "-D", saved, "-v", "-A", "/bin/true"]), done);
  equal(initPid(), pid);
  match(words(), new RegExp(`^dump --tcp-established .* -D ${saved} -o ${saved}/dump\\.log `));
  match(
    words(),
    new RegExp(
      ` --cgroup-root \\S*memory\\S*:/lxc\\.payload\\.${NAME} .*-v4 --action-script /bin/true .*-t ${pid} --skip-in-flight --freeze-cgroup \\S+ --force-irmap --leave-running$`,
    ),
  );
  deepEqual(checkpoint(["-n", NAME, "-p", "-D", saved, "--predump-dir", "../pre"]), done);
  match(words(), /^pre-dump .* --prev-images-dir \.\.\/pre --track-mem --force-irmap$/);
  deepEqual(checkpoint(["-n", NAME, "-s", "-D", saved]), done);
  ok(!words().includes("--leave-running"));
  equal(place.state(NAME), "STOPPED");
});

test("a restored process is the container's first one, and ends with it", { skip }, async () => {
  // The last word counts, and the default is the same.
  deepEqual(checkpoint(["-n", NAME, "-r", "-F", "-d", "-D", saved]), done);
  match(words(), /^restore .* --root \S+ --restore-detached --restore-sibling busybox is there$/);
  equal(place.state(NAME), "RUNNING");
  const pid = initPid();
  match(readFileSync(`/proc/${pid}/comm`, "utf8"), /^criu/);
  match(readFileSync(`/proc/${pid}/status`, "utf8"), /\nPPid:\t\d+\n/);
  equal(place.ours("lxc-stop", "-n", NAME, "-k").code, 0);
  equal(place.state(NAME), "STOPPED");
  ok(await eventually(() => place.leftovers(NAME).length === 0), place.leftovers(NAME).join("\n"));
});

test("in the foreground the tool stays until the container has stopped", { skip }, async () => {
  const tool = spawn(join(BIN, "lxc-checkpoint"), ["-P", place.lxcpath, "-n", NAME, "-r", "-F", "-D", saved], {
    env: environment({}),
    stdio: "ignore",
  });
  ok(await eventually(() => place.state(NAME) === "RUNNING"));
  equal(tool.exitCode, null);
  equal(place.ours("lxc-stop", "-n", NAME, "-k").code, 0);
  ok(await eventually(() => tool.exitCode !== null));
  equal(tool.exitCode, 0);
});

test("what criu says last is in the failure, and nothing is left of a restore that failed", { skip }, async () => {
  const failed = checkpoint(["-n", NAME, "-r", "-D", saved], { FAKE_CRIU_FAILS: "1" });
  equal(failed.code, 1);
  match(failed.err, /^lxc-checkpoint: Restoring lxcts-ck failed\n/);
  match(failed.err, /criu failed \(exit code 1\): Error \(criu\/x\.c:1\): the kernel has no such thing\n/);
  match(failed.err, new RegExp(`hint: all it says is in ${saved}/restore\\.log`));
  equal(place.state(NAME), "STOPPED");
  ok(await eventually(() => place.leftovers(NAME).length === 0), place.leftovers(NAME).join("\n"));
  start();
  const kept = checkpoint(["-n", NAME, "-s", "-D", saved], { FAKE_CRIU_FAILS: "1" });
  match(kept.err, /^lxc-checkpoint: Checkpointing lxcts-ck failed\n/);
  equal(place.state(NAME), "RUNNING");
  writeFileSync(join(saved, "inventory.img"), "");
  match(checkpoint(["-n", NAME, "-D", saved]).err, /please use a fresh directory for the dump directory/);
  const without = checkpoint(["-n", NAME, "-D", join(place.folder, "other")], { PATH: "/nowhere" });
  match(without.err, /cannot use criu: it is not in PATH\n {2}hint: install it: apt install criu/);
  equal(place.ours("lxc-stop", "-n", NAME, "-k").code, 0);
});

test("what criu cannot save is named before it is asked", { skip }, () => {
  const name = "lxcts-cktty";
  place.create(name, "lxc.net.0.type = empty", "lxc.tty.max = 2");
  equal(place.ours("lxc-start", "-n", name).code, 0);
  match(
    checkpoint(["-n", name, "-D", saved]).err,
    /it has terminals of the host\n {2}hint: set lxc\.console\.path = none and lxc\.tty\.max = 0/,
  );
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});
