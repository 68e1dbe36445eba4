// One line on the terminal that says what takes long, redrawn in place and gone at the end. Costs nothing until half a second
// has passed: only then it is asked whether there is a terminal.

import { isHeard, listen, PATIENCE_MS, tellProgress } from "../../base/progress.ts";
import { visible } from "../../base/text.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { columnsOf, isTerminal } from "../../kernel/terminals.ts";
import { type Arguments, quiet } from "./command.ts";
import { formatOf } from "./output.ts";
import { printError } from "./print.ts";
import { humanSize } from "./sizes.ts";

const STDERR = 2;
const ERASE = "\r\x1b[K";
const REDRAW_MS = 100;
/** Where the terminal does not say how wide it is. */
const USUAL_COLUMNS = 80;

/** Draws what it is told. */
export class ProgressLine {
  readonly #beganMs: number;
  #drawnMs = 0;
  /** 0 until it is known. */
  #columns = 0;
  #isShown = false;

  constructor(nowMs: number) {
    this.#beganMs = nowMs;
  }

  tell(text: string, nowMs: number): void {
    if (nowMs - this.#beganMs < PATIENCE_MS || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    if (this.#columns === 0) this.#columns = isTerminal(STDERR) ? columnsOf(STDERR) || USUAL_COLUMNS : -1;
    if (this.#columns < 0) return;
    printError(progressText(text, this.#columns));
    this.#isShown = true;
  }

  end(): void {
    if (this.#isShown) printError(ERASE);
    this.#isShown = false;
  }
}

/** A line in place of the one before, cut so that it does not wrap. */
export function progressText(text: string, columns: number): string {
  const plain = visible(text);
  return `${ERASE}${plain.length < columns ? plain : `${plain.slice(0, Math.max(0, columns - 2))}…`}`;
}

/** Does `work`, and shows what it says of itself while it takes long. */
export function withProgress(args: Arguments, work: () => void): void {
  if (args.has(quiet) || formatOf(args) !== "table" || (ownEnvironment().get("TERM") ?? "") === "dumb") {
    work();
    return;
  }
  const line = new ProgressLine(Date.now());
  listen((text) => line.tell(text, Date.now()));
  try {
    work();
  } finally {
    listen(undefined);
    line.end();
  }
}

/** For what copies: how far it is. */
export function copyProgress(files: number, sizeBytes: number, isOver: boolean): void {
  if (!isOver && isHeard()) tellProgress(`copied ${files} files, ${humanSize(sizeBytes)}`);
}
