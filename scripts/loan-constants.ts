// What in a compiled program is set once, so that whoever holds it holds what is in it: variables of modules, and fields.
import type { CFunction } from "./c-functions.ts";

export interface Constants {
  readonly variables: ReadonlySet<string>;
  /** Whether a field of a type is never set to something else later. */
  isConstant(type: string, field: string): boolean;
}

const WRITTEN = /\b(\w+)->(sc_fld_\w+) = /g;
const NEW = /\b(sc_t\d+) = sc_r?new_\w+\(/;
export const CONSTRUCTOR = /_constructor$/;

export function constantsIn(lines: readonly string[], functions: readonly CFunction[]): Constants {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (const [, name = ""] of line.matchAll(/\b(sc_g_\w+) = /g)) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [, name = ""] of line.matchAll(/&(sc_g_\w+)/g)) counts.set(name, 2);
  }
  const variables = new Set([...counts].filter(([, count]) => count === 1).map(([name]) => name));
  const families = new Families();
  const changing: [string, string][] = [];
  for (const one of functions) {
    const body = lines.slice(one.head + 1, one.end);
    const types = typesIn(one, lines);
    for (const line of body) families.join(line, types);
    // Functions of the compiler's own fill what they make.
    if (one.name.startsWith("sc_f_") && !CONSTRUCTOR.test(one.name)) changing.push(...changedIn(body, types));
  }
  const known = new Set(changing.map(([type, field]) => `${families.of(type)} ${field}`));
  return { variables, isConstant: (type, field) => type !== "" && !known.has(`${families.of(type)} ${field}`) };
}

/** The types and fields that a function sets in what it did not make itself. */
function changedIn(body: readonly string[], types: ReadonlyMap<string, string>): [string, string][] {
  const made = new Set(body.map((line) => NEW.exec(line)?.[1]));
  const found: [string, string][] = [];
  for (const line of body) {
    for (const [, owner = "", field = ""] of line.matchAll(WRITTEN)) {
      if (!made.has(owner)) found.push([types.get(owner) ?? "", field]);
    }
  }
  return found;
}

/** Classes of which an object is seen as another: what is set in the one changes in the other. */
class Families {
  readonly #next = new Map<string, string>();

  of(type: string): string {
    let at = type;
    for (let next = this.#next.get(at); next !== undefined; next = this.#next.get(at)) at = next;
    return at;
  }

  join(line: string, types: ReadonlyMap<string, string>): void {
    for (const [, type = "", name = ""] of line.matchAll(/\((sc_o_\w+) \*\)(\w+)/g)) {
      const [one, other] = [this.of(type), this.of(types.get(name) ?? type)];
      if (one !== other) this.#next.set(one, other);
    }
  }
}

/** The types of all variables of a function that are records or objects of classes. */
export function typesIn(one: CFunction, lines: readonly string[]): Map<string, string> {
  const types = new Map<string, string>();
  for (let at = one.head; at < one.end; at++) {
    for (const [, type = "", name = ""] of lines[at]!.matchAll(/\b(sc_(?:o|rs)_\w+) \*(sc_[tlp]\w+)/g))
      types.set(name, type);
  }
  return types;
}
