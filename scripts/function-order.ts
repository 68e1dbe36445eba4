// The order of functions and texts in the program: what tools use lies side by side, so that few of its pages are looked at.
//
// scripts/hot-functions.txt names the functions, in the order of their first use. The compiler numbers modules and closures anew each time: the
// list has `m*` for a module, and for a closure the function that makes it and which of its closures it is.

const DEFINITION = /^[A-Za-z].*?\b(\w+)\(.*\) \{/;
const CLOSURE = /\bsc_f__x25_fn\d+\b/g;
const LITERAL = /\bsc_lit_\d+\b/g;
const INITIALIZER = /^sc_f__x25_init_(\d+)$/;
const OF_MODULE = /^sc_f_\w*?_m(\d+)_/;

const NUMBERED = /^(sc_r[a-z]+_r|sc_f__x25_[a-z]\w*_)\d+(?:_v)?$/;

/** What the text of a program says of its functions. */
export class Program {
  /** By the name of a function, the closures that it makes. */
  readonly #made = new Map<string, string[]>();
  readonly #makers = new Map<string, string>();
  readonly #literals = new Map<string, Set<string>>();
  /** A function of each module, which tells it from the others. */
  readonly #modules = new Map<string, string>();
  /** By their keys. */
  readonly #closures = new Map<string, string>();

  constructor(text: string) {
    let name = "";
    for (const line of text.split("\n")) {
      const defined = DEFINITION.exec(line)?.[1];
      if (defined !== undefined) {
        name = defined;
        this.#define(name);
      } else if (line.startsWith(" ")) this.#read(name, line);
    }
    for (const closure of this.#makers.keys()) this.#closures.set(this.keyOf(closure), closure);
  }

  #define(name: string): void {
    this.#literals.set(name, new Set());
    const module = OF_MODULE.exec(name)?.[1];
    const known = this.#modules.get(module ?? "");
    if (module !== undefined && (known === undefined || name < known)) this.#modules.set(module, name);
  }

  #read(name: string, line: string): void {
    for (const [literal] of line.matchAll(LITERAL)) this.#literals.get(name)?.add(literal);
    for (const [closure] of line.matchAll(CLOSURE)) {
      if (this.#makers.has(closure) || closure === name) continue;
      this.#makers.set(closure, name);
      this.#made.set(name, [...(this.#made.get(name) ?? []), closure]);
    }
  }

  /** What the list says of a function: `KEY#0` is the first closure that the function KEY makes. */
  keyOf(symbol: string): string {
    const name = symbol.split(".")[0] ?? "";
    const maker = this.#makers.get(name);
    if (maker !== undefined) return `${this.keyOf(maker)}#${this.#made.get(maker)?.indexOf(name)}`;
    const module = INITIALIZER.exec(name)?.[1];
    const one = this.#modules.get(module ?? "");
    return one === undefined ? unnumbered(name) : `init(${this.keyOf(one)})`;
  }

  /** The functions that the list names, as the linker finds them: `*` stands for anything. */
  namesIn(list: readonly string[]): string[] {
    return list.map((key) => this.#closures.get(key) ?? key).filter((name) => /^[\w*]+$/.test(name));
  }

  /** The texts in the functions called so, in the same order. */
  literalsOf(names: readonly string[]): Set<string> {
    const keys = new Map<string, string[]>();
    for (const name of this.#literals.keys()) keys.set(this.keyOf(name), [...(keys.get(this.keyOf(name)) ?? []), name]);
    const found = new Set<string>();
    for (const name of names)
      for (const one of keys.get(name) ?? [name])
        for (const literal of this.#literals.get(one) ?? []) found.add(literal);
    return found;
  }
}

/** Modules, kinds of records, and what is made for each type are numbered. */
function unnumbered(name: string): string {
  const kind = NUMBERED.exec(name)?.[1];
  return kind === undefined ? name.replace(/_m\d+_/, "_m*_") : `${kind}*`;
}

/** Of the variables that begin as zero the large ones come last: nothing of the heap beyond what modules made is in the file then. */
const LARGE: readonly string[] = [
  "*(.bss.lists .bss.has_chunks .bss.resting .bss.top .bss.unused)",
  "*(.bss.scr_init.outbuf)",
  "*(.bss.first_area)",
];
const NOT_LARGE =
  "*(EXCLUDE_FILE(*libshim.a:memory*) .bss EXCLUDE_FILE(*libshim.a:memory* *libruntime.a:scr_console*) .bss.* ";

/** The linker's script `standard` with what is in `list` in front of all others, behind where a program begins, and then the C library. */
export function orderedScript(standard: string, list: readonly string[], program: Program): string {
  const names = program.namesIn(list);
  const functions = names.map((name) => `*(.text.${name} .text.${name}.* .text.startup.${name} .text.__${name})`);
  const literals = [...program.literalsOf(names)].map((name) => `*(.data.${name})`);
  const changes: readonly (readonly [string, string[]])[] = [
    [
      "*(.text.unlikely ",
      ["*(.text.lxc_entry)", "*crt1.o(.text)", ...functions, "*libc.a:*(.text .text.*)", "*(.text.unlikely "],
    ],
    ["*(.data .data.* ", [...literals, "*(.data .data.* "]],
    ["*(.bss .bss.* ", [NOT_LARGE]],
    ["*(COMMON)", ["*(COMMON)", ...LARGE]],
  ];
  let script = standard;
  for (const [place, lines] of changes) {
    if (!script.includes(place)) throw new Error(`the linker's own script does not say ${place}`);
    script = script.replace(place, () => lines.join("\n    "));
  }
  return script;
}
