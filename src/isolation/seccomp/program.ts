// Programs of classic BPF, as seccomp takes them, written from their end. Pure.

import {
  BPF_ABS,
  BPF_ALU,
  BPF_AND,
  BPF_JA,
  type BPF_JEQ,
  type BPF_JGE,
  type BPF_JGT,
  BPF_JMP,
  BPF_K,
  BPF_LD,
  BPF_RET,
  BPF_W,
} from "../../kernel/abi/bpf.ts";
import { sockFilter } from "../../kernel/abi/seccomp.ts";

/** How a jump compares what was loaded with a number, both without a sign: BPF_JEQ, BPF_JGT or BPF_JGE. */
export type Test = typeof BPF_JEQ | typeof BPF_JGT | typeof BPF_JGE;

// A conditional jump reaches 255 instructions further; two that are put in between must not move anything out of reach.
const REACH = 250;

/**
 * Instructions are added from the last to the first. All jumps of such a program lead forward, so that the distance of each
 * is known when it is added, and a place that is out of reach is reached by an instruction put in between.
 *
 * A place is how many instructions there were once the one it names was added.
 */
export class ProgramFromEnd {
  /** Code, jt, jf and k of each instruction, the last of the program first. */
  readonly #words: number[] = [];
  /** The values that are returned, few as they are, and where the newest instruction is that returns each. */
  readonly #values: number[] = [];
  readonly #newest: number[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** A place that ends the program with `value`; an instruction that does so already serves while it is near. */
  returning(value: number): number {
    const at = this.#values.indexOf(value);
    if (at >= 0 && this.#count - this.#newest[at]! <= REACH) return this.#newest[at]!;
    const made = this.#add(BPF_RET | BPF_K, 0, 0, value);
    if (at >= 0) {
      this.#newest[at] = made;
    } else {
      this.#values.push(value);
      this.#newest.push(made);
    }
    return made;
  }

  /** Goes on at `yes` or at `no`, as what was loaded compares with `value`. */
  jump(test: Test, value: number, yes: number, no: number): number {
    if (yes === no) return this.goTo(yes);
    const nearYes = this.#near(yes);
    const nearNo = this.#near(no);
    return this.#add(BPF_JMP | test | BPF_K, this.#count - nearYes, this.#count - nearNo, value);
  }

  /** Keeps those bits of what was loaded, for the instruction that was added last. */
  and(mask: number): number {
    return this.#add(BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
  }

  /** Loads four bytes of `struct seccomp_data`, for the instruction that was added last. */
  load(offset: number): number {
    return this.#add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
  }

  /** Goes on at `place`, however far. */
  goTo(place: number): number {
    return this.#add(BPF_JMP | BPF_JA, 0, 0, this.#count - place);
  }

  /** A place that a conditional jump which is added next can reach, and that leads to `place`. */
  #near(place: number): number {
    if (this.#count - place <= REACH) return place;
    const from = (place - 1) * 4;
    return this.#words[from] === (BPF_RET | BPF_K) ? this.returning(this.#words[from + 3]!) : this.goTo(place);
  }

  #add(code: number, jt: number, jf: number, k: number): number {
    this.#words.push(code, jt, jf, k);
    this.#count++;
    return this.#count;
  }

  /** `struct sock_filter[]`, in the order of running: code in two bytes, jt, jf, and k in four. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#count * sockFilter.size);
    let to = 0;
    for (let from = this.#words.length - 4; from >= 0; from -= 4) {
      const k = this.#words[from + 3]!;
      bytes[to] = this.#words[from]!;
      bytes[to + 2] = this.#words[from + 1]!;
      bytes[to + 3] = this.#words[from + 2]!;
      bytes[to + 4] = k & 255;
      bytes[to + 5] = (k >>> 8) & 255;
      bytes[to + 6] = (k >>> 16) & 255;
      bytes[to + 7] = k >>> 24;
      to += sockFilter.size;
    }
    return bytes;
  }
}
