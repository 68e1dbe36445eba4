// Limits of processor time between the two versions of cgroups, by the kernel's arithmetic (kernel/sched/core.c). Pure.

import { blankSeparated } from "../../base/text.ts";
import { decimalIn, kernelInteger, kernelIntegerWithin } from "./numbers.ts";
import { cannot, hasValue, hasValues, type Translation } from "./translation.ts";

const DEFAULT_PERIOD_US = 100000;
const LEAST_US = 1000;
const MOST_PERIOD_US = 1000000;
/** The kernel has 44 bits for it. */
const MOST_QUOTA_US = 2 ** 44 - 1;
const NOT_BANDWIDTH = "the quota must be 1000 us or more, and the period from 1000 to 1000000 us";

/** cpu.max of cpu.cfs_quota_us and cpu.cfs_period_us, either of which may be missing. */
export function bandwidthForSecond(quota: string | undefined, period: string | undefined): Translation {
  const periodUs = period === undefined ? DEFAULT_PERIOD_US : kernelIntegerWithin(period, LEAST_US, MOST_PERIOD_US);
  const quotaUs = quota === undefined ? -1 : kernelInteger(quota);
  if (periodUs === undefined || quotaUs === undefined || !isQuota(quotaUs)) return cannot(NOT_BANDWIDTH);
  return hasValue("cpu.max", `${quotaUs < 0 ? "max" : quotaUs} ${periodUs}`);
}

/** The reverse. */
export function bandwidthForFirst(value: string): Translation {
  const words = blankSeparated(value.trim());
  const period = words.length > 1 ? decimalIn(words[1] ?? "") : DEFAULT_PERIOD_US;
  const quota = words[0] === "max" ? -1 : decimalIn(words[0] ?? "");
  const isPeriod = period !== undefined && period >= LEAST_US && period <= MOST_PERIOD_US;
  if (words.length > 2 || quota === undefined || !isPeriod || !isQuota(quota)) return cannot(NOT_BANDWIDTH);
  // Without a quota any period is taken; a quota is compared with what the cgroup above has, in its period.
  return hasValues([
    { file: "cpu.cfs_period_us", value: String(period) },
    { file: "cpu.cfs_quota_us", value: String(quota) },
  ]);
}

/** All below 0 is no limit. */
function isQuota(quota: number): boolean {
  return quota < 0 || (quota >= LEAST_US && quota <= MOST_QUOTA_US);
}

const LEAST_SHARES = 2;
const MOST_SHARES = 262144;
const LEAST_WEIGHT = 1;
const MOST_WEIGHT = 10000;
const DEFAULT_SHARES = 1024;
const DEFAULT_WEIGHT = 100;
const LEAST_NICE = -20;

/** The shares of each nice value from -20 on (sched_prio_to_weight). */
const NICE_SHARES: readonly number[] = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991,
  1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];

/** cpu.weight or cpu.weight.nice, if one of their values is these shares and no others. */
export function sharesForSecond(value: string): Translation {
  const wanted = kernelInteger(value);
  if (wanted === undefined || wanted < 0) return cannot("cpu.shares takes a whole number");
  const shares = Math.min(Math.max(wanted, LEAST_SHARES), MOST_SHARES);
  const weight = rounded(shares * DEFAULT_WEIGHT, DEFAULT_SHARES);
  if (weight >= LEAST_WEIGHT && weight <= MOST_WEIGHT && sharesOf(weight) === shares) {
    return hasValue("cpu.weight", String(weight));
  }
  const at = NICE_SHARES.indexOf(shares);
  if (at >= 0) return hasValue("cpu.weight.nice", String(at + LEAST_NICE));
  const nearest = Math.min(Math.max(weight, LEAST_WEIGHT), MOST_WEIGHT);
  return cannot(`version 2 has no weight of just ${shares} shares: cpu.weight = ${nearest} is ${sharesOf(nearest)}`);
}

/** cpu.shares of cpu.weight or cpu.weight.nice. */
export function sharesForFirst(file: string, value: string): Translation {
  if (file === "cpu.weight") {
    const weight = kernelIntegerWithin(value, LEAST_WEIGHT, MOST_WEIGHT);
    if (weight === undefined) return cannot(`cpu.weight takes a whole number from ${LEAST_WEIGHT} to ${MOST_WEIGHT}`);
    return hasValue("cpu.shares", String(sharesOf(weight)));
  }
  const nice = kernelIntegerWithin(value, LEAST_NICE, LEAST_NICE + NICE_SHARES.length - 1);
  const shares = nice === undefined ? undefined : NICE_SHARES[nice - LEAST_NICE];
  if (shares === undefined) return cannot("cpu.weight.nice takes a whole number from -20 to 19");
  return hasValue("cpu.shares", String(shares));
}

function sharesOf(weight: number): number {
  return rounded(weight * DEFAULT_SHARES, DEFAULT_WEIGHT);
}

/** A quotient to the nearest whole number, halves upwards. */
function rounded(dividend: number, divisor: number): number {
  return Math.floor((dividend + divisor / 2) / divisor);
}
