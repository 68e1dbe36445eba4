// Files of one process below /proc, such as oom_score_adj. Written by the monitor, on the host's /proc.

import { LxcError, withHint } from "../base/errors.ts";
import { EINVAL, ENOENT } from "../kernel/abi/errno.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { refused } from "../kernel/call.ts";
import { tryWriteAt } from "../kernel/files.ts";

/** Writes `value` to /proc/`pid`/`name`, where dots in `name` separate folders, as in lxc.proc.NAME. */
export function setProcFile(pid: number, name: string, value: string): void {
  const doing = `set lxc.proc.${name} to ${value}`;
  if (name.includes("/") || name.split(".").includes("")) {
    throw new LxcError("config-invalid", doing, "that is no file of a process", {
      hint: "name a file of /proc/self, such as oom_score_adj",
    });
  }
  const result = tryWriteAt(AT_FDCWD, `/proc/${pid}/${name.split(".").join("/")}`, value);
  if (result < 0) throw withHint(refused(doing, "write", result), hintOfFile(name, -result));
}

function hintOfFile(name: string, errno: number): string {
  if (errno === ENOENT) return "name a file of /proc/self, such as oom_score_adj";
  if (errno === EINVAL)
    return `the kernel does not take this value; compare cat /proc/self/${name.split(".").join("/")}`;
  return `take lxc.proc.${name} out: that file cannot be written to`;
}
