// What tests hold seccomp filters against: a policy decided rule by rule, and the kernel's machine for the program. Runs in
// both engines.

import { architectureNamed, isRunBy, multiplexerOf } from "../../src/isolation/seccomp/architectures.ts";
import type { Comparison, Policy } from "../../src/isolation/seccomp/policy.ts";
import type { Word } from "../../src/isolation/seccomp/word.ts";
import { Layout } from "../../src/kernel/abi/struct.ts";

/** A system call as a filter sees it. */
export interface Call {
  /** "x86_64", "x32", "x86", "arm64"; another one for what the host cannot know. */
  readonly architecture: string;
  /** For x32 with its bit. */
  readonly number: number;
  /** Six. */
  readonly args: readonly Word[];
}

const KILL = 0;
const OTHER_ARCHITECTURE = 0xc0000015;

/** What the kernel is to be told of `call`, found without any of the compiler. */
export function decide(policy: Policy, host: "x86_64" | "arm64", call: Call): number {
  const own = host === "arm64" ? ["arm64"] : ["x86_64", "x32", "x86"];
  if (!own.includes(call.architecture)) return KILL;
  if (policy.version === 1 && call.architecture !== own[0]) return KILL;
  let best: Candidate | undefined;
  for (const rule of policy.rules) {
    if (!isRunBy(host, rule.section)) continue;
    const numbers = numbersOf(rule.name, rule.number, call, rule.comparisons.length === 0);
    for (const comparisons of numbers(rule.comparisons)) {
      const candidate: Candidate = { action: rule.action, keys: keysOf(comparisons) };
      if (comparisons.every((one) => holds(one, call)) && (best === undefined || isBefore(candidate, best))) {
        best = candidate;
      }
    }
  }
  return best === undefined ? policy.defaultAction : best.action;
}

/** What a rule compares on the way this call was made: none when the rule is not about it. */
type Ways = (comparisons: readonly Comparison[]) => (readonly Comparison[])[];

function numbersOf(name: string, number: number, call: Call, isPlain: boolean): Ways {
  if (name === "") return (own) => (number === call.number ? [own] : []);
  const architecture = architectureNamed(call.architecture);
  const multiplexer = call.architecture === "x86" && isPlain ? multiplexerOf(name) : undefined;
  return (own) => {
    const ways: (readonly Comparison[])[] = [];
    if (architecture.numberOf(name) === call.number) ways.push(own);
    if (multiplexer !== undefined && architecture.numberOf(multiplexer.call) === call.number) {
      const mask = { high: 0, low: multiplexer.call === "ipc" ? 0xffff : 0xffffffff };
      ways.push([{ index: 0, operator: "MASKED_EQ", value: { high: 0, low: multiplexer.number }, mask }]);
    }
    return ways;
  };
}

function bigOf(word: Word): bigint {
  return (BigInt(word.high) << 32n) | BigInt(word.low);
}

function holds(comparison: Comparison, call: Call): boolean {
  const isNarrow = call.architecture === "x86" || call.architecture === "x32";
  const bits = isNarrow ? 0xffffffffn : 0xffffffffffffffffn;
  const arg = bigOf(call.args[comparison.index]!) & bits;
  const value = bigOf(comparison.value) & bits;
  switch (comparison.operator) {
    case "NE":
      return arg !== value;
    case "LT":
      return arg < value;
    case "LE":
      return arg <= value;
    case "EQ":
      return arg === value;
    case "GE":
      return arg >= value;
    case "GT":
      return arg > value;
    default:
      return (arg & bigOf(comparison.mask)) === value;
  }
}

interface Candidate {
  readonly action: number;
  readonly keys: readonly bigint[];
}

const WIDTH = 1n << 64n;

/** One number for each comparison, by argument: the smaller it is, the sooner the rule counts. */
function keysOf(comparisons: readonly Comparison[]): bigint[] {
  const keys: bigint[] = [];
  for (let index = 0; index < 6; index++) {
    for (const one of comparisons) if (one.index === index) keys.push(keyOf(one));
  }
  return keys;
}

function keyOf(comparison: Comparison): bigint {
  const value = bigOf(comparison.value);
  const argument = BigInt(5 - comparison.index) * 3n;
  switch (comparison.operator) {
    case "LT":
    case "LE":
      return (argument + 1n) * WIDTH + value;
    case "GT":
    case "GE":
      return (argument + 2n) * WIDTH + (WIDTH - 1n - value);
    default:
      return argument * WIDTH + (WIDTH - 1n - value);
  }
}

/** Whether the rule counts before one that stands earlier in the file. Without comparisons the earlier one stays. */
function isBefore(later: Candidate, earlier: Candidate): boolean {
  if (earlier.keys.length === 0) return false;
  if (later.keys.length === 0) return true;
  for (let at = 0; at < later.keys.length && at < earlier.keys.length; at++) {
    if (later.keys[at]! !== earlier.keys[at]!) return later.keys[at]! < earlier.keys[at]!;
  }
  return later.keys.length > earlier.keys.length;
}

const numbers = new Layout();
const half = numbers.u32();

/** `struct seccomp_data`. */
export function dataOf(call: Call): Uint8Array {
  const bytes = new Uint8Array(64);
  half.put(bytes, call.number);
  half.put(bytes.subarray(4), auditOf(call.architecture));
  for (const [index, arg] of call.args.entries()) {
    half.put(bytes.subarray(16 + 8 * index), arg.low);
    half.put(bytes.subarray(20 + 8 * index), arg.high);
  }
  return bytes;
}

function auditOf(architecture: string): number {
  if (architecture === "x86_64" || architecture === "x32") return 0xc000003e;
  if (architecture === "x86") return 0x40000003;
  return architecture === "arm64" ? 0xc00000b7 : OTHER_ARCHITECTURE;
}

/** What the program returns, and how many instructions it took. Throws for what the kernel's checker would refuse. */
export function run(program: Uint8Array, data: Uint8Array): { readonly value: number; readonly steps: number } {
  let accumulator = 0;
  let at = 0;
  for (let steps = 1; ; steps++) {
    if ((at + 1) * 8 > program.length) throw new Error(`the program runs out at ${at}`);
    const code = program[at * 8]! + program[at * 8 + 1]! * 256;
    const jt = program[at * 8 + 2]!;
    const jf = program[at * 8 + 3]!;
    const k = half.get(program.subarray(at * 8 + 4));
    at++;
    switch (code) {
      case 0x20:
        if (k % 4 !== 0 || k > 60) throw new Error(`a load of ${k}`);
        accumulator = half.get(data.subarray(k));
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05:
        at += k;
        break;
      case 0x15:
        at += accumulator === k ? jt : jf;
        break;
      case 0x25:
        at += accumulator > k ? jt : jf;
        break;
      case 0x35:
        at += accumulator >= k ? jt : jf;
        break;
      case 0x06:
        return { value: k, steps };
      default:
        throw new Error(`instruction ${code} at ${at - 1}`);
    }
  }
}
