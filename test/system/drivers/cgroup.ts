// Drives the cgroup code natively for test/system/cgroup.test.ts: one word says what, and lines say what was seen.

import { asLxcError, describe, LxcError } from "../../../src/base/errors.ts";
import { Undo } from "../../../src/base/undo.ts";
import { friendlyLimits, needsDevice, type WantedLimits } from "../../../src/container/limits.ts";
import { type CgroupMountStep, cgroupMountSteps } from "../../../src/isolation/cgroup/automount.ts";
import { ContainerCgroups, createCgroups } from "../../../src/isolation/cgroup/cgroups.ts";
import { enterByTasks } from "../../../src/isolation/cgroup/enter.ts";
import { type Freezer, freeze, isFrozen, killAll, pidsIn, thaw } from "../../../src/isolation/cgroup/freeze.ts";
import { readLayout } from "../../../src/isolation/cgroup/layout.ts";
import type { CgroupLimit } from "../../../src/isolation/cgroup/limit.ts";
import { planLimits } from "../../../src/isolation/cgroup/limit-plan.ts";
import { applyDeviceRules, applyLimits } from "../../../src/isolation/cgroup/limits.ts";
import type { CgroupNames } from "../../../src/isolation/cgroup/names.ts";
import { readStats } from "../../../src/isolation/cgroup/stats.ts";
import { MOUNT_ATTR_RDONLY } from "../../../src/kernel/abi/mount.ts";
import { CLONE_NEWCGROUP } from "../../../src/kernel/abi/sched.ts";
import { blockDeviceOf } from "../../../src/kernel/block-device.ts";
import { call } from "../../../src/kernel/call.ts";
import { closeFd, readText } from "../../../src/kernel/files.ts";
import { bytesOfText, textOf } from "../../../src/kernel/memory.ts";
import { makeFileSystem } from "../../../src/kernel/mounts.ts";
import { type Child, cloneProcess, currentPid, exitNow, tryExec, waitForEnd } from "../../../src/kernel/process.ts";
import { receiveMessage, sendMessage, socketPair } from "../../../src/kernel/sockets.ts";

const ENVIRONMENT: readonly string[] = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"];

function namesOf(name: string, dir: string, inner: boolean): CgroupNames {
  return {
    name,
    dir,
    pattern: "",
    monitor: "",
    pivot: "",
    container: inner ? `lxc.payload.${name}` : "",
    inner: inner ? "inside" : "",
  };
}

function limitOf(text: string): CgroupLimit {
  const equals = text.indexOf("=");
  const label = text.slice(0, equals);
  const isV2 = label.startsWith("lxc.cgroup2.");
  return { label, version: isV2 ? 2 : 1, file: label.slice(isV2 ? 12 : 11), value: text.slice(equals + 1) };
}

/** lxc.limit.X=VALUE, in the order of their kinds. */
function promisesOf(words: readonly string[]): CgroupLimit[] {
  const textOfKey = (key: string): string | undefined =>
    words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  const number = (key: string): { label: string; value: number } | undefined => {
    const text = textOfKey(key);
    return text === undefined ? undefined : { label: key, value: Number(text) };
  };
  const cpuset = textOfKey("lxc.limit.cpuset");
  const wanted: WantedLimits = {
    memoryBytes: number("lxc.limit.memory"),
    swapBytes: number("lxc.limit.memory.swap"),
    memoryHighBytes: number("lxc.limit.memory.high"),
    cpus: number("lxc.limit.cpus"),
    cpuWeight: number("lxc.limit.cpu.weight"),
    cpuset: cpuset === undefined ? undefined : { label: "lxc.limit.cpuset", value: cpuset },
    pids: number("lxc.limit.pids"),
    ioReadBps: number("lxc.limit.io.read"),
    ioWriteBps: number("lxc.limit.io.write"),
    ioReadIops: number("lxc.limit.io.read.iops"),
    ioWriteIops: number("lxc.limit.io.write.iops"),
    ioWeight: number("lxc.limit.io.weight"),
  };
  return friendlyLimits(wanted, needsDevice(wanted) ? blockDeviceOf("/") : undefined);
}

/** All limits of a command line. */
function limitsOf(words: readonly string[]): CgroupLimit[] {
  const isPromise = (word: string): boolean => word.startsWith("lxc.limit.");
  const own = words.filter((word): boolean => !isPromise(word)).map((word) => limitOf(word));
  return promisesOf(words).concat(own);
}

function ownCgroups(): string {
  return readText("/proc/self/cgroup").trim().split("\n").join(" ");
}

/** Starts `program` in the cgroups, as a monitor starts a container. */
function start(cgroups: ContainerCgroups, program: readonly string[]): Child {
  const tasks = cgroups.openPayloadTasks();
  const child = cloneProcess(0, cgroups.payloadV2Fd());
  if (child.pid === 0) {
    const before = performance.now();
    enterByTasks(tasks);
    if (program.length === 0) console.log(`enter ${performance.now() - before}`);
    if (program.length === 0) console.log(`child ${ownCgroups()}`);
    if (program.length > 0) tryExec(program[0] ?? "", program, ENVIRONMENT);
    exitNow(program.length > 0 ? 127 : 0);
  }
  for (const fd of tasks) closeFd(fd);
  return child;
}

/** life NAME DIR: a monitor born in its own cgroup, one child, and the end of both. */
function life(name: string, dir: string): void {
  const undo = new Undo();
  const t0 = performance.now();
  const layout = readLayout(false);
  const t1 = performance.now();
  const cgroups = createCgroups(layout, namesOf(name, dir, false), true, undo);
  const t2 = performance.now();
  const monitor = cloneProcess(0, cgroups.monitorV2Fd());
  if (monitor.pid > 0) {
    waitForEnd(monitor.pid);
    return;
  }
  cgroups.enterMonitor(true);
  console.log(`monitor ${ownCgroups()}`);
  waitForEnd(start(cgroups, []).pid);
  const t3 = performance.now();
  cgroups.remove();
  const t4 = performance.now();
  cgroups.leaveMonitor();
  const t5 = performance.now();
  console.log(`after ${ownCgroups()}`);
  console.log(`kind ${layout.kind}`);
  console.log(`ms layout ${t1 - t0} create ${t2 - t1} remove ${t4 - t3} leave ${t5 - t4}`);
}

/** run NAME LIMIT… -- PROGRAM…: how PROGRAM ends under these limits. */
function run(name: string, words: readonly string[], inner: boolean): void {
  const dashes = words.indexOf("--");
  const undo = new Undo();
  const layout = readLayout(false);
  const cgroups = createCgroups(layout, namesOf(name, "", inner), false, undo);
  try {
    const plan = planLimits(layout, limitsOf(words.slice(0, dashes)));
    const t0 = performance.now();
    applyLimits(cgroups, plan);
    for (const warning of applyDeviceRules(cgroups, plan)) console.log(`warning ${warning}`);
    console.log(`ms limits ${performance.now() - t0}`);
    for (const sentence of plan.setAside) console.log(`aside ${sentence}`);
    for (const sentence of plan.translations) console.log(`as ${sentence}`);
    const end = waitForEnd(start(cgroups, words.slice(dashes + 1)).pid);
    const ask = (controller: string): string | undefined => cgroups.limitPathOf(controller);
    const stats = readStats(layout, ask);
    console.log(`end code ${end.code} signal ${end.signal}`);
    console.log(`counted cpu ${(stats.cpuNanoseconds ?? 0) > 0} memory ${(stats.memoryBytes ?? -1) >= 0}`);
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

/** late NAME: the first process is there before its v1 cgroups are. */
function late(name: string): void {
  const undo = new Undo();
  const cgroups = new ContainerCgroups(readLayout(false), namesOf(name, "", true));
  undo.add("remove the container's cgroups", () => cgroups.remove());
  try {
    cgroups.makeUnifiedPayload();
    const pair = socketPair();
    const child = cloneProcess(0, cgroups.payloadV2Fd());
    if (child.pid === 0) {
      cgroups.enterLegacyPayload(textOf(receiveMessage(pair.right, 256).bytes));
      console.log(`child ${ownCgroups()}`);
      exitNow(0);
    }
    sendMessage(pair.left, bytesOfText(cgroups.makeLegacyPayload()));
    waitForEnd(child.pid);
    console.log(`path ${cgroups.payloadPathOf("memory") ?? "none"} ${cgroups.limitPathOf("") ?? "none"}`);
    console.log(`context ${cgroups.context().layout} ${cgroups.context().utilities} ${cgroups.context().fds.length}`);
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

/** automount NAME: what a container with a cgroup namespace sees in each file system that is mounted for it. */
function automount(name: string): void {
  const undo = new Undo();
  const layout = readLayout(false);
  const cgroups = createCgroups(layout, namesOf(name, "", false), false, undo);
  const facts = { ownNamespace: true, keepsSysAdmin: false, payload: `lxc.payload.${name}` };
  const steps = cgroupMountSteps(layout, { kind: "cgroup", access: "", force: false }, facts);
  try {
    const tasks = cgroups.openPayloadTasks();
    const child = cloneProcess(0, cgroups.payloadV2Fd());
    if (child.pid === 0) {
      enterByTasks(tasks);
      call("make a cgroup namespace", "unshare", CLONE_NEWCGROUP);
      for (const step of steps) console.log(seen(step));
      exitNow(0);
    }
    waitForEnd(child.pid);
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

function seen(step: CgroupMountStep): string {
  if (step.step !== "file-system") return `${step.step} ${step.to}`;
  const fd = makeFileSystem(step.type, "", step.readOnly ? MOUNT_ATTR_RDONLY : 0, step.options);
  const isOwn = pidsIn(fd).join(" ") === String(currentPid());
  closeFd(fd);
  return `${step.type} ${step.to} ${isOwn ? "own" : "foreign"}`;
}

/** disk PATH: the disk of its file system. */
function disk(path: string): void {
  const device = blockDeviceOf(path);
  console.log(device === undefined ? "no disk" : `${device.major}:${device.minor}`);
}

/** freeze NAME VERSION: freezes, thaws and kills a process and its child. */
function freezing(name: string, version: number): void {
  const undo = new Undo();
  const cgroups = createCgroups(readLayout(false), namesOf(name, "", false), false, undo);
  try {
    const fd = version === 2 ? cgroups.limitV2Fd() : cgroups.limitFdOf("freezer");
    const freezer: Freezer = { fd, version };
    const child = start(cgroups, ["/bin/sh", "-c", "sleep 100 & sleep 100"]);
    // A shell may become its last command itself.
    while (pidsIn(fd).length < 2) waitForNothing();
    freeze(freezer, 2000);
    console.log(`frozen ${isFrozen(freezer)}`);
    thaw(freezer, 2000);
    console.log(`frozen ${isFrozen(freezer)}`);
    const killed = killAll(freezer, 2000);
    const end = waitForEnd(child.pid);
    console.log(`killed ${killed} signal ${end.signal} left ${pidsIn(fd).length}`);
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

/** As lxc-freeze has it: how long it takes is a matter of chance. */
const FREEZE_TIMEOUT_MS = 60_000;

/** busy NAME TIMES: freezes, with version 1, a shell that starts one program after the other. */
function freezingBusy(name: string, times: number): void {
  const undo = new Undo();
  const cgroups = createCgroups(readLayout(false), namesOf(name, "", false), false, undo);
  try {
    const freezer: Freezer = { fd: cgroups.limitFdOf("freezer"), version: 1 };
    const child = start(cgroups, ["/bin/sh", "-c", "while :; do /bin/true; done"]);
    undo.add("end the shell", () => {
      killAll(freezer, 2000);
    });
    let frozen = 0;
    for (let i = 0; i < times; i++) {
      for (let j = 0; j < i % 7; j++) waitForNothing();
      freeze(freezer, FREEZE_TIMEOUT_MS);
      frozen += isFrozen(freezer) ? 1 : 0;
      thaw(freezer, 2000);
    }
    console.log(`frozen ${frozen} killed ${killAll(freezer, 2000)}`);
    waitForEnd(child.pid);
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

function waitForNothing(): void {
  const child = cloneProcess(0, -1);
  if (child.pid === 0) exitNow(0);
  waitForEnd(child.pid);
  closeFd(child.pidfd);
}

function main(words: readonly string[]): void {
  const name = words[1] ?? "lxcts-driver";
  if (words[0] === "life") life(name, words[2] ?? "");
  else if (words[0] === "run") run(name, words.slice(2), false);
  else if (words[0] === "run-inner") run(name, words.slice(2), true);
  else if (words[0] === "automount") automount(name);
  else if (words[0] === "late") late(name);
  else if (words[0] === "disk") disk(name);
  else if (words[0] === "busy") freezingBusy(name, Number(words[2] ?? ""));
  else if (words[0] === "freeze") freezing(name, words[2] === "1" ? 1 : 2);
  else throw new LxcError("bug", `do ${words[0] ?? "nothing"}`, "no such word");
}

try {
  main(process.argv.slice(2));
} catch (caught) {
  console.log(describe(asLxcError(caught as Error)).join("\n"));
  process.exitCode = 1;
}
