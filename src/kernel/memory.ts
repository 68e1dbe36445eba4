// What the kernel reads and writes: NUL-terminated strings, arrays of pointers, and structs that point at buffers.

import { Field } from "./abi/struct.ts";
import { rawAddressOf, rawAddressOfText, rawGiveBack } from "./shim.ts";

const POINTER_SIZE = 8;

export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** The bytes of `text`, without a NUL. */
export function bytesOfText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  let end = 0;
  while (end < bytes.length && bytes[end] !== 0) end++;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** Gives the kernel back what memory is free: for a process that was busy, and will wait for long. */
export function giveBackMemory(): void {
  rawGiveBack();
}

/** A NULL-terminated `char *[]`, as execve takes. Holds the strings it points at. */
export class StringArray {
  readonly pointers: Uint8Array;
  readonly #texts: string[] = [];

  constructor(texts: readonly string[]) {
    const pointers = new Uint8Array((texts.length + 1) * POINTER_SIZE);
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i]!;
      this.#texts.push(text);
      new Field(i * POINTER_SIZE, POINTER_SIZE, false).put(pointers, rawAddressOfText(text));
    }
    this.pointers = pointers;
  }
}

/** Puts addresses of buffers into structs, and keeps the buffers alive as long as it lives itself. */
export class Pins {
  readonly #held: Uint8Array[] = [];

  /** Writes the address of `target` into `field` of the struct in `bytes`. */
  point(bytes: Uint8Array, field: Field, target: Uint8Array): void {
    this.#held.push(target);
    field.put(bytes, rawAddressOf(target));
  }

  /** How many buffers are held: naming the object after the call keeps it alive until then. */
  count(): number {
    return this.#held.length;
  }
}
