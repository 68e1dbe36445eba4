// Values on loan: the compiler counts a reference more for whatever it looks at. Where something else holds that for as long, it need not.
import { type CFunction, releasedBy, retainedBy, withoutCast } from "./c-functions.ts";
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
/** Texts of the program, which are not counted. */
const LITERAL = /^\(ScrStr \*\)&sc_lit_\d+$/;
const VARIABLE = /^sc_(?:l|g)_\w+$/;
const LEAVES = /^\s*(?:return\b.*|goto \w+|break|continue);/;

/** The lines of a program without the references that are not needed, empty ones where they were given up. */
export function borrowed(lines: readonly string[], functions: readonly CFunction[], loans: Loans): string[] {
  const written = [...lines];
  const constants = constantsIn(lines);
  for (const one of functions) {
    const first = one.head + 1;
    const body = lines.slice(first, one.end);
    const uses = usesIn(body);
    for (const [at, line] of body.entries()) {
      const retained = retainedBy(line);
      if (retained === undefined) continue;
      const used = (uses.get(retained.name) ?? []).slice(1);
      if (!isOnLoan({ body, uses, used, constants, loans }, at, retained.name, retained.source)) continue;
      written[first + at] = `${retained.before}${retained.source};`;
      for (const place of used) {
        if (releasedBy(body[place]!)?.name === retained.name) written[first + place] = "";
      }
    }
  }
  return written;
}

interface Surroundings {
  readonly body: readonly string[];
  /** The lines of the body each name is in. */
  readonly uses: ReadonlyMap<string, readonly number[]>;
  /** Those of the value, after the first. */
  readonly used: readonly number[];
  readonly constants: ReadonlySet<string>;
  readonly loans: Loans;
}

/** Whether the value `name`, which is `source` from line `at` on, needs no reference of its own. */
function isOnLoan(around: Surroundings, at: number, name: string, source: string): boolean {
  const { body, used, loans } = around;
  if (used.some((place) => body[place]!.trimStart().startsWith(`${name} = `))) return false;
  if (LITERAL.test(source)) return true;
  // What is never given up is handed on for good.
  if (!used.some((place) => releasedBy(body[place]!)?.name === name)) return false;
  if (!used.every((place) => isLook(body[place]!, name, loans))) return false;
  return isHeld(around, at, withoutCast(source));
}

/** Whether the variable `source` keeps what it holds as long as the value is used that was read from it in line `at`. */
function isHeld(around: Surroundings, at: number, source: string): boolean {
  const { body, uses, used, constants } = around;
  if (!VARIABLE.test(source)) return false;
  if (source.startsWith("sc_g_") && !constants.has(source)) return false;
  const last = used.at(-1) ?? at;
  for (const place of uses.get(source) ?? []) {
    const line = body[place]!;
    if (line.includes(`&${source}`)) return false;
    if (place <= at || place > last) continue;
    if (new RegExp(String.raw`\b${source} = `).test(line)) return false;
    if (releasedBy(line)?.name === source && !leavesAfter(body, place)) return false;
  }
  return true;
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
  return (LOOKING[called] ?? []).includes(place) || loans.get(called)?.has(place) === true;
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

/** The variables of modules that are set once. */
function constantsIn(lines: readonly string[]): Set<string> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (const [, name = ""] of line.matchAll(/\b(sc_g_\w+) = /g)) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [, name = ""] of line.matchAll(/&(sc_g_\w+)/g)) counts.set(name, 2);
  }
  return new Set([...counts].filter(([, count]) => count === 1).map(([name]) => name));
}
