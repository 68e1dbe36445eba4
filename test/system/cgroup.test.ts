// Cgroups for real, as root: what is made, that limits bite, and that nothing stays.
import { deepEqual, equal } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";

const DRIVER = "dist/drivers/cgroup";

/** The lines a driver run says, without times, which vary. */
function drive(...words: readonly string[]): string[] {
  const result = spawnSync(DRIVER, words, { encoding: "utf8", timeout: 120_000 });
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

/** `run` with limits, and what its files of version 1 then say. */
function filesUnder(name: string, limits: readonly string[], files: readonly string[], inner = ""): string[] {
  const paths = files.map((file) => `/sys/fs/cgroup/${file.split(".")[0]}/lxc.payload.${name}${inner}/${file}`);
  const word = inner === "" ? "run" : "run-inner";
  const lines = drive(word, name, ...limits, "--", "/bin/sh", "-c", `cat ${paths.join(" ")}`);
  return lines.filter((line) => !line.startsWith("as ") && !line.startsWith("counted "));
}

test("limits of version 2 are applied where the controllers are of version 1", {
  skip: skip("memory", "cpu", "pids"),
}, () => {
  const words = ["memory.max=32M", "memory.swap.max=16M", "cpu.max=50000 200000", "cpu.weight.nice=-5", "pids.max=9"];
  deepEqual(
    filesUnder(
      "lxcts-translated",
      words.map((word) => `lxc.cgroup2.${word}`),
      [
        "memory.limit_in_bytes",
        "memory.memsw.limit_in_bytes",
        "cpu.cfs_quota_us",
        "cpu.cfs_period_us",
        "cpu.shares",
        "pids.max",
      ],
    ),
    ["33554432", "50331648", "50000", "200000", "3121", "9", "end code 0 signal 0"],
  );
  deepEqual(cgroupsNamed("lxcts-translated"), []);
});

test("limits in plain words are applied, rounded to pages, and read back", {
  skip: skip("memory", "cpu", "cpuset", "pids"),
}, () => {
  const words = ["memory=33558000", "memory.swap=4096", "cpus=1.5", "cpu.weight=200", "cpuset=0,0", "pids=7"];
  deepEqual(
    filesUnder(
      "lxcts-plain",
      words.map((word) => `lxc.limit.${word}`),
      [
        "memory.limit_in_bytes",
        "memory.memsw.limit_in_bytes",
        "cpu.cfs_quota_us",
        "cpu.shares",
        "cpuset.cpus",
        "pids.max",
      ],
    ),
    ["33554432", "33558528", "150000", "2048", "0", "7", "end code 0 signal 0"],
  );
});

test("limits of a disk hold for the disk of the root, also in an inner cgroup", {
  skip: skip("blkio"),
}, (t) => {
  const disk = drive("disk", "/")[0] ?? "no disk";
  if (disk === "no disk") return t.skip("the root file system has no disk");
  const limits = ["lxc.limit.io.read=1048576", "lxc.limit.io.write.iops=50"];
  const files = ["blkio.throttle.read_bps_device", "blkio.throttle.write_iops_device"];
  for (const inner of ["", "/inside"]) {
    deepEqual(filesUnder("lxcts-disk", limits, files, inner), [`${disk} 1048576`, `${disk} 50`, "end code 0 signal 0"]);
  }
  deepEqual(cgroupsNamed("lxcts-disk"), []);
});

test("a limit in plain words that this host cannot keep is refused", { skip: skip("memory", "blkio") }, () => {
  deepEqual(drive("run", "lxcts-cannot", "lxc.limit.io.weight=200", "--", "/bin/true"), [
    "cannot apply lxc.limit.io.weight = default 200: blkio is bound to cgroup version 1 here, at /sys/fs/cgroup/blkio, and version 1 has nothing that does the same",
    "  hint: the nearest there is lxc.cgroup.blkio.bfq.weight; it is not the same",
  ]);
  equal(drive("disk", "/proc")[0], "no disk");
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
  deepEqual(drive("run", "lxcts-wrong", "lxc.cgroup2.memory.high=32M", "--", "/bin/true"), [
    "cannot apply lxc.cgroup2.memory.high = 32M: memory is bound to cgroup version 1 here, at /sys/fs/cgroup/memory, and version 1 has nothing that does the same",
    "  hint: the nearest there is lxc.cgroup.memory.soft_limit_in_bytes; it is not the same",
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

test("version 1 freezes those, too, who are just waiting for a program to begin", { skip: skip("freezer") }, () => {
  deepEqual(drive("busy", "lxcts-busy", "100"), ["frozen 100 killed true"]);
  deepEqual(cgroupsNamed("lxcts-busy"), []);
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
