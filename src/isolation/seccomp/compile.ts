// A seccomp policy as the program that the kernel runs at each system call. Pure.

import { LxcError } from "../../base/errors.ts";
import { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_MAXINSNS } from "../../kernel/abi/bpf.ts";
import { SECCOMP_RET_KILL_THREAD, seccompData } from "../../kernel/abi/seccomp.ts";
import { architecturesOf, type HostArchitecture, X32_BIT } from "./architectures.ts";
import { type CallRule, HostRules } from "./decisions.ts";
import type { Comparison, Policy } from "./policy.ts";
import { ProgramFromEnd, type Test } from "./program.ts";
import { Ranges } from "./ranges.ts";

/** What is to happen on every way of making calls that the kernel tells apart by its AUDIT_ARCH_*. */
interface Group {
  readonly audit: number;
  readonly ranges: Ranges;
}

/** There are so many numbers. */
const NUMBERS = 2 ** 32;
const WORD_SIZE = 8;
const HALF_SIZE = 4;

/**
 * The filter for `policy` on `host`: `struct sock_filter[]`. Calls of an architecture that the policy knows nothing of end
 * the thread, as with libseccomp. Throws when it would be longer than the kernel takes.
 */
export function compilePolicy(policy: Policy, host: HostArchitecture): Uint8Array {
  const program = new ProgramFromEnd();
  let next = program.returning(SECCOMP_RET_KILL_THREAD);
  const groups = groupsOf(policy, host);
  for (let at = groups.length - 1; at >= 0; at--) {
    const inside = new GroupProgram(program, groups[at]!.ranges).add();
    next = program.jump(BPF_JEQ, groups[at]!.audit, inside, next);
  }
  program.load(seccompData.arch.at);
  if (program.count > BPF_MAXINSNS) throw tooLong(policy, program.count);
  return program.bytes();
}

function tooLong(policy: Policy, count: number): LxcError {
  const reason = `it takes ${count} instructions, and the kernel accepts ${BPF_MAXINSNS}`;
  const hint = "leave comparisons of arguments out, or name fewer values of them";
  return new LxcError("unsupported", `make a filter of ${policy.file}`, reason, { hint });
}

function groupsOf(policy: Policy, host: HostArchitecture): Group[] {
  const rules = new HostRules(policy, host);
  const groups: Group[] = [];
  for (const architecture of architecturesOf(host)) {
    // x32 is the upper half of x86_64.
    const isUpper = architecture.name === "x32";
    if (!isUpper) groups.push({ audit: architecture.audit, ranges: new Ranges(policy.defaultAction) });
    const ranges = groups[groups.length - 1]!.ranges;
    const decisions = policy.version === 1 ? rules.numbered() : rules.decisionsFor(architecture);
    for (let at = 0; at < decisions.length; at++) ranges.decide(decisions[at]!, architecture.isNarrow);
    // In version 1 there is only the host's own.
    if (policy.version === 1) {
      ranges.end(X32_BIT, SECCOMP_RET_KILL_THREAD);
      return groups;
    }
  }
  for (const group of groups) group.ranges.fillTo(NUMBERS);
  return groups;
}

/** Writes the part of a program that decides by the number of the call. */
class GroupProgram {
  readonly #program: ProgramFromEnd;
  readonly #ranges: Ranges;
  /** Of what the rules of each range do; 0 for a plain one, whose place is asked for when it is jumped to. */
  readonly #places: number[] = [];

  constructor(program: ProgramFromEnd, ranges: Ranges) {
    this.#program = program;
    this.#ranges = ranges;
  }

  /** Returns its place. */
  add(): number {
    const count = this.#ranges.firsts.length;
    for (let at = 0; at < count; at++) this.#places.push(this.#addRules(at));
    const inside = this.#addSearch(0, count);
    // What was loaded goes on at the newest instruction, and a search of one range need not have added any.
    if (inside !== this.#program.count) this.#program.goTo(inside);
    return this.#program.load(seccompData.nr.at);
  }

  #addRules(at: number): number {
    const rules = this.#ranges.rules[at]!;
    if (rules.length === 0) return 0;
    const isNarrow = this.#ranges.narrow[at]!;
    let next = this.#program.returning(this.#ranges.actions[at]!);
    for (let i = rules.length - 1; i >= 0; i--) next = addRule(this.#program, rules[i]!, isNarrow, next);
    return next;
  }

  /** Halves the ranges from `from` up to `to` until one is left. */
  #addSearch(from: number, to: number): number {
    if (to - from === 1) {
      const place = this.#places[from]!;
      return place === 0 ? this.#program.returning(this.#ranges.actions[from]!) : place;
    }
    const middle = (from + to) >> 1;
    const upper = this.#addSearch(middle, to);
    const lower = this.#addSearch(from, middle);
    return this.#program.jump(BPF_JGE, this.#ranges.firsts[middle]!, upper, lower);
  }
}

/** All comparisons must hold; else it goes on at `next`. */
function addRule(program: ProgramFromEnd, rule: CallRule, isNarrow: boolean, next: number): number {
  let place = program.returning(rule.action);
  for (let at = rule.comparisons.length - 1; at >= 0; at--) {
    const comparison = rule.comparisons[at]!;
    place = addComparison(program, comparison, isNarrow, { yes: place, no: next });
  }
  return place;
}

interface Ways {
  readonly yes: number;
  readonly no: number;
}

/** Of the negated operators, what they negate: the ways are swapped then. */
function addComparison(program: ProgramFromEnd, comparison: Comparison, isNarrow: boolean, ways: Ways): number {
  const swapped = { yes: ways.no, no: ways.yes };
  switch (comparison.operator) {
    case "NE":
      return addEqual(program, comparison, isNarrow, swapped);
    case "LT":
      return addOrder(program, comparison, isNarrow, BPF_JGE, swapped);
    case "LE":
      return addOrder(program, comparison, isNarrow, BPF_JGT, swapped);
    case "GE":
      return addOrder(program, comparison, isNarrow, BPF_JGE, ways);
    case "GT":
      return addOrder(program, comparison, isNarrow, BPF_JGT, ways);
    default:
      return addEqual(program, comparison, isNarrow, ways);
  }
}

/** Equal in the bits of the mask; a half that the mask leaves out is not looked at. */
function addEqual(program: ProgramFromEnd, comparison: Comparison, isNarrow: boolean, ways: Ways): number {
  const { value, mask } = comparison;
  const at = offsetOf(comparison);
  let place = ways.yes;
  if (mask.low !== 0) place = addHalf(program, at, mask.low, value.low, { yes: place, no: ways.no });
  if (mask.high !== 0 && !isNarrow) {
    place = addHalf(program, at + HALF_SIZE, mask.high, value.high, { yes: place, no: ways.no });
  }
  return place;
}

function addHalf(program: ProgramFromEnd, offset: number, mask: number, value: number, ways: Ways): number {
  program.jump(BPF_JEQ, value, ways.yes, ways.no);
  if (mask !== 0xffffffff) program.and(mask);
  return program.load(offset);
}

/** By the upper halves, and by the lower ones where those are equal. */
function addOrder(program: ProgramFromEnd, comparison: Comparison, isNarrow: boolean, test: Test, ways: Ways): number {
  const { value } = comparison;
  const at = offsetOf(comparison);
  program.jump(test, value.low, ways.yes, ways.no);
  const lower = program.load(at);
  if (isNarrow) return lower;
  const equal = program.jump(BPF_JEQ, value.high, lower, ways.no);
  program.jump(BPF_JGT, value.high, ways.yes, equal);
  return program.load(at + HALF_SIZE);
}

/** The kernel lays arguments out in the byte order of the machine; both hosts are little-endian: the lower half first. */
function offsetOf(comparison: Comparison): number {
  return seccompData.args.at + comparison.index * WORD_SIZE;
}
