// Programs of the host that set up a network: found in fixed folders, whatever the caller's PATH says, and run to their end.

import { LxcError } from "../../base/errors.ts";
import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryPath } from "../../kernel/call.ts";
import { exitNow, tryExec } from "../../kernel/process.ts";
import { runWithLongOutput } from "../../kernel/run-program.ts";

const FOLDERS: readonly string[] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];
const ENVIRONMENT: readonly string[] = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];
const X_OK = 1;
const EXIT_NOT_RUN = 126;
const MOST_OUTPUT_BYTES = 1024 * 1024;

/** The whole path of a program, or "". */
export function findProgram(name: string): string {
  for (const folder of FOLDERS) {
    const path = `${folder}/${name}`;
    if (tryPath(SYS.faccessat, AT_FDCWD, path, X_OK, 0) === 0) return path;
  }
  return "";
}

export interface ProgramRun {
  readonly succeeded: boolean;
  readonly said: string;
}

/** Runs the program at a whole path to its end. */
export function runProgram(path: string, words: readonly string[]): ProgramRun {
  const all = [path].concat(words);
  const ran = runWithLongOutput(() => {
    tryExec(path, all, ENVIRONMENT);
    exitNow(EXIT_NOT_RUN);
  }, MOST_OUTPUT_BYTES);
  return { succeeded: ran.end.signal === 0 && ran.end.code === 0, said: ran.said };
}

/** Runs it, and throws with what it said when it fails. `doing` completes "cannot …". */
export function mustRun(path: string, words: readonly string[], doing: string, hint: string): string {
  const ran = runProgram(path, words);
  if (ran.succeeded) return ran.said;
  const said = ran.said === "" ? "it failed without a word" : ran.said;
  throw new LxcError("syscall-failed", doing, `${path}: ${said}`, { hint });
}
