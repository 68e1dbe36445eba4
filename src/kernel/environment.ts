// This process's environment, as it was given. In the compiled program `process.env` costs more than all else that a short tool does.

import { rawEnvironment } from "./shim.ts";

let lines: readonly string[] | undefined;
let isNamed = false;
const variables = new Map<string, string>();

/** All variables, each NAME=VALUE, as exec takes them; looked at once. */
export function environmentLines(): readonly string[] {
  lines ??= readLines();
  return lines;
}

function readLines(): string[] {
  const bytes = new Uint8Array(rawEnvironment(new Uint8Array(0)));
  rawEnvironment(bytes);
  const found = new TextDecoder().decode(bytes).split("\0");
  // What is behind the last one's NUL.
  found.pop();
  return found;
}

/** The variables by name. Of two with one name the first counts, as for getenv(3). */
export function ownEnvironment(): ReadonlyMap<string, string> {
  if (!isNamed) nameAll(environmentLines());
  isNamed = true;
  return variables;
}

function nameAll(found: readonly string[]): void {
  for (let i = 0; i < found.length; i++) {
    const line = found[i]!;
    const equals = line.indexOf("=");
    const name = line.slice(0, Math.max(equals, 0));
    if (name !== "" && !variables.has(name)) variables.set(name, line.slice(equals + 1));
  }
}

/** Gives the memory of it back, in a process that stays and has no more use for it. */
export function forgetOwnEnvironment(): void {
  lines = undefined;
  isNamed = false;
  variables.clear();
}
