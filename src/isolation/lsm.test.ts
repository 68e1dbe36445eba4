import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { type FakeKernel, fakeKernel } from "../../test/fake/kernel.ts";
import {
  openHow,
  PROC_SUPER_MAGIC,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_XDEV,
  statfs,
} from "../kernel/abi/fs.ts";
import { closeLabelFiles, openLabelFiles, tryLabelKeys, tryLabelProgram } from "./lsm.ts";

/** All files are on a file system of this type. */
function kernelWithFilesOf(type: number): FakeKernel {
  const kernel = fakeKernel();
  kernel.on("fstatfs", (args, bytesAt) => {
    statfs.type.put(bytesAt(args[1] ?? 0), type);
    return 0;
  });
  return kernel;
}

/** What was opened or written, of a transcript. */
function essence(kernel: FakeKernel): string[] {
  return kernel.transcript.filter((line) => /^(openat|openat2|write|fsmount)\(/.test(line));
}

test("AppArmor's label is asked for in one write, in a procfs that is mounted nowhere, and across no mount", () => {
  const kernel = kernelWithFilesOf(PROC_SUPER_MAGIC);
  const files = openLabelFiles("AppArmor");
  equal(tryLabelProgram(files, "a//&:b:"), 0);
  equal(tryLabelKeys(files, "keys"), 0);
  closeLabelFiles(files);
  const [made = "", opened = "", written = ""] = essence(kernel);
  ok(made.startsWith("fsmount("));
  ok(/^openat2\(\d+, self\/attr\/apparmor\/exec, .*flags=0x80001/.test(opened), opened);
  ok(/^write\(\d+, "exec a\/\/&:b:", 12\)$/.test(written), written);
  equal(essence(kernel).length, 3);
});

test("no mount is crossed, no magic link followed, and nothing above the procfs reached", () => {
  const kernel = kernelWithFilesOf(PROC_SUPER_MAGIC);
  const asked: number[] = [];
  kernel.on("openat2", (args, bytesAt) => {
    asked.push(openHow.resolve.get(bytesAt(args[2] ?? 0)));
    return 40;
  });
  openLabelFiles("SELinux");
  const strict = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  deepEqual(asked, [strict, strict]);
});

test("a kernel before 5.8 has one file for all modules", () => {
  const kernel = kernelWithFilesOf(PROC_SUPER_MAGIC);
  let asked = 0;
  kernel.on("openat2", () => (asked++ === 0 ? -2 : 40));
  tryLabelProgram(openLabelFiles("AppArmor"), "a");
  ok(kernel.transcript.some((line) => line.startsWith("openat2(21, self/attr/exec,")));
  ok(kernel.transcript.includes('write(40, "exec a", 6)'));
});

test("SELinux takes bare contexts, of the program and of keyrings", () => {
  const kernel = kernelWithFilesOf(PROC_SUPER_MAGIC);
  const files = openLabelFiles("SELinux");
  tryLabelKeys(files, "u:r:k:s0");
  tryLabelProgram(files, "u:r:t:s0");
  deepEqual(
    essence(kernel).map((line) => /self[a-z/]+|"(.*)"/.exec(line)?.[0] ?? ""),
    ["", "self/attr/exec", "self/attr/keycreate", '"u:r:k:s0"', '"u:r:t:s0"'],
  );
});

test("without a module, or without a label, nothing is asked of the kernel", () => {
  const kernel = fakeKernel();
  const files = openLabelFiles("");
  equal(tryLabelProgram(files, "a") + tryLabelKeys(files, "b"), 0);
  closeLabelFiles(files);
  deepEqual(kernel.transcript, []);
});

test("a file that is not of procfs takes no label", () => {
  const TMPFS_MAGIC = 0x01021994;
  const kernel = kernelWithFilesOf(TMPFS_MAGIC);
  throws(() => openLabelFiles("AppArmor"), {
    code: "not-permitted",
    reason: "the file that takes it is not of procfs",
  });
  kernel.on("fstatfs", -22);
  throws(() => openLabelFiles("SELinux"), { code: "not-permitted" });
});

test("where no procfs can be made the host's serves, under the same conditions", () => {
  const kernel = kernelWithFilesOf(PROC_SUPER_MAGIC);
  kernel.on("fsmount", -1);
  openLabelFiles("AppArmor");
  ok(kernel.transcript.some((line) => line.startsWith("openat(-100, /proc, 0x290000")));
  kernel.on("openat2", -18);
  throws(() => openLabelFiles("AppArmor"), { errno: 18 });
});

test("what the kernel has against a label is returned", () => {
  const kernel = kernelWithFilesOf(PROC_SUPER_MAGIC);
  const files = openLabelFiles("SELinux");
  kernel.on("write", -22);
  deepEqual([tryLabelProgram(files, "x"), tryLabelKeys(files, "y")], [-22, -22]);
});
