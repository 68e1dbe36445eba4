// The functions in the text of a program that the compiler wrote, as lines: it puts every call on a line of its own.

export interface Parameter {
  readonly name: string;
  /** Whether it is the address of something that is counted. */
  readonly isReference: boolean;
}

/** Its body is in the lines between `head` and `end`, that with the closing brace. */
export interface CFunction {
  readonly name: string;
  /** What it returns, as written. */
  readonly type: string;
  readonly head: number;
  readonly end: number;
  readonly parameters: readonly Parameter[];
}

/** One call of a function of the program. */
export interface CCall {
  readonly name: string;
  /** What is in front of it on its line, without the space at the beginning: `double sc_t3 = `, `return `, or nothing. */
  readonly before: string;
  readonly args: readonly string[];
  /** What follows the closing parenthesis, as `; /* main.ts:3 *\/`. */
  readonly after: string;
}

/** A value that is counted, as the compiler names it: `sc_t3`. */
export const TEMPORARY = /^sc_t\d+$/;

const HEAD = /^(?:__attribute__\(\(noinline\)\) )?static (.+?)\b(sc_\w+)\((.*)\) \{(?: \/\*.*\*\/)?$/;
const REFERENCE = /^(?:Scr[A-Z]\w*|sc_(?:o|rs)_\w+) \*/;
const CALL = /^(\s*)(.*?)\b(sc_f_\w+)\(/;
const COUNTED = "(?:scr_[a-z]+_|sc_r?)";
/** `scr_str_release(sc_t3);`, a line of its own; there may be a cast. */
const RELEASE = new RegExp(String.raw`^\s*(${COUNTED}release(?:_\w+)?)\((?:\(\w+ \*\))?(\w+)\);$`);
/** `ScrStr *sc_t3 = scr_str_retain(SOURCE);`, a line of its own. */
const RETAIN = new RegExp(String.raw`^(\s*\w+ \*(sc_t\d+) = )${COUNTED}retain(?:_\w+)?\((.*)\);$`);
/** The same as an argument. */
const RETAINED = new RegExp(String.raw`^((?:\(\w+ \*\))?)${COUNTED}retain(?:_\w+)?\((sc_t\d+)\)$`);

export function functionsIn(lines: readonly string[]): CFunction[] {
  const found: CFunction[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, type = "", name = "", list = ""] = HEAD.exec(lines[at]!) ?? [];
    if (name === "") continue;
    const head = at;
    while (lines[at] !== "}") at++;
    found.push({ name, type, head, end: at, parameters: listed(list).map(parameterOf) });
  }
  return found;
}

function parameterOf(text: string): Parameter {
  return { name: /\w*$/.exec(text)?.[0] ?? "", isReference: REFERENCE.test(text) };
}

/** The call of a function of the program on a line; undefined when there is none. */
export function callIn(line: string): CCall | undefined {
  const match = CALL.exec(line);
  if (match === null) return undefined;
  const [whole, , before = "", name = ""] = match;
  const rest = line.slice(whole.length);
  const end = endOf(rest);
  return { name, before, args: listed(rest.slice(0, end)), after: rest.slice(end + 1) };
}

/** What a line gives up, and by which function. */
export function releasedBy(line: string): { readonly by: string; readonly name: string } | undefined {
  const [, by, name] = RELEASE.exec(line) ?? [];
  return by === undefined || name === undefined ? undefined : { by, name };
}

/** The line that takes one more reference to `source` for `name`: what is in front of that, and these. */
export function retainedBy(
  line: string,
): { readonly before: string; readonly name: string; readonly source: string } | undefined {
  const [, before, name, source] = RETAIN.exec(line) ?? [];
  return before === undefined || name === undefined || source === undefined ? undefined : { before, name, source };
}

/** An argument that is one more reference to a temporary, without that. */
export function withoutRetain(arg: string): string {
  const [, cast = "", name] = RETAINED.exec(arg) ?? [];
  return name === undefined ? arg : cast + name;
}

export function withoutCast(arg: string): string {
  return arg.replace(/^\(\w+ \*\)/, "");
}

/** The parts between the commas that are in no parentheses. */
export function listed(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")") depth--;
    else if (text[at] === "," && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  const last = text.slice(from).trim();
  return last === "" || last === "void" ? parts : [...parts, last];
}

/** Where the parenthesis is that ends what has begun in front of `text`. */
function endOf(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && depth-- === 0) return at;
  }
  return text.length;
}
