// What goes wrong while a container starts or runs: LXC's exit code, a cause, a hint, and nothing left behind.

import { equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, linkNames, monitorPid, type Outcome, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("failures");
after(() => place.remove());

function refused(outcome: Outcome, cause: RegExp, hint: RegExp): void {
  match(outcome.err, cause);
  match(outcome.err, hint);
  equal(outcome.code, 1);
}

/** Starts it as a daemon, and asserts that the failure is told by name and that nothing is left. */
async function failsToStart(name: string, cause: RegExp, hint: RegExp): Promise<void> {
  const links = linkNames();
  refused(place.ours("lxc-start", "-n", name), cause, hint);
  equal(place.state(name), "STOPPED");
  // The monitor has told the failure when all is undone; it ends itself right after.
  await eventually(() => place.leftovers(name).length === 0, 2000);
  equal(place.leftovers(name).join("\n"), "");
  equal(linkNames().join(), links.join());
}

test("a container that is not there", { skip }, () => {
  refused(place.ours("lxc-start", "-n", "lxcts-none"), /No container config specified/, /hint: /);
  const stopped = place.ours("lxc-stop", "-n", "lxcts-none");
  match(stopped.err, /lxcts-none is not running/);
  equal(stopped.code, 2);
  refused(place.ours("lxc-info", "-n", "lxcts-none"), /lxcts-none doesn't exist/, /hint: /);
  refused(place.ours("lxc-attach", "-n", "lxcts-none", "--", "true"), /lxcts-none/, /hint: /);
});

test("a name that would lead out of the container path", { skip }, () => {
  for (const name of ["../x", "a/b", "..", "."]) {
    refused(place.ours("lxc-start", "-n", name), /cannot use the container name/, /hint: a name is/);
    refused(place.ours("lxc-create", "-n", name, "-t", "none"), /cannot use the container name/, /hint: a name is/);
    refused(place.ours("lxc-destroy", "-n", name), /cannot use the container name/, /hint: a name is/);
  }
});

test("a root file system without an init", { skip }, async () => {
  place.create("lxcts-noinit");
  rmSync(place.inside("lxcts-noinit", "sbin/init"));
  await failsToStart("lxcts-noinit", /cannot run \/sbin\/init in the container: .*ENOENT/, /hint: put \/sbin\/init/);
});

test("a root file system that is not there", { skip }, async () => {
  place.create("lxcts-noroot", "lxc.rootfs.path = dir:/no/such/rootfs");
  await failsToStart(
    "lxcts-noroot",
    /root file system \/no\/such\/rootfs: there is no such folder/,
    /hint: correct lxc\.rootfs\.path/,
  );
});

test("a bridge that does not exist", { skip }, async () => {
  place.create("lxcts-nobridge", "lxc.net.0.type = veth", "lxc.net.0.link = lxcts-none0", "lxc.net.0.flags = up");
  await failsToStart(
    "lxcts-nobridge",
    /lxc\.net\.0\.link = lxcts-none0: there is no such bridge/,
    /hint: .*ip link add lxcts-none0 type bridge/,
  );
});

test("an address that cannot be, and a limit that the host does not have", { skip }, async () => {
  place.create("lxcts-badlimit", "lxc.cgroup2.memory.high = 32M");
  await failsToStart(
    "lxcts-badlimit",
    /lxc\.cgroup2\.memory\.high/,
    /hint: .*lxc\.cgroup\.memory\.soft_limit_in_bytes/,
  );
  place.create("lxcts-badvalue", "lxc.cgroup.pids.max = many");
  await failsToStart("lxcts-badvalue", /lxc\.cgroup\.pids\.max = many/, /pids\.max/);
});

test("a key without its effect yet is refused by name", { skip }, async () => {
  place.create("lxcts-later", "lxc.rootfs.path = btrfs:/srv/a");
  await failsToStart(
    "lxcts-later",
    /config:\d+:\d+: error: lxc\.rootfs\.path: btrfs: is not supported yet/,
    /; put the root file system into a folder/,
  );
});

test("the log goes where the configuration says", { skip }, () => {
  const log = join(place.folder, "own.log");
  place.create("lxcts-log", `lxc.log.file = ${log}`, "lxc.log.level = DEBUG", "lxc.rootfs.path = dir:/no/such");
  equal(place.ours("lxc-start", "-n", "lxcts-log").code, 1);
  match(readFileSync(log, "utf8"), /^lxc-start lxcts-log \d{14}\.\d{3} ERROR .*\/no\/such/m);
});

test("a misspelt key is named with its line, and the one that was meant", { skip }, () => {
  place.create("lxcts-typo", "lxc.uts.nam = x");
  refused(
    place.ours("lxc-start", "-n", "lxcts-typo"),
    /config:\d+:1: error: lxc\.uts\.nam: there is no such key/,
    /; did you mean lxc\.uts\.name\?/,
  );
});

test("a failure after the network was made takes the network away", { skip }, async () => {
  const bad = place.script("bad", "exit 1");
  place.create("lxcts-undo", "lxc.net.0.type = veth", "lxc.net.0.flags = up", `lxc.hook.start-host = ${bad}`);
  await failsToStart("lxcts-undo", /lxc\.hook\.start-host = .*: it exited with status 1/, /hint: /);
});

test("a second start of a running container says so, and is no failure", { skip }, () => {
  place.create("lxcts-twice");
  equal(place.ours("lxc-start", "-n", "lxcts-twice").code, 0);
  const again = place.ours("lxc-start", "-n", "lxcts-twice");
  match(again.err, /Container is already running/);
  equal(again.code, 0);
  refused(place.ours("lxc-destroy", "-n", "lxcts-twice"), /lxcts-twice is running/, /hint: .*lxc-stop/);
  ok(existsSync(place.inside("lxcts-twice", "bin/busybox")));
  equal(place.ours("lxc-stop", "-n", "lxcts-twice", "-k").code, 0);
  const stopped = place.ours("lxc-stop", "-n", "lxcts-twice");
  match(stopped.err, /lxcts-twice is not running/);
  equal(stopped.code, 2);
});

test("64 starts of one name at once: one wins, the others say so", { skip }, async () => {
  const name = "lxcts-race";
  place.create(name);
  const starts = Array.from({ length: 64 }, () => {
    const child = spawn(join(BIN, "lxc-start"), ["-P", place.lxcpath, "-n", name], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    return new Promise<{ code: number | null; said: string }>((resolve) => {
      child.on("close", (code) => resolve({ code, said }));
    });
  });
  const ends = await Promise.all(starts);
  equal(ends.filter((end) => end.code === 0 && end.said === "").length, 1);
  equal(ends.filter((end) => end.code === 0 && end.said.includes("already running")).length, 63);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("a monitor that is killed takes its container along, and lxc-stop clears up", { skip }, async () => {
  const name = "lxcts-orphan";
  place.create(name, "lxc.net.0.type = veth", "lxc.net.0.flags = up");
  const links = linkNames();
  equal(place.ours("lxc-start", "-n", name).code, 0);
  const init = Number(place.ours("lxc-info", "-n", name, "-pH").out.trim());
  process.kill(monitorPid(place, name), "SIGKILL");
  ok(await eventually(() => !existsSync(`/proc/${init}`)), "init outlived its monitor");
  equal(place.state(name), "STOPPED");
  place.ours("lxc-stop", "-n", name, "-k");
  equal(place.ours("lxc-start", "-n", name).code, 0);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  ok(await eventually(() => place.leftovers(name).length === 0), place.leftovers(name).join("\n"));
  ok(await eventually(() => linkNames().join() === links.join()), "a device of the network is left");
});

test("an init that is killed stops its container", { skip }, async () => {
  const name = "lxcts-initdead";
  place.create(name);
  equal(place.ours("lxc-start", "-n", name).code, 0);
  process.kill(Number(place.ours("lxc-info", "-n", name, "-pH").out.trim()), "SIGKILL");
  equal(place.ours("lxc-wait", "-n", name, "-s", "STOPPED", "-t", "10").code, 0);
  ok(await eventually(() => place.leftovers(name).length === 0), place.leftovers(name).join("\n"));
});

test("a failure travels as JSON, with its causes, codes and hints", { skip }, () => {
  place.create("lxcts-json", "lxc.rootfs.path = dir:/no/such/rootfs");
  const failed = place.ours("lxc-start", "-n", "lxcts-json", "--format=json");
  equal(failed.code, 1);
  const said = JSON.parse(failed.err) as {
    error: { code: string; because: { code: string; hint: string; errno: number }[] };
  };
  equal(said.error.code, "not-found");
  match(said.error.because[0]?.hint ?? "", /lxc\.rootfs\.path/);
  equal(said.error.because[0]?.errno, 2);
});

test("a root file system whose /dev is a link is refused, and the host is not touched", { skip }, async () => {
  const name = "lxcts-devlink";
  place.create(name);
  const target = join(place.folder, "host-dev");
  spawnSync("mkdir", [target]);
  rmSync(place.inside(name, "dev"), { recursive: true });
  symlinkSync(target, place.inside(name, "dev"));
  await failsToStart(name, /a symbolic link or a file stands in its path/, /hint: /);
  equal(spawnSync("ls", ["-A", target], { encoding: "utf8" }).stdout, "");
});

test("an ordinary file where the container path should be", { skip }, () => {
  const file = join(place.folder, "file");
  writeFileSync(file, "mine");
  const outcome = spawnSync(join(BIN, "lxc-create"), ["-P", join(file, "x"), "-n", "c1", "-t", "none"], {
    encoding: "utf8",
  });
  equal(outcome.status, 1);
  match(outcome.stderr, /cannot /);
  equal(readFileSync(file, "utf8"), "mine");
});

test("a container that runs in another network namespace is not destroyed", { skip }, () => {
  const name = "lxcts-elsewhere";
  place.create(name);
  const start = ["-n", join(BIN, "lxc-start"), "-P", place.lxcpath, "-n", name];
  equal(spawnSync("unshare", start).status, 0);
  const monitor = monitorPid(place, name);
  refused(
    place.ours("lxc-destroy", "-n", name),
    /lxcts-elsewhere is running/,
    /hint: its monitor, process \d+, is in another/,
  );
  refused(place.ours("lxc-destroy", "-n", name, "-f"), /lxcts-elsewhere is running/, /hint: /);
  ok(existsSync(place.inside(name, "bin/busybox")));
  const stop = ["-t", String(monitor), "-n", join(BIN, "lxc-stop"), "-P", place.lxcpath, "-n", name, "-k"];
  equal(spawnSync("nsenter", stop).status, 0);
  equal(place.ours("lxc-destroy", "-n", name).code, 0);
});
