// Reads random descriptions of cgroups, and prints a digest of what came of it: `cgroup-fuzz SEED COUNT`. Runs in both engines.

import { asLxcError } from "../../src/base/errors.ts";
import { deviceWrites } from "../../src/isolation/cgroup/device-files.ts";
import { type DeviceRule, deviceProgram, deviceRule, ruleText, withRules } from "../../src/isolation/cgroup/devices.ts";
import { folderOfItem } from "../../src/isolation/cgroup/items.ts";
import {
  type CgroupLayout,
  hierarchyOf,
  layoutFrom,
  membershipsIn,
  onlyUsed,
  pathIn,
} from "../../src/isolation/cgroup/layout.ts";
import { type CgroupNames, monitorPath, payloadPaths, pivotPath } from "../../src/isolation/cgroup/names.ts";
import { pressureIn } from "../../src/isolation/cgroup/pressure.ts";
import { scopeName, startScopeCall } from "../../src/isolation/cgroup/systemd-unit.ts";
import { decodeMessage, encodeCall, messageLength } from "../../src/kernel/dbus.ts";
import { decodeDeviceRules, encodeDeviceRules } from "../../src/lifecycle/device-rules.ts";
import { Digest, Random } from "./random.ts";

const A_DIGEST = 50;
const LONGEST = 8;
const PARTS: readonly string[] = [
  "a",
  "lxc",
  "..",
  ".",
  "",
  "init.scope",
  "lxc.pivot",
  "é",
  "%n",
  "x y",
  "lxc.payload.c",
  "\\040",
];
const CONTROLLERS: readonly string[] = [
  "cpu",
  "cpuacct",
  "memory",
  "name=systemd",
  "name=",
  "devices",
  "freezer",
  "",
  "pids",
  "=",
  ",",
];
const FILES: readonly string[] = [
  "memory.max",
  "devices.allow",
  "cgroup.procs",
  "cpu.pressure",
  "../x",
  "a/b",
  ".",
  "",
  "name=systemd.x",
];
const LINES: readonly string[] = [
  "some avg10=0.00 avg60=1.23 avg300=100.00 total=12",
  "full avg10=0.1 avg60=0.00 avg300=0.00 total=99999999999999999999",
  "some",
  "full avg10=",
  "some avg10=0.00 avg60=0.00 avg300=0.00",
  "a *:* rwm",
  "c 1:3 rwm",
  "b *:* m",
  "c 136:* rw",
  "c 1048576:0 r",
  "a",
  "c -1:3 r",
  "d 1:3 r",
  "c 1:3",
  "c 1:3 x",
  "c 1:3:5 r",
  "0::/",
  ":::",
];

const seed = parseInt(process.argv[2] ?? "1", 10);
const count = parseInt(process.argv[3] ?? "1000", 10);
const random = new Random(seed);
let digest = new Digest();
for (let i = 1; i <= count; i++) {
  const layout = tryLayout();
  tryNames(layout);
  tryDevices();
  tryMessages();
  for (const line of linesOf(LINES)) digest.add(pressureText(line));
  if (i % A_DIGEST === 0) {
    console.log(`${i} ${digest.value}`);
    digest = new Digest();
  }
}

function linesOf(lines: readonly string[]): string[] {
  const found: string[] = [];
  const amount = random.below(LONGEST);
  for (let i = 0; i < amount; i++) found.push(random.pick(lines));
  return found;
}

function randomPath(): string {
  let path = random.below(4) === 0 ? "" : "/";
  const parts = random.below(5);
  for (let i = 0; i < parts; i++) path += (i > 0 ? "/" : "") + random.pick(PARTS);
  return path;
}

function randomList(): string {
  const words: string[] = [random.pick(CONTROLLERS)];
  for (let more = random.below(3); more > 0; more--) words.push(random.pick(CONTROLLERS));
  return words.join(",");
}

function randomMounts(): string {
  let text = "";
  const amount = random.below(LONGEST);
  for (let i = 0; i < amount; i++) {
    const type = random.below(4) === 0 ? "ext4" : random.below(2) === 0 ? "cgroup" : "cgroup2";
    const line = `${i} 1 0:${i} ${randomPath()} ${randomPath()} rw shared:1 - ${type} none rw,${randomList()}`;
    text += `${random.below(9) === 0 ? line.slice(0, random.below(line.length)) : line}\n`;
  }
  return text;
}

function randomMemberships(): string {
  let text = "";
  const amount = random.below(LONGEST);
  for (let i = 0; i < amount; i++) {
    text += random.below(9) === 0 ? random.pick(LINES) : `${random.below(13)}:${randomList()}:${randomPath()}`;
    text += "\n";
  }
  return text;
}

function tryLayout(): CgroupLayout {
  const mounts = randomMounts();
  const members = randomMemberships();
  const layout = layoutFrom(mounts, members, random.below(2) === 0);
  digest.add(layout.kind);
  const memberships = membershipsIn(members);
  for (const h of layout.hierarchies) {
    must(!h.base.startsWith("/") && !h.base.split("/").includes(".."), "a base is below its mount point", h.base);
    digest.add(`${h.version} ${h.mountPoint} ${h.controllers.join(",")} ${h.base} ${h.underSystemd}`);
    digest.add(pathIn(h, memberships) ?? "none");
  }
  for (const controller of CONTROLLERS) digest.add(hierarchyOf(layout, controller)?.mountPoint ?? "none");
  const use = [random.pick(CONTROLLERS)];
  told(() => onlyUsed(layout, use).kind);
  return layout;
}

function tryNames(layout: CgroupLayout): void {
  const pick = (): string => (random.below(2) === 0 ? "" : randomPath().slice(random.below(2)));
  const name = random.pick(PARTS);
  const names: CgroupNames = {
    name,
    dir: pick(),
    pattern: pick(),
    monitor: pick(),
    pivot: pick(),
    container: pick(),
    inner: pick(),
  };
  const attempt = random.below(1002);
  told(() => checked(payloadPaths(names, attempt)?.payload));
  told(() => checked(monitorPath(names, attempt)));
  told(() => checked(pivotPath(names)));
  const asked = randomPath();
  for (const file of FILES) {
    const folder = folderOfItem(layout, () => asked, file) ?? "none";
    must(
      !folder
        .slice(folder.length - asked.length)
        .split("/")
        .includes(".."),
      "an item is below its mount point",
      folder,
    );
    digest.add(folder);
  }
}

/** A name that was made is a plain path: nothing in it leads elsewhere. */
function checked(path: string | undefined): string {
  if (path === undefined) return "none";
  for (const part of path.split("/"))
    must(part !== "" && part !== "." && part !== "..", "a name is a plain path", path);
  return path;
}

function tryDevices(): void {
  const rules: DeviceRule[] = [];
  for (const line of linesOf(LINES)) {
    told(() => {
      rules.push(deviceRule("fuzz", random.below(2) === 0, line));
      return line;
    });
  }
  const sent = decodeDeviceRules(encodeDeviceRules(rules)) ?? [];
  must(textOf(sent) === textOf(rules), "rules arrive as they were sent", textOf(rules));
  digest.add(textOf(withRules(rules, sent)));
  digest.add(String(deviceProgram(rules)?.length ?? 0));
  told(() => {
    const { writes, isRough } = deviceWrites(linesOf(LINES).join("\n"), rules);
    return `${isRough} ${writes.map((write) => `${write.file} ${write.text}`).join(";")}`;
  });
}

function textOf(rules: readonly DeviceRule[]): string {
  return rules.map((rule) => `${rule.allow} ${ruleText(rule)}`).join(";");
}

/** A message that was changed on its way is read or refused. */
function tryMessages(): void {
  const name = scopeName(random.pick(PARTS), random.below(9));
  const bytes = encodeCall(1 + random.below(99), startScopeCall(name, random.below(99999), name));
  must(decodeMessage(bytes).member === "StartTransientUnit", "a message comes back", name);
  const changes = 1 + random.below(3);
  for (let i = 0; i < changes; i++) bytes[random.below(bytes.length)] = random.below(256);
  told(() => {
    messageLength(bytes.subarray(0, 16));
    const message = decodeMessage(bytes.subarray(0, bytes.length - random.below(2)));
    return `${message.type} ${message.serial} ${message.signature.length} ${message.body.length}`;
  });
}

function pressureText(line: string): string {
  const pressure = pressureIn(line);
  return pressure === undefined ? "none" : `${pressure.some.avg300} ${pressure.some.totalMicroseconds}`;
}

/** What comes of it, or the error that was meant to come. */
function told(attempt: () => string): void {
  try {
    digest.add(attempt());
  } catch (caught) {
    const error = asLxcError(caught as Error);
    must(error.code !== "bug", error.message, "");
    digest.add(error.message);
  }
}

function must(holds: boolean, what: string, text: string): void {
  if (holds) return;
  console.log(`NOT TRUE (seed ${seed}): ${what}\n${JSON.stringify(text)}`);
  process.exit(1);
}
