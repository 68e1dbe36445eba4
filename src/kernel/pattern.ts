// POSIX extended regular expressions (regex(7)), as LXC's tools take them: those of the C library.

import { LxcError } from "../base/errors.ts";
import { cString } from "./memory.ts";
import { rawMatches } from "./shim.ts";

/** An expression that may be found anywhere in a text. */
export class Pattern {
  readonly #expression: Uint8Array;

  /** Throws when `text` is no regular expression. */
  constructor(text: string) {
    this.#expression = cString(text);
    if (rawMatches(this.#expression, cString("")) >= 0) return;
    throw new LxcError("config-invalid", `filter by "${text}"`, "it is no regular expression", {
      hint: "put a backslash before a sign that stands for itself, as in 'a\\.b'",
    });
  }

  isIn(text: string): boolean {
    return rawMatches(this.#expression, cString(text)) === 1;
  }
}
