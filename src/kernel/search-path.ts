// Becoming a program that is looked for in $PATH, as execvp(3) does. Runs in whichever process is about to become it.

import { EACCES, ENOENT, ENOEXEC, ENOTDIR } from "./abi/errno.ts";
import { refused } from "./call.ts";
import { tryExec } from "./process.ts";

/** What a shell looks through when PATH is not set (confstr(3), _CS_PATH). */
const DEFAULT_PATH = "/bin:/usr/bin";

/** Becomes the first `program` that can be run. Returns -errno when none can, and otherwise does not return. */
export function tryExecInPath(args: readonly string[], env: readonly string[], searchPath: string): number {
  const program = args[0] ?? "";
  if (program === "") return -ENOENT;
  if (program.includes("/")) return tryExecOrShell(program, args, env);
  let best = -ENOENT;
  for (const folder of (searchPath === "" ? DEFAULT_PATH : searchPath).split(":")) {
    const result = tryExecOrShell(folder === "" ? program : `${folder}/${program}`, args, env);
    // One that may not be run says more than one that is missing, and does not end the search.
    if (result === -EACCES) best = result;
    else if (result !== -ENOENT && result !== -ENOTDIR) return result;
  }
  return best;
}

/** Like `tryExecInPath`, but throws. */
export function execInPath(args: readonly string[], env: readonly string[], searchPath: string): void {
  throw refused(`run ${args[0] ?? "nothing"}`, "execve", tryExecInPath(args, env, searchPath));
}

/** A script without `#!` is run by the shell, as in execvp(3). */
function tryExecOrShell(path: string, args: readonly string[], env: readonly string[]): number {
  const result = tryExec(path, args, env);
  return result === -ENOEXEC ? tryExec("/bin/sh", ["/bin/sh", path].concat(args.slice(1)), env) : result;
}
