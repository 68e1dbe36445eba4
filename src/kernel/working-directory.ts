// The working directory of this process.

import { SYS } from "./abi/syscalls.ts";
import { tryCall } from "./call.ts";
import { textOf } from "./memory.ts";

const PATH_MAX = 4096;

/** Its path; undefined when it is outside of our root or was removed: the kernel then says "(unreachable)" (getcwd(2)). */
export function tryCurrentDirectory(): string | undefined {
  const bytes = new Uint8Array(PATH_MAX);
  const length = tryCall(SYS.getcwd, bytes, bytes.length);
  if (length <= 0 || bytes[0] !== 47) return undefined;
  return textOf(bytes.subarray(0, length));
}

/**
 * Goes to `path` as it is found inside the root we have, or else to `/`. A path whose links lead outside, through an
 * open descriptor for instance, is left again at once (CVE-2024-21626).
 */
export function enterDirectory(path: string): void {
  if (path !== "/" && tryCall(SYS.chdir, path) >= 0 && tryCurrentDirectory() !== undefined) return;
  tryCall(SYS.chdir, "/");
}
