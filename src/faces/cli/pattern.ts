// POSIX extended regular expressions, as lxc-ls takes them, by way of the language's own.

import { LxcError } from "../../base/errors.ts";

interface NamedClass {
  readonly name: string;
  readonly letters: string;
}

const CLASSES: readonly NamedClass[] = [
  { name: "[:alnum:]", letters: "A-Za-z0-9" },
  { name: "[:alpha:]", letters: "A-Za-z" },
  { name: "[:blank:]", letters: " \\t" },
  { name: "[:digit:]", letters: "0-9" },
  { name: "[:lower:]", letters: "a-z" },
  { name: "[:space:]", letters: "\\s" },
  { name: "[:upper:]", letters: "A-Z" },
  { name: "[:xdigit:]", letters: "0-9A-Fa-f" },
];

/** The expression, found anywhere in a text. Throws when it is none. */
export function patternOf(text: string): RegExp {
  try {
    // The compiler takes only what is plainly a string.
    return new RegExp("" + sourceOf(text));
  } catch (caught) {
    const reason = caught instanceof Error ? caught.message : String(caught);
    throw new LxcError("config-invalid", `filter by "${text}"`, `it is no regular expression: ${reason}`, {
      hint: "put a backslash before a sign that stands for itself, as in 'a\\.b'",
    });
  }
}

/** The language's own notation of the same expression. */
function sourceOf(text: string): string {
  let source = text;
  for (const named of CLASSES) source = source.split(named.name).join(named.letters);
  return source;
}
