// SELinux: which contexts a container's first process and its keyring are to have. Pure.

import { LxcError } from "../base/errors.ts";
import { EACCES, EINVAL, EPERM } from "../kernel/abi/errno.ts";
import { refused } from "../kernel/call.ts";

export interface SelinuxLabels {
  /** "" leaves that of the caller. */
  readonly program: string;
  readonly keys: string;
}

/** As in LXC the same as no context at all. The kernel would not take it: it is no whole one. */
const UNCONFINED = "unconfined_t";

/** From lxc.selinux.context and lxc.selinux.context.keyring; without the second the keyring has the first. */
export function chooseSelinux(context: string | undefined, keyring: string | undefined): SelinuxLabels {
  const program = context === undefined || context === UNCONFINED ? "" : context;
  return { program, keys: keyring ?? program };
}

/** Why the kernel did not take `context` for `what`, by the -errno it gave. */
export function selinuxRefused(what: string, context: string, result: number): LxcError {
  const doing = `give ${what} the SELinux context ${context}`;
  if (result === -EINVAL) {
    return new LxcError("config-invalid", doing, "the policy that is loaded has no such context", {
      errno: EINVAL,
      hint: "write it as USER:ROLE:TYPE:LEVEL; load the module with its type: semodule -i FILE",
    });
  }
  if (result !== -EACCES && result !== -EPERM) return refused(doing, "write", result);
  return new LxcError("not-permitted", doing, "the policy does not let this process ask for it", {
    errno: -result,
    hint: "allow its domain setexec and setkeycreate, or start the container from another domain",
  });
}
