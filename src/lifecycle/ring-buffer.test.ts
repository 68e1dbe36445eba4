import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { RingBuffer } from "./ring-buffer.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (from: Uint8Array): string => new TextDecoder().decode(from);

test("what is too much pushes out what is oldest", () => {
  const ring = new RingBuffer(8);
  ring.write(bytes("abcde"));
  deepEqual([ring.used(), text(ring.oldest(100))], [5, "abcde"]);
  ring.write(bytes("fghij"));
  deepEqual([ring.used(), text(ring.oldest(100))], [8, "cdefghij"]);
});

test("a write larger than the buffer leaves its end", () => {
  const ring = new RingBuffer(4);
  ring.write(bytes("x"));
  ring.write(bytes("0123456789"));
  equal(text(ring.oldest(4)), "6789");
});

test("the oldest and the newest are read without going, and discarding goes from the oldest", () => {
  const ring = new RingBuffer(6);
  ring.write(bytes("abcd"));
  ring.discard(3);
  ring.write(bytes("efgh"));
  deepEqual([text(ring.oldest(2)), text(ring.newest(2)), text(ring.oldest(9))], ["de", "gh", "defgh"]);
  ring.discard(99);
  deepEqual([ring.used(), text(ring.oldest(9))], [0, ""]);
});

test("whatever is written in whatever pieces, it holds the last bytes", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  const size = 13;
  const ring = new RingBuffer(size);
  let all = "";
  for (let round = 0; round < 3000; round++) {
    let piece = "";
    for (let left = random(20); left > 0; left--) piece += String.fromCharCode(97 + random(26));
    ring.write(bytes(piece));
    all = (all + piece).slice(-size);
    if (random(3) === 0) {
      const gone = random(5);
      ring.discard(gone);
      all = all.slice(gone);
    }
    deepEqual([ring.used(), text(ring.oldest(size))], [all.length, all]);
    const most = random(size);
    deepEqual(
      [text(ring.oldest(most)), text(ring.newest(most))],
      [all.slice(0, most), all.slice(all.length - Math.min(most, all.length))],
    );
  }
});

test("one of no size keeps nothing", () => {
  const ring = new RingBuffer(0);
  ring.write(bytes("a"));
  deepEqual([ring.used(), ring.oldest(1).length], [0, 0]);
});
