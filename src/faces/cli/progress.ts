// How far a long piece of work is, told to a person who waits for it at a terminal.

import type { CopyProgress } from "../../container/copy-job.ts";
import { isTerminal } from "../../kernel/terminals.ts";
import { type Arguments, quiet } from "./command.ts";
import { isJson } from "./output.ts";
import { printError } from "./print.ts";
import { humanSize } from "./sizes.ts";

/** Nobody wants to be told of what is over by then. */
const PATIENCE_MS = 500;
const EVERY_MS = 100;
const CLEAR = "\r\x1b[K";

/** Says nothing where nobody reads it: -q, JSON, or standard error that is no terminal. */
export function copyProgress(args: Arguments): CopyProgress {
  if (args.has(quiet) || isJson(args) || !isTerminal(2)) return () => {};
  const line = new ProgressLine(args.tool);
  return (files, sizeBytes, isOver) => line.tell(`copied ${files} files, ${humanSize(sizeBytes)}`, isOver);
}

class ProgressLine {
  readonly #tool: string;
  #nextMs = Date.now() + PATIENCE_MS;
  #isShown = false;

  constructor(tool: string) {
    this.#tool = tool;
  }

  tell(text: string, isOver: boolean): void {
    if (isOver) {
      if (this.#isShown) printError(CLEAR);
      return;
    }
    const now = Date.now();
    if (now < this.#nextMs) return;
    this.#nextMs = now + EVERY_MS;
    this.#isShown = true;
    printError(`${CLEAR}${this.#tool}: ${text}`);
  }
}
