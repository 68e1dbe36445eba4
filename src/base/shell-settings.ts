// Settings from a file that is written for a shell (/etc/default/NAME), read without one. Pure.

/** One line of such a file. */
export interface ShellLine {
  /** The variable that is set; "" when another file is read there. */
  readonly name: string;
  /** Its value, or the file's path. */
  readonly value: string;
}

/** What a line says: undefined when it says nothing; "shell" when only a shell could tell. */
export type ReadLine = ShellLine | "shell" | undefined;

/**
 * Reads one line. `lookUp` gives what a variable is until now. Understood are NAME=VALUE with quotes, backslashes, $NAME
 * and ${NAME}, and `. FILE`, alone or behind a test for that file.
 */
export function readShellLine(line: string, lookUp: (name: string) => string): ReadLine {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return undefined;
  const included = includedFile(text);
  if (included !== undefined) return { name: "", value: included };
  const bare = text.startsWith("export ") ? text.slice("export ".length).trim() : text;
  const equals = bare.indexOf("=");
  if (equals <= 0 || !isName(bare.slice(0, equals))) return "shell";
  const value = readValue(bare.slice(equals + 1), lookUp);
  return value === undefined ? "shell" : { name: bare.slice(0, equals), value };
}

/** `. FILE`, `[ ! -f FILE ] || . FILE` and `[ -f FILE ] && . FILE`, of a path without anything that a shell would change. */
function includedFile(text: string): string | undefined {
  const words = text.split(" ").filter((word): boolean => word !== "");
  const path = words[words.length - 1] ?? "";
  const verb = words[words.length - 2] ?? "";
  if ((verb !== "." && verb !== "source") || !path.startsWith("/") || !isPlain(path)) return undefined;
  const test = words.slice(0, -2).join(" ");
  const tests = ["f", "r", "e"].map((letter) => [`[ ! -${letter} ${path} ] ||`, `[ -${letter} ${path} ] &&`]);
  return test === "" || tests.some((pair): boolean => pair.includes(test)) ? path : undefined;
}

function isPlain(path: string): boolean {
  for (const letter of path) if ("$`\"'\\*?[;&|<>()".includes(letter)) return false;
  return true;
}

function isName(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
    if (!isLetter && !(at > 0 && code >= 48 && code <= 57)) return false;
  }
  return text !== "";
}

/** The one word behind `=`, and nothing but a comment behind that. Undefined when it is more than a word. */
function readValue(text: string, lookUp: (name: string) => string): string | undefined {
  let value = "";
  let quote = "";
  let at = 0;
  while (at < text.length) {
    const letter = text.charAt(at);
    const next = text.charAt(at + 1);
    at++;
    if (quote === "'") {
      if (letter === "'") quote = "";
      else value += letter;
    } else if (letter === "\\") {
      // In double quotes it stands for itself before all other letters.
      if (next === "") return undefined;
      if (quote === '"' && !'"\\$`'.includes(next)) value += letter;
      value += next;
      at++;
    } else if (letter === quote) quote = "";
    else if (quote === "" && (letter === '"' || letter === "'")) quote = letter;
    else if (letter === "$") {
      const name = nameAt(text, at);
      if (name === undefined) return undefined;
      value += lookUp(name.name);
      at = name.end;
    } else if (letter === "`") return undefined;
    else if (quote === "" && (letter === " " || letter === "\t" || letter === ";")) {
      return isOver(text.slice(letter === ";" ? at : at - 1)) ? value : undefined;
    } else if (quote === "" && "&|<>()".includes(letter)) return undefined;
    else value += letter;
  }
  return quote === "" ? value : undefined;
}

interface NameAt {
  readonly name: string;
  readonly end: number;
}

/** The variable's name behind a $, in braces or not. */
function nameAt(text: string, from: number): NameAt | undefined {
  if (text.charAt(from) === "{") {
    const close = text.indexOf("}", from);
    const name = close < 0 ? "" : text.slice(from + 1, close);
    return isName(name) ? { name, end: close + 1 } : undefined;
  }
  let end = from;
  while (end < text.length && isName(text.slice(from, end + 1))) end++;
  return end === from ? undefined : { name: text.slice(from, end), end };
}

function isOver(text: string): boolean {
  const rest = text.trim();
  return rest === "" || (rest.startsWith("#") && text.charAt(0) !== "#");
}
