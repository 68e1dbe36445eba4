// lxc.namespace.*, lxc.time.offset.* and lxc.monitor.unshare: which namespaces a container has, joins and keeps.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("namespaces");
const others: ChildProcess[] = [];
after(() => {
  for (const other of others) other.kill("SIGKILL");
  place.remove();
});

const NAMES = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] as const;
type Name = (typeof NAMES)[number];

const LIST = NAMES.map((name) => `echo ${name} $(stat -L -c %i /proc/self/ns/${name})`).join("; ");

/** Starts a container with these lines that runs `script`, and returns what it wrote. */
function inside(name: string, script: string, ...lines: string[]): string {
  place.create(name, ...lines);
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", `exec >/out 2>&1; ${script}`);
  equal(run.err, "");
  equal(run.code, 0);
  return readFileSync(place.inside(name, "out"), "utf8").trim();
}

/** The inode of each namespace of the container's first process. */
function namespacesOf(name: string, ...lines: string[]): Record<Name, string> {
  const found: Partial<Record<string, string>> = {};
  for (const line of inside(name, LIST, ...lines).split("\n")) {
    const [key = "", inode = ""] = line.split(" ");
    found[key] = inode;
  }
  return found as Record<Name, string>;
}

function inodeOf(pid: number | "self", name: Name): string {
  return /\d+/.exec(readlinkSync(`/proc/${pid}/ns/${name}`))?.[0] ?? "";
}

/** Those of the host that the container is in too. */
function sharedWithHost(found: Record<Name, string>): string[] {
  return NAMES.filter((name) => found[name] === inodeOf("self", name));
}

/** A process in new namespaces of its own. */
async function another(...flags: string[]): Promise<number> {
  const child = spawn("unshare", [...flags, "sleep", "300"], { stdio: "ignore" });
  others.push(child);
  const pid = child.pid ?? 0;
  ok(await eventually(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep")));
  return pid;
}

test("without a word a container has all but the user and the time namespace of its own", { skip }, () => {
  deepEqual(sharedWithHost(namespacesOf("lxcts-ns-all")), ["time", "user"]);
});

test("lxc.namespace.keep takes over those of the caller, and lxc.namespace.clone makes only these", { skip }, () => {
  const kept = namespacesOf("lxcts-ns-keep", "lxc.namespace.keep = net uts ipc cgroup");
  deepEqual(sharedWithHost(kept), ["cgroup", "ipc", "net", "time", "user", "uts"]);
  const made = namespacesOf("lxcts-ns-clone", "lxc.namespace.clone = mnt pid time");
  deepEqual(sharedWithHost(made), ["cgroup", "ipc", "net", "user", "uts"]);
});

test("a container that keeps the host's name does not change it", { skip }, () => {
  const before = readFileSync("/proc/sys/kernel/hostname", "utf8");
  equal(inside("lxcts-ns-uts", "hostname", "lxc.namespace.keep = uts"), before.trim());
  equal(readFileSync("/proc/sys/kernel/hostname", "utf8"), before);
});

test("with the host's process ids it cannot reboot, and its other processes end with the first", { skip }, async () => {
  const script = "sleep 7654321 & grep CapBnd /proc/self/status";
  const said = inside("lxcts-ns-pid", script, "lxc.namespace.keep = pid");
  const bounding = BigInt(`0x${/CapBnd:\t([0-9a-f]+)/.exec(said)?.[1] ?? "0"}`);
  equal((bounding >> 22n) & 1n, 0n, "CAP_SYS_BOOT");
  const gone = () => spawnSync("pgrep", ["-f", "^sleep 7654321$"], { encoding: "utf8" }).stdout === "";
  ok(await eventually(gone), "a process stayed");
  ok(await eventually(() => place.leftovers("lxcts-ns-pid").length === 0));
});

test("lxc.namespace.share joins those of a process, by its number or by a path", { skip }, async () => {
  const pid = await another("--net", "--uts", "--ipc");
  const found = namespacesOf(
    "lxcts-ns-share",
    `lxc.namespace.share.net = ${pid}`,
    `lxc.namespace.share.uts = /proc/${pid}/ns/uts`,
  );
  equal(found.net, inodeOf(pid, "net"));
  equal(found.uts, inodeOf(pid, "uts"));
  notEqual(found.ipc, inodeOf(pid, "ipc"));
  deepEqual(sharedWithHost(found), ["time", "user"]);
});

test("and those of a container, by its name or by its path", { skip }, () => {
  place.create("lxcts-ns-owner");
  equal(place.ours("lxc-start", "-n", "lxcts-ns-owner").code, 0);
  const owner = Number(place.ours("lxc-info", "-n", "lxcts-ns-owner", "-pH").out);
  const found = namespacesOf(
    "lxcts-ns-guest",
    "lxc.namespace.share.net = lxcts-ns-owner",
    "lxc.namespace.share.pid = lxcts-ns-owner",
    `lxc.namespace.share.ipc = ${place.lxcpath}/lxcts-ns-owner`,
  );
  for (const name of ["net", "pid", "ipc"] as const) equal(found[name], inodeOf(owner, name), name);
  for (const name of ["mnt", "uts", "cgroup"] as const) notEqual(found[name], inodeOf(owner, name), name);
  // The guest's end is not that of its owner, whose process ids it shared.
  equal(place.state("lxcts-ns-owner"), "RUNNING");
  equal(place.ours("lxc-stop", "-n", "lxcts-ns-owner", "-k").code, 0);
});

test("a namespace that is not there, or none, is refused by name", { skip }, () => {
  const refusal = (line: string): string => {
    place.create("lxcts-ns-none", line);
    const run = place.ours("lxc-start", "-n", "lxcts-ns-none");
    equal(run.code, 1);
    equal(place.ours("lxc-destroy", "-n", "lxcts-ns-none").code, 0);
    return run.err;
  };
  match(refusal("lxc.namespace.share.net = nobody-here"), /share the net namespace of nobody-here: it is not running/);
  match(refusal("lxc.namespace.share.ipc = /etc/passwd"), /join the ipc namespace of \/etc\/passwd: that is no ipc/);
  match(refusal("lxc.namespace.keep = mnt"), /lxc\.namespace\.keep: the mount namespace is somebody else's/);
  match(refusal("lxc.namespace.clone = user mnt"), /lxc\.namespace\.clone: nobody would be in the new user namespace/);
});

test("clocks are ahead by lxc.time.offset.*", { skip }, () => {
  const seconds = (file: string) => Number(file.split(" ")[0]);
  const said = inside("lxcts-ns-time", "cat /proc/uptime", "lxc.time.offset.boot = 5h");
  const ahead = seconds(said) - seconds(readFileSync("/proc/uptime", "utf8"));
  ok(Math.abs(ahead - 18_000) < 60, `${ahead} s ahead`);
  const text = inside(
    "lxcts-ns-times",
    "cat /proc/self/timens_offsets",
    "lxc.time.offset.monotonic = 90s",
    "lxc.time.offset.monotonic = -1ms",
    "lxc.time.offset.boot = -2s",
  );
  match(text, /monotonic\s+89\s+999000000\n/);
  match(text, /boottime\s+-2\s+0/);
});

test("without a mount namespace of its own it runs in the files of the host, and nothing is mounted there", {
  skip,
}, () => {
  const before = readFileSync("/proc/self/mountinfo", "utf8");
  const out = `${place.folder}/kept`;
  const file = join(place.folder, "kept.conf");
  writeFileSync(file, "lxc.namespace.keep = mnt\n");
  const script = `stat -L -c %i /proc/self/ns/mnt > ${out}`;
  const run = place.ours("lxc-execute", "-n", "lxcts-ns-mnt", "-f", file, "--", "/bin/sh", "-c", script);
  equal(run.err, "");
  equal(run.code, 0);
  equal(readFileSync(out, "utf8").trim(), inodeOf("self", "mnt"));
  equal(readFileSync("/proc/self/mountinfo", "utf8"), before);
});

test("lxc.monitor.unshare gives the monitor mounts of its own", { skip }, () => {
  const hook = place.script("mounts-here", `mkdir -p ${place.folder}/seen; mount -t tmpfs lxcts ${place.folder}/seen`);
  place.create("lxcts-ns-monitor", "lxc.monitor.unshare = 1", `lxc.hook.pre-start = ${hook}`);
  equal(place.ours("lxc-start", "-n", "lxcts-ns-monitor").code, 0);
  const monitor = monitorPid(place, "lxcts-ns-monitor");
  notEqual(inodeOf(monitor, "mnt"), inodeOf("self", "mnt"));
  ok(readFileSync(`/proc/${monitor}/mountinfo`, "utf8").includes(`${place.folder}/seen`));
  ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(`${place.folder}/seen`));
  equal(place.ours("lxc-stop", "-n", "lxcts-ns-monitor", "-k").code, 0);
});

test("stop hooks get the namespaces that are the container's own, and no others", { skip }, () => {
  const said = `${place.folder}/stop-args`;
  const hook = place.script("stop-hook", `echo "$@" > ${said}`);
  place.create("lxcts-ns-hook", "lxc.namespace.keep = ipc", `lxc.hook.stop = ${hook}`);
  equal(place.ours("lxc-start", "-n", "lxcts-ns-hook", "-F", "--", "/bin/true").code, 0);
  ok(existsSync(said));
  const names = readFileSync(said, "utf8")
    .trim()
    .split(" ")
    .slice(3)
    .map((word) => word.split(":")[0]);
  deepEqual(names, ["mnt", "pid", "uts", "net", "cgroup"]);
});
