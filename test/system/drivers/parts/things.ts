// Things of each type that an object of the compiled program can have, made when this module is loaded: those of a type side by side,
// and more than two pages of each.

export interface Row {
  readonly name: string;
  following: Row | undefined;
}

export interface Point {
  readonly x: number;
  readonly name: string;
}

export abstract class Shape {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  abstract size(): number;
}

export class Square extends Shape {
  readonly #side: number;
  readonly #text: string;
  constructor(side: number) {
    super(`square ${side}`);
    this.#side = side;
    this.#text = `side ${side}`;
  }
  override size(): number {
    return this.#side * this.#text.length;
  }
  text(): string {
    return this.#text;
  }
}

export class Area {
  readonly #bytes: Uint8Array;
  readonly #part: Uint8Array;
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#part = this.#bytes.subarray(1);
  }
  part(): Uint8Array {
    return this.#part;
  }
  write(value: number): string {
    this.#part[0] = value;
    return `${this.#bytes[1]}`;
  }
}

export const COUNT = 50;
export const rows: Row[] = [];
export const points: Point[] = [];
export const lists: string[][] = [];
export const shapes: Shape[] = [];
export const areas: Area[] = [];
export const words: (string | number)[] = [];
export const counters: (() => string)[] = [];
export const byName = new Map<string, string[]>();
export const texts = new Map<number, string>();
export const names = new Set<string>();
export const said = { text: `${COUNT}` };

for (let i = 0; i < COUNT; i++) rows.push({ name: `row ${i}`, following: rows.at(-1) });
for (let i = 0; i < COUNT; i++) points.push({ x: i, name: `point ${i}` });
for (let i = 0; i < COUNT; i++) lists.push([`one ${i}`, `two ${i}`]);
for (let i = 0; i < COUNT; i++) shapes.push(new Square(i));
for (let i = 0; i < COUNT; i++) areas.push(new Area(8));
for (let i = 0; i < 2 * COUNT; i++) words.push(i % 2 === 0 ? i : `word ${i}`);
for (let i = 0; i < COUNT; i++) counters.push(counter(i));
for (let i = 0; i < COUNT; i++) byName.set(`key ${i}`, [`a ${i}`]);
for (let i = 0; i < 2 * COUNT; i++) texts.set(i, `text ${i}`);
for (let i = 0; i < 2 * COUNT; i++) names.add(`name ${i}`);

function counter(from: number): () => string {
  const name = `counter ${from}`;
  let count = from;
  return () => `${name} ${++count}`;
}
