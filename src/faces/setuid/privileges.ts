// Out of the caller's hands: what a setuid program inherits is the caller's choice, and none of it is to have an effect.

import { capabilitySet, keepOnly } from "../../isolation/capability-sets.ts";
import { SIGCHLD } from "../../kernel/abi/signal.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryNumbers } from "../../kernel/call.ts";
import { becomeGroup, type ResourceLimit, setResourceLimits, trySetGroups } from "../../kernel/credentials.ts";
import { closeAllBut, holdStandardDescriptors } from "../../kernel/process.ts";
import { allSignalsBut, blockSignals, defaultSignal } from "../../kernel/signals.ts";

/** Of linux/capability.h. */
export const CAP_DAC_OVERRIDE = 1;
export const CAP_NET_ADMIN = 12;
/** For the kernel: no change. */
const UNCHANGED = -1;

/**
 * Descriptors, signals, working directory, file mode and limits. The environment is emptied before all this, by
 * shim/shim.c.
 */
export function leaveCaller(): void {
  holdStandardDescriptors();
  closeAllBut([]);
  blockSignals(allSignalsBut([]));
  // Who ignores it cannot wait for a child.
  defaultSignal(SIGCHLD);
  tryNumbers(SYS.umask, 0o022, 0, 0);
  call("leave the caller's folder", "chdir", "/");
  setResourceLimits(0, limits());
}

/** None that could end us half way, or we do not begin; and no core. */
function limits(): ResourceLimit[] {
  const unlimited = ["cpu", "fsize", "data", "as"].map((name): ResourceLimit => {
    return { name, soft: Infinity, hard: Infinity };
  });
  return unlimited.concat([{ name: "core", soft: 0, hard: 0 }]);
}

export function realUser(): number {
  return tryNumbers(SYS.getuid, 0, 0, 0);
}

/** Runs `action` with the rights of the caller, and with no more: its user, its groups, no capability. */
export function asCaller(uid: number, action: () => number): number {
  call("act as the caller", "setresuid", UNCHANGED, uid, UNCHANGED);
  const result = action();
  call("be root again", "setresuid", UNCHANGED, 0, UNCHANGED);
  return result;
}

/** With these capabilities, by number. From here on the caller can no longer send us signals, and there is no way back. */
export function becomeRoot(capabilities: readonly number[]): void {
  trySetGroups([]);
  becomeGroup(0);
  call("be root", "setresuid", 0, 0, 0);
  keepOnly(capabilitySet(capabilities));
}
