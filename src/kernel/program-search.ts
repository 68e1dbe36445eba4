// Becoming a program that is named as in a shell: by a path, or by a name that PATH leads to.

import { EACCES, ENODEV, ENOENT, ENOEXEC, ENOTDIR } from "./abi/errno.ts";
import { tryExec } from "./process.ts";

/** What the C library searches when there is no PATH (confstr(3), _CS_PATH). */
const DEFAULT_PATH = "/bin:/usr/bin";
const SHELL = "/bin/sh";

/** Becomes `words[0]`, searched in the PATH of `environment`, as execvp(3) does. Returns -errno when that fails. */
export function tryExecSearching(words: readonly string[], environment: readonly string[]): number {
  const name = words[0] ?? "";
  if (name === "") return -ENOENT;
  if (name.includes("/")) return execOrInterpret(name, words, environment);
  let result = -ENOENT;
  for (const folder of pathOf(environment).split(":")) {
    const tried = execOrInterpret(folder === "" ? name : `${folder}/${name}`, words, environment);
    // What is there and may not be run counts more than what is not there.
    if (tried === -EACCES) result = tried;
    else if (tried !== -ENOENT && tried !== -ENOTDIR && tried !== -ENODEV) return tried;
  }
  return result;
}

/** The exit code of a shell for a program that cannot be run: 127 when there is none, 126 when it is no program. */
export function exitCodeOfExec(errno: number): number {
  return errno === ENOENT ? 127 : 126;
}

/** Why a program cannot be run, for a person: the errno alone does not tell a missing program from a missing interpreter. */
export function reasonOfExec(name: string, errno: number): string {
  if (errno === ENOENT) return name.includes("/") ? "it or its interpreter does not exist" : "it is not in PATH";
  if (errno === EACCES) return "it may not be executed";
  return errno === ENOEXEC ? "it is no program for this machine" : "";
}

/** The next step for it; "" when none is known. */
export function hintOfExec(name: string, errno: number): string {
  if (errno === ENOENT && !name.includes("/")) return `put ${name} into a folder of PATH, or write its whole path`;
  if (errno === ENOENT) return `put ${name} there, and the interpreter that its first line or ldd names`;
  if (errno === EACCES) return `make ${name} executable: chmod +x; or mount its file system without noexec`;
  return errno === ENOEXEC ? `see what it is: file ${name}` : "";
}

/** A file without a `#!` is a shell script (execvp(3)). */
function execOrInterpret(path: string, words: readonly string[], environment: readonly string[]): number {
  const result = tryExec(path, words, environment);
  return result === -ENOEXEC ? tryExec(SHELL, [SHELL, path, ...words.slice(1)], environment) : result;
}

function pathOf(environment: readonly string[]): string {
  for (const variable of environment) if (variable.startsWith("PATH=")) return variable.slice(5);
  return DEFAULT_PATH;
}
