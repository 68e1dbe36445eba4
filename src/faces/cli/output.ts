// Whether a person or a program reads the output.

import { type Arguments, badValue, format } from "./command.ts";

/** Whether --format=json was given. Throws on any other word than text and json. */
export function isJson(args: Arguments): boolean {
  const word = args.text(format, "text");
  if (word !== "text" && word !== "json") throw badValue(format, word, "it is neither text nor json");
  return word === "json";
}

/** The same before the words are understood, for the failure to understand them. */
export function asksForJson(words: readonly string[]): boolean {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") return false;
    if (word === "--format=json" || (word === "--format" && words[i + 1] === "json")) return true;
  }
  return false;
}
