// Calling lxc-user-nic, ours or LXC's: it makes for an ordinary user the devices that only root of the host may make.

import { LxcError } from "../../base/errors.ts";
import { joinPath, parentOf } from "../../base/path.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { tryReadLink, tryStatusAt } from "../../kernel/files.ts";
import { isDeviceName } from "../../kernel/links.ts";
import { exitNow, tryExec } from "../../kernel/process.ts";
import { runWithOutput } from "../../kernel/run-program.ts";

export const NIC_HELPER = "lxc-user-nic";
const S_ISUID = 0o4000;
const NO_ENVIRONMENT: readonly string[] = [];

/** A program of that name. */
export interface NicHelper {
  readonly path: string;
  readonly isSetuidRoot: boolean;
}

/** What it has made. */
export interface MadeNic {
  readonly inside: string;
  readonly insideIndex: number;
  readonly host: string;
  readonly hostIndex: number;
}

/** What became of a call. */
export interface NicCall {
  readonly succeeded: boolean;
  readonly said: string;
}

/** The first that can work, or else the first that is there; undefined when there is none. */
export function findNicHelper(): NicHelper | undefined {
  let first: NicHelper | undefined;
  for (const path of helperPaths(tryReadLink("/proc/self/exe") ?? "")) {
    const status = tryStatusAt(AT_FDCWD, path);
    if (status === undefined) continue;
    const helper: NicHelper = { path, isSetuidRoot: status.uid === 0 && (status.mode & S_ISUID) !== 0 };
    if (helper.isSetuidRoot) return helper;
    first = first ?? helper;
  }
  return first;
}

/** Beside the program, as it is installed and as it is built; then where distributions have LXC's. */
export function helperPaths(program: string): string[] {
  const folder = parentOf(program);
  const paths: string[] = [];
  if (program.startsWith("/")) {
    paths.push(joinPath(parentOf(folder), `libexec/lxc/${NIC_HELPER}`), joinPath(folder, `libexec/${NIC_HELPER}`));
  }
  for (const known of ["/usr/libexec/lxc", "/usr/lib/x86_64-linux-gnu/lxc", "/usr/lib/lxc"]) {
    paths.push(joinPath(known, NIC_HELPER));
  }
  return paths;
}

/** The one that works. Throws where there is none, before anything is made. */
export function requireNicHelper(): string {
  const doing = "give an ordinary user a network device of the host";
  const helper = findNicHelper();
  if (helper === undefined) {
    throw new LxcError("not-found", doing, `${NIC_HELPER} is not installed`, {
      hint: `install lxc-ts as root, or set the network to lxc.net.[i].type = empty`,
    });
  }
  if (helper.isSetuidRoot) return helper.path;
  throw new LxcError("not-permitted", doing, `${helper.path} is not setuid root`, { hint: setuidFix(helper.path) });
}

export function setuidFix(path: string): string {
  return `as root: chown root:root ${path} && chmod 4755 ${path}`;
}

/** Runs it with `words`. Both of its outputs are one text, as in LXC. */
export function callNicHelper(helper: string, words: readonly string[]): NicCall {
  const ran = runWithOutput(() => {
    const result = tryExec(helper, [helper, ...words], NO_ENVIRONMENT);
    exitNow(-result);
  });
  return { succeeded: ran.end.signal === 0 && ran.end.code === 0, said: ran.said };
}

/** `INSIDE:INDEX:HOST:INDEX`, the last line that it says. */
export function madeNicIn(said: string): MadeNic {
  const parts = said.slice(said.lastIndexOf("\n") + 1).split(":");
  const [inside = "", first = "", host = "", second = ""] = parts;
  const insideIndex = wholeNumberIn(first) ?? 0;
  const hostIndex = wholeNumberIn(second) ?? 0;
  if (parts.length === 4 && isDeviceName(inside) && isDeviceName(host) && insideIndex > 0 && hostIndex > 0) {
    return { inside, insideIndex, host, hostIndex };
  }
  throw new LxcError("bug", "read what lxc-user-nic has made", "its answer is none of those that it can give");
}
