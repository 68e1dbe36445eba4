import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { type CgroupLayout, hierarchyOf, layoutFrom, membershipsIn, onlyUsed, pathIn } from "./layout.ts";

const HYBRID_MOUNTS = `23 1 254:0 / / rw,relatime - ext4 /dev/root rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

/** One line for each hierarchy: what is compared. */
function shown(layout: CgroupLayout): string[] {
  const lines: string[] = [layout.kind];
  for (const h of layout.hierarchies) {
    const scope = h.underSystemd ? " systemd" : "";
    lines.push(`v${h.version} ${h.mountPoint} [${h.controllers.join(",")}] "${h.base}"${scope}`);
  }
  return lines;
}

test("a hybrid host has version 1 hierarchies and the unified one, below init's cgroup without its scope", () => {
  const init = "12:cpu,cpuacct:/\n9:memory:/boxed\n1:name=systemd:/init.scope\n0::/init.scope\n";
  deepEqual(shown(layoutFrom(HYBRID_MOUNTS, init, false)), [
    "hybrid",
    'v1 /sys/fs/cgroup/cpu,cpuacct [cpu,cpuacct] ""',
    'v1 /sys/fs/cgroup/memory [memory] "boxed"',
    'v1 /sys/fs/cgroup/systemd [name=systemd] "" systemd',
    'v2 /sys/fs/cgroup/unified [] "" systemd',
  ]);
});

test("a legacy host has no unified hierarchy, and a hierarchy that is not mounted is left out", () => {
  const mounts = HYBRID_MOUNTS.split("\n").slice(0, 4).join("\n");
  deepEqual(shown(layoutFrom(mounts, "12:cpu,cpuacct:/\n9:memory:/\n8:pids:/\n0::/\n", false)), [
    "legacy",
    'v1 /sys/fs/cgroup/cpu,cpuacct [cpu,cpuacct] ""',
    'v1 /sys/fs/cgroup/memory [memory] ""',
  ]);
});

test("on a unified host a relative base keeps the caller's own scope", () => {
  const mounts = "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  deepEqual(shown(layoutFrom(mounts, "0::/user.slice/user-1000.slice/init.scope\n", true)), [
    "unified",
    'v2 /sys/fs/cgroup [] "user.slice/user-1000.slice/init.scope" systemd',
  ]);
});

test("below our own cgroup means below the one above the leaf that we went to ourselves", () => {
  const mounts = "29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  deepEqual(shown(layoutFrom(mounts, "0::/boxes/lxc.pivot\n", true)), ["unified", 'v2 /sys/fs/cgroup [] "boxes"']);
  deepEqual(shown(layoutFrom(mounts, "0::/boxes/lxc.pivot\n", false)), [
    "unified",
    'v2 /sys/fs/cgroup [] "boxes/lxc.pivot"',
  ]);
});

test("a mount of a part of a hierarchy makes the base relative to that part", () => {
  const mounts = "40 31 0:37 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
  deepEqual(shown(layoutFrom(mounts, "9:memory:/docker/abc/nested\n", false)), [
    "legacy",
    'v1 /sys/fs/cgroup/memory [memory] "nested"',
  ]);
  deepEqual(shown(layoutFrom(mounts, "9:memory:/docker/other\n", false)), ["none"]);
});

test("what lies outside of our cgroup namespace cannot be used", () => {
  const mounts = "29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  deepEqual(shown(layoutFrom(mounts, "0::/../init.scope\n", false)), ["none"]);
});

test("a controller that version 1 has bound is found there, on a hybrid host too", () => {
  const layout = layoutFrom(HYBRID_MOUNTS, "12:cpu,cpuacct:/\n9:memory:/\n1:name=systemd:/\n0::/\n", false);
  const found = ["cpuacct", "memory", "name=systemd", "", "cgroup", "io", "devices"].map(
    (controller) => hierarchyOf(layout, controller)?.mountPoint ?? "none",
  );
  deepEqual(found, [
    "/sys/fs/cgroup/cpu,cpuacct",
    "/sys/fs/cgroup/memory",
    "/sys/fs/cgroup/systemd",
    "/sys/fs/cgroup/unified",
    "/sys/fs/cgroup/unified",
    "none",
    "none",
  ]);
});

test("lxc.cgroup.use leaves out version 1 hierarchies, and must name what is there", () => {
  const layout = layoutFrom(HYBRID_MOUNTS, "12:cpu,cpuacct:/\n9:memory:/\n0::/\n", false);
  deepEqual(shown(onlyUsed(layout, ["memory"])), [
    "hybrid",
    'v1 /sys/fs/cgroup/memory [memory] ""',
    'v2 /sys/fs/cgroup/unified [] ""',
  ]);
  throws(() => onlyUsed(layout, ["net_cls"]), { code: "config-invalid" });
});

test("where a process is in one hierarchy is told by its controllers", () => {
  const layout = layoutFrom(HYBRID_MOUNTS, "12:cpu,cpuacct:/\n0::/\n", false);
  const members = membershipsIn("12:cpu,cpuacct:/a/b\n0::/c\n");
  deepEqual(
    layout.hierarchies.map((h) => pathIn(h, members)),
    ["a/b", "c"],
  );
});

test("a line of /proc/PID/cgroup without a name is of no use", () => {
  equal(membershipsIn("5::/\n0::/x\n").length, 1);
});

test("a named hierarchy that has controllers too is found behind other options, and other file systems are none", () => {
  const mounts = [
    "30 22 0:27 / /mnt/x rw shared:1 - cgroupfs cgroup rw,cpu",
    "31 22 0:28 / /sys/fs/cgroup/a\\040b rw shared:4 master:2 - cgroup cgroup rw,cpu,xattr,name=mine",
    "32 22",
    "",
  ].join("\n");
  deepEqual(shown(layoutFrom(mounts, "3:cpu,name=mine:/\n", false)), [
    "legacy",
    'v1 /sys/fs/cgroup/a b [cpu,name=mine] ""',
  ]);
  deepEqual(shown(layoutFrom(mounts, "3:cpu,name=other:/\n2:cpuacct:/\n", false)), ["none"]);
});
