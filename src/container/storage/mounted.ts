// Refusing to remove a folder that something is mounted on or below.

import { LxcError } from "../../base/errors.ts";
import { below } from "../../base/path.ts";
import { tryReadText } from "../../kernel/files.ts";

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
    const path = point.includes("\\") ? unescaped(point) : point;
    if (below(folder, path) !== undefined) found.push(path);
  }
  return found;
}

/** Space, tab, newline and backslash are written as three octal digits (proc_pid_mountinfo(5)). */
function unescaped(text: string): string {
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const escaped = text.charAt(at) === "\\";
    plain += escaped ? octalSign(text.slice(at + 1, at + 4)) : text.charAt(at);
    at += escaped ? 4 : 1;
  }
  return plain;
}

function octalSign(digits: string): string {
  let code = 0;
  for (let at = 0; at < digits.length; at++) code = code * 8 + digits.charCodeAt(at) - 48;
  return String.fromCharCode(code);
}
