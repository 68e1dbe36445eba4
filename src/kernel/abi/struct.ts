// C structs as tables of typed fields: `const layout = new Layout(); export const ucred = { pid: layout.i32(), … }`.

const WORD = 4294967296;

/** One whole-number field. */
export class Field {
  readonly at: number;
  readonly width: number;
  /** What it can hold: whole numbers from `#least` to below `#beyond`. */
  readonly #least: number;
  readonly #beyond: number;

  constructor(at: number, width: number, signed: boolean) {
    const count = 2 ** (8 * width);
    this.at = at;
    this.width = width;
    this.#least = signed ? -count / 2 : 0;
    this.#beyond = signed ? count / 2 : Math.min(count, Number.MAX_SAFE_INTEGER + 1);
  }

  /** Throws unless `value` is a whole number that fits; for u64 the limit is 2^53, beyond it use `putWords`. */
  put(bytes: Uint8Array, value: number): void {
    if (!(value >= this.#least && value < this.#beyond) || Math.floor(value) !== value) {
      throw new RangeError(`${value} does not fit in ${this.width} bytes`);
    }
    const { at, width } = this;
    checkRoom(bytes, at, width);
    const positive = value < 0 ? value + this.#beyond - this.#least : value;
    if (width < 4) {
      bytes[at] = positive;
      if (width === 2) bytes[at + 1] = positive / 256;
      return;
    }
    putWord(bytes, at, positive);
    if (width === 8) putWord(bytes, at + 4, positive / WORD);
  }

  /** The full 64 bits of a u64, for limits that have none. */
  putWords(bytes: Uint8Array, low: number, high: number): void {
    checkRoom(bytes, this.at, 8);
    putWord(bytes, this.at, low);
    putWord(bytes, this.at + 4, high);
  }

  get(bytes: Uint8Array): number {
    const { at, width } = this;
    checkRoom(bytes, at, width);
    const low = width < 4 ? bytes[at]! + (width === 2 ? bytes[at + 1]! * 256 : 0) : wordAt(bytes, at);
    const value = width === 8 ? wordAt(bytes, at + 4) * WORD + low : low;
    return this.#least < 0 && value >= this.#beyond ? value - this.#beyond + this.#least : value;
  }
}

/** A fixed number of bytes, such as `sun_path`. */
export class BytesField {
  readonly at: number;
  readonly length: number;

  constructor(at: number, length: number) {
    this.at = at;
    this.length = length;
  }

  put(bytes: Uint8Array, value: Uint8Array): void {
    if (value.length > this.length) throw new RangeError(`${value.length} bytes do not fit in ${this.length}`);
    checkRoom(bytes, this.at, this.length);
    bytes.set(value, this.at);
  }

  /** A view, not a copy. */
  get(bytes: Uint8Array): Uint8Array {
    checkRoom(bytes, this.at, this.length);
    return bytes.subarray(this.at, this.at + this.length);
  }
}

/** Hands out fields in declaration order, with C's natural alignment. */
export class Layout {
  #end = 0;
  #align = 1;

  u8(): Field {
    return this.#field(1, false);
  }
  u16(): Field {
    return this.#field(2, false);
  }
  u32(): Field {
    return this.#field(4, false);
  }
  i32(): Field {
    return this.#field(4, true);
  }
  u64(): Field {
    return this.#field(8, false);
  }

  bytes(length: number): BytesField {
    const field = new BytesField(this.#end, length);
    this.#end += length;
    return field;
  }

  /** The size of the whole struct. Ask last. */
  size(): number {
    return roundUp(this.#end, this.#align);
  }

  #field(width: number, signed: boolean): Field {
    const at = roundUp(this.#end, width);
    this.#end = at + width;
    this.#align = Math.max(this.#align, width);
    return new Field(at, width, signed);
  }
}

/** A byte takes what its eight bits hold of a positive number, and nothing is quicker in the compiled program. */
function putWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value / 256;
  bytes[at + 2] = value / 65536;
  bytes[at + 3] = value / 16777216;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! + bytes[at + 1]! * 256 + bytes[at + 2]! * 65536 + bytes[at + 3]! * 16777216;
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

// The compiler aborts the process on an index out of range, so every access is checked first.
function checkRoom(bytes: Uint8Array, at: number, width: number): void {
  if (at + width > bytes.length)
    throw new RangeError(`a field at ${at} of ${width} bytes is outside ${bytes.length} bytes`);
}
