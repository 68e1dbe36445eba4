// The ways to make system calls that a host knows, with the numbers that calls have in each. Pure.

import { LxcError } from "../../base/errors.ts";
import { nearest } from "../../base/text.ts";
import { AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 } from "../../kernel/abi/seccomp.ts";
import { callsOfArm64 } from "./tables/arm64.ts";
import { callsOfX32, missingInX32 } from "./tables/x32.ts";
import { callsOfX86 } from "./tables/x86.ts";
import { callsOfX8664 } from "./tables/x86-64.ts";

/** What the kernel itself is. 32-bit programs of arm have no table here: on arm64 every call of theirs is killed. */
export type HostArchitecture = "x86_64" | "arm64";

/** One way to make system calls. */
export class Architecture {
  /** As a section of a policy says it. */
  readonly name: string;
  /** AUDIT_ARCH_*; x32 has that of x86_64. */
  readonly audit: number;
  /** Whether only the low halves of arguments are compared. */
  readonly isNarrow: boolean;
  /** The names of all calls, in the order of their numbers. */
  readonly names: readonly string[];
  /** Those of the names; with the bit of x32 there. */
  readonly numbers: readonly number[];
  /** Empty until it is asked for. */
  readonly #byName = new Map<string, number>();

  constructor(name: string, audit: number, isNarrow: boolean, calls: Calls) {
    this.name = name;
    this.audit = audit;
    this.isNarrow = isNarrow;
    this.names = calls.names;
    this.numbers = calls.numbers;
  }

  /** The number of a call; -1 when there is no such call. */
  numberOf(name: string): number {
    if (this.#byName.size === 0) {
      for (let at = 0; at < this.names.length; at++) this.#byName.set(this.names[at]!, this.numbers[at]!);
    }
    return this.#byName.get(name) ?? -1;
  }
}

/** Two lists beside each other. */
interface Calls {
  readonly names: string[];
  readonly numbers: number[];
}

/** x32 makes the calls of x86_64 with this bit in the number. */
export const X32_BIT = 0x40000000;

/** The host by the machine that uname says; throws `unsupported` for another. */
export function hostArchitecture(machine: string): HostArchitecture {
  if (machine === "x86_64") return "x86_64";
  if (machine === "aarch64") return "arm64";
  throw new LxcError("unsupported", "make a seccomp filter", `the system calls of ${machine} are not known`, {
    hint: "take lxc.seccomp.profile out, or run on x86_64 or arm64",
  });
}

const BLANK = 32;
const LINE_END = 10;

// A table is read when it is first asked for, and then kept.
const known = new Map<string, Architecture>();

/** Those of the host, its own first. */
export function architecturesOf(host: HostArchitecture): Architecture[] {
  return namesOf(host).map((name): Architecture => architectureNamed(name));
}

function namesOf(host: HostArchitecture): string[] {
  return host === "arm64" ? ["arm64"] : ["x86_64", "x32", "x86"];
}

/** Whether rules in a section of this name count on the host. Those of arm on arm64 do, as in LXC. */
export function isRunBy(host: HostArchitecture, section: string): boolean {
  if (section === "all" || section === "native") return true;
  if (host === "arm64") return section === "arm64" || section === "arm";
  return section === "x86_64" || section === "x32" || section === "x86";
}

export function architectureNamed(name: string): Architecture {
  const kept = known.get(name);
  if (kept !== undefined) return kept;
  const made = makeArchitecture(name);
  known.set(name, made);
  return made;
}

function makeArchitecture(name: string): Architecture {
  switch (name) {
    case "x86":
      return new Architecture(name, AUDIT_ARCH_I386, true, callsIn(callsOfX86()));
    case "arm64":
      return new Architecture(name, AUDIT_ARCH_AARCH64, false, callsIn(callsOfArm64()));
    case "x32":
      return new Architecture(name, AUDIT_ARCH_X86_64, true, callsOfX32WithBit());
    default:
      return new Architecture(name, AUDIT_ARCH_X86_64, false, callsIn(callsOfX8664()));
  }
}

/** Reads a table. Numbers in it are followed by the name they belong to; other names count on. */
function callsIn(table: string): Calls {
  const calls: Calls = { names: [], numbers: [] };
  let number = 0;
  for (const word of wordsIn(table)) {
    const code = word.charCodeAt(0);
    if (code >= 48 && code <= 57) {
      number = parseInt(word, 10);
    } else {
      calls.names.push(word);
      calls.numbers.push(number);
      number++;
    }
  }
  return calls;
}

/** Those of x86_64 that x32 has at the same numbers, and then its own, whose numbers are larger. */
function callsOfX32WithBit(): Calls {
  const own = callsIn(callsOfX32());
  const other = new Set<string>([...own.names, ...wordsIn(missingInX32())]);
  const calls: Calls = { names: [], numbers: [] };
  const names = architectureNamed("x86_64").names;
  const numbers = architectureNamed("x86_64").numbers;
  for (let at = 0; at < names.length; at++) {
    if (other.has(names[at]!)) continue;
    calls.names.push(names[at]!);
    calls.numbers.push(numbers[at]! + X32_BIT);
  }
  for (let at = 0; at < own.names.length; at++) {
    calls.names.push(own.names[at]!);
    calls.numbers.push(own.numbers[at]! + X32_BIT);
  }
  return calls;
}

/** Letter by letter, as splitting at line ends and then at blanks takes longer. */
function wordsIn(table: string): string[] {
  const words: string[] = [];
  let start = 0;
  for (let at = 0; at < table.length; at++) {
    const code = table.charCodeAt(at);
    if (code !== BLANK && code !== LINE_END) continue;
    if (at > start) words.push(table.slice(start, at));
    start = at + 1;
  }
  return words;
}

/** Calls that 32-bit programs of x86 may make through another: the number of the call is its first argument there. */
export interface Multiplexer {
  readonly call: "socketcall" | "ipc";
  readonly number: number;
}

/** How else x86 makes the call (linux/net.h, linux/ipc.h); undefined when in no other way. */
export function multiplexerOf(name: string): Multiplexer | undefined {
  const socket = SOCKET_CALLS.indexOf(` ${name} `);
  if (socket >= 0) return { call: "socketcall", number: ordinal(SOCKET_CALLS, socket) };
  const ipc = IPC_CALLS.indexOf(` ${name} `);
  return ipc >= 0 ? { call: "ipc", number: ordinal(IPC_CALLS, ipc) } : undefined;
}

// By number, from 1 on; # where there is none, as no name begins with it.
const SOCKET_CALLS =
  " socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg ";
const IPC_CALLS =
  " semop semget semctl semtimedop # # # # # # msgsnd msgrcv msgget msgctl # # # # # # shmat shmdt shmget shmctl ";

/** Which word begins behind the blank at `at`, from 1 on. */
function ordinal(words: string, at: number): number {
  let count = 1;
  for (let i = 0; i < at; i++) if (words.charAt(i) === " ") count++;
  return count;
}

/** Whether any of the architectures has a call of that name. */
export function isCall(name: string): boolean {
  for (const table of ["x86_64", "x86", "x32", "arm64"]) {
    if (architectureNamed(table).numberOf(name) >= 0) return true;
  }
  return multiplexerOf(name) !== undefined;
}

/** The call of the host that was most likely meant. */
export function callLike(name: string, host: HostArchitecture): string | undefined {
  const names: string[] = [];
  for (const architecture of architecturesOf(host)) {
    for (const known of architecture.names) names.push(known);
  }
  return nearest(name, names);
}
