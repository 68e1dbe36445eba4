import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { helperPaths } from "./setuid-helpers.ts";

test("the helper is looked for beside the program, as installed and as built, and then where LXC's is", () => {
  deepEqual(helperPaths("/opt/lxc-ts/bin/lxc", "lxc-user-nic").slice(0, 3), [
    "/opt/lxc-ts/libexec/lxc/lxc-user-nic",
    "/opt/lxc-ts/bin/libexec/lxc-user-nic",
    "/usr/libexec/lxc/lxc-user-nic",
  ]);
  // A copy in memory has no folder.
  deepEqual(helperPaths("memfd:lxc (deleted)", "lxc-user-nic")[0], "/usr/libexec/lxc/lxc-user-nic");
});
