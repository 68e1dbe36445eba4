// What a policy that reads well may still get wrong on this host. Pure.

import type { Finding } from "../../base/finding.ts";
import { shown } from "../../base/text.ts";
import { SECCOMP_RET_ALLOW } from "../../kernel/abi/seccomp.ts";
import { actionText } from "./actions.ts";
import { architecturesOf, callLike, type HostArchitecture, isCall, isRunBy, multiplexerOf } from "./architectures.ts";
import type { Comparison, Policy, Rule } from "./policy.ts";
import { compareWords, wordText } from "./word.ts";

/** The policy's own warnings, and calls that are not there, rules without effect, and rules that programs can go round. */
export function policyWarnings(policy: Policy, host: HostArchitecture): Finding[] {
  const findings = [...policy.warnings];
  const rules = policy.rules.filter((rule): boolean => rule.name !== "" && isRunBy(host, rule.section));
  const byName = new Map<string, RulesOfCall>();
  for (const rule of rules) {
    let same = byName.get(rule.name);
    if (same === undefined) {
      same = { rules: [] };
      byName.set(rule.name, same);
    }
    const warning = new RuleWarning(policy, rule, host);
    const finding = warning.unknown() ?? warning.useless(same.rules) ?? warning.evaded() ?? warning.hidden(rules);
    if (finding !== undefined) findings.push(finding);
    same.rules.push(rule);
  }
  return findings;
}

/** Those of the lines before. */
interface RulesOfCall {
  readonly rules: Rule[];
}

/** What may be said of one rule; the first that applies is. */
class RuleWarning {
  readonly #policy: Policy;
  readonly #rule: Rule;
  readonly #host: HostArchitecture;

  constructor(policy: Policy, rule: Rule, host: HostArchitecture) {
    this.#policy = policy;
    this.#rule = rule;
    this.#host = host;
  }

  unknown(): Finding | undefined {
    const { name } = this.#rule;
    const here = architecturesOf(this.#host);
    if (here.some((architecture): boolean => architecture.numberOf(name) >= 0)) return undefined;
    if (this.#host === "x86_64" && multiplexerOf(name) !== undefined) return undefined;
    if (isCall(name)) return this.#warn(`${this.#host} has no such system call, and the rule no effect`, "");
    const meant = callLike(name, this.#host);
    return this.#warn("no such system call is known, and the rule has no effect", meant && `did you mean ${meant}?`);
  }

  /** LXC refuses a policy with such rules. */
  useless(before: readonly Rule[]): Finding | undefined {
    const { action, comparisons } = this.#rule;
    for (const other of before) {
      if (!isSame(other.comparisons, comparisons) || other.action === action) continue;
      return this.#warn(
        `line ${other.line} has decided already: ${actionText(other.action)}`,
        "take one of the two out",
      );
    }
    if (action !== this.#policy.defaultAction || comparisons.length > 0) return undefined;
    return this.#warn(`${actionText(action)} is what happens without a rule`, "take the line out");
  }

  /**
   * `socket` with 2^32 + 38 is `socket` with 38 for the kernel, but not for a comparison of 64 bits. That matters where a
   * number that looks larger comes to be allowed.
   */
  evaded(): Finding | undefined {
    const { name, action, comparisons } = this.#rule;
    const narrow = narrowArguments(name);
    const isDenial = this.#policy.defaultAction === SECCOMP_RET_ALLOW;
    if (!isDenial && action !== SECCOMP_RET_ALLOW) return undefined;
    for (const comparison of comparisons) {
      const { index, value } = comparison;
      if (!narrow.includes(index) || comparison.operator === "MASKED_EQ") continue;
      if (isMissedByMore(comparison) !== isDenial) continue;
      const hint = `compare with &= and the mask 0xffffffff: [${index},${wordText(value)},&=,0xffffffff]`;
      return this.#warn(`the kernel ignores the upper 32 bits of argument ${index}, and this looks at them`, hint);
    }
    return undefined;
  }

  /** Where the arguments are in memory, a rule that looks at them cannot hold. */
  hidden(rules: readonly Rule[]): Finding | undefined {
    const { name, action, comparisons } = this.#rule;
    const multiplexer = this.#host === "x86_64" ? multiplexerOf(name) : undefined;
    if (multiplexer === undefined || comparisons.length === 0) return undefined;
    if (this.#policy.defaultAction !== SECCOMP_RET_ALLOW) return undefined;
    if (rules.some((other): boolean => other.name === multiplexer.call && other.comparisons.length === 0))
      return undefined;
    const problem = `programs of x86 make it by ${multiplexer.call} as well, where arguments cannot be seen`;
    return this.#warn(problem, `add "${multiplexer.call} ${actionText(action)}", which ends it there`);
  }

  #warn(problem: string, hint: string | undefined): Finding {
    const { file } = this.#policy;
    const { line, name } = this.#rule;
    return { severity: "warning", file, line, column: 1, subject: shownName(name), problem, hint: hint ?? "" };
  }
}

/** Whether a number that is larger by bits of the upper half does not match where the smaller one did. */
function isMissedByMore(comparison: Comparison): boolean {
  const { operator } = comparison;
  return operator === "EQ" || operator === "LT" || operator === "LE";
}

/** Which arguments of some calls the kernel takes 32 bits of, whatever the upper ones are. */
function narrowArguments(name: string): readonly number[] {
  switch (name) {
    case "socket":
    case "socketpair":
    case "setsockopt":
    case "getsockopt":
      return [0, 1, 2];
    case "personality":
    case "prctl":
    case "keyctl":
    case "bpf":
      return [0];
    case "ioctl":
    case "fcntl":
      return [1];
    default:
      return [];
  }
}

function isSame(left: readonly Comparison[], right: readonly Comparison[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((one, at): boolean => isSameComparison(one, right[at]!));
}

function isSameComparison(left: Comparison, right: Comparison): boolean {
  if (left.index !== right.index || left.operator !== right.operator) return false;
  return compareWords(left.value, right.value) === 0 && compareWords(left.mask, right.mask) === 0;
}

/** A name may be whatever a file has: quotes hide control characters. */
function shownName(name: string): string {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code < 33 || code > 126) return shown(name);
  }
  return name.length > 40 ? shown(name) : name;
}
