// Steps to take back what was done, newest first, unless it is kept.

import { asLxcError, type LxcError } from "./errors.ts";

interface Step {
  readonly doing: string;
  readonly run: () => void;
}

/** Collects how to undo each step of a sequence. One failing step never stops the others. */
export class Undo {
  #steps: Step[] = [];

  /** `doing` completes "cannot …", for the warning when the step itself fails. */
  add(doing: string, run: () => void): void {
    this.#steps.push({ doing, run });
  }

  /** The sequence succeeded: nothing is taken back. */
  keep(): void {
    this.#steps = [];
  }

  /** Takes everything back, newest first. Returns the failures, which are no more than warnings. */
  run(): LxcError[] {
    const failures: LxcError[] = [];
    while (this.#steps.length > 0) {
      const step = this.#steps.pop();
      if (step === undefined) break;
      try {
        step.run();
      } catch (caught) {
        failures.push(asLxcError(caught as Error));
      }
    }
    return failures;
  }
}
