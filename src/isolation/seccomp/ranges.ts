// The numbers of system calls in ranges, from 0 on: in each the same happens. Pure.

import type { CallRule, Decision } from "./decisions.ts";

const NO_RULES: readonly CallRule[] = [];

/** Lists beside each other, and no objects: there are twice as many ranges as rules. Numbers are added in their order. */
export class Ranges {
  /** Each range ends where the next one begins. */
  readonly firsts: number[] = [];
  /** What happens: SECCOMP_RET_* with its data; behind all rules, where there are any. */
  readonly actions: number[] = [];
  /** The first whose comparisons all hold decides; empty for a plain range. */
  readonly rules: (readonly CallRule[])[] = [];
  /** Whether only the low halves of arguments are compared. */
  readonly narrow: boolean[] = [];
  readonly #defaultAction: number;
  /** All numbers before this one are in a range. */
  #next = 0;
  /** Whether the last range has rules. */
  #isRuled = false;

  constructor(defaultAction: number) {
    this.#defaultAction = defaultAction;
  }

  /** What happens at one number. Between two of them, and behind the last, the default does. */
  decide(decision: Decision, isNarrow: boolean): void {
    this.fillTo(decision.number);
    const first = decision.rules[0]!;
    if (first.comparisons.length === 0) this.#plain(decision.number, first.action);
    else this.#add(decision.number, this.#defaultAction, decision.rules, isNarrow);
    this.#next = decision.number + 1;
  }

  /** The default happens up to `end`. */
  fillTo(end: number): void {
    if (end > this.#next) this.#plain(this.#next, this.#defaultAction);
    this.#next = end;
  }

  /** From `first` on, and to the end, `action` happens. */
  end(first: number, action: number): void {
    this.fillTo(first);
    this.#plain(first, action);
  }

  #plain(first: number, action: number): void {
    const last = this.actions.length - 1;
    if (last >= 0 && !this.#isRuled && this.actions[last]! === action) return;
    this.#add(first, action, NO_RULES, false);
  }

  #add(first: number, action: number, rules: readonly CallRule[], isNarrow: boolean): void {
    this.firsts.push(first);
    this.actions.push(action);
    this.rules.push(rules);
    this.narrow.push(isNarrow);
    this.#isRuled = rules.length > 0;
  }
}
