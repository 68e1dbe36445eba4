// Core scheduling: a container's programs never run beside others on the threads of one core (prctl(2), Linux 5.14).

import { LxcError } from "../base/errors.ts";
import { EINVAL, ENODEV } from "../kernel/abi/errno.ts";
import { PR_SCHED_CORE, PR_SCHED_CORE_CREATE, PR_SCHED_CORE_SCOPE_THREAD_GROUP } from "../kernel/abi/prctl.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryCall } from "../kernel/call.ts";

/**
 * Gives process `pid` a cookie of its own, which those it starts inherit. Returns false on a host whose cores have one
 * thread each: there nothing is ever shared.
 */
export function isolateCores(pid: number): boolean {
  const scope = PR_SCHED_CORE_SCOPE_THREAD_GROUP;
  const result = tryCall(SYS.prctl, PR_SCHED_CORE, PR_SCHED_CORE_CREATE, pid, scope, 0);
  if (result === -ENODEV) return false;
  if (result === -EINVAL) {
    throw new LxcError("unsupported", "do what lxc.sched.core says", "the kernel has no core scheduling", {
      hint: "use a kernel with CONFIG_SCHED_CORE, or take lxc.sched.core out",
    });
  }
  if (result < 0) throw refused("give the container cores of its own", "prctl", result);
  return true;
}
