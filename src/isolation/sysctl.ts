// Kernel parameters of a container. Runs in its first process, in its namespaces.

import { LxcError, withHint } from "../base/errors.ts";
import { EINVAL, ENOENT } from "../kernel/abi/errno.ts";
import { refused } from "../kernel/call.ts";
import { closeFd, tryWriteAt } from "../kernel/files.ts";
import { makeFileSystem } from "../kernel/mounts.ts";

/**
 * Writes the parameter `name`, dotted as in net.ipv4.ip_forward, through a procfs of our own that is mounted nowhere: the
 * container's /proc may be read-only, and must not be trusted to lead where it says (CVE-2025-52881).
 */
export function setSysctl(name: string, value: string): void {
  const doing = `set lxc.sysctl.${name} to ${value}`;
  const path = pathOf(name, doing);
  const proc = makeFileSystem("proc", "proc", 0, []);
  const result = tryWriteAt(proc, path, value);
  closeFd(proc);
  if (result < 0) throw withHint(refused(doing, "write", result), hintOfSysctl(name, -result));
}

function hintOfSysctl(name: string, errno: number): string {
  if (errno === ENOENT)
    return "take a name that `sysctl -a` shows in the container; a module of the kernel may be missing";
  if (errno === EINVAL) return `the kernel does not take this value; compare \`sysctl ${name}\``;
  return `it is read-only or the host's own: take lxc.sysctl.${name} out, and set it on the host`;
}

/** Below /proc. A part of the name never leads up or to another file (CVE-2022-0811 was a `+` in such a value). */
function pathOf(name: string, doing: string): string {
  const parts = name.split(".");
  if (name.includes("/") || parts.includes("")) {
    throw new LxcError("config-invalid", doing, "that is no name of a kernel parameter", {
      hint: "write it with dots, as `sysctl -a` does",
    });
  }
  return `sys/${parts.join("/")}`;
}
