import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ownerIn, statField } from "./run-guard.ts";

test("a field of a process's status is found behind any name", () => {
  const stat = "42 (a) b) (x) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2";
  deepEqual([statField(stat, 3), statField(stat, 4), statField(stat, 22), statField("", 4)], ["S", "7", "987654", ""]);
});

test("whose a container is stands on a line of its own, and nowhere else", () => {
  equal(ownerIn("lxc.autodev = 1\n# Run by process 42 987\nlxc.ephemeral = 1\n"), "42 987");
  equal(ownerIn("# Run by process 42 987"), "42 987");
  equal(ownerIn("lxc.uts.name = x # Run by process 42 987\n"), "");
});
