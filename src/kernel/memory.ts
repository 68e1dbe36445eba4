// What the kernel reads and writes: NUL-terminated strings, and arrays of pointers to them.

import { Layout } from "./abi/struct.ts";
import { rawAddressOf } from "./shim.ts";

const POINTER_SIZE = 8;
const pointer = new Layout().u64();

export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** The text up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  let end = 0;
  while (end < bytes.length && bytes[end] !== 0) end++;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** A NULL-terminated `char *[]`, as execve takes. Holds the strings it points at. */
export class StringArray {
  readonly pointers: Uint8Array;
  readonly #strings: Uint8Array[] = [];

  constructor(texts: readonly string[]) {
    this.pointers = new Uint8Array((texts.length + 1) * POINTER_SIZE);
    let at = 0;
    for (const text of texts) {
      const bytes = cString(text);
      this.#strings.push(bytes);
      pointer.put(this.pointers.subarray(at, at + POINTER_SIZE), rawAddressOf(bytes));
      at += POINTER_SIZE;
    }
  }
}
