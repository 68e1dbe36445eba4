// Drives where cgroups go, natively, for test/system/cgroup-places.test.ts: `WORD KEY=VALUE… [-- PROGRAM…]`; lines say what was seen.

import { asLxcError, describe, LxcError } from "../../../src/base/errors.ts";
import { Undo } from "../../../src/base/undo.ts";
import { ContainerCgroups, createCgroups } from "../../../src/isolation/cgroup/cgroups.ts";
import { delegateCgroup, delegatedFiles } from "../../../src/isolation/cgroup/delegate.ts";
import { type DeviceRule, deviceRule } from "../../../src/isolation/cgroup/devices.ts";
import { enterByTasks } from "../../../src/isolation/cgroup/enter.ts";
import { type CgroupLayout, onlyUsed, readLayout } from "../../../src/isolation/cgroup/layout.ts";
import type { CgroupLimit } from "../../../src/isolation/cgroup/limit.ts";
import { planLimits } from "../../../src/isolation/cgroup/limit-plan.ts";
import { applyDeviceRules, applyLimits } from "../../../src/isolation/cgroup/limits.ts";
import type { CgroupNames } from "../../../src/isolation/cgroup/names.ts";
import { readPressures } from "../../../src/isolation/cgroup/pressure.ts";
import { CLONE_NEWCGROUP, CLONE_NEWNS } from "../../../src/kernel/abi/sched.ts";
import { call } from "../../../src/kernel/call.ts";
import { closeFd, readText } from "../../../src/kernel/files.ts";
import {
  type Child,
  cloneProcess,
  currentPid,
  effectiveUser,
  exitNow,
  tryExec,
  waitForEnd,
} from "../../../src/kernel/process.ts";
import { usedControllers } from "../../../src/lifecycle/start-cgroups.ts";

const ENVIRONMENT: readonly string[] = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"];

class Words {
  readonly #words: readonly string[];
  readonly program: readonly string[];

  constructor(words: readonly string[]) {
    const dashes = words.indexOf("--");
    this.#words = dashes < 0 ? words : words.slice(0, dashes);
    this.program = dashes < 0 ? [] : words.slice(dashes + 1);
  }

  get(key: string): string {
    return this.all(key)[0] ?? "";
  }

  all(key: string): string[] {
    const found: string[] = [];
    for (const word of this.#words) if (word.startsWith(`${key}=`)) found.push(word.slice(key.length + 1));
    return found;
  }

  names(): CgroupNames {
    return {
      name: this.get("name"),
      dir: this.get("dir"),
      pattern: this.get("pattern"),
      monitor: this.get("monitor"),
      pivot: this.get("pivot"),
      container: this.get("container"),
      inner: this.get("inner"),
    };
  }

  layout(): CgroupLayout {
    return onlyUsed(readLayout(this.get("relative") !== "" || effectiveUser() !== 0), usedControllers(this.get("use")));
  }

  limits(): CgroupLimit[] {
    const limits: CgroupLimit[] = [];
    for (const text of this.all("limit")) {
      const colon = text.indexOf(":");
      const isV2 = text.startsWith("v2.");
      limits.push({ label: text, version: isV2 ? 2 : 1, file: text.slice(3, colon), value: text.slice(colon + 1) });
    }
    return limits;
  }
}

function ownCgroups(): string {
  return readText("/proc/self/cgroup").trim().split("\n").join(" ");
}

/** Starts the program in the cgroups, as a monitor starts a container: with a cgroup namespace where `isolated`. */
function start(cgroups: ContainerCgroups, program: readonly string[], isolated: boolean): Child {
  const tasks = cgroups.openPayloadTasks();
  const child = cloneProcess(0, cgroups.payloadV2Fd());
  if (child.pid === 0) {
    enterByTasks(tasks);
    if (program.length === 0) console.log(`child ${ownCgroups()}`);
    if (isolated) call("make namespaces", "unshare", CLONE_NEWCGROUP | CLONE_NEWNS);
    if (program.length > 0) tryExec(program[0] ?? "", program, ENVIRONMENT);
    exitNow(program.length > 0 ? 127 : 0);
  }
  for (const fd of tasks) closeFd(fd);
  return child;
}

/** life: a daemon's monitor, born in its own cgroup, one child, and the end of both. */
function life(words: Words): void {
  const undo = new Undo();
  const cgroups = createCgroups(words.layout(), words.names(), true, undo);
  const monitor = cloneProcess(0, cgroups.monitorV2Fd());
  if (monitor.pid > 0) {
    waitForEnd(monitor.pid);
    return;
  }
  cgroups.enterMonitor(true);
  liveAndLeave(cgroups, words);
}

/** foreground: the same in this process. */
function foreground(words: Words): void {
  const cgroups = new ContainerCgroups(words.layout(), words.names());
  cgroups.makePlacedMonitor();
  cgroups.enterMonitor(false);
  cgroups.makePayload();
  const before = currentPid();
  liveAndLeave(cgroups, words);
  console.log(`same ${before === currentPid()}`);
}

function liveAndLeave(cgroups: ContainerCgroups, words: Words): void {
  applyLimits(cgroups, planLimits(cgroups.layout, words.limits()));
  console.log(`monitor ${ownCgroups()}`);
  for (const warning of cgroups.warnings()) console.log(`warning ${warning}`);
  waitForEnd(start(cgroups, words.program, false).pid);
  console.log(`limits ${cgroups.limitPathOf("memory") ?? "none"} ${cgroups.limitPathOf("") ?? "none"}`);
  cgroups.remove();
  cgroups.leaveMonitor();
  console.log(`after ${ownCgroups()}`);
}

/** run: a program under limits, in cgroups that are delegated to `owner=UID:GID`, with a cgroup namespace when `isolated=1`. */
function run(words: Words): void {
  const undo = new Undo();
  const cgroups = createCgroups(words.layout(), words.names(), false, undo);
  try {
    applyLimits(cgroups, planLimits(cgroups.layout, words.limits()));
    const owner = words.get("owner").split(":");
    const shared = words.get("keeper");
    if (shared !== "") delegateShared(cgroups, Number(owner[0]), Number(owner[1]), Number(shared));
    else if (owner.length === 2) cgroups.delegate(Number(owner[0]), Number(owner[1]));
    for (const warning of cgroups.warnings()) console.log(`warning ${warning}`);
    console.log(`empty ${cgroups.isEmpty()}`);
    const end = waitForEnd(start(cgroups, words.program, words.get("isolated") !== "").pid);
    const pressures = readPressures(cgroups.layout, (controller) => cgroups.limitPathOf(controller));
    console.log(`end ${end.code} ${end.signal} pressure ${(pressures.cpu?.some.totalMicroseconds ?? -1) >= 0}`);
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

function delegateShared(cgroups: ContainerCgroups, uid: number, gid: number, keeper: number): void {
  const files = delegatedFiles();
  for (const folder of cgroups.payloadFolders()) delegateCgroup(folder, { uid, gid, keeper }, files);
}

/** devices: `rule=` lines are in force first; then each `then=RULE;RULE` as one change, a line of the program's for each. */
function devices(words: Words): void {
  const undo = new Undo();
  const cgroups = createCgroups(words.layout(), words.names(), false, undo);
  try {
    const rules: CgroupLimit[] = words.all("rule").map((text): CgroupLimit => {
      const allow = text.startsWith("allow ");
      const file = allow ? "devices.allow" : "devices.deny";
      return { label: text, version: 2, file, value: text.slice(allow ? 6 : 5) };
    });
    applyDeviceRules(cgroups, planLimits(cgroups.layout, rules));
    waitForEnd(start(cgroups, words.program, false).pid);
    for (const change of words.all("then")) {
      const added: DeviceRule[] = change.split(";").map((text): DeviceRule => ruleOf(text));
      cgroups.devices.add(cgroups.limitV2Fd(), added);
      waitForEnd(start(cgroups, words.program, false).pid);
    }
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

function ruleOf(text: string): DeviceRule {
  const allow = text.startsWith("allow ");
  return deviceRule(text, allow, text.slice(allow ? 6 : 5));
}

/** swap: rules change `count=` times while a program runs that must never see another answer than yes. */
function swap(words: Words): void {
  const undo = new Undo();
  const cgroups = createCgroups(words.layout(), words.names(), false, undo);
  try {
    const limit = cgroups.limitV2Fd();
    cgroups.devices.set(limit, [ruleOf("deny a"), ruleOf("allow c 1:3 rwm")]);
    const child = start(cgroups, words.program, false);
    for (let at = 0; at < Number(words.get("count")); at++) {
      const other = at % 2 === 0 ? "allow c 1:5 r" : "allow c 1:9 r";
      cgroups.devices.set(limit, [ruleOf("deny a"), ruleOf(other), ruleOf("allow c 1:3 rwm")]);
    }
    const end = waitForEnd(child.pid);
    console.log(`end ${end.code} ${end.signal}`);
  } finally {
    for (const failure of undo.run()) console.log(failure.message);
  }
}

function main(all: readonly string[]): void {
  const words = new Words(all.slice(1));
  if (all[0] === "life") life(words);
  else if (all[0] === "foreground") foreground(words);
  else if (all[0] === "run") run(words);
  else if (all[0] === "devices") devices(words);
  else if (all[0] === "swap") swap(words);
  else throw new LxcError("bug", `do ${all[0] ?? "nothing"}`, "no such word");
}

try {
  main(process.argv.slice(2));
} catch (caught) {
  console.log(describe(asLxcError(caught as Error)).join("\n"));
  process.exitCode = 1;
}
