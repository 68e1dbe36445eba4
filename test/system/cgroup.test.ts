// Cgroups for real, as root: what is made, that limits bite, and that nothing stays.
import { deepEqual, equal } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";

const DRIVER = "dist/cgroup-driver";

/** The lines a driver run says, without times, which vary. */
function drive(...words: readonly string[]): string[] {
  const result = spawnSync(DRIVER, words, { encoding: "utf8", timeout: 20000 });
  return result.stdout
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("ms ") && !line.startsWith("enter "));
}

/** Every cgroup whose name has `part` in it. */
function cgroupsNamed(part: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync("/sys/fs/cgroup", { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory() && entry.name.includes(part)) found.push(`${entry.parentPath}/${entry.name}`);
  }
  return found;
}

function memberships(line: string | undefined): string[] {
  return [
    ...new Set(
      (line ?? "")
        .split(" ")
        .slice(1)
        .map((word) => word.split(":")[2] ?? ""),
    ),
  ];
}

const cgroups = readFileSync("/proc/1/cgroup", "utf8");
const isV1 = (controller: string): boolean => cgroups.includes(`:${controller}:`);
const isRoot = process.getuid?.() === 0;

/** Why a test cannot run here. */
function skip(...controllers: readonly string[]): string | false {
  if (!isRoot) return "needs root";
  const missing = controllers.filter((controller) => !isV1(controller));
  return missing.length > 0 && `this host has no version 1 ${missing.join(", ")}`;
}

before(() => {
  if (isRoot) execFileSync("sh", ["scripts/build.sh", "test/system/drivers/cgroup.ts", DRIVER]);
});

test("a container is in its own cgroup everywhere, its monitor where it matters, and both are gone in the end", {
  skip: skip("memory"),
}, () => {
  const lines = drive("life", "lxcts-life");
  const own = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n").join(" ");
  equal(lines[0]?.split(" ").at(-1), "0::/lxc.monitor.lxcts-life");
  deepEqual(memberships(lines[1]), ["/lxc.payload.lxcts-life"]);
  equal(lines[2], `after ${own}`);
  equal(lines[3], "kind hybrid");
  deepEqual(cgroupsNamed("lxcts-life"), []);
});

test("folders of lxc.cgroup.dir that were missing are removed too", { skip: skip("memory") }, () => {
  const lines = drive("life", "lxcts-dir1", "lxcts-folder/deep");
  deepEqual(memberships(lines[0]), ["/lxcts-folder/deep/lxc.monitor.lxcts-dir1"]);
  deepEqual(memberships(lines[1]), ["/lxcts-folder/deep/lxc.payload.lxcts-dir1"]);
  deepEqual(cgroupsNamed("lxcts-folder"), []);
});

test("a name that is taken gets a number, and what was there stays", { skip: skip("memory") }, () => {
  const taken = "/sys/fs/cgroup/memory/lxc.payload.lxcts-taken";
  execFileSync("mkdir", [taken]);
  try {
    deepEqual(memberships(drive("life", "lxcts-taken")[1]), ["/lxc.payload.lxcts-taken-1", "/lxc.payload.lxcts-taken"]);
    deepEqual(cgroupsNamed("lxcts-taken"), [taken]);
  } finally {
    execFileSync("rmdir", [taken]);
  }
});

test("v1 cgroups may be made while the first process is there already", { skip: skip("memory") }, () => {
  const lines = drive("late", "lxcts-late");
  deepEqual(memberships(lines[0]), ["/lxc.payload.lxcts-late/inside"]);
  deepEqual(lines.slice(1), ["path /lxc.payload.lxcts-late/inside /lxc.payload.lxcts-late", "context 1 2 10"]);
  deepEqual(cgroupsNamed("lxcts-late"), []);
});

test("what is mounted for a container shows its own cgroup as the root", {
  skip: skip("memory", "name=systemd"),
}, () => {
  const lines = drive("automount", "lxcts-mount");
  equal(lines[0], "tmpfs sys/fs/cgroup");
  equal(lines.includes("cgroup sys/fs/cgroup/memory own"), true);
  equal(lines.includes("cgroup sys/fs/cgroup/systemd own"), true);
  equal(lines.at(-1), "cgroup2 sys/fs/cgroup/unified own");
  deepEqual(cgroupsNamed("lxcts-mount"), []);
});

test("a memory limit kills a hog", { skip: skip("memory") }, () => {
  deepEqual(drive("run", "lxcts-hog", "lxc.cgroup.memory.limit_in_bytes=32M", "--", "/usr/bin/tail", "/dev/zero"), [
    "end code 0 signal 9",
    "counted cpu true memory true",
  ]);
});

test("a limit of processes stops a fork", { skip: skip("pids") }, () => {
  const script = "sleep 0.1 & sleep 0.1 & sleep 0.1 & sleep 0.1 & wait";
  const lines = drive("run", "lxcts-pids", "lxc.cgroup.pids.max=3", "--", "/bin/sh", "-c", script);
  equal(lines[0], "end code 2 signal 0");
});

const USE_DEVICES = "echo x >/dev/null && echo null; head -c1 /dev/zero >/dev/null && echo zero";

for (const prefix of ["lxc.cgroup", "lxc.cgroup2"]) {
  const how = prefix === "lxc.cgroup" ? "files of version 1" : "a program in the unified hierarchy";
  test(`device rules hold, by ${how}`, { skip: skip("devices") }, () => {
    const rules = [`${prefix}.devices.deny=a`, `${prefix}.devices.allow=/dev/null rwm`];
    const lines = drive("run", "lxcts-devices", ...rules, "--", "/bin/sh", "-c", USE_DEVICES);
    deepEqual(lines.slice(0, 2), ["null", "end code 1 signal 0"]);
  });
}

test("a later rule takes access away again, also from whom asks for more", { skip: skip("devices") }, () => {
  const rules = ["lxc.cgroup2.devices.allow=a", "lxc.cgroup2.devices.deny=c 1:3 w"];
  const script = "head -c1 /dev/null && echo read; (: <>/dev/null) && echo both";
  const lines = drive("run", "lxcts-later", ...rules, "--", "/bin/sh", "-c", script);
  equal(lines[0], "read");
  equal(lines[1]?.startsWith("end code"), true);
});

test("a limit that cannot be applied here says why and what to write", { skip: skip("memory") }, () => {
  deepEqual(drive("run", "lxcts-wrong", "lxc.cgroup2.memory.max=32M", "--", "/bin/true"), [
    "cannot apply lxc.cgroup2.memory.max = 32M: memory is bound to cgroup version 1 here, at /sys/fs/cgroup/memory",
    "  hint: use lxc.cgroup.memory.limit_in_bytes",
  ]);
  deepEqual(drive("run", "lxcts-wrong", "lxc.cgroup.memory.limit_in_bytes=much", "--", "/bin/true"), [
    "cannot apply lxc.cgroup.memory.limit_in_bytes = much: write to /sys/fs/cgroup/memory/lxc.payload.lxcts-wrong/memory.limit_in_bytes: invalid argument (EINVAL)",
    "  hint: the kernel does not take this value; compare cat /sys/fs/cgroup/memory/memory.limit_in_bytes",
  ]);
  deepEqual(cgroupsNamed("lxcts-wrong"), []);
});

test("cgroups that the container made, and processes that are just ending, do not keep its cgroups", {
  skip: skip("memory"),
}, () => {
  const nested = ["memory", "unified"].map((h) => `/sys/fs/cgroup/${h}/lxc.payload.lxcts-nest/a/b`).join(" ");
  const lines = drive("run", "lxcts-nest", "--", "/bin/sh", "-c", `mkdir -p ${nested}; sleep 0.1 & true`);
  deepEqual(lines, ["end code 0 signal 0", "counted cpu true memory true"]);
  deepEqual(cgroupsNamed("lxcts-nest"), []);
});

for (const version of ["1", "2"]) {
  test(`version ${version} freezes, thaws and ends all processes`, { skip: skip("freezer") }, () => {
    deepEqual(drive("freeze", `lxcts-freeze${version}`, version), [
      "frozen true",
      "frozen false",
      "killed true signal 9 left 0",
    ]);
    deepEqual(cgroupsNamed("lxcts-freeze"), []);
  });
}
