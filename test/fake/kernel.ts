// A kernel that does nothing, says yes, and writes down what it was asked, like strace. Runs under Node only.

import { cloneArgs } from "../../src/kernel/abi/sched.ts";
import { NUMBERS } from "../../src/kernel/abi/syscalls.ts";

/** Decides the result of one call; `bytesAt` gives the memory behind an argument. */
export type Answer = (args: readonly number[], bytesAt: (address: number) => Uint8Array) => number;

type Kind = "text" | "hex" | "number" | "buffer" | "strings" | "clone";
const SHAPES: Readonly<Record<string, readonly Kind[]>> = {
  mount: ["text", "text", "text", "hex", "text"],
  openat: ["number", "text", "hex"],
  close: ["number"],
  read: ["number", "buffer", "number"],
  write: ["number", "buffer", "number"],
  socketpair: ["number", "number", "number", "buffer"],
  clone3: ["clone", "number"],
  execve: ["text", "strings", "strings"],
  sethostname: ["buffer", "number"],
  exit: ["number"],
  wait4: ["number", "buffer"],
};

const PAGE = 0x100000;

/** Thrown where a real process would end. */
export class Exited extends Error {}

export class FakeKernel {
  readonly transcript: string[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #addresses = new Map<Uint8Array, number>();
  readonly #memory: Uint8Array[] = [];

  /** `what` is a transcript line, or only the name of a call. */
  on(what: string, answer: Answer | number): void {
    this.#answers.set(what, typeof answer === "number" ? () => answer : answer);
  }

  addressOf(bytes: Uint8Array): number {
    const known = this.#addresses.get(bytes);
    if (known !== undefined) return known;
    const address = this.#memory.push(bytes) * PAGE;
    this.#addresses.set(bytes, address);
    return address;
  }

  syscall(nr: number, ...args: number[]): number {
    const name = Object.entries(NUMBERS).find(([, number]) => number === nr)?.[0] ?? `call ${nr}`;
    const shown = (SHAPES[name] ?? []).map((kind, i) => this.#show(kind, args[i] ?? 0));
    const line = `${name}(${shown.join(", ")})`;
    this.transcript.push(line);
    if (name === "exit") throw new Exited();
    const answer = this.#answers.get(line) ?? this.#answers.get(name);
    return answer === undefined ? 0 : answer(args, (address) => this.#bytesAt(address));
  }

  #bytesAt(address: number): Uint8Array {
    return this.#memory[address / PAGE - 1] ?? new Uint8Array(0);
  }

  #show(kind: Kind, value: number): string {
    if (kind === "hex") return `0x${value.toString(16)}`;
    if (kind === "number") return String(value);
    if (value === 0) return "-";
    const bytes = this.#bytesAt(value);
    if (kind === "clone") return `flags=0x${cloneArgs.flags.get(bytes).toString(16)}`;
    if (kind === "strings") return `[${this.#strings(bytes).join(", ")}]`;
    const text = new TextDecoder().decode(bytes);
    return kind === "text"
      ? text.slice(0, -1)
      : /^[^\0]/.test(text)
        ? `"${text.replace(/\0+$/, "").replaceAll("\0", "|")}"`
        : "buffer";
  }

  #strings(pointers: Uint8Array): string[] {
    const view = new DataView(pointers.buffer, pointers.byteOffset, pointers.byteLength);
    const texts: string[] = [];
    for (let at = 0; at < view.byteLength - 8; at += 8)
      texts.push(this.#show("text", Number(view.getBigUint64(at, true))));
    return texts;
  }
}

/** From here on, this is the kernel. */
export function fakeKernel(): FakeKernel {
  const kernel = new FakeKernel();
  Object.assign(globalThis, {
    syscall: kernel.syscall.bind(kernel),
    addressOf: kernel.addressOf.bind(kernel),
  });
  return kernel;
}
