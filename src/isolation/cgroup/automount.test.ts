import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { type CgroupMountStep, type CgroupView, cgroupMountSteps } from "./automount.ts";
import { layoutFrom } from "./layout.ts";

const hybrid = layoutFrom(
  `32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
  "4:cpu,cpuacct:/\n0::/\n",
  false,
);
const unified = layoutFrom("29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n", false);
const mixed: CgroupView = { kind: "cgroup", access: "mixed", force: false };
const forced: CgroupView = { kind: "cgroup", access: "ro", force: true };
const able = { ownNamespace: true, keepsSysAdmin: true, payload: "lxc.payload.c1" };

function shown(steps: readonly CgroupMountStep[]): string[] {
  const lines: string[] = [];
  for (const step of steps) {
    if (step.step === "tmpfs" || step.step === "folders") lines.push(`${step.step} ${step.to}`);
    else if (step.step === "bind") lines.push(`bind ${step.from} ${step.to} ${step.readOnly ? "ro" : "rw"}`);
    else lines.push(`${step.type} ${step.to} [${step.options.join(",")}] ${step.readOnly ? "ro" : "rw"}`);
  }
  return lines;
}

test("an init that can mount its own cgroups finds none", () => {
  deepEqual(cgroupMountSteps(hybrid, mixed, able), []);
});

test("one without CAP_SYS_ADMIN, or with force, gets one file system for each hierarchy", () => {
  deepEqual(shown(cgroupMountSteps(hybrid, forced, able)), [
    "tmpfs sys/fs/cgroup",
    "folders sys/fs/cgroup/cpu,cpuacct",
    "cgroup sys/fs/cgroup/cpu,cpuacct [cpu,cpuacct] ro",
    "folders sys/fs/cgroup/unified",
    "cgroup2 sys/fs/cgroup/unified [] ro",
  ]);
});

test("on pure version 2 the one hierarchy is always mounted", () => {
  deepEqual(shown(cgroupMountSteps(unified, mixed, able)), ["cgroup2 sys/fs/cgroup [] rw"]);
});

test("without a cgroup namespace only the container's own part is shown", () => {
  const facts = { ownNamespace: false, keepsSysAdmin: true, payload: "lxc.payload.c1" };
  deepEqual(shown(cgroupMountSteps(hybrid, mixed, facts)).slice(1, 5), [
    "folders sys/fs/cgroup/cpu,cpuacct",
    "folders sys/fs/cgroup/cpu,cpuacct/lxc.payload.c1",
    "bind  sys/fs/cgroup/cpu,cpuacct ro",
    "bind /sys/fs/cgroup/cpu,cpuacct/lxc.payload.c1 sys/fs/cgroup/cpu,cpuacct/lxc.payload.c1 rw",
  ]);
});

test("cgroup2 needs a namespace, and a host that has it", () => {
  const facts = { ownNamespace: false, keepsSysAdmin: true, payload: "p" };
  throws(() => cgroupMountSteps(unified, mixed, facts), { code: "unsupported" });
});
