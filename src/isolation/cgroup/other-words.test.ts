import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { contentOf, versionWith, writesFor } from "./other-words.ts";

const from =
  (files: Readonly<Record<string, string>>) =>
  (file: string): string | undefined =>
    files[file];

const said = (version: number, file: string, files: Readonly<Record<string, string>>): string => {
  const content = contentOf(version, file, from(files));
  return content.why === "" ? content.text : `no: ${content.why}`;
};

const written = (version: number, file: string, value: string, files: Readonly<Record<string, string>>): string => {
  const writes = writesFor(version, file, value, from(files));
  return writes.why === "" ? writes.files.map((one) => `${one.file}=${one.value}`).join(", ") : `no: ${writes.why}`;
};

test("a file that a host does not have is known by the version that has it", () => {
  deepEqual(
    ["memory.limit_in_bytes", "memory.max", "memory.peak", "hugetlb.2MB.max", "x.y"].map(versionWith),
    [1, 2, 2, 2, 0],
  );
});

test("a version 2 file is read from version 1", () => {
  equal(said(2, "memory.max", { "memory.limit_in_bytes": "104857600\n" }), "104857600\n");
  equal(said(2, "memory.max", { "memory.limit_in_bytes": "9223372036854771712\n" }), "max\n");
  const memory = { "memory.limit_in_bytes": "4194304\n", "memory.memsw.limit_in_bytes": "8388608\n" };
  equal(said(2, "memory.swap.max", memory), "4194304\n");
  equal(said(2, "cpu.max", { "cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n" }), "max 100000\n");
  equal(said(2, "cpu.max", { "cpu.cfs_quota_us": "5000\n", "cpu.cfs_period_us": "20000\n" }), "5000 20000\n");
  equal(said(2, "cpu.weight", { "cpu.shares": "1024\n" }), "100\n");
  match(said(2, "cpu.weight", { "cpu.shares": "1000\n" }), /^no: version 2 has no weight of just 1000 shares/);
  equal(said(2, "memory.current", { "memory.usage_in_bytes": "4096\n" }), "4096\n");
});

test("one line of io.max has what four files have", () => {
  const files = {
    "blkio.throttle.write_bps_device": "8:0 2048\n",
    "blkio.throttle.read_bps_device": "8:0 1024\n8:16 4096\n",
    "blkio.throttle.write_iops_device": "",
    "blkio.throttle.read_iops_device": "",
  };
  equal(
    said(2, "io.max", files),
    "8:0 rbps=1024 wbps=2048 riops=max wiops=max\n8:16 rbps=4096 wbps=max riops=max wiops=max\n",
  );
  const line = { "io.max": "8:0 rbps=1024 wbps=max riops=max wiops=7\n" };
  equal(said(1, "blkio.throttle.read_bps_device", line), "8:0 1024\n");
  equal(said(1, "blkio.throttle.write_bps_device", line), "");
  equal(said(1, "blkio.throttle.write_iops_device", { "io.max": "" }), "");
});

test("a version 1 file is read from version 2", () => {
  equal(said(1, "memory.limit_in_bytes", { "memory.max": "max\n" }), "-1\n");
  equal(said(1, "memory.memsw.limit_in_bytes", { "memory.max": "4096\n", "memory.swap.max": "8192\n" }), "12288\n");
  equal(said(1, "cpu.cfs_period_us", { "cpu.max": "max 20000\n" }), "20000\n");
  equal(said(1, "cpu.shares", { "cpu.weight": "100\n", "cpu.weight.nice": "0\n" }), "1024\n");
});

test("what has no equal is refused, with what comes nearest", () => {
  equal(
    said(1, "freezer.state", { "cgroup.freeze": "0" }),
    "no: version 2 has nothing that does the same: the nearest there is lxc.cgroup2.cgroup.freeze; it is not the same",
  );
  equal(said(2, "memory.max", {}), "no: memory.limit_in_bytes is not there either");
  match(
    written(2, "memory.high", "1", {}),
    /^no: version 1 has nothing that does the same: the nearest there is lxc\.cgroup\.memory\.soft_limit/,
  );
});

test("what is written keeps the part that it does not name", () => {
  equal(written(2, "memory.max", "100M", {}), "memory.limit_in_bytes=104857600");
  equal(written(1, "cpu.cfs_quota_us", "5000", { "cpu.max": "max 20000\n" }), "cpu.max=5000 20000");
  equal(written(1, "cpu.cfs_period_us", "50000", { "cpu.max": "5000 20000\n" }), "cpu.max=5000 50000");
  equal(written(2, "cpu.max", "5000 20000", {}), "cpu.cfs_period_us=20000, cpu.cfs_quota_us=5000");
  equal(
    written(2, "memory.swap.max", "4096", { "memory.limit_in_bytes": "8192\n" }),
    "memory.memsw.limit_in_bytes=12288",
  );
  match(
    written(2, "memory.swap.max", "4096", { "memory.limit_in_bytes": "9223372036854771712\n" }),
    /^no: version 1 counts memory and swap together/,
  );
});
