// How long is left for a wait.

/** A moment after which waiting ends; or never. */
export class Deadline {
  readonly #atMs: number;

  /** `timeoutMs` from now; negative for never. */
  constructor(timeoutMs: number) {
    this.#atMs = timeoutMs < 0 ? -1 : Date.now() + timeoutMs;
  }

  /** Milliseconds left, at least 0; -1 for never, as poll(2) wants it. */
  leftMs(): number {
    return this.#atMs < 0 ? -1 : Math.max(0, this.#atMs - Date.now());
  }

  hasPassed(): boolean {
    return this.#atMs >= 0 && Date.now() >= this.#atMs;
  }
}
