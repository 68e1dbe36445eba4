// Policies for system calls that nobody would write, and calls that are at the edges of them. Runs in both engines.

import { architectureNamed, X32_BIT } from "../../src/isolation/seccomp/architectures.ts";
import type { Policy } from "../../src/isolation/seccomp/policy.ts";
import type { Word } from "../../src/isolation/seccomp/word.ts";
import type { Random } from "./random.ts";
import type { Call } from "./seccomp-model.ts";

const NAMES: readonly string[] = [
  "read",
  "write",
  "socket",
  "accept",
  "sendmsg",
  "socketcall",
  "semop",
  "ipc",
  "ioctl",
  "execve",
  "umount2",
  "chown32",
  "kexec_load",
  "openat2",
  "mknodat",
  "clone",
  "nosuchcall",
];
const ACTIONS: readonly string[] = [
  "",
  "",
  "errno 1",
  "errno 0",
  "errno 4095",
  "kill",
  "kill_process",
  "trap",
  "allow",
  "log",
  "notify",
];
const OPERATORS: readonly string[] = ["!=", "<", "<=", "==", ">=", ">", "&=", "SCMP_CMP_EQ", "SCMP_CMP_GT"];
const VALUES: readonly string[] = [
  "0",
  "1",
  "2",
  "38",
  "0x7fffffff",
  "0x80000000",
  "0xffffffff",
  "0x100000000",
  "0x100000001",
  "0x100000026",
  "0x7fffffffffffffff",
  "0x8000000000000000",
  "0xffffffff00000000",
  "0xfffffffffffffffe",
  "18446744073709551615",
];
const SECTIONS: readonly string[] = ["[all]", "[all]", "[x86_64]", "[x86]", "[x32]", "[arm64]", "[arm]", "[ppc]"];
const HEADS: readonly string[] = [
  "denylist",
  "denylist",
  "allowlist",
  "blacklist errno 38",
  "whitelist errno 1",
  "allowlist trap",
  "denylist log",
];

/** One that reads without errors, of up to `most` lines. */
export function randomPolicy(random: Random, most: number): string {
  if (random.below(12) === 0) return randomNumbers(random, most);
  let text = `2\n${random.pick(HEADS)}\n`;
  const count = random.below(most);
  for (let line = 0; line < count; line++) {
    const kind = random.below(12);
    if (kind === 0) text += `${random.pick(SECTIONS)}\n`;
    else if (kind === 1) text += "reject_force_umount # by default\n";
    else text += `${randomRule(random)}\n`;
  }
  return text;
}

function randomNumbers(random: Random, most: number): string {
  let text = "1\nallowlist\n";
  const count = random.below(most);
  for (let line = 0; line < count; line++) text += `${random.below(340)}\n`;
  return text;
}

/** Few names, so that several rules meet in one call; now and then one of all. */
function randomRule(random: Random): string {
  const calls = architectureNamed("x86_64").names;
  const name = random.below(3) === 0 ? random.pick(calls) : random.pick(NAMES);
  let rule = `${name} ${random.pick(ACTIONS)}`;
  const count = random.below(4) === 0 ? 0 : random.below(3);
  for (let at = 0; at < count; at++) rule += ` ${randomComparison(random)}`;
  return rule;
}

function randomComparison(random: Random): string {
  const operator = random.pick(OPERATORS);
  const mask = operator === "&=" ? `,${random.pick(VALUES.slice(1))}` : "";
  return `[${random.below(6)},${random.pick(VALUES)},${operator}${mask}]`;
}

/** The policy's text with something broken in it. */
export function brokenPolicy(random: Random): string {
  const text = randomPolicy(random, 12);
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + random.below(8));
  const noise = random.pick(["", "[", "]", ",", "#", "\n", "\r\n", "\0", "é", "99999999999999999999", "[all", "-1"]);
  return text.slice(0, from) + noise + text.slice(to);
}

/** A call that some rule of the policy is about, more often than not, with arguments at the edges of what it compares. */
export function randomCall(random: Random, policy: Policy): Call {
  const architecture = random.pick(["x86_64", "x86_64", "x32", "x86", "arm64", "other"]);
  const args: Word[] = [];
  const rule = policy.rules[random.below(Math.max(1, policy.rules.length))];
  for (let index = 0; index < 6; index++) args.push(randomArgument(random, policy, index));
  if (rule === undefined || architecture === "other" || random.below(5) === 0) {
    return { architecture, number: random.below(0x500) + (architecture === "x32" ? X32_BIT : 0), args };
  }
  const names = [rule.name, rule.name, "socketcall", "ipc"];
  const other = (rule.number >= 0 ? rule.number : random.below(500)) + (architecture === "x32" ? X32_BIT : 0);
  const named = architectureNamed(architecture).numberOf(random.pick(names));
  const number = named < 0 ? other : named;
  // Multiplexed calls have small numbers as their first argument.
  if (random.below(3) === 0) args[0] = { high: 0, low: random.below(25) + (random.below(3) === 0 ? 0x10000 : 0) };
  return { architecture, number: number + (random.below(12) === 0 ? 1 : 0), args };
}

function randomArgument(random: Random, policy: Policy, index: number): Word {
  const compared: Word[] = [];
  for (const rule of policy.rules) {
    for (const one of rule.comparisons) if (one.index === index) compared.push(one.value);
  }
  const value = compared[random.below(Math.max(1, compared.length))] ?? { high: 0, low: 0 };
  switch (random.below(6)) {
    case 0:
      return { high: random.below(3), low: random.below(3) };
    case 1:
      return { high: value.high, low: (value.low + 1) >>> 0 };
    case 2:
      return { high: value.high, low: (value.low - 1) >>> 0 };
    case 3:
      return { high: (value.high + 1) >>> 0, low: value.low };
    case 4:
      return { high: (value.high - 1) >>> 0, low: value.low };
    default:
      return value;
  }
}
