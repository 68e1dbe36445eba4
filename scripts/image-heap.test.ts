import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { Heap } from "./image-heap.ts";

const ADDRESS = 0x400100;
const PLACES = {
  top: 0,
  unused: 8,
  lists: { at: 16, size: 16 },
  hasChunks: { at: 32, size: 8 },
  resting: { at: 40, size: 8 },
  firstArea: 48,
};
const USED = 1;
const BELOW_USED = 2;
const RESTS = 8;

/** Two chunks in use, one free and one at rest between them, and `top` with so much room. */
function heapWith(room: number): { image: Buffer; heap: Heap; word: (at: number) => number } {
  const image = Buffer.alloc(0x4000);
  const set = (at: number, value: number) => image.writeBigUInt64LE(BigInt(value), at);
  set(PLACES.top, ADDRESS + 48 + 144);
  set(PLACES.unused, ADDRESS + 48 + 200);
  for (const at of [16, 24, 32, 40]) set(at, ADDRESS + 96);
  set(48 + 8, 48 | USED | BELOW_USED);
  set(96 + 8, 32 | BELOW_USED);
  set(128 + 8, 32 | USED | RESTS);
  set(160 + 8, 32 | USED | BELOW_USED);
  set(192 + 8, room | BELOW_USED);
  return { image, heap: new Heap(image, ADDRESS, PLACES), word: (at) => Number(image.readBigUInt64LE(at)) };
}

test("memory in use is found, without what is free", () => {
  const { heap } = heapWith(0x3000);
  deepEqual(heap.end(), 192);
  deepEqual(heap.rooms(), [
    { at: 64, size: 40 },
    { at: 176, size: 24 },
  ]);
});

test("what is free is never used again, and what is new begins with a page", () => {
  const { heap, word } = heapWith(0x3000);
  heap.settle();
  // The next page of the process is at 0x401000, which is 0xf00 here.
  deepEqual([word(PLACES.top), word(PLACES.unused), heap.end()], [0x401000, 0x401010, 0xf00]);
  deepEqual([word(16), word(24), word(32), word(40)], [0, 0, 0, 0]);
  for (const at of [96, 128, 160]) deepEqual(word(at + 8), 32 | USED | BELOW_USED);
  deepEqual([word(192 + 8), word(0xf00 + 8)], [(0xf00 - 192) | USED | BELOW_USED, (192 + 0x3000 - 0xf00) | BELOW_USED]);
});

test("memory that was used above is not said to be unused", () => {
  const { image, heap, word } = heapWith(0x3000);
  image.writeBigUInt64LE(BigInt(0x402000), PLACES.unused);
  heap.settle();
  deepEqual(word(PLACES.unused), 0x402000);
});

test("modules that leave no page stop the build", () => {
  throws(() => heapWith(0x1000).heap.settle(), /modules need more memory than FIRST_AREA/);
});
