// Numbers that look random, the same ones for the same seed and in both engines.

export class Random {
  #state: number;

  /** `seed` is any whole number but 0. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 to `limit` - 1 (xorshift32, Marsaglia 2003). */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % limit;
  }

  /** One of the words. */
  pick(words: readonly string[]): string {
    return words[this.below(words.length)] ?? "";
  }
}

/** A number that tells two texts apart (FNV-1a, 32 bits). */
export class Digest {
  #hash = 0x811c9dc5;

  add(text: string): void {
    for (let at = 0; at < text.length; at++) {
      this.#hash = Math.imul(this.#hash ^ text.charCodeAt(at), 0x01000193);
    }
    this.#hash = Math.imul(this.#hash ^ 10, 0x01000193);
  }

  get value(): number {
    return this.#hash >>> 0;
  }
}
