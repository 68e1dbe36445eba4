// A policy as lines of words, with the place of each, and what was found in them. Pure.

import type { Finding } from "../../base/finding.ts";
import { isBlank, nearest, shown, wholeNumberIn } from "../../base/text.ts";
import { SECCOMP_RET_ERRNO } from "../../kernel/abi/seccomp.ts";
import { ACTION_WORDS, actionNamed, actionWords, errnoAction, errnoNamed, LARGEST_ERRNO } from "./actions.ts";

/** A run of letters, or all from `[` to `]`. */
export interface PolicyWord {
  readonly text: string;
  /** From 1 on. */
  readonly column: number;
}

/** A line that says something: it has a word at least. */
export interface PolicyLine {
  /** From 1 on. */
  readonly number: number;
  readonly words: readonly PolicyWord[];
}

/** The lines one after the other, and the list of what is wrong with them. */
export class PolicyText {
  readonly file: string;
  readonly findings: Finding[] = [];
  readonly #lines: readonly string[];
  #at = 0;

  constructor(file: string, text: string) {
    this.file = file;
    this.#lines = text.split("\n");
  }

  /** The next line that is neither empty nor a comment. */
  next(): PolicyLine | undefined {
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at]!;
      this.#at++;
      const words = wordsOf(line);
      if (words.length > 0) return { number: this.#at, words };
    }
    return undefined;
  }

  /** Has `next` give the same line again. */
  back(): void {
    this.#at--;
  }

  error(line: number, column: number, subject: string, problem: string, hint: string): void {
    this.findings.push({ severity: "error", file: this.file, line, column, subject, problem, hint });
  }

  warning(line: number, column: number, subject: string, problem: string, hint: string): void {
    this.findings.push({ severity: "warning", file: this.file, line, column, subject, problem, hint });
  }

  /** The word at `from` is one too many. */
  extra(line: PolicyLine, from: number): void {
    const word = line.words[from]!;
    this.error(line.number, word.column, shown(word.text), "nothing may follow here", "begin a comment with #");
  }

  errors(): Finding[] {
    return this.findings.filter((finding): boolean => finding.severity === "error");
  }
}

const HASH = 35;
const BRACKET = 91;

/** What is before a comment. A `#` begins one where a word would begin. */
function wordsOf(line: string): PolicyWord[] {
  const words: PolicyWord[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line.charCodeAt(at))) at++;
    if (at >= line.length || line.charCodeAt(at) === HASH) return words;
    const start = at;
    at = line.charCodeAt(at) === BRACKET ? endOfGroup(line, at) : endOfWord(line, at);
    words.push({ text: line.slice(start, at), column: start + 1 });
  }
}

function isSpace(code: number): boolean {
  return isBlank(code) || code === 13;
}

function endOfWord(line: string, from: number): number {
  let at = from;
  while (at < line.length && !isSpace(line.charCodeAt(at)) && line.charCodeAt(at) !== BRACKET) at++;
  return at;
}

/** Behind the `]`, or the end of the line when there is none. */
function endOfGroup(line: string, from: number): number {
  const end = line.indexOf("]", from);
  return end < 0 ? line.length : end + 1;
}

export interface ReadAction {
  readonly action: number;
  /** The word that follows. */
  readonly next: number;
}

/** The action at word `at`, with its number; undefined when it is wrong, which is then said. */
export function readAction(source: PolicyText, line: PolicyLine, at: number): ReadAction | undefined {
  const word = line.words[at]!;
  const action = actionNamed(word.text);
  if (action === undefined) {
    const meant = nearest(word.text, actionWords());
    const hint = meant === undefined ? `write ${ACTION_WORDS}` : `did you mean ${meant}?`;
    source.error(line.number, word.column, shown(word.text), "there is no such action", hint);
    return undefined;
  }
  if (action !== SECCOMP_RET_ERRNO) return { action, next: at + 1 };
  return readErrno(source, line, at);
}

function readErrno(source: PolicyText, line: PolicyLine, at: number): ReadAction | undefined {
  const number = line.words[at + 1];
  if (number === undefined || number.text.startsWith("[")) {
    source.error(line.number, line.words[at]!.column, "errno", "its number is missing", "errno 1 is EPERM");
    return undefined;
  }
  const errno = wholeNumberIn(number.text) ?? -1;
  if (errno >= 0 && errno <= LARGEST_ERRNO) return { action: errnoAction(errno), next: at + 2 };
  const named = errnoNamed(number.text);
  const hint = named > 0 ? `write ${named}` : `write a number from 0 to ${LARGEST_ERRNO}`;
  source.error(line.number, number.column, shown(number.text), "that is no number of an error", hint);
  return undefined;
}
