// The one way to the kernel: a call, retried, with an error that knows what it means.

import { LxcError } from "../base/errors.ts";
import { plain } from "../base/number.ts";
import { EINTR, errnoText } from "./abi/errno.ts";
import { type CallName, SYS } from "./abi/syscalls.ts";
import { hintFor } from "./hints.ts";
import { rawAddressOf, rawAddressOfEither, rawAddressOfEitherText, rawAddressOfText, rawSyscall } from "./shim.ts";

/** A number goes as it is, a string and bytes as their address; 0 is also NULL. */
export type Arg = number | string | Uint8Array;

/**
 * One system call, by its number in `SYS`, retried on EINTR. Returns the result, or -errno. Never throws. Arguments that are left
 * out are 0: with defaults each of them would be an object in the compiled program.
 */
export function tryCall(nr: number, a?: Arg, b?: Arg, c?: Arg, d?: Arg, e?: Arg, f?: Arg): number {
  // Our caller holds what has an address.
  const aWord = word(a);
  const bWord = word(b);
  const cWord = word(c);
  const dWord = word(d);
  const eWord = word(e);
  const fWord = word(f);
  for (;;) {
    const result = rawSyscall(nr, aWord, bWord, cWord, dWord, eWord, fWord);
    if (result !== -EINTR) return result;
  }
}

/**
 * `tryCall` for numbers alone. An argument of more than one type costs an allocation in the compiled program, and so does
 * one with a default: here, and in those below, there is neither, for these are the calls that are made often.
 */
export function tryNumbers(nr: number, a: number, b: number, c: number): number {
  for (;;) {
    const result = rawSyscall(nr, a, b, c, 0, 0, 0);
    if (result !== -EINTR) return result;
  }
}

/** `tryCall` for a folder, a path in it, and numbers, as `openat` and its kin take them. */
export function tryPath(nr: number, dir: number, path: string, c: number, d: number): number {
  for (;;) {
    const result = rawSyscall(nr, dir, rawAddressOfText(path), c, d, 0, 0);
    if (result !== -EINTR) return result;
  }
}

/** `tryCall` for a number, bytes, and numbers, as `read` and its kin take them. */
export function tryBytes(nr: number, a: number, bytes: Uint8Array, c: number, d: number): number {
  for (;;) {
    const result = rawSyscall(nr, a, rawAddressOf(bytes), c, d, 0, 0);
    if (result !== -EINTR) return result;
  }
}

/** `tryCall` for three numbers and bytes, as `setsockopt` takes them. */
export function tryOption(nr: number, a: number, b: number, c: number, bytes: Uint8Array): number {
  for (;;) {
    const result = rawSyscall(nr, a, b, c, rawAddressOf(bytes), bytes.length, 0);
    if (result !== -EINTR) return result;
  }
}

/** `tryCall` for a folder, a path in it, and a struct with its size, as `openat2` takes them. */
export function tryPathBytes(nr: number, dir: number, path: string, bytes: Uint8Array): number {
  for (;;) {
    const result = rawSyscall(nr, dir, rawAddressOfText(path), rawAddressOf(bytes), bytes.length, 0, 0);
    if (result !== -EINTR) return result;
  }
}

/** `tryCall` for two folders with a path in each, and flags, as `move_mount` and its kin take them. */
export function tryPaths(nr: number, dir: number, path: string, to: number, toPath: string, flags: number): number {
  for (;;) {
    const result = rawSyscall(nr, dir, rawAddressOfText(path), to, rawAddressOfText(toPath), flags, 0);
    if (result !== -EINTR) return result;
  }
}

/** `tryCall` for two numbers and two texts, as `fsconfig` takes them. */
export function tryTexts(nr: number, a: number, b: number, text: string, other: string): number {
  for (;;) {
    const result = rawSyscall(nr, a, b, rawAddressOfText(text), rawAddressOfText(other), 0, 0);
    if (result !== -EINTR) return result;
  }
}

/** Like `tryCall`, but throws "cannot <doing>: …" when the kernel says no. */
export function call(doing: string, name: CallName, a?: Arg, b?: Arg, c?: Arg, d?: Arg, e?: Arg, f?: Arg): number {
  const result = tryCall(plain(numbers.get(name) ?? SYS[name]), a, b, c, d, e, f);
  if (result < 0) throw refused(doing, name, result);
  return result;
}

/** Turns a -errno into an error that says what was being done. */
export function refused(doing: string, name: CallName, result: number): LxcError {
  const errno = -result;
  return new LxcError("syscall-failed", doing, `${name}: ${errnoText(errno)}`, { errno, hint: hintFor(name, errno) });
}

/** By name: the compiled program looks through a record from its beginning, in a map it finds them. */
const numbers = new Map<string, number>();
for (const [name, nr] of Object.entries(SYS)) numbers.set(name, nr);

/** An argument as the kernel takes it. */
function word(arg: Arg | undefined): number {
  if (arg === undefined) return 0;
  // A sum is a number also in the compiled program; an argument of several types stays one.
  if (typeof arg === "number") return arg + 0;
  return typeof arg === "string" ? rawAddressOfEitherText(arg) : rawAddressOfEither(arg);
}
