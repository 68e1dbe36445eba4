// Where fields are in the structs of C that the compiler writes, and of its runtime's header: of a few types only.

export interface Field {
  readonly at: number;
  /** As written, without `const` and `struct`; `X *` points to one X. */
  readonly type: string;
}

export interface Struct {
  readonly size: number;
  readonly fields: ReadonlyMap<string, Field>;
}

const POINTER = 8;
const SIZES: Readonly<Record<string, number>> = {
  bool: 1,
  char: 1,
  uint8_t: 1,
  uint32_t: 4,
  double: 8,
  size_t: 8,
  uint64_t: 8,
  ScrTraceFn: POINTER,
};
/** What the compiler calls records and classes. */
const OF_PROGRAM = /^struct (sc_(?:rs|o)_\w+) \{.*\n((?: {2}.*\n)*)\};$/gm;

/** The records and classes of a program that the compiler wrote. */
export function structsOfProgram(text: string): Map<string, Struct> {
  const found = new Map<string, Struct>();
  for (const [, name = "", lines = ""] of text.matchAll(OF_PROGRAM)) {
    found.set(name, structOf(lines.replace(/ \/\*.*$/gm, "")));
  }
  return found;
}

/** The struct that a header defines as `typedef struct NAME { … } NAME;`. */
export function structOfHeader(header: string, name: string): Struct {
  const body = new RegExp(`^typedef struct(?: ${name})? \\{([^}]*)\\} ${name};$`, "m").exec(
    withoutComments(header),
  )?.[1];
  if (body === undefined) throw new Error(`the header has no struct ${name}`);
  return structOf(body);
}

/** The numbers of the enumerators that a header defines as `typedef enum { A, B } NAME;`; each may have its own number said, if that is it anyway. */
export function enumOfHeader(header: string, name: string): Map<string, number> {
  const body = new RegExp(`^typedef enum \\{([^}]*)\\} ${name};$`, "m").exec(withoutComments(header))?.[1];
  if (body === undefined) throw new Error(`the header has no enum ${name}`);
  const found = new Map<string, number>();
  for (const text of body.split(",").map((word) => word.trim())) {
    if (text === "") continue;
    const [, enumerator = "", number] = /^(\w+)(?: = (\d+))?$/.exec(text) ?? [];
    if (enumerator === "" || (number ?? `${found.size}`) !== `${found.size}`)
      throw new Error(`cannot tell the number of an enumerator of ${name}: ${text}`);
    found.set(enumerator, found.size);
  }
  return found;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "");
}

function structOf(body: string): Struct {
  const fields = new Map<string, Field>();
  let end = 0;
  let alignment = 1;
  for (const declaration of body.split(";").map((text) => text.trim())) {
    if (declaration === "") continue;
    const { name, type, hasNone } = fieldOf(declaration);
    const size = sizeOf(type);
    const at = Math.ceil(end / size) * size;
    fields.set(name, { at, type });
    end = hasNone ? at : at + size;
    alignment = Math.max(alignment, size);
  }
  return { size: Math.ceil(end / alignment) * alignment, fields };
}

/** An array without a length takes no room. */
function fieldOf(declaration: string): { name: string; type: string; hasNone: boolean } {
  const callable = /\(\*(\w+)\)\(/.exec(declaration)?.[1];
  if (callable !== undefined) return { name: callable, type: "void (*)", hasNone: false };
  const [, type = "", name = "", array] = /^(.*?)(\w+)(\[\])?$/.exec(declaration) ?? [];
  if (name === "") throw new Error(`cannot read the field ${declaration}`);
  return { name, type: type.replace(/\b(?:const|struct) /g, "").trim(), hasNone: array !== undefined };
}

function sizeOf(type: string): number {
  if (type.endsWith("*") || type.endsWith("(*)")) return POINTER;
  const size = SIZES[type] ?? (/^Scr\w*Kind$|^ScrBytesElem$/.test(type) ? 4 : undefined);
  if (size === undefined) throw new Error(`how long is ${type}?`);
  return size;
}
