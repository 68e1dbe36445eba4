// What lxc-doctor says, one check each, and how they are put together. Pure.

import type { Checked, Fix, FixStep } from "./host-facts.ts";

/** From what stops every container of the user, by what it takes from them, to what is well or cannot be known. */
export type Weight = "stops" | "limits" | "advice" | "fine" | "unknown";

export interface DoctorCheck {
  /** Stays the same from version to version. */
  readonly id: string;
  readonly weight: Weight;
  readonly what: string;
  /** "" when `what` says it all. */
  readonly detail: string;
  /** For a person; "" when nothing is to be done. */
  readonly fix: string;
  /** For `--fix`; none when it takes a person. */
  readonly steps: readonly FixStep[];
}

const NO_STEPS: readonly FixStep[] = [];

export function found(id: string, weight: Weight, what: string, detail: string, fix: Fix): DoctorCheck {
  return { id, weight, what, detail, fix: fix.text, steps: fix.steps };
}

export function fine(id: string, what: string, detail: string): DoctorCheck {
  return { id, weight: "fine", what, detail, fix: "", steps: NO_STEPS };
}

/** A line of lxc-checkconfig; `weight` is what it weighs when it is missing. */
export function weighed(id: string, weight: Weight, checked: Checked): DoctorCheck {
  const { item: what, status, detail, fix, steps } = checked;
  const is = status === "enabled" ? "fine" : status === "unknown" ? "unknown" : weight;
  return { id, weight: is, what, detail, fix, steps };
}

export function weights(): readonly Weight[] {
  return ["stops", "limits", "advice", "fine", "unknown"];
}

/** The heaviest first; else in the order they were found. Of several with the same id and text only the heaviest stays. */
export function sorted(checks: readonly DoctorCheck[]): DoctorCheck[] {
  const all: DoctorCheck[] = [];
  const seen: string[] = [];
  for (const weight of weights()) {
    for (const check of checks) {
      const key = `${check.id} ${check.what}`;
      if (check.weight !== weight || seen.includes(key)) continue;
      seen.push(key);
      all.push(check);
    }
  }
  return all;
}

/** Whether a program may do it: advice is for people to take or leave. */
export function isFixable(check: DoctorCheck): boolean {
  return (check.weight === "stops" || check.weight === "limits") && check.steps.length > 0;
}
