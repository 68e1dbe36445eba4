// Puts a seccomp filter on this process. Runs in the container's first process, shortly before exec.

import { LxcError } from "../../base/errors.ts";
import { EACCES, EBUSY, EINVAL, ENOMEM, ENOSYS, errnoText } from "../../kernel/abi/errno.ts";
import {
  SECCOMP_FILTER_FLAG_NEW_LISTENER,
  SECCOMP_SET_MODE_FILTER,
  sockFilter,
  sockFprog,
} from "../../kernel/abi/seccomp.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryCall } from "../../kernel/call.ts";
import { tryReadText } from "../../kernel/files.ts";
import { Pins } from "../../kernel/memory.ts";
import { isNotify } from "./actions.ts";
import type { Policy } from "./policy.ts";

/** Whether a rule hands calls to a program: then the filter is loaded with a listener. */
export function wantsListener(policy: Policy): boolean {
  for (const rule of policy.rules) if (isNotify(rule.action)) return true;
  return false;
}

/** Whether a filter or strict mode confines this process already; also true of what inherits it. */
export function isFiltered(): boolean {
  return modeIn(tryReadText("/proc/self/status") ?? "") > 0;
}

/** Whether the kernel knows filters at all; yes where /proc does not tell. */
export function canFilter(): boolean {
  const status = tryReadText("/proc/self/status");
  return status === undefined || modeIn(status) >= 0;
}

/** The mode of /proc/PID/status: 0 for none, 1 strict, 2 filter; -1 when the kernel has no seccomp. */
export function modeIn(status: string): number {
  const at = status.indexOf("\nSeccomp:\t");
  return at < 0 ? -1 : parseInt(status.slice(at + 10, at + 12), 10);
}

/**
 * Filters all system calls of this process and of what it starts, for good. Returns the listener, a descriptor that
 * closes on exec, or -1 without one. Needs no_new_privs, or CAP_SYS_ADMIN in its user namespace.
 */
export function loadFilter(program: Uint8Array, withListener: boolean): number {
  const header = new Uint8Array(sockFprog.size);
  const pins = new Pins();
  sockFprog.len.put(header, program.length / sockFilter.size);
  pins.point(header, sockFprog.filter, program);
  const flags = withListener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  const result = tryCall(SYS.seccomp, SECCOMP_SET_MODE_FILTER, flags, header);
  // Naming the pins keeps the program alive during the call.
  if (result < 0 || pins.count() === 0) throw refusedFilter(-result);
  return withListener ? result : -1;
}

function refusedFilter(errno: number): LxcError {
  const reason = `seccomp: ${errnoText(errno)}`;
  return new LxcError("syscall-failed", "load the seccomp filter", reason, { errno, hint: hintOf(errno) });
}

function hintOf(errno: number): string {
  switch (errno) {
    case EACCES:
      return "this needs CAP_SYS_ADMIN in the container, or lxc.no_new_privs = 1";
    case EBUSY:
      return "a filter with notify is there already; only one of those that a process has may notify";
    case EINVAL:
    case ENOSYS:
      return "the kernel needs CONFIG_SECCOMP_FILTER, and Linux 5.0 for notify";
    case ENOMEM:
      return "all filters of a process together may have 32768 instructions; shorten the policy";
    default:
      return "";
  }
}
