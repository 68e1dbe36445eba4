// Asks a service manager for a scope natively, for test/system/user-scope.test.ts: one word says what, and lines say what was seen.

import { asLxcError, describe, LxcError } from "../../../src/base/errors.ts";
import { attachToScope, enterUserScope, type ScopeUser, startScope } from "../../../src/isolation/cgroup/user-scope.ts";
import { readText } from "../../../src/kernel/files.ts";
import { cloneProcess, currentPid, effectiveUser, exitNow, waitForEnd } from "../../../src/kernel/process.ts";

const user: ScopeUser = { uid: effectiveUser(), runtimeDirectory: process.env["XDG_RUNTIME_DIR"] ?? "" };

/** enter NAME: as a start does it, if it is needed. */
function enter(name: string): void {
  const scope = enterUserScope(name, user);
  console.log(`scope ${scope.name} ${scope.why}`);
  console.log(`in ${readText("/proc/self/cgroup").trim()}`);
}

/** ask NAME: without looking whether it is needed. */
function ask(name: string): void {
  console.log(`pid ${currentPid()}`);
  console.log(`scope ${startScope(name, user)}`);
}

/** attach SCOPE SUBGROUP: a child of ours goes there. */
function attach(scope: string, subgroup: string): void {
  const child = cloneProcess(0, -1);
  if (child.pid === 0) {
    attachToScope(scope, subgroup, currentPid(), user);
    console.log(`in ${readText("/proc/self/cgroup").trim()}`);
    exitNow(0);
  }
  waitForEnd(child.pid);
}

function main(words: readonly string[]): void {
  if (words[0] === "enter") enter(words[1] ?? "");
  else if (words[0] === "ask") ask(words[1] ?? "");
  else if (words[0] === "attach") attach(words[1] ?? "", words[2] ?? "");
  else throw new LxcError("bug", `do ${words[0] ?? "nothing"}`, "no such word");
}

try {
  main(process.argv.slice(2));
} catch (caught) {
  console.log(describe(asLxcError(caught as Error)).join("\n"));
  process.exitCode = 1;
}
