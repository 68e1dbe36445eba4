// C structs as tables of typed fields: `const layout = new Layout(); export const ucred = { pid: layout.i32(), … }`.

const WORD = 4294967296;
/** Where the words of fields are written first: a copy of them is quicker, in the compiled program, than byte after byte. */
const wordBytes = new Uint8Array(4);
const wordView = new DataView(wordBytes.buffer);
const pairBytes = new Uint8Array(8);
const pairView = new DataView(pairBytes.buffer);

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
    this.#beyond = signed ? count / 2 : count;
  }

  /** Throws unless `value` is a whole number that fits; for u64 the limit is 2^53, beyond it use `putWords`. */
  put(bytes: Uint8Array, value: number): void {
    if (!Number.isSafeInteger(value) || value < this.#least || value >= this.#beyond) {
      throw new RangeError(`${value} does not fit in ${this.width} bytes`);
    }
    const high = Math.floor(value / WORD);
    this.putWords(bytes, value - high * WORD, high);
  }

  /** The full 64 bits, for capability sets and seccomp arguments. */
  putWords(bytes: Uint8Array, low: number, high: number): void {
    checkRoom(bytes, this.at, this.width);
    if (this.width === 4) {
      wordView.setUint32(0, low, true);
      bytes.set(wordBytes, this.at);
    } else if (this.width === 8) {
      pairView.setUint32(0, low, true);
      pairView.setUint32(4, high, true);
      bytes.set(pairBytes, this.at);
    } else {
      putBytes(bytes, this.at, this.width, low);
    }
  }

  get(bytes: Uint8Array): number {
    checkRoom(bytes, this.at, this.width);
    let value = 0;
    for (let i = this.width - 1; i >= 0; i--) value = value * 256 + bytes[this.at + i]!;
    return value >= this.#beyond ? value + 2 * this.#least : value;
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

/** Operations on bits take longer, in the compiled program, than a division and a multiplication. */
function putBytes(bytes: Uint8Array, at: number, width: number, value: number): void {
  let left = value < 0 ? value + WORD : value;
  for (let i = 0; i < width; i++) {
    const rest = Math.floor(left / 256);
    bytes[at + i] = left - rest * 256;
    left = rest;
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
