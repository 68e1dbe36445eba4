import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { nestingSteps } from "./nesting.ts";

test("a container that may nest has a procfs and a sysfs in full, where the kernel allows them", () => {
  deepEqual(nestingSteps(false), []);
  const shown = nestingSteps(true).map((step) =>
    step.kind === "entry" ? [step.type, step.to, step.create, step.flags, step.optional] : [],
  );
  deepEqual(shown, [
    ["proc", "dev/.lxc/proc", "dir", 0, true],
    ["sysfs", "dev/.lxc/sys", "dir", 0, true],
  ]);
});
