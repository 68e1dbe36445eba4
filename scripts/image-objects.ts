// Which objects a loaded program has, and of which type each is: found from its global variables, whose types the C text says.
//
// Nothing is guessed: what the text gives no type, or a type that is not here, is not found.

import { enumOfHeader, type Struct, structOfHeader, structsOfProgram } from "./c-structs.ts";

/** The memory of a loaded program. */
export interface Memory {
  /** The 64 bits, 32 bits or byte at an address. */
  word(address: number): bigint;
  half(address: number): number;
  byte(address: number): number;
  /** How many bytes the allocated memory at `address` has, a runtime's header in front of it left out; undefined when there is none. */
  room(address: number): number | undefined;
  /** Whether it is of the heap. */
  isOfHeap(address: number): boolean;
}

/** The symbols of a program. */
export interface Symbols {
  addressOf(name: string): number | undefined;
  nameAt(address: number): string | undefined;
}

interface Reference {
  readonly type: string;
  readonly to: number;
}

const OF_RUNTIME = ["ScrStr", "ScrArr", "ScrMapEntry", "ScrMap", "ScrBox", "ScrClosure", "ScrUnion", "ScrBytes"];
const GLOBAL = /^static (\w+) \*(sc_g_\w+);/gm;
/** The functions by which a container releases what it holds, and the type of that. */
const RELEASES: readonly (readonly [RegExp, string])[] = [
  [/^sc_rrelease_(r\d+)_v$/, "sc_rs_"],
  [/^sc_release_(\w+)_v$/, "sc_o_"],
];
/** The symbols by which the type of something is told. */
export const SAYS_TYPE = /^sc_r?release_\w+_v$|^sc_vtable_/;
const RUNTIME_RELEASES: Readonly<Record<string, string>> = {
  scr_str_release_v: "ScrStr",
  scr_arr_release_v: "ScrArr",
  scr_map_release_v: "ScrMap",
  scr_closure_release_v: "ScrClosure",
  scr_union_release_v: "ScrUnion",
  scr_bytes_release_v: "ScrBytes",
};

/** Finds the objects that are reached from the global variables of the program whose C text is `text`. */
export class Objects {
  readonly #memory: Memory;
  readonly #symbols: Symbols;
  readonly #structs: Map<string, Struct>;
  readonly #elements: Map<string, number>;
  readonly #boxes: Map<string, number>;
  readonly #states: Map<string, number>;
  readonly #keys: Map<string, number>;
  readonly #values: Map<string, number>;
  readonly #found = new Set<number>();
  readonly #toDo: Reference[] = [];

  constructor(memory: Memory, symbols: Symbols, text: string, header: string) {
    this.#memory = memory;
    this.#symbols = symbols;
    this.#structs = structsOfProgram(text);
    for (const name of OF_RUNTIME) this.#structs.set(name, structOfHeader(header, name));
    this.#elements = enumOfHeader(header, "ScrElemKind");
    this.#boxes = enumOfHeader(header, "ScrBoxKind");
    this.#states = enumOfHeader(header, "ScrArrState");
    this.#keys = enumOfHeader(header, "ScrMapKeyKind");
    this.#values = enumOfHeader(header, "ScrMapValKind");
  }

  /** The addresses of all; the first word of each is how many references it has. */
  find(text: string): ReadonlySet<number> {
    for (const [, type = "", name = ""] of text.matchAll(GLOBAL)) {
      const at = this.#symbols.addressOf(name);
      if (at !== undefined) this.#reach(type, this.#pointer(at));
    }
    for (let next = this.#toDo.pop(); next !== undefined; next = this.#toDo.pop()) this.#walk(next);
    return this.#found;
  }

  #reach(type: string | undefined, to: number): void {
    if (type === undefined || !this.#structs.has(type) || this.#found.has(to)) return;
    // What the compiler wrote itself is immortal, and points to nothing else.
    if (!this.#memory.isOfHeap(to)) return;
    this.#found.add(to);
    this.#toDo.push({ type, to });
  }

  #walk({ type, to }: Reference): void {
    const actual = this.#isClass(type, to) ?? type;
    const struct = this.#structOf(actual);
    const room = this.#memory.room(to);
    if (room === undefined || room < struct.size) throw new Error(`there is no ${actual} at ${to.toString(16)}`);
    if (actual === "ScrArr") this.#walkArray(to);
    else if (actual === "ScrMap") this.#walkMap(to);
    else if (actual === "ScrBox") this.#walkBox(to);
    else if (actual === "ScrClosure") this.#walkClosure(to);
    else if (actual === "ScrUnion")
      this.#reach(this.#released(to, "ScrUnion", "arm_release"), this.#in(to, "ScrUnion", "slot"));
    else if (actual === "ScrBytes") this.#reach("ScrBytes", this.#in(to, "ScrBytes", "backing"));
    else this.#walkFields(struct, to);
  }

  /** The class of an object, by its table of virtual functions: it may be below the one that a field names. */
  #isClass(type: string, to: number): string | undefined {
    const vt = this.#structOf(type).fields.get("vt");
    if (vt === undefined) return undefined;
    const name = this.#symbols.nameAt(this.#pointer(to + vt.at)) ?? "";
    if (!name.startsWith("sc_vtable_")) throw new Error(`the ${type} at ${to.toString(16)} is of no class`);
    return `sc_o_${name.slice("sc_vtable_".length)}`;
  }

  #walkFields(struct: Struct, to: number): void {
    for (const { at, type } of struct.fields.values()) {
      if (type.endsWith(" *")) this.#reach(type.slice(0, -2), this.#pointer(to + at));
    }
  }

  #walkArray(to: number): void {
    const type = this.#elementType(to);
    const data = this.#in(to, "ScrArr", "data");
    const present = this.#in(to, "ScrArr", "present");
    const holdsValue = this.#states.get("SCR_ARR_VALUE");
    if (type === undefined) return;
    for (let i = 0; i < this.#in(to, "ScrArr", "cap"); i++) {
      if (this.#memory.byte(present + i) === holdsValue) this.#reach(type, this.#pointer(data + i * 8));
    }
  }

  #elementType(to: number): string | undefined {
    const kind = this.#memory.half(to + this.#offset("ScrArr", "elem"));
    if (kind === this.#elements.get("SCR_ELEM_STR")) return "ScrStr";
    if (kind === this.#elements.get("SCR_ELEM_ARR")) return "ScrArr";
    if (kind === this.#elements.get("SCR_ELEM_BYTES")) return "ScrBytes";
    return kind === this.#elements.get("SCR_ELEM_REF") ? this.#released(to, "ScrArr", "elem_release") : undefined;
  }

  #walkMap(to: number): void {
    const entries = this.#in(to, "ScrMap", "entries");
    const keyKind = this.#memory.half(to + this.#offset("ScrMap", "key_kind"));
    const valueKind = this.#memory.half(to + this.#offset("ScrMap", "val_kind"));
    const isText = keyKind === this.#keys.get("SCR_MAP_KEY_STR");
    const isReference = keyKind === this.#keys.get("SCR_MAP_KEY_REF");
    const key = isText ? "ScrStr" : isReference ? this.#released(to, "ScrMap", "key_release") : undefined;
    const holds = valueKind === this.#values.get("SCR_MAP_VAL_REF");
    const value = holds ? this.#released(to, "ScrMap", "val_release") : undefined;
    for (let i = 0; i < this.#in(to, "ScrMap", "nentries"); i++) {
      const entry = entries + i * this.#structOf("ScrMapEntry").size;
      if (this.#memory.byte(entry + this.#offset("ScrMapEntry", "live")) === 0) continue;
      this.#reach(key, this.#in(entry, "ScrMapEntry", "key"));
      this.#reach(value, this.#in(entry, "ScrMapEntry", "val"));
    }
  }

  #walkBox(to: number): void {
    const kind = this.#memory.half(to + this.#offset("ScrBox", "kind"));
    const slot = () => this.#in(to, "ScrBox", "slot");
    if (kind === this.#boxes.get("SCR_BOX_STR")) this.#reach("ScrStr", slot());
    else if (kind === this.#boxes.get("SCR_BOX_ARR")) this.#reach("ScrArr", slot());
    else if (kind === this.#boxes.get("SCR_BOX_FUNC")) this.#reach("ScrClosure", slot());
    else if (kind === this.#boxes.get("SCR_BOX_OBJ")) this.#reach(this.#released(to, "ScrBox", "obj_release"), slot());
  }

  #walkClosure(to: number): void {
    this.#reach("ScrBox", this.#in(to, "ScrClosure", "props"));
    const boxes = to + this.#offset("ScrClosure", "caps");
    for (let i = 0; i < this.#in(to, "ScrClosure", "ncaps"); i++) this.#reach("ScrBox", this.#pointer(boxes + i * 8));
  }

  /** The type of what is released by the function that a field points to. */
  #released(to: number, struct: string, field: string): string | undefined {
    const name = this.#symbols.nameAt(this.#in(to, struct, field)) ?? "";
    for (const [pattern, prefix] of RELEASES) {
      const [, rest] = pattern.exec(name) ?? [];
      if (rest !== undefined) return prefix + rest;
    }
    return RUNTIME_RELEASES[name];
  }

  #structOf(name: string): Struct {
    const struct = this.#structs.get(name);
    if (struct === undefined) throw new Error(`the program has no struct ${name}`);
    return struct;
  }

  #offset(struct: string, field: string): number {
    const found = this.#structOf(struct).fields.get(field);
    if (found === undefined) throw new Error(`${struct} has no field ${field}`);
    return found.at;
  }

  /** The word in a field. */
  #in(to: number, struct: string, field: string): number {
    return this.#pointer(to + this.#offset(struct, field));
  }

  #pointer(address: number): number {
    return Number(this.#memory.word(address));
  }
}
