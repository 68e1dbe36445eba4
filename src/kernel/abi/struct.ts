// C structs as tables of typed fields: `const layout = new Layout(); export const ucred = { pid: layout.i32(), … }`.

const WORD = 4294967296;

/** One whole-number field. */
export class Field {
  readonly at: number;
  readonly width: number;
  readonly #signed: boolean;

  constructor(at: number, width: number, signed: boolean) {
    this.at = at;
    this.width = width;
    this.#signed = signed;
  }

  /** Throws unless `value` is a whole number that fits; for u64 the limit is 2^53, beyond it use `putWords`. */
  put(bytes: Uint8Array, value: number): void {
    if (!this.#holds(value)) throw new RangeError(`${value} does not fit in ${this.width} bytes`);
    const high = Math.floor(value / WORD);
    this.putWords(bytes, value - high * WORD, high);
  }

  /** The full 64 bits, for capability sets and seccomp arguments. */
  putWords(bytes: Uint8Array, low: number, high: number): void {
    checkRoom(bytes, this.at, this.width);
    for (let i = 0; i < this.width; i++) bytes[this.at + i] = ((i < 4 ? low : high) >>> (8 * (i % 4))) & 255;
  }

  get(bytes: Uint8Array): number {
    checkRoom(bytes, this.at, this.width);
    let value = 0;
    for (let i = this.width - 1; i >= 0; i--) value = value * 256 + bytes[this.at + i]!;
    return this.#signed && value >= 2 ** (8 * this.width - 1) ? value - 2 ** (8 * this.width) : value;
  }

  #holds(value: number): boolean {
    if (!Number.isSafeInteger(value)) return false;
    const limit = 2 ** (8 * this.width);
    return this.#signed ? value >= -limit / 2 && value < limit / 2 : value >= 0 && value < limit;
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

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

// The compiler aborts the process on an index out of range, so every access is checked first.
function checkRoom(bytes: Uint8Array, at: number, width: number): void {
  if (at + width > bytes.length)
    throw new RangeError(`a field at ${at} of ${width} bytes is outside ${bytes.length} bytes`);
}
