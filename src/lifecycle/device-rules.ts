// Device rules as command 14 of the command socket carries them: LXC's struct, one or several. Runs in tools and in the monitor.

import { accessIn, accessText, type DeviceRule } from "../isolation/cgroup/devices.ts";
import { Layout } from "../kernel/abi/struct.ts";
import { bytesOfText, textOf } from "../kernel/memory.ts";

const device = new Layout();
const deviceStruct = {
  type: device.u8(),
  major: device.i32(),
  minor: device.i32(),
  access: device.bytes(4),
  allow: device.i32(),
  size: device.size(),
};

/** Since LXC 5 the struct ends in two pointers, which mean nothing to the other side. */
const SIZE = 40;

/** As many as a request has room for. */
export const MOST_RULES = 204;

/** LXC knows only a body of one rule, and refuses longer ones. */
export function encodeDeviceRules(rules: readonly DeviceRule[]): Uint8Array {
  const bytes = new Uint8Array(SIZE * rules.length);
  let at = 0;
  for (const rule of rules) {
    const one = bytes.subarray(at, at + SIZE);
    deviceStruct.type.put(one, rule.type.charCodeAt(0));
    deviceStruct.major.put(one, rule.major);
    deviceStruct.minor.put(one, rule.minor);
    deviceStruct.access.put(one, bytesOfText(accessText(rule.access)));
    deviceStruct.allow.put(one, rule.allow ? 1 : 0);
    at += SIZE;
  }
  return bytes;
}

/** Undefined when one of them is no rule. */
export function decodeDeviceRules(bytes: Uint8Array): DeviceRule[] | undefined {
  const size = bytes.length === deviceStruct.size ? deviceStruct.size : SIZE;
  const rules: DeviceRule[] = [];
  if (bytes.length === 0 || bytes.length % size !== 0) return undefined;
  for (let at = 0; at < bytes.length; at += size) {
    const rule = decodeRule(bytes.subarray(at, at + size));
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}

function decodeRule(bytes: Uint8Array): DeviceRule | undefined {
  const type = String.fromCharCode(deviceStruct.type.get(bytes));
  const major = deviceStruct.major.get(bytes);
  const minor = deviceStruct.minor.get(bytes);
  const access = accessIn(textOf(deviceStruct.access.get(bytes)));
  const allow = deviceStruct.allow.get(bytes);
  if (type !== "a" && type !== "b" && type !== "c") return undefined;
  if (major < -1 || minor < -1 || access < 0 || (allow !== 0 && allow !== 1)) return undefined;
  const isPlain = type === "a" && major < 0 && minor < 0 && access === 0;
  if (access === 0 && !isPlain) return undefined;
  return { allow: allow === 1, type, major, minor, access };
}
