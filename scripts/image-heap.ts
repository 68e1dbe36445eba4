// The heap of a loaded program, as shim/memory.c lays it out: chunks side by side, the last of which is `top`.

const WORD = 8;
/** What is in front of a chunk's memory: the size of the one below while that is free, and its own with some bits. */
const HEADER = 16;
const USED = 1;
const BELOW_USED = 2;
const RESTS = 8;
const BITS = 15;
const PAGE = 4096;

/** Where in the image the variables of shim/memory.c are; lists and bits have a length too. */
export interface HeapPlaces {
  readonly firstArea: number;
  readonly top: number;
  readonly unused: number;
  readonly lists: Range;
  readonly hasChunks: Range;
  readonly resting: Range;
}

interface Range {
  readonly at: number;
  readonly size: number;
}

/** Memory in use: where it is in the image, and how many bytes it has. */
export interface Room {
  readonly at: number;
  readonly size: number;
}

export class Heap {
  readonly #image: Buffer;
  /** The address of the image's first byte. */
  readonly #address: number;
  readonly #places: HeapPlaces;

  constructor(image: Buffer, address: number, places: HeapPlaces) {
    this.#image = image;
    this.#address = address;
    this.#places = places;
  }

  /** Where `top` is in the image: all that is in use is below. */
  end(): number {
    return this.#word(this.#places.top) - this.#address;
  }

  rooms(): Room[] {
    return this.#chunks()
      .filter(({ size }) => (size & (USED | RESTS)) === USED)
      .map(({ at, size }) => ({ at: at + HEADER, size: (size & ~BITS) - WORD }));
  }

  /**
   * What is free between chunks stays so for ever, and the memory of each process begins with a page: to the pages before only what
   * modules change is written.
   */
  settle(): void {
    for (const { at, size } of this.#chunks()) this.#setWord(at + WORD, (size & ~BITS) | USED | BELOW_USED);
    const { lists, hasChunks, resting } = this.#places;
    for (const { at, size } of [lists, hasChunks, resting]) this.#image.fill(0, at, at + size);
    const top = this.end();
    const end = top + (this.#word(top + WORD) & ~BITS);
    const begin = Math.ceil((top + this.#address) / PAGE) * PAGE - this.#address;
    if (begin + PAGE > end) throw new Error("modules need more memory than FIRST_AREA of shim/memory.c has");
    this.#setWord(top + WORD, (begin - top) | USED | BELOW_USED);
    this.#setWord(begin + WORD, (end - begin) | BELOW_USED);
    this.#setWord(this.#places.top, begin + this.#address);
    const unused = Math.max(this.#word(this.#places.unused), begin + this.#address + HEADER);
    this.#setWord(this.#places.unused, unused);
  }

  /** Those below `top`, with the bits in their sizes. */
  #chunks(): Room[] {
    const found: Room[] = [];
    const end = this.end();
    let at = this.#places.firstArea;
    while (at < end) {
      const size = this.#word(at + WORD);
      found.push({ at, size });
      at += size & ~BITS;
    }
    return found;
  }

  #word(at: number): number {
    return Number(this.#image.readBigUInt64LE(at));
  }

  #setWord(at: number, value: number): void {
    this.#image.writeBigUInt64LE(BigInt(value), at);
  }
}
