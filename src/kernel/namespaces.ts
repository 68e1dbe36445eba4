// Leaving and joining namespaces.

import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryNumbers } from "./call.ts";

/** Leaves the namespaces of `flags` (CLONE_NEW*) for new ones. */
export function unshare(flags: number, what: string): void {
  call(`make a new ${what} namespace`, "unshare", flags);
}

/** Joins the namespaces of `flags` of the process or namespace behind `fd` (a pidfd needs Linux 5.8). */
export function join(fd: number, flags: number, what: string): void {
  const result = tryNumbers(SYS.setns, fd, flags, 0);
  if (result < 0) throw refused(`join ${what}`, "setns", result);
}

export function setHostName(name: string): void {
  const bytes = new TextEncoder().encode(name);
  call(`set the host name to ${name}`, "sethostname", bytes, bytes.length);
}
