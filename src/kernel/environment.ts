// This process's environment. In the compiled program each `process.env` makes a copy of all of it.

let known: Record<string, string | undefined> | undefined;

/** All of it, copied once. */
export function ownEnvironment(): Record<string, string | undefined> {
  known ??= process.env;
  return known;
}

/** Gives the copy back, in a process that stays and has no more use for it. */
export function forgetOwnEnvironment(): void {
  known = undefined;
}
