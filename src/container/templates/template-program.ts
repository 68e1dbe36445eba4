// Filling a root file system by a template that is a program of its own.

import { LxcError } from "../../base/errors.ts";
import { ENOENT, errnoText } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY, O_RDWR } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes } from "../../kernel/call.ts";
import { closeFd, openFile, tryOpenAt } from "../../kernel/files.ts";
import { type ProcessEnd, shellCode } from "../../kernel/process.ts";
import { HEAD_BYTES, programHead } from "../../kernel/program-head.ts";
import type { Interrupts } from "../interrupts.ts";
import type { MappedRoot } from "../mapped-root.ts";
import { runProgram } from "./program.ts";

export interface TemplateRun {
  readonly path: string;
  /** Whose root it runs as; undefined for the caller. */
  readonly mapped: MappedRoot | undefined;
  readonly args: readonly string[];
  readonly environment: readonly string[];
  /** Whether it runs without terminal and pipes. */
  readonly quiet: boolean;
  /** What fails when it fails: "create c1". */
  readonly doing: string;
}

/** Runs it to its end. Throws when it fails, and when a signal came. */
export function runTemplate(run: TemplateRun, interrupts: Interrupts): void {
  const nothing = run.quiet ? openFile("/dev/null", O_RDWR) : -1;
  try {
    const { path, mapped, args, environment, doing } = run;
    const program = { path, mapped, args, environment, input: nothing, output: nothing, doing };
    const outcome = runProgram(program, interrupts, () => {});
    if (outcome.errno > 0) throw notRun(run, outcome.errno);
    if (shellCode(outcome.end) !== 0) throw failed(run, outcome.end);
  } finally {
    if (nothing >= 0) closeFd(nothing);
  }
}

function notRun(run: TemplateRun, errno: number): LxcError {
  const head = programHead(tryReadHead(run.path));
  const names = head.kind === "script" && errno === ENOENT && head.interpreter !== "";
  const hint = names
    ? `install ${head.interpreter}, which its first line names as its interpreter`
    : "it must be a script that begins with #!, or a program for this machine, and executable";
  const reason = `the template ${run.path} cannot be run: ${errnoText(errno)}`;
  return new LxcError("hook-failed", run.doing, reason, { errno, hint });
}

/** Nothing of what cannot be read. */
function tryReadHead(path: string): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd < 0) return bytes.subarray(0, 0);
  const length = tryBytes(SYS.read, fd, bytes, bytes.length, 0);
  closeFd(fd);
  return bytes.subarray(0, Math.max(0, length));
}

function failed(run: TemplateRun, end: ProcessEnd): LxcError {
  const how = end.signal !== 0 ? `was ended by signal ${end.signal}` : `failed with exit code ${end.code}`;
  return new LxcError("hook-failed", run.doing, `the template ${run.path} ${how}`, {
    hint: run.quiet
      ? "run it without -q to see what it says"
      : "what it printed above says why; see its -h for its options",
  });
}
