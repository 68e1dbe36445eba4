// What an ordinary user can see of what /etc/lxc/lxc-usernet allows it, so that a refusal can say what is missing.

import { asLxcError } from "../../base/errors.ts";
import { ENOENT } from "../../kernel/abi/errno.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryNumbers } from "../../kernel/call.ts";
import { type Caller, callerOf, readTrusted } from "./caller.ts";
import { USERNET } from "./user-refusals.ts";

export interface UsernetView {
  readonly caller: Caller;
  /** Of the file, "" when there is none; undefined where nobody can tell. */
  readonly text: string | undefined;
}

export function usernetView(): UsernetView {
  const uid = tryNumbers(SYS.getuid, 0, 0, 0);
  try {
    const caller = callerOf(uid);
    return { caller, text: readUsernet() };
  } catch (caught) {
    // It has no name, so that no line is for it.
    asLxcError(caught as Error);
    return { caller: { uid, name: `user ${uid}`, groups: [] }, text: undefined };
  }
}

function readUsernet(): string | undefined {
  try {
    return readTrusted(USERNET);
  } catch (caught) {
    return asLxcError(caught as Error).errno === ENOENT ? "" : undefined;
  }
}
