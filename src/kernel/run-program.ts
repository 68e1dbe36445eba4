// Running a program to its end, and keeping the last of what it said.

import { LxcError } from "../base/errors.ts";
import { O_CLOEXEC } from "./abi/fs.ts";
import { fdPair } from "./abi/socket.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, tryBytes, tryNumbers } from "./call.ts";
import { EventLoop } from "./event-loop.ts";
import { closeFd } from "./files.ts";
import { textOf } from "./memory.ts";
import { cloneProcess, exitNow, type ProcessEnd, tryEndOf } from "./process.ts";
import { blockSignals, signalSet } from "./signals.ts";
import { POLLIN, waitFor } from "./waiting.ts";

export interface ProgramEnd {
  readonly end: ProcessEnd;
  /** The last 4096 bytes of its output and error output, without blanks around. */
  readonly said: string;
}

const LONGEST_TAIL = 4096;
const EXIT_NOT_THERE = 127;

/** Calls `become` in a new process, with no signal blocked; it becomes a program, or that process ends with 127. */
export function runWithOutput(become: () => void): ProgramEnd {
  return new RunningProgram(become).finish();
}

/** The same, but keeps the last `mostBytes` of what it said. */
export function runWithLongOutput(become: () => void, mostBytes: number): ProgramEnd {
  return new RunningProgram(become).finishKeeping(mostBytes);
}

/** A program that runs while we do something else. */
export class RunningProgram {
  readonly #pidfd: number;
  readonly #reading: number;

  /** As in `runWithOutput`. */
  constructor(become: () => void) {
    const pair = new Uint8Array(fdPair.size);
    call("make a pipe", "pipe2", pair, O_CLOEXEC);
    this.#reading = fdPair.left.get(pair);
    const writing = fdPair.right.get(pair);
    const child = cloneProcess(0, -1);
    if (child.pid === 0) becomeProgram(become, writing);
    closeFd(writing);
    this.#pidfd = child.pidfd;
  }

  /** Waits for its end. To be called once. */
  finish(): ProgramEnd {
    return this.finishKeeping(LONGEST_TAIL);
  }

  /** The same, and keeps the last `mostBytes` of what it said. */
  finishKeeping(mostBytes: number): ProgramEnd {
    const output = new Tail(mostBytes);
    const end = waitWithOutput(this.#pidfd, this.#reading, output);
    closeFd(this.#reading);
    closeFd(this.#pidfd);
    return { end, said: output.text() };
  }
}

/** Runs in the new process. */
function becomeProgram(become: () => void, output: number): void {
  tryNumbers(SYS.dup2, output, 1, 0);
  tryNumbers(SYS.dup2, output, 2, 0);
  blockSignals(signalSet([]));
  become();
  exitNow(EXIT_NOT_THERE);
}

/** The last part of what a program said. */
class Tail {
  #bytes = new Uint8Array(0);
  readonly #most: number;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  add(more: Uint8Array): void {
    const all = new Uint8Array(this.#bytes.length + more.length);
    all.set(this.#bytes);
    all.set(more, this.#bytes.length);
    this.#bytes = all.length > this.#most ? all.slice(all.length - this.#most) : all;
  }

  text(): string {
    return textOf(this.#bytes).trim();
  }
}

/** Reads until the process ends; what it left running may keep the pipe open for as long as it likes. */
function waitWithOutput(pidfd: number, pipe: number, output: Tail): ProcessEnd {
  const loop = new EventLoop();
  const chunk = new Uint8Array(LONGEST_TAIL);
  loop.watch(pidfd, () => loop.stop());
  loop.watch(pipe, () => {
    const length = tryBytes(SYS.read, pipe, chunk, chunk.length, 0);
    if (length > 0) output.add(chunk.slice(0, length));
    else loop.forget(pipe);
  });
  loop.run();
  loop.close();
  // What it said last may still wait there.
  while (waitFor(pipe, POLLIN, 0)) {
    const length = tryBytes(SYS.read, pipe, chunk, chunk.length, 0);
    if (length <= 0) break;
    output.add(chunk.slice(0, length));
  }
  const end = tryEndOf(pidfd, false);
  if (end === undefined) throw new LxcError("bug", "wait for a program", "it is gone without an end");
  return end;
}
