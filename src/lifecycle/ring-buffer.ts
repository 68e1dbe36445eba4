// The last bytes of a stream, in memory of a fixed size.

/** Takes all that is written to it; what is too much pushes out what is oldest. */
export class RingBuffer {
  readonly #bytes: Uint8Array;
  /** Where the oldest byte is. */
  #start = 0;
  #used = 0;

  /** `sizeBytes` is taken at once, but the kernel gives memory only for what has been written. */
  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
  }

  /** How many bytes there are to read. */
  used(): number {
    return this.#used;
  }

  write(bytes: Uint8Array): void {
    const size = this.#bytes.length;
    if (size === 0) return;
    const fits = bytes.length <= size ? bytes : bytes.subarray(bytes.length - size);
    this.discard(Math.max(0, this.#used + fits.length - size));
    const at = (this.#start + this.#used) % size;
    const untilEnd = Math.min(fits.length, size - at);
    this.#bytes.set(fits.subarray(0, untilEnd), at);
    this.#bytes.set(fits.subarray(untilEnd), 0);
    this.#used += fits.length;
  }

  /** A copy of the oldest bytes, `most` at most; they stay. */
  oldest(most: number): Uint8Array {
    return this.#copy(0, Math.min(most, this.#used));
  }

  /** A copy of the newest bytes, `most` at most; they stay. */
  newest(most: number): Uint8Array {
    const count = Math.min(most, this.#used);
    return this.#copy(this.#used - count, count);
  }

  /** Forgets the oldest `count` bytes. */
  discard(count: number): void {
    const gone = Math.min(count, this.#used);
    this.#used -= gone;
    this.#start = this.#used === 0 ? 0 : (this.#start + gone) % this.#bytes.length;
  }

  #copy(skip: number, count: number): Uint8Array {
    const copy = new Uint8Array(count);
    if (count === 0) return copy;
    const from = (this.#start + skip) % this.#bytes.length;
    const untilEnd = Math.min(count, this.#bytes.length - from);
    copy.set(this.#bytes.subarray(from, from + untilEnd), 0);
    copy.set(this.#bytes.subarray(0, count - untilEnd), untilEnd);
    return copy;
  }
}
