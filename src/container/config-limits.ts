// The limits that a configuration asks for: those of lxc.cgroup and lxc.cgroup2 as they are, and those in plain words. Pure.

import type { CgroupLimit } from "../isolation/cgroup/limit.ts";
import type { BlockDevice } from "../kernel/block-device.ts";
import type { Config } from "./config/schema.ts";
import type { Maybe } from "./config/settings.ts";
import { friendlyLimits, needsDevice, type WantedLimits, type WantedNumber, type WantedText } from "./limits.ts";

/** Each in the order of its table, and known by its key. `disk` is that of the root file system, if there is one. */
export function limitsOf(config: Config, disk: BlockDevice | undefined): CgroupLimit[] {
  const limits: CgroupLimit[] = [];
  for (const { name, value } of config.cgroup.entries) {
    limits.push({ label: `${config.cgroup.prefix}${name}`, version: 1, file: name, value });
  }
  for (const { name, value } of config.cgroup2.entries) {
    limits.push({ label: `${config.cgroup2.prefix}${name}`, version: 2, file: name, value });
  }
  return limits.concat(friendlyLimits(wantedOf(config), disk));
}

/** Whether `limitsOf` must know the disk. */
export function limitsDisk(config: Config): boolean {
  return needsDevice(wantedOf(config));
}

function wantedOf(config: Config): WantedLimits {
  return {
    memoryBytes: wantedNumber(config.limitMemory),
    swapBytes: wantedNumber(config.limitMemorySwap),
    memoryHighBytes: wantedNumber(config.limitMemoryHigh),
    cpus: wantedNumber(config.limitCpus),
    cpuWeight: wantedNumber(config.limitCpuWeight),
    cpuset: wantedText(config.limitCpuset),
    pids: wantedNumber(config.limitPids),
    ioReadBps: wantedNumber(config.limitIoRead),
    ioWriteBps: wantedNumber(config.limitIoWrite),
    ioReadIops: wantedNumber(config.limitIoReadIops),
    ioWriteIops: wantedNumber(config.limitIoWriteIops),
    ioWeight: wantedNumber(config.limitIoWeight),
  };
}

function wantedNumber(setting: Maybe<number>): WantedNumber | undefined {
  const value = setting.value;
  return value === undefined ? undefined : { label: setting.key, value };
}

function wantedText(setting: Maybe<string>): WantedText | undefined {
  const value = setting.value;
  return value === undefined ? undefined : { label: setting.key, value };
}
