// Whether the first program of a container can run here: it is there, for this machine, and so is what it needs to be started. Pure.

import { shown } from "../base/text.ts";
import { type DoctorCheck, fine, found } from "./doctor-checks.ts";
import { byHand } from "./host-facts.ts";

/** A program below a root file system that was looked at. */
export interface InitFacts {
  /** As a process inside names it. */
  readonly path: string;
  readonly isThere: boolean;
  readonly isExecutable: boolean;
  /** The beginning of the file. */
  readonly head: Uint8Array;
  /** Whether there is the program that `interpreterIn` names. */
  readonly hasInterpreter: boolean;
  /** As `uname -m` prints it on this host. */
  readonly machine: string;
  /** Whether the host has programs for other machines' programs (binfmt_misc). */
  readonly hasEmulators: boolean;
}

const PT_INTERP = 3;
const MOST_HEADERS = 64;
const LONGEST_PATH = 4096;

interface Machine {
  /** e_machine of elf(5). */
  readonly number: number;
  readonly name: string;
  /** Which machines run it, as `uname -m` names them. */
  readonly hosts: readonly string[];
}

function machines(): readonly Machine[] {
  return [
    { number: 62, name: "x86_64", hosts: ["x86_64"] },
    { number: 3, name: "i386", hosts: ["x86_64", "i686", "i586", "i386"] },
    { number: 183, name: "arm64", hosts: ["aarch64"] },
    { number: 40, name: "arm", hosts: ["aarch64", "armv7l", "armv6l", "armv8l"] },
    { number: 243, name: "riscv64", hosts: ["riscv64"] },
    { number: 21, name: "ppc64", hosts: ["ppc64", "ppc64le"] },
    { number: 22, name: "s390x", hosts: ["s390x"] },
  ];
}

export function isElf(head: Uint8Array): boolean {
  return head.length >= 52 && head[0] === 127 && head[1] === 69 && head[2] === 76 && head[3] === 70;
}

/** The program that starts it: that of a `#!` line, or of a dynamic ELF; "" when it needs none. */
export function interpreterIn(head: Uint8Array): string {
  if (head.length > 2 && head[0] === 35 && head[1] === 33) return scriptInterpreter(head);
  if (!isElf(head)) return "";
  const is64 = head[4] === 2;
  const table = numberAt(head, is64 ? 32 : 28, is64 ? 8 : 4);
  const size = numberAt(head, is64 ? 54 : 42, 2);
  const count = Math.min(numberAt(head, is64 ? 56 : 44, 2), MOST_HEADERS);
  for (let at = 0; at < count; at++) {
    const header = table + at * size;
    if (numberAt(head, header, 4) !== PT_INTERP) continue;
    const start = numberAt(head, header + (is64 ? 8 : 4), is64 ? 8 : 4);
    const length = numberAt(head, header + (is64 ? 32 : 16), is64 ? 8 : 4);
    if (start < 0 || length < 2 || length > LONGEST_PATH || start + length > head.length) return "";
    return plainText(head.subarray(start, start + length - 1));
  }
  return "";
}

function scriptInterpreter(head: Uint8Array): string {
  let end = 2;
  while (end < head.length && head[end] !== 10) end++;
  const line = plainText(head.subarray(2, end)).trim();
  const blank = line.indexOf(" ");
  return blank < 0 ? line : line.slice(0, blank);
}

function plainText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A little-endian number; -1 when it is not within the bytes, or is no whole number that can be told apart. */
function numberAt(bytes: Uint8Array, at: number, size: number): number {
  if (at < 0 || at + size > bytes.length) return -1;
  let number = 0;
  for (let byte = size - 1; byte >= 0; byte--) number = number * 256 + bytes[at + byte]!;
  return Number.isSafeInteger(number) ? number : -1;
}

export function checkInit(init: InitFacts): DoctorCheck[] {
  const what = `First program ${init.path}`;
  if (!init.isThere) {
    const fix = "set lxc.init.cmd to a program that is in the root file system, or create the container anew";
    return [found("init", "stops", what, "there is no such file in the root file system", byHand(fix))];
  }
  if (!init.isExecutable) {
    const fix = `make it executable: chmod +x, below the root file system, ${init.path}`;
    return [found("init", "stops", what, "it is not executable", byHand(fix))];
  }
  if (isElf(init.head)) {
    const wrong = wrongMachine(init);
    if (wrong !== undefined) return [wrong];
  } else if (!(init.head.length > 1 && init.head[0] === 35 && init.head[1] === 33)) {
    const detail = "it is neither a program nor a script that begins with #!";
    return [found("init-format", "stops", what, detail, byHand("put a program there, or correct lxc.init.cmd"))];
  }
  const interpreter = interpreterIn(init.head);
  if (interpreter === "" || init.hasInterpreter) return [fine("init", what, "")];
  const detail = `it needs ${shown(interpreter)}, which is not in the root file system`;
  const fix = "install what is missing there: a C library, or the language that the script is in";
  return [found("init-interpreter", "stops", what, detail, byHand(fix))];
}

function wrongMachine(init: InitFacts): DoctorCheck | undefined {
  const number = numberAt(init.head, 18, 2);
  const machine = machines().find((each) => each.number === number);
  if (machine?.hosts.includes(init.machine) === true) return undefined;
  const detail = `it is for ${machine?.name ?? `machine ${number}`}, and this is ${init.machine}`;
  const fix = byHand(`create the container for ${init.machine}, or install qemu-user-static with binfmt-support`);
  return found("init-machine", init.hasEmulators ? "unknown" : "stops", `First program ${init.path}`, detail, fix);
}
