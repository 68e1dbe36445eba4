// Values on loan: the compiler counts a reference more for whatever it looks at. Where something else holds that for as long, it need not.
import { type CFunction, releasedBy, retainedBy, TEMPORARY, withoutCast } from "./c-functions.ts";
import { CONSTRUCTOR, type Constants, constantsIn, typesIn } from "./loan-constants.ts";
import type { Loans } from "./loan-parameters.ts";

/**
 * The functions of the runtime that give nothing up of what they are handed, with the places where that is known of them. Not the
 * first of `scr_str_concat`: it appends to a text that nobody else has.
 */
const LOOKING: Readonly<Record<string, readonly number[]>> = {
  sc_bytes_get_u8: [0],
  sc_bytes_set_u8: [0],
  scr_arr_concat_copy: [0, 1],
  scr_arr_get_f64: [0],
  scr_arr_get_ref: [0],
  scr_arr_has: [0],
  scr_arr_includes_f64: [0],
  scr_arr_includes_ref: [0, 1],
  scr_arr_index_of_ref: [0, 1],
  scr_arr_join: [0, 1],
  scr_arr_len: [0],
  scr_arr_next_present: [0],
  scr_arr_pop_state: [0],
  scr_arr_push_f64: [0],
  scr_arr_push_ref: [0],
  scr_arr_push_spread: [0, 1],
  scr_arr_set_f64: [0],
  scr_arr_set_len: [0],
  scr_arr_set_ref: [0],
  scr_arr_set_undefined: [0],
  scr_arr_slice: [0],
  scr_arr_state: [0],
  scr_bytes_from_str: [0, 1],
  scr_bytes_set_from: [0, 1],
  scr_bytes_slice: [0],
  scr_bytes_subarray: [0],
  scr_caught_check_obj: [0],
  scr_dataview_get: [0],
  scr_dataview_set: [0],
  scr_error_new: [1],
  scr_map_delete_f64: [0],
  scr_map_delete_str: [0, 1],
  scr_map_get_f64_ref: [0],
  scr_map_get_str_f64: [0, 1],
  scr_map_get_str_ref: [0, 1],
  scr_map_has_str: [0, 1],
  scr_map_set_f64_ref: [0],
  scr_map_set_str_f64: [0, 1],
  scr_map_set_str_ref: [0, 1],
  scr_map_size: [0],
  scr_parse_int: [0],
  scr_str_char_at: [0],
  scr_str_char_code_at: [0],
  scr_str_cmp: [0, 1],
  scr_str_concat: [1],
  scr_str_cp_at: [0],
  scr_str_ends_with: [0, 1],
  scr_str_eq: [0, 1],
  scr_str_includes: [0, 1],
  scr_str_index_of: [0, 1],
  scr_str_last_index_of: [0, 1],
  scr_str_slice: [0],
  scr_str_split_limit: [0, 1],
  scr_str_starts_with: [0, 1],
  scr_str_trim: [0],
  scr_str_trim_end: [0],
  scr_str_utf16_len: [0],
  scr_text_decode: [0],
  scr_throw_node_coded: [1, 2],
  scr_union_get_bool: [0],
  scr_union_get_f64: [0],
  scr_union_peek: [0],
};
/** What the compiler writes to compare unions, and to make texts of them. */
const OF_UNIONS = /^sc_u[es]_\d+$/;
/** Texts of the program, which are not counted. */
const LITERAL = /^\(ScrStr \*\)&sc_lit_\d+$/;
const VARIABLE = /^sc_(?:l|g)_\w+$/;
const LEAVES = /^\s*(?:return\b.*|goto \w+|break|continue);/;

/** The lines of a program without the references that are not needed, empty ones where they were given up. */
export function borrowed(lines: readonly string[], functions: readonly CFunction[], loans: Loans): string[] {
  const written = [...lines];
  const constants = constantsIn(lines, functions);
  for (const one of functions) {
    const body = new Body(one, lines, constants, loans);
    for (const [at, line] of body.lines.entries()) {
      const retained = retainedBy(line);
      if (retained === undefined) continue;
      const names = body.tryLend(at, retained.name, retained.source);
      if (names.length === 0) continue;
      written[one.head + 1 + at] = `${retained.before}${retained.source};`;
      for (const place of names.flatMap((name) => body.after(name))) {
        if (names.includes(releasedBy(body.lines[place]!)?.name ?? "")) written[one.head + 1 + place] = "";
      }
    }
  }
  return written;
}

/** The body of one function, and what in it was found to be on loan. */
class Body {
  readonly lines: readonly string[];
  /** The lines each name is in. */
  readonly #uses: ReadonlyMap<string, readonly number[]>;
  readonly #types: ReadonlyMap<string, string>;
  readonly #constants: Constants;
  readonly #loans: Loans;
  readonly #isConstructor: boolean;
  /** What each value on loan is. */
  readonly #sources = new Map<string, string>();

  constructor(one: CFunction, lines: readonly string[], constants: Constants, loans: Loans) {
    this.lines = lines.slice(one.head + 1, one.end);
    this.#uses = usesIn(this.lines);
    this.#types = typesIn(one, lines);
    this.#constants = constants;
    this.#loans = loans;
    this.#isConstructor = CONSTRUCTOR.test(one.name);
  }

  /** The lines `name` is in behind the one that makes it. */
  after(name: string): readonly number[] {
    return (this.#uses.get(name) ?? []).slice(1);
  }

  /**
   * Lends the value `name`, which is `source` from line `at` on, if it needs no reference of its own. Returns its names: it gets
   * another one where it is seen as an object of the class that its own extends.
   */
  tryLend(at: number, name: string, source: string): string[] {
    if (this.#isSet(name)) return [];
    if (LITERAL.test(source)) return [name];
    const other = this.#castOf(name);
    const names = other === undefined ? [name] : [name, other];
    const used = this.after(other ?? name);
    if ((other !== undefined && this.#isSet(other)) || !this.#isGivenUp(other ?? name)) return [];
    if (!used.every((place) => isLook(this.lines[place]!, other ?? name, this.#loans))) return [];
    const holder = this.#holderOf(source);
    if (holder === undefined || !this.#isHeld(holder, at, used.at(-1) ?? at)) return [];
    for (const one of names) this.#sources.set(one, source);
    return names;
  }

  /** The name that `name` gets as an object of another class, if nothing else is done with it. */
  #castOf(name: string): string | undefined {
    const [place, ...others] = this.after(name);
    if (place === undefined || others.length > 0) return undefined;
    return new RegExp(String.raw`^\s*\w+ \*(sc_t\d+) = \(\w+ \*\)${name};$`).exec(this.lines[place]!)?.[1];
  }

  /** What is never given up is handed on for good. */
  #isGivenUp(name: string): boolean {
    return this.after(name).some((place) => releasedBy(this.lines[place]!)?.name === name);
  }

  #isSet(name: string): boolean {
    return this.after(name).some((place) => this.lines[place]!.trimStart().startsWith(`${name} = `));
  }

  /** The variable, or the value, that holds `source` for as long as it holds what it does; undefined when none can be told. */
  #holderOf(source: string): string | undefined {
    const plain = withoutCast(source);
    const [, union] = /^scr_union_peek\((\w+)\)$/.exec(plain) ?? [];
    if (union !== undefined) return this.#holderOf(union);
    const [, owner, field] = /^(\w+)->(sc_fld_\w+)$/.exec(plain) ?? [];
    if (owner !== undefined && field !== undefined) {
      const isConstant = this.#constants.isConstant(this.#types.get(owner) ?? "", field);
      return isConstant && !this.#isConstructor ? this.#holderOf(owner) : undefined;
    }
    const lent = this.#sources.get(plain);
    if (lent !== undefined) return this.#holderOf(lent);
    return VARIABLE.test(plain) || TEMPORARY.test(plain) ? plain : undefined;
  }

  /** Whether `holder` keeps what it holds between two lines. */
  #isHeld(holder: string, from: number, last: number): boolean {
    if (holder.startsWith("sc_g_") && !this.#constants.variables.has(holder)) return false;
    if (TEMPORARY.test(holder) && !this.#isOwn(holder, from)) return false;
    const set = new RegExp(String.raw`\b${holder} = `);
    for (const place of this.#uses.get(holder) ?? []) {
      const line = this.lines[place]!;
      if (line.includes(`&${holder}`)) return false;
      if (place <= from || place > last) continue;
      if (set.test(line)) return false;
      if (releasedBy(line)?.name === holder && !leavesAfter(this.lines, place)) return false;
    }
    return true;
  }

  /** Whether a value has a reference of its own until that is given up: it is made before line `from`, and then only looked at. */
  #isOwn(name: string, from: number): boolean {
    const isMade = (place: number) => place < from && this.lines[place]!.trimStart().startsWith(`${name} = `);
    const used = this.after(name);
    return this.#isGivenUp(name) && used.every((at) => isMade(at) || isLook(this.lines[at]!, name, this.#loans));
  }
}

/** Whether nothing more happens behind a line before the block or the function is left. */
function leavesAfter(body: readonly string[], place: number): boolean {
  let at = place + 1;
  while (at < body.length && releasedBy(body[at]!) !== undefined) at++;
  return LEAVES.test(body[at] ?? "");
}

/** Whether everything that a line does with `name` leaves the references to it as they are. */
function isLook(line: string, name: string, loans: Loans): boolean {
  if (releasedBy(line)?.name === name) return true;
  for (const { index } of line.matchAll(new RegExp(String.raw`\b${name}\b`, "g"))) {
    const behind = line.slice(index + name.length);
    if (!behind.startsWith("->") && !isBorrowing(line.slice(0, index), behind, name, loans)) return false;
  }
  return true;
}

/** Whether the call, of which `before` and `behind` surround an argument, borrows that. */
function isBorrowing(before: string, behind: string, name: string, loans: Loans): boolean {
  if (!/^[,)]/.test(behind)) return false;
  let depth = 0;
  let place = 0;
  let at = before.length - 1;
  for (; at >= 0 && (depth > 0 || before[at] !== "("); at--) {
    if (before[at] === ")") depth++;
    else if (before[at] === "(") depth--;
    else if (before[at] === "," && depth === 0) place++;
  }
  const head = before.slice(0, at);
  // A closure is handed itself.
  if (place === 0 && head.endsWith(`${name}->fn)`)) return true;
  const called = /\w*$/.exec(head)?.[0] ?? "";
  return OF_UNIONS.test(called) || (LOOKING[called] ?? []).includes(place) || loans.get(called)?.has(place) === true;
}

/** The lines each of the compiler's names is in. */
function usesIn(body: readonly string[]): Map<string, number[]> {
  const uses = new Map<string, number[]>();
  for (const [at, line] of body.entries()) {
    for (const name of new Set(line.match(/\bsc_[tlg]\w+/g) ?? [])) {
      const places = uses.get(name);
      if (places === undefined) uses.set(name, [at]);
      else places.push(at);
    }
  }
  return uses;
}
