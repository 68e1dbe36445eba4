// Drives the cgroup code natively for test/system/cgroup.test.ts: one word says what, and lines say what was seen.

import { asLxcError, describe } from "../../../src/base/errors.ts";
import { Undo } from "../../../src/base/undo.ts";
import { createCgroups } from "../../../src/isolation/cgroup/cgroups.ts";
import { enterByTasks } from "../../../src/isolation/cgroup/enter.ts";
import { readLayout } from "../../../src/isolation/cgroup/layout.ts";
import type { CgroupNames } from "../../../src/isolation/cgroup/names.ts";
import { readText } from "../../../src/kernel/files.ts";
import { cloneProcess, exitNow, waitForEnd } from "../../../src/kernel/process.ts";

function namesOf(name: string): CgroupNames {
  return { name, dir: "", monitor: "", container: "", inner: "" };
}

function life(name: string): void {
  const undo = new Undo();
  const layout = readLayout(false);
  console.log(layout.kind);
  const t0 = performance.now();
  const cgroups = createCgroups(layout, namesOf(name), true, undo);
  const t1 = performance.now();
  const monitor = cloneProcess(0, cgroups.monitorV2Fd());
  if (monitor.pid > 0) {
    waitForEnd(monitor.pid);
    return;
  }
  cgroups.enterMonitor(true);
  console.log(`monitor ${readText("/proc/self/cgroup").split("\n").join(" ")}`);
  const t2 = performance.now();
  const tasks = cgroups.openPayloadTasks();
  const child = cloneProcess(0, cgroups.payloadV2Fd());
  if (child.pid === 0) {
    const a = performance.now();
    enterByTasks(tasks);
    const b = performance.now();
    console.log(`child ${readText("/proc/self/cgroup").split("\n").join(" ")}`);
    console.log(`enter ${b - a}`);
    exitNow(0);
  }
  waitForEnd(child.pid);
  const t3 = performance.now();
  cgroups.remove();
  const t4 = performance.now();
  cgroups.leaveMonitor();
  const t5 = performance.now();
  console.log(`create ${t1 - t0} child ${t3 - t2} remove ${t4 - t3} leave ${t5 - t4}`);
  console.log(`rest ${readText("/proc/self/cgroup").split("\n").join(" ")}`);
}

try {
  if (process.argv[2] === "life") life(process.argv[3] ?? "lxcts-life");
} catch (caught) {
  console.log(describe(asLxcError(caught as Error)).join("\n"));
  process.exitCode = 1;
}
