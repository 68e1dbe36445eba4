// Whether a person or a program reads the output.

import { type Arguments, badValue, format, type Refusal } from "./command.ts";

/** `table` is what LXC prints; `json` is one array or object, `ndjson` one object a line, `csv` one row a line below its heads (RFC 4180). */
export type Format = "table" | "json" | "ndjson" | "csv";

/** The format of --format; `text` is another word for `table`. Throws on a word that is none. */
export function formatOf(args: Arguments): Format {
  const word = args.text(format, "table");
  if (word === "text" || word === "table") return "table";
  if (word === "json" || word === "ndjson" || word === "csv") return word;
  throw badValue(format, word, "it is none of table, json, ndjson and csv");
}

/** For what has no rows to print as csv. */
export function noRows(what: string): Refusal {
  return badValue(format, "csv", `${what} prints no rows`, "use table, json or ndjson");
}

/** Whether what is printed, failures too, is JSON. Throws on a word that is no format. */
export function isJson(args: Arguments): boolean {
  const word = formatOf(args);
  return word === "json" || word === "ndjson";
}

/** The same before the words are understood, for the failure to understand them. */
export function asksForJson(words: readonly string[]): boolean {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") return false;
    const value = word === "--format" ? words[i + 1] : word.startsWith("--format=") ? word.slice(9) : "";
    if (value === "json" || value === "ndjson") return true;
  }
  return false;
}
