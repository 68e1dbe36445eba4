// Limits in plain words, as limits of cgroup version 2; planLimits finds the words of the host. Pure.

import { LxcError } from "../base/errors.ts";
import type { CgroupLimit } from "../isolation/cgroup/limit.ts";
import type { BlockDevice } from "../kernel/block-device.ts";

/** A number that somebody asked for, and what the reader knows it by: its key. */
export interface WantedNumber {
  readonly label: string;
  readonly value: number;
}

export interface WantedText {
  readonly label: string;
  readonly value: string;
}

/** What is absent has no limit. */
export interface WantedLimits {
  readonly memoryBytes?: WantedNumber | undefined;
  /** Swap alone; 0 for none. */
  readonly swapBytes?: WantedNumber | undefined;
  /** From there on programs are slowed down. */
  readonly memoryHighBytes?: WantedNumber | undefined;
  /** Whole processors and parts of them, such as 1.5. */
  readonly cpus?: WantedNumber | undefined;
  /** 1 to 10000, where others have 100. */
  readonly cpuWeight?: WantedNumber | undefined;
  /** Which processors, such as 0-3,6. */
  readonly cpuset?: WantedText | undefined;
  readonly pids?: WantedNumber | undefined;
  /** In a second, as the other three. */
  readonly ioReadBps?: WantedNumber | undefined;
  readonly ioWriteBps?: WantedNumber | undefined;
  readonly ioReadIops?: WantedNumber | undefined;
  readonly ioWriteIops?: WantedNumber | undefined;
  /** 1 to 10000, where others have 100. */
  readonly ioWeight?: WantedNumber | undefined;
}

const PERIOD_US = 100000;
/** The least that the kernel gives in a period. */
const LEAST_QUOTA_US = 1000;

/**
 * The limits that `wanted` asks for, all to be read back. `device` is the disk of the root file system: throws when a
 * limit is for a disk and there is none.
 */
export function friendlyLimits(wanted: WantedLimits, device: BlockDevice | undefined): CgroupLimit[] {
  const limits: CgroupLimit[] = [];
  addNumber(limits, "memory.max", wanted.memoryBytes);
  addNumber(limits, "memory.swap.max", wanted.swapBytes);
  addNumber(limits, "memory.high", wanted.memoryHighBytes);
  if (wanted.cpus !== undefined) limits.push(promise(wanted.cpus.label, "cpu.max", bandwidth(wanted.cpus)));
  addNumber(limits, "cpu.weight", wanted.cpuWeight);
  if (wanted.cpuset !== undefined) limits.push(promise(wanted.cpuset.label, "cpuset.cpus", wanted.cpuset.value));
  addNumber(limits, "pids.max", wanted.pids);
  addThrottle(limits, device, "rbps", wanted.ioReadBps);
  addThrottle(limits, device, "wbps", wanted.ioWriteBps);
  addThrottle(limits, device, "riops", wanted.ioReadIops);
  addThrottle(limits, device, "wiops", wanted.ioWriteIops);
  const weight = wanted.ioWeight;
  if (weight !== undefined) limits.push(promise(weight.label, "io.weight", `default ${weight.value}`));
  return limits;
}

/** Whether `friendlyLimits` needs to know the disk. */
export function needsDevice(wanted: WantedLimits): boolean {
  const throttles = [wanted.ioReadBps, wanted.ioWriteBps, wanted.ioReadIops, wanted.ioWriteIops];
  return throttles.some((throttle) => throttle !== undefined);
}

function promise(label: string, file: string, value: string): CgroupLimit {
  return { label, version: 2, file, value, readBack: true };
}

function addNumber(limits: CgroupLimit[], file: string, wanted: WantedNumber | undefined): void {
  if (wanted !== undefined) limits.push(promise(wanted.label, file, String(wanted.value)));
}

/** `150000 100000` for one and a half processors. */
function bandwidth(cpus: WantedNumber): string {
  const quota = Math.round(cpus.value * PERIOD_US);
  if (quota >= LEAST_QUOTA_US) return `${quota} ${PERIOD_US}`;
  throw new LxcError("config-invalid", `apply ${cpus.label} = ${cpus.value}`, "the kernel gives no smaller part", {
    hint: `set ${cpus.label} to ${LEAST_QUOTA_US / PERIOD_US} or more`,
  });
}

function addThrottle(
  limits: CgroupLimit[],
  device: BlockDevice | undefined,
  word: string,
  wanted: WantedNumber | undefined,
): void {
  if (wanted === undefined) return;
  if (device === undefined) {
    const reason = "the root file system is on no disk that the kernel could limit";
    throw new LxcError("unsupported", `apply ${wanted.label} = ${wanted.value}`, reason, {
      hint: `remove ${wanted.label}, or put the container on a file system of one disk; see findmnt -T PATH`,
    });
  }
  limits.push(promise(wanted.label, "io.max", `${device.major}:${device.minor} ${word}=${wanted.value}`));
}
