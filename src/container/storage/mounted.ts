// Refusing to remove a folder that something is mounted on or below.

import { LxcError } from "../../base/errors.ts";
import { below } from "../../base/path.ts";
import { tryReadText } from "../../kernel/files.ts";
import { unescaped } from "../../kernel/mount-table.ts";

/** Throws when this process sees a mount at `folder` or below it. */
export function refuseMountsBelow(folder: string): void {
  const mounts = mountsBelow(folder, tryReadText("/proc/self/mountinfo") ?? "");
  const first = mounts[0];
  if (first === undefined) return;
  throw new LxcError("wrong-state", `remove ${folder}`, `something is mounted on ${first}`, {
    hint: `unmount it first: umount ${first}`,
  });
}

/** The mount points at `folder` or below it in the text of /proc/self/mountinfo. Pure. */
export function mountsBelow(folder: string, mountinfo: string): string[] {
  const found: string[] = [];
  for (const line of mountinfo.split("\n")) {
    const point = line.split(" ")[4];
    if (point === undefined) continue;
    const path = unescaped(`${point}`);
    if (below(folder, path) !== undefined) found.push(path);
  }
  return found;
}
