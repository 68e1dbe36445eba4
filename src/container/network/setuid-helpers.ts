// The setuid programs that do for ordinary users what only root of the host may: where they are, and whether they can work.

import { LxcError } from "../../base/errors.ts";
import { joinPath, parentOf } from "../../base/path.ts";
import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { tryReadLink, tryStatusAt } from "../../kernel/files.ts";

/** LXC has one of that name, too, which does the same. */
export const NIC_HELPER = "lxc-user-nic";
export const PUBLISH_HELPER = "lxc-user-publish";
const S_ISUID = 0o4000;

/** A program of that name. */
export interface SetuidHelper {
  readonly path: string;
  readonly isSetuidRoot: boolean;
}

/** The first that can work, or else the first that is there; undefined when there is none. */
export function findHelper(name: string): SetuidHelper | undefined {
  let first: SetuidHelper | undefined;
  for (const path of helperPaths(tryReadLink("/proc/self/exe") ?? "", name)) {
    const status = tryStatusAt(AT_FDCWD, path);
    if (status === undefined) continue;
    const helper: SetuidHelper = { path, isSetuidRoot: status.uid === 0 && (status.mode & S_ISUID) !== 0 };
    if (helper.isSetuidRoot) return helper;
    first = first ?? helper;
  }
  return first;
}

/** Beside the program, as it is installed and as it is built; then where distributions have LXC's. */
export function helperPaths(program: string, name: string): string[] {
  const folder = parentOf(program);
  const paths: string[] = [];
  if (program.startsWith("/")) {
    paths.push(joinPath(parentOf(folder), `libexec/lxc/${name}`), joinPath(folder, `libexec/${name}`));
  }
  for (const known of ["/usr/libexec/lxc", "/usr/lib/x86_64-linux-gnu/lxc", "/usr/lib/lxc"]) {
    paths.push(joinPath(known, name));
  }
  return paths;
}

/** The one that works. Throws where there is none, before anything is made; `instead` is what to do without. */
export function requireHelper(name: string, doing: string, instead: string): string {
  const helper = findHelper(name);
  if (helper === undefined) {
    throw new LxcError("not-found", doing, `${name} is not installed`, {
      hint: `install lxc-ts as root, or ${instead}`,
    });
  }
  if (helper.isSetuidRoot) return helper.path;
  throw new LxcError("not-permitted", doing, `${helper.path} is not setuid root`, { hint: setuidFix(helper.path) });
}

export function setuidFix(path: string): string {
  return `as root: chown root:root ${path} && chmod 4755 ${path}`;
}

/** For a helper that says that it has not the rights of root. */
export function powerlessHelper(doing: string, helper: string): LxcError {
  return new LxcError("not-permitted", doing, `${helper} runs without the rights of root`, {
    hint: `${setuidFix(helper)}; its file system must not be mounted nosuid, nor no_new_privs be set`,
  });
}
