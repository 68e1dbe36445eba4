// Named exceptions from a policy: what a container needs all the same. Pure.

import { LxcError } from "../../base/errors.ts";
import { nearest, shown } from "../../base/text.ts";
import { SECCOMP_RET_ALLOW } from "../../kernel/abi/seccomp.ts";
import { isCall } from "./architectures.ts";
import type { Comparison, Policy, Rule } from "./policy.ts";
import { ALL_BITS, type Word } from "./word.ts";

/** A kind of socket that has a name; all parts must be compared for a rule to be about it. */
interface SocketKind {
  readonly family: number;
  /** -1 for any. */
  readonly protocol: number;
}

/** The names beside those of system calls: AF_* in small letters (linux/socket.h), and two more. */
export function exceptionNames(): string[] {
  const old = "af_ax25 af_netrom af_atmpvc af_x25 af_rose af_key af_atmsvc af_rds";
  return `${old} af_tipc af_rxrpc af_phonet af_ieee802154 af_caif af_alg af_nfc af_vsock netlink_xfrm tiocsti`.split(
    " ",
  );
}

function socketKind(name: string): SocketKind | undefined {
  const family = familyOf(name);
  return family < 0 ? undefined : { family, protocol: name === "netlink_xfrm" ? 6 : -1 };
}

function familyOf(name: string): number {
  switch (name) {
    case "af_ax25":
      return 3;
    case "af_netrom":
      return 6;
    case "af_atmpvc":
      return 8;
    case "af_x25":
      return 9;
    case "af_rose":
      return 11;
    case "af_key":
      return 15;
    case "netlink_xfrm":
      return 16;
    case "af_atmsvc":
      return 20;
    case "af_rds":
      return 21;
    case "af_tipc":
      return 30;
    case "af_rxrpc":
      return 33;
    case "af_phonet":
      return 35;
    case "af_ieee802154":
      return 36;
    case "af_caif":
      return 37;
    case "af_alg":
      return 38;
    case "af_nfc":
      return 39;
    case "af_vsock":
      return 40;
    default:
      return -1;
  }
}

const TIOCSTI = 0x5412;

/**
 * The policy with these exceptions. A name is that of a system call, whose rules are all left out, or one of
 * `exceptionNames`, for which those rules are left out that are about nothing else. Where everything is denied by default,
 * a rule that allows is added. Throws `config-invalid` for an unknown name.
 */
export function withExceptions(policy: Policy, names: readonly string[]): Policy {
  const { file, version, defaultAction, warnings } = policy;
  let rules = policy.rules;
  for (const name of names) {
    const known = isException(name);
    if (!known) throw unknownException(name);
    rules = rules.filter((rule): boolean => rule.action === SECCOMP_RET_ALLOW || !isAbout(rule, name));
    if (defaultAction !== SECCOMP_RET_ALLOW) rules = [...rules, ...allowing(name)];
  }
  return { file, version, defaultAction, rules, warnings };
}

function isException(name: string): boolean {
  return exceptionNames().includes(name) || isCall(name);
}

function unknownException(name: string): LxcError {
  const meant = nearest(name, exceptionNames());
  const hint = meant === undefined ? `name a system call, or ${exceptionNames().join(", ")}` : `did you mean ${meant}?`;
  return new LxcError("config-invalid", `allow ${shown(name)}`, "nothing has that name", { hint });
}

function isAbout(rule: Rule, name: string): boolean {
  const kind = socketKind(name);
  if (kind !== undefined) return isSocketRule(rule) && isOfKind(rule.comparisons, kind);
  if (name === "tiocsti") return rule.name === "ioctl" && names(rule.comparisons, 1, TIOCSTI);
  return rule.name === name;
}

function isSocketRule(rule: Rule): boolean {
  return rule.name === "socket" || rule.name === "socketpair";
}

function isOfKind(comparisons: readonly Comparison[], kind: SocketKind): boolean {
  if (!names(comparisons, 0, kind.family)) return false;
  return kind.protocol < 0 || names(comparisons, 2, kind.protocol);
}

/** Whether the argument must be that number. */
function names(comparisons: readonly Comparison[], index: number, value: number): boolean {
  for (const one of comparisons) {
    const isEqual = one.operator === "EQ" || one.operator === "MASKED_EQ";
    if (one.index === index && isEqual && one.value.low === value && one.value.high === 0) return true;
  }
  return false;
}

function allowing(name: string): Rule[] {
  const kind = socketKind(name);
  if (kind !== undefined) {
    const comparisons = [equal(0, kind.family)];
    if (kind.protocol >= 0) comparisons.push(equal(2, kind.protocol));
    return [allow("socket", comparisons), allow("socketpair", comparisons)];
  }
  return name === "tiocsti" ? [allow("ioctl", [equal(1, TIOCSTI)])] : [allow(name, [])];
}

function allow(name: string, comparisons: readonly Comparison[]): Rule {
  return { line: 0, section: "all", name, number: -1, action: SECCOMP_RET_ALLOW, comparisons };
}

function equal(index: number, value: number): Comparison {
  const word: Word = { high: 0, low: value };
  return { index, operator: "EQ", value: word, mask: ALL_BITS };
}
