// The seccomp filter of a container: its policy read and compiled before anything is made, loaded in the first process.

import { LxcError } from "../base/errors.ts";
import type { Config } from "../container/config/schema.ts";
import { isNotify } from "../isolation/seccomp/actions.ts";
import { hostArchitecture } from "../isolation/seccomp/architectures.ts";
import { compilePolicy } from "../isolation/seccomp/compile.ts";
import { withExceptions } from "../isolation/seccomp/exceptions.ts";
import { isFiltered, wantsListener } from "../isolation/seccomp/load.ts";
import type { Policy } from "../isolation/seccomp/policy.ts";
import { readPolicy } from "../isolation/seccomp/read.ts";
import { ENOENT } from "../kernel/abi/errno.ts";
import { tryReadText } from "../kernel/files.ts";
import { machineName } from "../kernel/machine.ts";

/** What a process is to be confined by. */
export interface Filter {
  /** For `loadFilter`. */
  readonly program: Uint8Array;
  /** Whether the proxy decides on some calls. */
  readonly notifies: boolean;
}

export interface FilterPlan {
  readonly filter: Filter | undefined;
  /** Why there is none although there is a policy. */
  readonly warnings: readonly string[];
}

/** Which policy is meant, in words of the configuration. */
export interface FilterWish {
  /** A file; "" for none. */
  readonly profile: string;
  /** Names of what it denies and is to be allowed. */
  readonly allow: readonly string[];
  /** Also behind a filter that is there already. */
  readonly allowNesting: boolean;
  /** The proxy's address; "" for none. */
  readonly proxy: string;
}

const NO_WARNINGS: readonly string[] = [];
const NOTHING: FilterPlan = { filter: undefined, warnings: NO_WARNINGS };

/**
 * What the first process calls between loading the filter and handing its listener to the monitor: nobody could decide
 * on these.
 */
const NEEDED_FIRST: readonly string[] = ["sendmsg", "sendto", "recvmsg", "close", "write", "read"];

export function filterWishOf(config: Config): FilterWish {
  return {
    profile: config.seccompProfile.value ?? "",
    allow: config.seccompAllow.values,
    allowNesting: config.seccompAllowNesting.value,
    proxy: config.seccompNotifyProxy.value ?? "",
  };
}

/** Reads and compiles it. Throws with what is wrong in the policy, line by line. */
export function planFilter(wish: FilterWish): FilterPlan {
  if (wish.profile === "") return NOTHING;
  if (!wish.allowNesting && isFiltered()) {
    const warning = `the policy ${wish.profile} is left out, for a filter confines us already; set lxc.seccomp.allow_nesting = 1 to have both`;
    return { filter: undefined, warnings: [warning] };
  }
  const policy = withExceptions(readPolicy(policyText(wish.profile), wish.profile), wish.allow);
  const notifies = wantsListener(policy);
  if (notifies) checkNotifying(policy, wish.proxy);
  return {
    filter: { program: compilePolicy(policy, hostArchitecture(machineName())), notifies },
    warnings: NO_WARNINGS,
  };
}

function policyText(path: string): string {
  const text = tryReadText(path);
  if (text !== undefined) return text;
  throw new LxcError("not-found", `read the seccomp policy ${path}`, "there is no such file", {
    errno: ENOENT,
    hint: "correct lxc.seccomp.profile, or take it out",
  });
}

function checkNotifying(policy: Policy, proxy: string): void {
  const doing = `use the policy ${policy.file}`;
  if (proxy === "") {
    throw new LxcError("config-invalid", doing, "it hands calls to a program, and none is named", {
      hint: "set lxc.seccomp.notify.proxy = unix:PATH, or take notify out of the policy",
    });
  }
  for (const rule of policy.rules) {
    if (!isNotify(rule.action) || !NEEDED_FIRST.includes(rule.name)) continue;
    throw new LxcError(
      "config-invalid",
      doing,
      `line ${rule.line} hands ${rule.name} to a program, and starting needs it`,
      {
        hint: `take ${rule.name} notify out`,
      },
    );
  }
}
