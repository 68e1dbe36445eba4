// What containers know of each other: `lxc_snapshots` of one lists those that need its files, `lxc_rdepends` of one those
// whose files it needs. Both are LXC's: two lines for each container, its path and its name.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryPath } from "../kernel/call.ts";
import { exists, tryReadText, writeText } from "../kernel/files.ts";
import { type Container, directoryOf, isDefined } from "./container.ts";
import { withContainerLock } from "./lock.ts";

const MODE = 0o644;

/** The file that lists the clones of a container. */
export function clonesFileOf(container: Container): string {
  return joinPath(directoryOf(container), "lxc_snapshots");
}

function originalsFileOf(container: Container): string {
  return joinPath(directoryOf(container), "lxc_rdepends");
}

/** The containers that need files of this one, in the order they were made. */
export function clonesOf(container: Container): Container[] {
  return pairsIn(tryReadText(clonesFileOf(container)) ?? "");
}

/** The containers whose files this one needs. */
export function originalsOf(container: Container): Container[] {
  return pairsIn(tryReadText(originalsFileOf(container)) ?? "");
}

/** The containers that a list names; lines that can name none are passed over. Pure. */
export function pairsIn(text: string): Container[] {
  const found: Container[] = [];
  const lines = text.split("\n");
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const lxcpath = lines[at]!;
    const name = lines[at + 1]!;
    if (lxcpath.startsWith("/") && name !== "" && !name.includes("/") && name !== "." && name !== "..")
      found.push({ name, lxcpath });
  }
  return found;
}

/** The text of such a list. Pure. */
export function pairsText(containers: readonly Container[]): string {
  return containers.map((one): string => `${one.lxcpath}\n${one.name}\n`).join("");
}

/** The list without the two lines of `container`. Pure. */
export function withoutPair(text: string, container: Container): string {
  return pairsText(pairsIn(text).filter((one): boolean => !isSame(one, container)));
}

function isSame(one: Container, other: Container): boolean {
  return one.name === other.name && one.lxcpath === other.lxcpath;
}

/** Tells `original` that `clone` needs its files. Throws when it is not there any more. */
export function addClone(runDir: string, original: Container, clone: Container): void {
  withContainerLock(runDir, original, () => {
    if (!isDefined(original)) {
      throw new LxcError("wrong-state", `make ${clone.name}`, `${original.name}, whose files it needs, is gone`, {
        hint: `see what there is: lxc-ls -P ${original.lxcpath}`,
      });
    }
    const file = clonesFileOf(original);
    const text = tryReadText(file) ?? "";
    if (!pairsIn(text).some((one): boolean => isSame(one, clone))) writeText(file, text + pairsText([clone]), MODE);
  });
}

/** Tells `original` that `clone` needs nothing of it any more. */
export function removeClone(runDir: string, original: Container, clone: Container): void {
  const file = clonesFileOf(original);
  if (!exists(file)) return;
  withContainerLock(runDir, original, () => {
    const left = withoutPair(tryReadText(file) ?? "", clone);
    if (left === "") tryPath(SYS.unlinkat, AT_FDCWD, file, 0, 0);
    else writeText(file, left, MODE);
  });
}
