// The words of every failure.

import { type Finding, findingLine } from "./finding.ts";

/** Stable names for what went wrong. Scripts may match on these; messages may change, codes may not. */
export const errorCodes = [
  "config-invalid",
  "not-found",
  "wrong-state",
  "not-permitted",
  "unsupported",
  "syscall-failed",
  "hook-failed",
  "timed-out",
  "bug",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetails {
  /** Positive errno, when the kernel said no. */
  readonly errno?: number;
  /** One sentence: what the reader can do about it. */
  readonly hint?: string;
  /** What led to this; Error's own `cause` does not compile. */
  readonly because?: LxcError | undefined;
  /** Each place in a file that is wrong. They stay in this process: files are read before another one is made. */
  readonly findings?: readonly Finding[];
}

const NO_FINDINGS: readonly Finding[] = [];

/** Every failure a user can see. `doing` completes the sentence "cannot …". */
export class LxcError extends Error {
  readonly code: ErrorCode;
  readonly doing: string;
  readonly reason: string;
  readonly errno: number;
  readonly hint: string;
  readonly because: LxcError | undefined;
  readonly findings: readonly Finding[];

  constructor(code: ErrorCode, doing: string, reason: string, details: ErrorDetails = {}) {
    super(`cannot ${doing}: ${reason}`);
    this.name = "LxcError";
    this.code = code;
    this.doing = doing;
    this.reason = reason;
    this.errno = details.errno ?? 0;
    this.hint = details.hint ?? "";
    this.because = details.because;
    this.findings = details.findings ?? NO_FINDINGS;
  }
}

/**
 * What a catch clause got, as an LxcError; anything else is a bug of ours. Write `asLxcError(caught as Error)`: natively,
 * an error handed on as `unknown` is never freed, and one widened by hand is not recognised.
 */
export function asLxcError(caught: Error): LxcError {
  return caught instanceof LxcError ? caught : new LxcError("bug", "go on", caught.message);
}

/** The same failure with another next step: for a thrower who knows better than the table. */
export function withHint(error: LxcError, hint: string): LxcError {
  const { code, doing, reason, errno, because, findings } = error;
  return new LxcError(code, doing, reason, { errno, hint, because, findings });
}

/** The lines a tool prints: the failure, what caused it, each place that is wrong, then the hint. */
export function describe(error: LxcError): string[] {
  const lines = [error.message];
  for (const finding of error.findings) lines.push(`  ${findingLine(finding)}`);
  let cause = error.because;
  while (cause !== undefined) {
    lines.push(`  because: ${cause.message}`);
    for (const finding of cause.findings) lines.push(`  ${findingLine(finding)}`);
    cause = cause.because;
  }
  const hint = nearestHint(error);
  if (hint !== "") lines.push(`  hint: ${hint}`);
  return lines;
}

/** Of all hints the one that is nearest to the cause; "" when nobody had one. */
export function nearestHint(error: LxcError): string {
  let hint = error.hint;
  let cause = error.because;
  while (cause !== undefined) {
    if (cause.hint !== "") hint = cause.hint;
    cause = cause.because;
  }
  return hint;
}
