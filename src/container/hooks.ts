// Running the hooks of a container, with LXC's arguments and environment, on the host or in the container's first process.

import { LxcError } from "../base/errors.ts";
import { O_CLOEXEC } from "../kernel/abi/fs.ts";
import { fdPair } from "../kernel/abi/socket.ts";
import { call, tryBytes, tryNumbers } from "../kernel/call.ts";
import { EventLoop } from "../kernel/event-loop.ts";
import { closeFd } from "../kernel/files.ts";
import { textOf } from "../kernel/memory.ts";
import { cloneProcess, exitNow, type ProcessEnd, tryEndOf, tryExec } from "../kernel/process.ts";
import { blockSignals, signalSet } from "../kernel/signals.ts";

/** One program to run, as the configuration names it. */
export interface HookCall {
  /** The key, such as lxc.hook.pre-start, for errors. */
  readonly key: string;
  /** The program and the arguments after it, as in the configuration: the shell splits them, as in LXC. */
  readonly command: string;
  /** Further arguments; they are quoted for the shell. */
  readonly args: readonly string[];
  /** All of its environment, `NAME=value`. */
  readonly environment: readonly string[];
}

const SHELL = "/bin/sh";
const LONGEST_TAIL = 4096;

/** Runs a hook and waits for it. Throws when it fails, with what it said last. */
export function runHook(hook: HookCall): void {
  const pair = new Uint8Array(fdPair.size);
  call("make a pipe", "pipe2", pair, O_CLOEXEC);
  const reading = fdPair.left.get(pair);
  const writing = fdPair.right.get(pair);
  const child = cloneProcess(0, -1);
  if (child.pid === 0) becomeHook(hook, writing);
  closeFd(writing);
  const output = new Tail();
  const end = waitWithOutput(child.pidfd, reading, output);
  closeFd(reading);
  closeFd(child.pidfd);
  if (end.code !== 0 || end.signal !== 0) throw failureOf(hook, end, output.text());
}

/** The line the shell runs: only what we add is quoted, as in LXC. */
export function shellLine(hook: HookCall): string {
  let line = `exec ${hook.command}`;
  for (const arg of hook.args) line += ` ${quoted(arg)}`;
  return line;
}

function quoted(text: string): string {
  return `'${text.split("'").join("'\\''")}'`;
}

/** Runs in the new process. */
function becomeHook(hook: HookCall, output: number): void {
  tryNumbers("dup2", output, 1, 0);
  tryNumbers("dup2", output, 2, 0);
  blockSignals(signalSet([]));
  tryExec(SHELL, [SHELL, "-c", shellLine(hook)], hook.environment);
  exitNow(127);
}

/** The last part of what a program said. */
class Tail {
  #bytes = new Uint8Array(0);

  add(more: Uint8Array): void {
    const all = new Uint8Array(this.#bytes.length + more.length);
    all.set(this.#bytes);
    all.set(more, this.#bytes.length);
    this.#bytes = all.length > LONGEST_TAIL ? all.slice(all.length - LONGEST_TAIL) : all;
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
    const length = tryBytes("read", pipe, chunk, chunk.length, 0);
    if (length > 0) output.add(chunk.slice(0, length));
    else loop.forget(pipe);
  });
  loop.run();
  loop.close();
  const end = tryEndOf(pidfd, false);
  if (end === undefined) throw new LxcError("bug", "wait for a hook", "it is gone without an end");
  return end;
}

function failureOf(hook: HookCall, end: ProcessEnd, said: string): LxcError {
  const how = end.signal !== 0 ? `was ended by signal ${end.signal}` : `exited with status ${end.code}`;
  const reason = said === "" ? `it ${how} and said nothing` : `it ${how} and said: ${said}`;
  return new LxcError("hook-failed", `run ${hook.key} = ${hook.command}`, reason, { hint: hintFor(hook, end) });
}

function hintFor(hook: HookCall, end: ProcessEnd): string {
  if (end.code === 127) return `check that ${hook.command} is there, and that its interpreter is`;
  if (end.code === 126) return `make it executable: chmod +x ${hook.command}`;
  return `run it by hand, or remove ${hook.key} from the configuration`;
}
