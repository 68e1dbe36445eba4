// Which devices a container may use: rules, and the program that decides for the kernel on version 2. Pure.

import { LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_AND,
  BPF_DEVCG_ACC_MKNOD,
  BPF_DEVCG_ACC_READ,
  BPF_DEVCG_ACC_WRITE,
  BPF_DEVCG_DEV_BLOCK,
  BPF_DEVCG_DEV_CHAR,
  BPF_EXIT,
  BPF_JEQ,
  BPF_JMP,
  BPF_JNE,
  BPF_K,
  BPF_LDX,
  BPF_MEM,
  BPF_MOV,
  BPF_RSH,
  BPF_W,
  BPF_X,
  bpfCgroupDevCtx,
  bpfInsn,
} from "../../kernel/abi/bpf.ts";

/** One rule. */
export interface DeviceRule {
  readonly allow: boolean;
  /** `a` for both kinds, `b` or `c`. */
  readonly type: string;
  /** -1 for any. */
  readonly major: number;
  readonly minor: number;
  /** BPF_DEVCG_ACC_* bits; 0 only in a plain `a`, which starts anew with a default for everything. */
  readonly access: number;
}

const ALL_ACCESS = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
const BAD_RULE_HINT = "write a, or a type, numbers and access such as c 1:3 rwm or b *:* m (cgroup-v1/devices)";

/** Reads `a`, or `c 1:3 rwm` with `*` for any number. Throws, naming `label`, when it is no such rule. */
export function deviceRule(label: string, allow: boolean, value: string): DeviceRule {
  const words = value
    .split("\t")
    .join(" ")
    .split(" ")
    .filter((word): boolean => word !== "");
  const type = words[0] ?? "";
  if (type === "a" && words.length === 1) return { allow, type, major: -1, minor: -1, access: 0 };
  const numbers = (words[1] ?? "").split(":");
  const major = numberIn(numbers[0] ?? "");
  const minor = numberIn(numbers[1] ?? "");
  const access = accessIn(words[2] ?? "");
  const isKnown = type === "a" || type === "b" || type === "c";
  if (!isKnown || words.length !== 3 || numbers.length !== 2 || major < -1 || minor < -1 || access <= 0) {
    throw new LxcError("config-invalid", `apply ${label} = ${value}`, "it is not a device rule", {
      hint: BAD_RULE_HINT,
    });
  }
  return { allow, type, major, minor, access };
}

/** -1 for `*`, -2 for what is no number. */
function numberIn(text: string): number {
  if (text === "*") return -1;
  const number = wholeNumberIn(text) ?? -2;
  return number < 0 || number > 0xfffff ? -2 : number;
}

/** 0 for nothing, -1 for a letter that is none of rwm. */
export function accessIn(text: string): number {
  let access = 0;
  for (const letter of text) {
    if (letter === "r") access |= BPF_DEVCG_ACC_READ;
    else if (letter === "w") access |= BPF_DEVCG_ACC_WRITE;
    else if (letter === "m") access |= BPF_DEVCG_ACC_MKNOD;
    else return -1;
  }
  return access;
}

/** The letters of BPF_DEVCG_ACC_* bits, as in `rwm`. */
export function accessText(bits: number): string {
  const read = (bits & BPF_DEVCG_ACC_READ) !== 0 ? "r" : "";
  const write = (bits & BPF_DEVCG_ACC_WRITE) !== 0 ? "w" : "";
  const make = (bits & BPF_DEVCG_ACC_MKNOD) !== 0 ? "m" : "";
  return read + write + make;
}

/** The rule as the files of version 1 take it. */
export function ruleText(rule: DeviceRule): string {
  if (rule.access === 0) return "a";
  const major = rule.major < 0 ? "*" : String(rule.major);
  const minor = rule.minor < 0 ? "*" : String(rule.minor);
  return `${rule.type} ${major}:${minor} ${accessText(rule.access)}`;
}

/**
 * The program for `rules`, the newest first: of each kind of access that a process asks for, the last rule that names it
 * decides, and the default for what no rule names (denied, unless a plain `a` allowed all). Undefined when nothing is
 * denied, which needs no program.
 *
 * LXC's program leaves a request for reading and writing alone when a rule denies writing only; this one denies it.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Uint8Array | undefined {
  let allowByDefault = false;
  let first = 0;
  for (const [at, rule] of rules.entries()) {
    if (rule.access !== 0) continue;
    allowByDefault = rule.allow;
    first = at + 1;
  }
  const since = rules.slice(first);
  if (allowByDefault && since.every((rule) => rule.allow)) return undefined;
  const program = new Program();
  program.start();
  for (let at = since.length - 1; at >= 0; at--) {
    const rule = since[at];
    if (rule !== undefined) program.rule(rule);
  }
  program.finish(allowByDefault);
  return program.bytes();
}

const ALL_ALLOWED: DeviceRule = { allow: true, type: "a", major: -1, minor: -1, access: 0 };

/**
 * `rules` with those of `added` behind them, where no rules at all mean that everything is allowed. What can have no
 * effect any more is left out, so that a list that is added to for years stays short.
 */
export function withRules(rules: readonly DeviceRule[], added: readonly DeviceRule[]): DeviceRule[] {
  let list: DeviceRule[] = rules.length === 0 ? [ALL_ALLOWED] : rules.slice();
  for (const rule of added) {
    list = rule.access === 0 ? [] : list.filter((other): boolean => !isSameRequest(rule, other));
    list.push(rule);
  }
  return list;
}

function isSameRequest(a: DeviceRule, b: DeviceRule): boolean {
  return a.type === b.type && a.major === b.major && a.minor === b.minor && a.access === b.access;
}

const RESULT = 0;
const CONTEXT = 1;
const SCRATCH = 1;
const TYPE = 2;
const ACCESS = 3;
const MAJOR = 4;
const MINOR = 5;

/** Instructions one after the other. */
class Program {
  readonly #words: number[] = [];

  /** Takes the request apart: access in the high half of the first word, type in the low one. */
  start(): void {
    this.#add(BPF_LDX | BPF_MEM | BPF_W, TYPE, CONTEXT, bpfCgroupDevCtx.accessType.at, 0);
    this.#add(BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
    this.#add(BPF_LDX | BPF_MEM | BPF_W, ACCESS, CONTEXT, bpfCgroupDevCtx.accessType.at, 0);
    this.#add(BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
    this.#add(BPF_LDX | BPF_MEM | BPF_W, MAJOR, CONTEXT, bpfCgroupDevCtx.major.at, 0);
    this.#add(BPF_LDX | BPF_MEM | BPF_W, MINOR, CONTEXT, bpfCgroupDevCtx.minor.at, 0);
  }

  /** Decides if the rule is about the device and the access that is still open; else goes on behind it. */
  rule(rule: DeviceRule): void {
    const isAll = rule.access === ALL_ACCESS;
    let behind = (isAll ? 2 : rule.allow ? 4 : 5) + tests(rule);
    const type = typeOf(rule);
    if (type !== 0) this.#unless(TYPE, type, --behind);
    if (rule.major >= 0) this.#unless(MAJOR, rule.major, --behind);
    if (rule.minor >= 0) this.#unless(MINOR, rule.minor, --behind);
    if (!isAll && rule.allow) {
      // What is allowed here is open no more; nothing left means that all is allowed.
      this.#add(BPF_ALU | BPF_AND | BPF_K, ACCESS, 0, 0, ALL_ACCESS & ~rule.access);
      this.#add(BPF_JMP | BPF_JNE | BPF_K, ACCESS, 0, 2, 0);
    } else if (!isAll) {
      this.#add(BPF_ALU | BPF_MOV | BPF_X, SCRATCH, ACCESS, 0, 0);
      this.#add(BPF_ALU | BPF_AND | BPF_K, SCRATCH, 0, 0, rule.access);
      this.#add(BPF_JMP | BPF_JEQ | BPF_K, SCRATCH, 0, 2, 0);
    }
    this.finish(rule.allow);
  }

  finish(allow: boolean): void {
    this.#add(BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, allow ? 1 : 0);
    this.#add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }

  /** Skips the next `count` instructions unless the register holds `value`. */
  #unless(register: number, value: number, count: number): void {
    this.#add(BPF_JMP | BPF_JNE | BPF_K, register, 0, count, value);
  }

  #add(code: number, dst: number, src: number, off: number, imm: number): void {
    this.#words.push(code, dst + src * 16, off, imm);
  }

  bytes(): Uint8Array {
    const count = this.#words.length / 4;
    const bytes = new Uint8Array(count * bpfInsn.size);
    for (let at = 0; at < count; at++) {
      const one = bytes.subarray(at * bpfInsn.size, (at + 1) * bpfInsn.size);
      bpfInsn.code.put(one, this.#words[at * 4]!);
      bpfInsn.registers.put(one, this.#words[at * 4 + 1]!);
      bpfInsn.off.put(one, this.#words[at * 4 + 2]!);
      bpfInsn.imm.put(one, this.#words[at * 4 + 3]!);
    }
    return bytes;
  }
}

function tests(rule: DeviceRule): number {
  return (typeOf(rule) !== 0 ? 1 : 0) + (rule.major >= 0 ? 1 : 0) + (rule.minor >= 0 ? 1 : 0);
}

/** 0 for both. */
function typeOf(rule: DeviceRule): number {
  if (rule.type === "a") return 0;
  return rule.type === "b" ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}
