// Parameters on loan: the compiler lets a function give up what it is handed, and everybody takes a reference more to hand it on. Here the
// caller gives it up, after the call, which for what it has anyway is nothing at all (loan-values.ts).
import {
  type CCall,
  type CFunction,
  callIn,
  releasedBy,
  TEMPORARY,
  withoutCast,
  withoutRetain,
} from "./c-functions.ts";

/** Of each function the places of the parameters that are on loan, with what gives such a thing up. */
export type Loans = ReadonlyMap<string, ReadonlyMap<number, string>>;

const FUNCTION = /\bsc_f_\w+/g;
/** In front of a call that can be followed by another statement. */
const STATEMENT = /^(?:\w+ \*?\w+ = )?$/;
/** What only hands on what it gets, for a table of methods or as a value. */
const WRAPPER = /^sc_(?:vm|w)_/;
/** A reading or writing of bytes, for which the compiler itself takes no reference. */
const BYTE = /\bsc_bytes_[gs]et_u8\((\w+),/;
/** A function that is only announced. */
const PROTOTYPE = /^(?:__attribute__\(\(noinline\)\) )?static [^=]*\);/;
const ALIAS = /^\s*ScrBytes \*(sc_t\d+) = (\w+);$/;

/** Which parameters can be: those of functions that are only called, that never change them, and that others hand on by name. */
export function loansIn(lines: readonly string[], functions: readonly CFunction[]): Loans {
  const calls = callsIn(lines, functions);
  const loans = new Map<string, ReadonlyMap<number, string>>();
  for (const one of functions) {
    const callers = calls.get(one.name);
    if (callers === undefined) continue;
    const body = lines.slice(one.head + 1, one.end);
    const places = new Map<number, string>();
    for (const [place, { name, isReference }] of one.parameters.entries()) {
      const by = isReference ? givenUpBy(body, name) : undefined;
      if (by !== undefined && callers.every((args) => isNamed(args[place] ?? ""))) places.set(place, by);
    }
    if (places.size > 0) loans.set(one.name, places);
  }
  return loans;
}

/** The arguments of all calls of each function that is called only, where a statement can follow. */
function callsIn(lines: readonly string[], functions: readonly CFunction[]): Map<string, (readonly string[])[]> {
  const calls = new Map<string, (readonly string[])[]>();
  const others = new Set<string>();
  for (const line of outside(lines, functions)) {
    if (!PROTOTYPE.test(line)) for (const name of line.match(FUNCTION) ?? []) others.add(name);
  }
  for (const one of functions) {
    for (let at = one.head + 1; at < one.end; at++) {
      const line = lines[at]!;
      const call = callIn(line);
      const names = line.match(FUNCTION) ?? [];
      if (call !== undefined && names.length === 1 && (STATEMENT.test(call.before) || isHandedOn(one, call))) {
        calls.set(call.name, [...(calls.get(call.name) ?? []), call.args]);
      } else {
        for (const name of names) others.add(name);
      }
    }
  }
  for (const name of others) calls.delete(name);
  return calls;
}

/** The lines that are in no function. */
function outside(lines: readonly string[], functions: readonly CFunction[]): string[] {
  let next = 0;
  return lines.filter((_, at) => {
    while ((functions[next]?.end ?? at) < at) next++;
    return at < (functions[next]?.head ?? lines.length);
  });
}

/** Whether a wrapper only hands on what it was given. */
function isHandedOn(caller: CFunction, call: CCall): boolean {
  return WRAPPER.test(caller.name) && call.before === "return " && call.after === ";";
}

function isNamed(arg: string): boolean {
  const name = withoutCast(withoutRetain(arg));
  return TEMPORARY.test(name) || name === "o" || /^sc_a\d+$/.test(name) || /^sc_l_\w+$/.test(name);
}

/** What gives the parameter `name` up, if all that is done with it besides is looking at it. */
function givenUpBy(body: readonly string[], name: string): string | undefined {
  const used = new RegExp(String.raw`\b${name}\b`, "g");
  const harmless = new RegExp(String.raw`retain(?:_\w+)?\(${name}\)|\b${name}->`, "g");
  let found: string | undefined;
  for (const line of body) {
    const uses = line.match(used)?.length ?? 0;
    if (uses === 0) continue;
    const released = releasedBy(line);
    if (released !== undefined) found = released.by;
    else if (isForBytes(body, line)) continue;
    else if ((line.match(harmless)?.length ?? 0) !== uses) return undefined;
  }
  return found;
}

/** Whether a line names what is looked at for single bytes only. */
function isForBytes(body: readonly string[], line: string): boolean {
  const [, name] = ALIAS.exec(line) ?? [];
  if (name === undefined) return false;
  const used = new RegExp(String.raw`\b${name}\b`);
  return body.every((other) => other === line || !used.test(other) || BYTE.exec(other)?.[1] === name);
}

/** The lines with all functions and their callers so: a call and what is given up behind it are one, what is left out is empty. */
export function lend(lines: readonly string[], functions: readonly CFunction[], loans: Loans): string[] {
  const written = [...lines];
  for (const one of functions) {
    const names = [...(loans.get(one.name)?.keys() ?? [])].map((place) => one.parameters[place]?.name);
    for (let at = one.head + 1; at < one.end; at++) {
      const line = lines[at]!;
      const released = releasedBy(line);
      if (released !== undefined && names.includes(released.name)) written[at] = "";
      const call = callIn(line);
      const places = call === undefined ? undefined : loans.get(call.name);
      if (call !== undefined && places !== undefined) written[at] = callWith(one, line, call, places);
    }
  }
  return written;
}

/** The line of a call, and what is given up behind it. */
function callWith(caller: CFunction, line: string, call: CCall, places: ReadonlyMap<number, string>): string {
  const args = call.args.map((arg, place) => (places.has(place) ? withoutRetain(arg) : arg));
  const released = call.args.flatMap((arg, place) => {
    const by = places.get(place);
    return by === undefined || withoutRetain(arg) !== arg ? [] : [`${by}(${arg});`];
  });
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  const result = call.before === "return " ? `${caller.type}result = ` : call.before;
  const behind = call.before === "return " ? [...released, "return result;"] : released;
  return [`${indent}${result}${call.name}(${args.join(", ")})${call.after}`, ...behind].join(`\n${indent}`);
}
