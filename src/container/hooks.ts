// Running the hooks of a container, with LXC's arguments and environment, on the host or in the container's first process.

import { LxcError } from "../base/errors.ts";
import { type ProcessEnd, tryExec } from "../kernel/process.ts";
import { runWithOutput } from "../kernel/run-program.ts";

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

/** Runs a hook and waits for it. Throws when it fails, with what it said last. */
export function runHook(hook: HookCall): void {
  const ran = runWithOutput(() => {
    tryExec(SHELL, [SHELL, "-c", shellLine(hook)], hook.environment);
  });
  if (ran.end.code !== 0 || ran.end.signal !== 0) throw failureOf(hook, ran.end, ran.said);
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
