// Device rules in the files of version 1, for a container that runs. Runs in tools.

import { LxcError } from "../../base/errors.ts";
import { errnoText } from "../../kernel/abi/errno.ts";
import { readTextAt, tryWriteAt } from "../../kernel/files.ts";
import { type DeviceRule, deviceRule, ruleText } from "./devices.ts";

/** One write. */
export interface DeviceWrite {
  readonly file: "devices.allow" | "devices.deny";
  readonly text: string;
}

export interface DeviceWrites {
  readonly writes: readonly DeviceWrite[];
  /** Whether the list is empty or open for a moment on the way: nobody may run in it meanwhile. */
  readonly isRough: boolean;
}

/**
 * What to write to a cgroup whose devices.list has the content `list`, so that `rules` hold there. Where all that the
 * rules do is to allow some devices, which is the usual case, only the difference is written, and what both lists allow
 * stays allowed all the time.
 */
export function deviceWrites(list: string, rules: readonly DeviceRule[]): DeviceWrites {
  const effective = sinceReset(rules);
  const onlyAllows = !effective.allowByDefault && effective.rules.every((rule) => rule.allow);
  const now = onlyAllows ? allowedIn(list) : undefined;
  if (now !== undefined) return { writes: differences(now, effective.rules), isRough: false };
  const first = effective.allowByDefault ? "devices.allow" : "devices.deny";
  const writes: DeviceWrite[] = [{ file: first, text: "a" }];
  for (const rule of effective.rules) writes.push(writeOf(rule.allow, rule));
  return { writes, isRough: true };
}

/** Writes them to the open folder `cgroup`. Throws when the kernel refuses one. */
export function writeDevices(cgroup: number, writes: readonly DeviceWrite[]): void {
  for (const { file, text } of writes) {
    const result = tryWriteAt(cgroup, file, text);
    if (result >= 0) continue;
    const doing = `${file === "devices.allow" ? "allow" : "deny"} the device ${text}`;
    throw new LxcError("syscall-failed", doing, `write: ${errnoText(-result)}`, {
      errno: -result,
      hint: "a cgroup can allow no more than the one above it; compare devices.list there",
    });
  }
}

/** The content of devices.list of the open folder `cgroup`. */
export function deviceList(cgroup: number): string {
  return readTextAt(cgroup, "devices.list");
}

interface Effective {
  readonly allowByDefault: boolean;
  readonly rules: readonly DeviceRule[];
}

/** A plain `a` starts anew; before any, nothing is allowed. */
function sinceReset(rules: readonly DeviceRule[]): Effective {
  let allowByDefault = false;
  let first = 0;
  for (const [at, rule] of rules.entries()) {
    if (rule.access !== 0) continue;
    allowByDefault = rule.allow;
    first = at + 1;
  }
  return { allowByDefault, rules: rules.slice(first) };
}

/** The kernel has one line for all devices while it allows what it does not list, and does not show what it denies. */
function allowedIn(list: string): DeviceRule[] | undefined {
  const rules: DeviceRule[] = [];
  for (const line of list.split("\n")) {
    if (line === "") continue;
    if (line.startsWith("a")) return undefined;
    rules.push(deviceRule("devices.list", true, line));
  }
  return rules;
}

function differences(now: readonly DeviceRule[], wanted: readonly DeviceRule[]): DeviceWrite[] {
  const writes: DeviceWrite[] = [];
  for (const device of merged(wanted)) {
    const missing = device.access & ~accessFor(now, device);
    if (missing !== 0) writes.push(writeOf(true, withAccess(device, missing)));
  }
  for (const device of merged(now)) {
    const surplus = device.access & ~accessFor(wanted, device);
    if (surplus !== 0) writes.push(writeOf(false, withAccess(device, surplus)));
  }
  return writes;
}

/** One rule for each device, as the kernel keeps them. */
function merged(rules: readonly DeviceRule[]): DeviceRule[] {
  const found: DeviceRule[] = [];
  for (const rule of rules) {
    if (!found.some((other) => isSameDevice(rule, other))) found.push(withAccess(rule, accessFor(rules, rule)));
  }
  return found;
}

function accessFor(rules: readonly DeviceRule[], device: DeviceRule): number {
  let access = 0;
  for (const rule of rules) if (isSameDevice(rule, device)) access |= rule.access;
  return access;
}

function isSameDevice(a: DeviceRule, b: DeviceRule): boolean {
  return a.type === b.type && a.major === b.major && a.minor === b.minor;
}

function withAccess(rule: DeviceRule, access: number): DeviceRule {
  return { allow: rule.allow, type: rule.type, major: rule.major, minor: rule.minor, access };
}

function writeOf(allow: boolean, rule: DeviceRule): DeviceWrite {
  return { file: allow ? "devices.allow" : "devices.deny", text: ruleText(rule) };
}
