// What is to happen to each system call of one architecture: the rules of a policy by number, in the order they count. Pure.

import { type Architecture, type HostArchitecture, isRunBy, multiplexerOf } from "./architectures.ts";
import type { Comparison, Operator, Policy } from "./policy.ts";
import { ALL_BITS, compareWords } from "./word.ts";

/** What is left of a rule once it is clear which call it is about. */
export interface CallRule {
  readonly action: number;
  /** By argument. */
  readonly comparisons: readonly Comparison[];
}

/** One system call. */
export interface Decision {
  readonly number: number;
  /** The first whose comparisons all hold decides. At least one. */
  readonly rules: readonly CallRule[];
}

const NO_RULES: readonly CallRule[] = [];

/**
 * The rules that count on a host, by name. As in LXC, a rule counts on every architecture that has the call once its section
 * is for any that the host runs.
 *
 * As in libseccomp, a rule without comparisons decides alone, the first of several; of the others a narrower one comes before
 * a wider one, wherever they stand: `compareRules` has the order.
 */
export class HostRules {
  readonly #byName = new Map<string, CallRule[]>();
  readonly #byNumber = new Map<number, CallRule[]>();
  /** The calls of x86 that others may be made through. */
  readonly #socketcall: readonly CallRule[];
  readonly #ipc: readonly CallRule[];

  constructor(policy: Policy, host: HostArchitecture) {
    const socketcall: CallRule[] = [];
    const ipc: CallRule[] = [];
    for (let at = 0; at < policy.rules.length; at++) {
      const { section, name, number, action, comparisons } = policy.rules[at]!;
      if (!isRunBy(host, section)) continue;
      const rule: CallRule = { action, comparisons: byArgument(comparisons) };
      if (name === "") this.#byNumber.set(number, [rule]);
      else if (this.#byName.has(name)) this.#byName.get(name)!.push(rule);
      else this.#byName.set(name, [rule]);
      if (comparisons.length > 0) continue;
      const multiplexer = multiplexerOf(name);
      if (multiplexer?.call === "socketcall") socketcall.push(socketRule(multiplexer.number, action));
      else if (multiplexer?.call === "ipc") ipc.push(ipcRule(multiplexer.number, action));
    }
    this.#socketcall = inOrder([...this.#rulesOf("socketcall"), ...socketcall]);
    this.#ipc = inOrder([...this.#rulesOf("ipc"), ...ipc]);
  }

  #rulesOf(name: string): readonly CallRule[] {
    return this.#byName.get(name) ?? NO_RULES;
  }

  /** The decisions for one architecture, by number. */
  decisionsFor(architecture: Architecture): Decision[] {
    const decisions: Decision[] = [];
    const names = architecture.names;
    const numbers = architecture.numbers;
    const isX86 = architecture.name === "x86";
    for (let at = 0; at < names.length; at++) {
      const name = names[at]!;
      if (isX86 && (name === "socketcall" || name === "ipc")) {
        const rules = name === "ipc" ? this.#ipc : this.#socketcall;
        if (rules.length > 0) decisions.push({ number: numbers[at]!, rules });
      } else if (this.#byName.has(name)) {
        decisions.push({ number: numbers[at]!, rules: inOrder(this.#byName.get(name)!) });
      }
    }
    return decisions;
  }

  /** The decisions of version 1, which are for the host's own architecture. */
  numbered(): Decision[] {
    const numbers = [...this.#byNumber.keys()].sort((left, right) => left - right);
    return numbers.map((number): Decision => ({ number, rules: this.#byNumber.get(number) ?? NO_RULES }));
  }
}

/** A rule without comparisons leaves none of the others. */
function inOrder(rules: readonly CallRule[]): readonly CallRule[] {
  if (rules.length < 2) return rules;
  for (const rule of rules) if (rule.comparisons.length === 0) return [rule];
  return rules.slice().sort(compareRules);
}

function byArgument(comparisons: readonly Comparison[]): readonly Comparison[] {
  if (comparisons.length < 2) return comparisons;
  return comparisons.slice().sort((left, right) => left.index - right.index);
}

/**
 * 32-bit programs of x86 may make some calls through `socketcall` and `ipc`, whose arguments are in memory, where a filter
 * cannot look. So a rule without comparisons holds there as well, and others do not.
 */
function socketRule(number: number, action: number): CallRule {
  const value = { high: 0, low: number };
  return { action, comparisons: [{ index: 0, operator: "EQ", value, mask: ALL_BITS }] };
}

/** The kernel reads the number of the call from the lower 16 bits; those above are its version. */
function ipcRule(number: number, action: number): CallRule {
  const value = { high: 0, low: number };
  return { action, comparisons: [{ index: 0, operator: "MASKED_EQ", value, mask: { high: 0, low: 0xffff } }] };
}

/** Negative when `left` is looked at before `right`; 0 for the order of the file. */
function compareRules(left: CallRule, right: CallRule): number {
  const most = Math.max(left.comparisons.length, right.comparisons.length);
  for (let at = 0; at < most; at++) {
    const one = left.comparisons[at];
    const other = right.comparisons[at];
    // What asks for more is narrower.
    if (one === undefined) return 1;
    if (other === undefined) return -1;
    const order = compareComparisons(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** Later arguments first; then ==, != and &=, then < and <=, then > and >=; then the narrower by value. */
function compareComparisons(left: Comparison, right: Comparison): number {
  if (left.index !== right.index) return right.index - left.index;
  const kinds = rankOf(left.operator) - rankOf(right.operator);
  if (kinds !== 0) return kinds;
  const values = compareWords(left.value, right.value);
  return rankOf(left.operator) === 1 ? values : -values;
}

function rankOf(operator: Operator): number {
  switch (operator) {
    case "LT":
    case "LE":
      return 1;
    case "GT":
    case "GE":
      return 2;
    default:
      return 0;
  }
}
