// What we lean on in the compiler and nobody promises: each line of the output is one behaviour, seen natively.

import { asLxcError, LxcError } from "../../src/base/errors.ts";
import { SYS } from "../../src/kernel/abi/syscalls.ts";
import { call, tryCall } from "../../src/kernel/call.ts";
import { textOf } from "../../src/kernel/memory.ts";
import { cloneProcess, exitNow, shellCode, waitForEnd } from "../../src/kernel/process.ts";
import { rawAddressOf } from "../../src/kernel/shim.ts";

const PR_SET_NAME = 15;
const PR_GET_NAME = 16;

abstract class Shape {
  sides = 0;
  abstract name(): string;
  abstract with(word: string): string;
}

class Square extends Shape {
  override name(): string {
    return `square of ${this.sides}`;
  }
  override with(word: string): string {
    return `${word} ${this.name()}`;
  }
}

interface Row {
  readonly word: string;
  readonly run: (x: number) => number;
}

interface Counter {
  count: number;
}

interface SameAsCounter {
  readonly count: number;
}

const TABLE: Readonly<Record<string, (x: number) => number>> = { double: (x) => x * 2, negate: (x) => -x };
const ROWS: readonly Row[] = [
  { word: "increment", run: (x) => x + 1 },
  { word: "square", run: squared },
];

function squared(x: number): number {
  return x * x;
}

function say(what: string, seen: string): void {
  console.log(`${what}: ${seen}`);
}

/** The two ends of a new pipe, as the kernel wrote them into our buffer. */
function pipe(): number[] {
  const ends = new Uint8Array(8);
  call("make a pipe", "pipe2", ends, 0);
  return [ends[0] ?? 0, ends[4] ?? 0];
}

function buffers(): void {
  const [from = 0, to = 0] = pipe();
  call("write", "write", to, "hello", 5);
  const bytes = new Uint8Array(16);
  const length = call("read", "read", from, bytes.subarray(4, 12), 8);
  say("the kernel fills a buffer in place", `${length} ${bytes.join()}`);
  call("close", "close", from);
  call("close", "close", to);
}

function addresses(): void {
  const bytes = new Uint8Array(64);
  const before = rawAddressOf(bytes);
  const kept: Uint8Array[] = [];
  for (let i = 0; i < 100_000; i++) {
    const other = new Uint8Array(i % 100);
    if (i % 100 === 0) kept.push(other);
  }
  say("an address outlives 100,000 allocations", String(rawAddressOf(bytes) === before && kept.length === 1000));
  say("a part's address is its offset's", String(rawAddressOf(bytes.subarray(7, 9)) - before));
}

/** Made in all ways, and read by the kernel, which goes as far as the NUL: it is the name of this process. */
function texts(): void {
  const word = textOf(new Uint8Array([108, 120, 99, 0]));
  const made = [
    "literal",
    `${word}-${word.length}`,
    word.slice(1),
    "a b".split(" ")[1] ?? "",
    [word, word].join("/"),
    "",
  ];
  let grown = word;
  for (let i = 0; i < 4; i++) grown += String(i);
  const bytes = new Uint8Array(16);
  const read: string[] = [];
  for (const text of [...made, grown, grown.toUpperCase(), word.trim().padEnd(5, ".")]) {
    tryCall(SYS.prctl, PR_SET_NAME, text);
    tryCall(SYS.prctl, PR_GET_NAME, bytes);
    read.push(textOf(bytes));
  }
  say("a text ends in a NUL", read.join(","));
}

/** Runs in the child: allocates, throws through two functions, and tells what it caught. */
function childWork(to: number): void {
  const words: string[] = [];
  for (let i = 0; i < 10_000; i++) words.push(`word ${i}`);
  try {
    refuse(words.length);
  } catch (caught) {
    const text = caught instanceof LxcError ? `${caught.code}, ${caught.errno}, ${caught.hint}` : "not ours";
    call("write", "write", to, text, text.length);
  }
  exitNow(7);
}

function refuse(count: number): void {
  throw new LxcError("not-permitted", "go on", `there are ${count}`, { errno: 13, hint: "ask" });
}

function child(what: string, start: () => number): void {
  const [from = 0, to = 0] = pipe();
  const pid = start();
  if (pid === 0) childWork(to);
  call("close", "close", to);
  const code = shellCode(waitForEnd(pid));
  const bytes = new Uint8Array(256);
  call("read", "read", from, bytes, bytes.length);
  call("close", "close", from);
  say(what, `${textOf(bytes)}, exit ${code}`);
}

function errors(): void {
  const lines: string[] = [];
  const cause = new LxcError("syscall-failed", "mount", "full", { errno: 28 });
  const thrown = new LxcError("wrong-state", "start", "not ready", { because: cause });
  try {
    try {
      throw thrown;
    } finally {
      lines.push("finally");
    }
  } catch (caught) {
    const got = asLxcError(caught as Error);
    lines.push(String(got === thrown), String(caught instanceof Error), got.because?.reason ?? "no cause");
  }
  say("an error of ours is caught as itself", lines.join());
  say("an error of the language is caught", failureWith("2").concat(failureWith("x")).join());
}

function failureWith(text: string): string[] {
  try {
    if (text === "x") throw new RangeError("out of range");
    return [text.repeat(Number(text))];
  } catch (caught) {
    return [asLxcError(caught as Error).reason];
  }
}

function tables(): void {
  const results = [TABLE["double"]?.(21), TABLE["negate"]?.(1), TABLE["toString"] === undefined ? 0 : 1];
  for (const row of ROWS) results.push(row.run(5));
  say("functions are found in tables", results.join());
}

function identity(): void {
  const counter: Counter = { count: 0 };
  const other: SameAsCounter = counter;
  counter.count = 5;
  const square = new Square();
  const shape: Shape = square;
  square.sides = 4;
  say("an equal record type and a base class are no copies", `${other.count}, ${shape.name()}`);
}

/** An overriding method gets a list's item as it is only if the method it overrides is abstract: see scripts/check-traps.ts. */
function listItems(): void {
  const words: string[] = ["a", "list's"];
  const shape: Shape = new Square();
  const given = ROWS[1]?.run(words.length) ?? 0;
  say("a list's item arrives whole", `${shape.with(words[1] ?? "")}, ${shape.with(words[2] ?? "no")}, ${given}`);
}

function memory(): void {
  for (let i = 0; i < 200_000; i++) failureWith(i % 2 === 0 ? "3" : "x");
  const fd = call("open", "openat", -100, "/proc/self/statm", 0);
  const bytes = new Uint8Array(64);
  call("read", "read", fd, bytes, bytes.length);
  const pages = Number(textOf(bytes).split(" ")[1] ?? "0");
  say("memory is given back", pages < 512 ? "under 2 MiB" : `${pages} pages`);
}

say("the name it was called by, and its arguments", process.argv.slice(1).join(" "));
buffers();
addresses();
texts();
child("a forked child runs on", () => tryCall(SYS.fork));
child("a child of clone3 runs on", () => cloneProcess(0, -1).pid);
errors();
tables();
identity();
listItems();
memory();
process.exitCode = 5;
