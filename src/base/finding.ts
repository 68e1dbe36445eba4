// One thing that was found in a file its reader wrote: where, about what, and what to do. Pure.

/** `error` stops what was asked for, `warning` does not, `note` is about lxc-ts itself. */
export type Severity = "error" | "warning" | "note";

export interface Finding {
  readonly severity: Severity;
  readonly file: string;
  /** From 1 on; 0 for the whole file. */
  readonly line: number;
  /** The letter it begins at, from 1 on; 0 for the whole line. */
  readonly column: number;
  /** What it is about, such as a key; "" for the line itself. */
  readonly subject: string;
  readonly problem: string;
  /** What can be done; "" when there is nothing to add. */
  readonly hint: string;
}

/** The finding on one line, as compilers print theirs: FILE:LINE:COLUMN: SEVERITY: SUBJECT: PROBLEM; HINT. */
export function findingLine(finding: Finding): string {
  return `${placeOf(finding)}: ${finding.severity}: ${sayingOf(finding)}`;
}

/** The same without the severity, for a line that already begins with it. */
export function findingText(finding: Finding): string {
  return `${placeOf(finding)}: ${sayingOf(finding)}`;
}

function placeOf(finding: Finding): string {
  const line = finding.line === 0 ? "" : `:${finding.line}`;
  const column = finding.column === 0 ? "" : `:${finding.column}`;
  return `${finding.file}${line}${column}`;
}

function sayingOf(finding: Finding): string {
  const about = finding.subject === "" ? "" : `${finding.subject}: `;
  const hint = finding.hint === "" ? "" : `; ${finding.hint}`;
  return `${about}${finding.problem}${hint}`;
}
