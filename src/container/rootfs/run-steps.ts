// The only code that performs MountSteps. Runs in the container's first process, before exec.

import { bind, mountFileSystem, remountReadOnly, setPropagation, tryBind } from "../../kernel/mounts.ts";
import type { MountStep } from "./plan.ts";

/** Throws at the first step the kernel refuses. */
export function runSteps(steps: readonly MountStep[]): void {
  for (const step of steps) runStep(step);
}

function runStep(step: MountStep): void {
  switch (step.kind) {
    case "private":
      setPropagation(step.to, 1 << 18);
      break;
    case "file-system":
      mountFileSystem(step.type, step.to, step.flags, step.options);
      break;
    case "bind":
      bind(step.from, step.to);
      break;
    case "read-only":
      makeReadOnly(step.to, step.optional);
      break;
  }
}

function makeReadOnly(to: string, optional: boolean): void {
  if (!optional) bind(to, to);
  else if (!tryBind(to, to)) return;
  remountReadOnly(to);
}
