// Sets of capabilities: reading them, and giving up what a container is not to have. Runs in a process before its exec.

import { EINVAL } from "../kernel/abi/errno.ts";
import { capData, capHeader, LINUX_CAPABILITY_VERSION_3, PR_CAPBSET_DROP } from "../kernel/abi/prctl.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, refused, tryNumbers } from "../kernel/call.ts";
import { capabilityNames } from "./capabilities.ts";

/** The kernel's 64 bits in two halves: capability 0 is the lowest bit of `low`. */
export interface CapabilitySet {
  readonly low: number;
  readonly high: number;
}

/** All there is room for, also those that no kernel knows yet. */
export const EVERY_CAPABILITY: CapabilitySet = { low: 0xffffffff, high: 0xffffffff };
export const NO_CAPABILITY: CapabilitySet = { low: 0, high: 0 };

/** What a process has, of /proc/PID/status. */
export interface ProcessCapabilities {
  readonly inheritable: CapabilitySet;
  readonly permitted: CapabilitySet;
  readonly effective: CapabilitySet;
  readonly bounding: CapabilitySet;
  readonly ambient: CapabilitySet;
}

/** The set of these numbers. */
export function capabilitySet(capabilities: readonly number[]): CapabilitySet {
  let low = 0;
  let high = 0;
  for (const capability of capabilities) {
    if (capability < 32) low = (low | (1 << capability)) >>> 0;
    else high = (high | (1 << (capability - 32))) >>> 0;
  }
  return { low, high };
}

export function hasCapability(set: CapabilitySet, capability: number): boolean {
  return (((capability < 32 ? set.low : set.high) >>> (capability % 32)) & 1) === 1;
}

/** Those of `set` that are not in `without`. */
export function withoutCapabilities(set: CapabilitySet, without: CapabilitySet): CapabilitySet {
  return { low: (set.low & ~without.low) >>> 0, high: (set.high & ~without.high) >>> 0 };
}

/** Those in both. */
export function commonCapabilities(left: CapabilitySet, right: CapabilitySet): CapabilitySet {
  return { low: (left.low & right.low) >>> 0, high: (left.high & right.high) >>> 0 };
}

/** The sixteen hexadecimal digits of /proc/PID/status; undefined for anything else. */
export function capabilitiesFromHex(text: string): CapabilitySet | undefined {
  if (text.length !== 16) return undefined;
  let high = 0;
  let low = 0;
  for (let i = 0; i < 16; i++) {
    const digit = "0123456789abcdef".indexOf(text.charAt(i));
    if (digit < 0) return undefined;
    if (i < 8) high = high * 16 + digit;
    else low = low * 16 + digit;
  }
  return { low, high };
}

/** The five sets that /proc/PID/status shows; undefined when one is missing. */
export function capabilitiesFromStatus(status: string): ProcessCapabilities | undefined {
  const inheritable = setNamed(status, "CapInh");
  const permitted = setNamed(status, "CapPrm");
  const effective = setNamed(status, "CapEff");
  const bounding = setNamed(status, "CapBnd");
  const ambient = setNamed(status, "CapAmb");
  if (inheritable === undefined || permitted === undefined || effective === undefined) return undefined;
  if (bounding === undefined || ambient === undefined) return undefined;
  return { inheritable, permitted, effective, bounding, ambient };
}

function setNamed(status: string, name: string): CapabilitySet | undefined {
  const at = status.indexOf(`\n${name}:\t`);
  if (at < 0) return undefined;
  const start = at + name.length + 3;
  return capabilitiesFromHex(status.slice(start, start + 16));
}

/** Reduces the bounding set to `kept`: what is outside can never be gained again, by no program. Needs CAP_SETPCAP. */
export function boundCapabilities(kept: CapabilitySet): void {
  for (let capability = 0; capability < 64; capability++) {
    if (hasCapability(kept, capability)) continue;
    const result = tryNumbers(SYS.prctl, PR_CAPBSET_DROP, capability, 0);
    // The first number that the kernel does not know is behind the last capability.
    if (result === -EINVAL) return;
    if (result < 0) throw refused(`give up the capability ${nameOf(capability)}`, "prctl", result);
  }
}

/**
 * Reduces every set to `kept`, for a process that stays root: bounding first, as that needs CAP_SETPCAP, then effective
 * and permitted. The inheritable and ambient sets become empty (CVE-2022-29162).
 */
export function keepOnly(kept: CapabilitySet): void {
  boundCapabilities(kept);
  const header = ownHeader();
  const data = new Uint8Array(capData.size);
  call("read our capabilities", "capget", header, data);
  capData.effectiveLow.put(data, (capData.effectiveLow.get(data) & kept.low) >>> 0);
  capData.effectiveHigh.put(data, (capData.effectiveHigh.get(data) & kept.high) >>> 0);
  capData.permittedLow.put(data, (capData.permittedLow.get(data) & kept.low) >>> 0);
  capData.permittedHigh.put(data, (capData.permittedHigh.get(data) & kept.high) >>> 0);
  clearInheritable(data);
  call("give up capabilities", "capset", header, data);
}

/** Like `keepOnly`, with all but these. */
export function drop(dropped: CapabilitySet): void {
  keepOnly(withoutCapabilities(EVERY_CAPABILITY, dropped));
}

/** Empties the inheritable and ambient sets, so that no program gets a capability just by being started (CVE-2022-29162). */
export function inheritNothing(): void {
  const header = ownHeader();
  const data = new Uint8Array(capData.size);
  call("read our capabilities", "capget", header, data);
  // The ambient set is always a part of the inheritable one (capabilities(7)).
  if (capData.inheritableLow.get(data) === 0 && capData.inheritableHigh.get(data) === 0) return;
  clearInheritable(data);
  call("empty the inheritable capabilities", "capset", header, data);
}

function clearInheritable(data: Uint8Array): void {
  capData.inheritableLow.put(data, 0);
  capData.inheritableHigh.put(data, 0);
}

function ownHeader(): Uint8Array {
  const header = new Uint8Array(capHeader.size);
  capHeader.version.put(header, LINUX_CAPABILITY_VERSION_3);
  return header;
}

function nameOf(capability: number): string {
  return capabilityNames[capability] ?? `number ${capability}`;
}
