import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { zoneOffsetAt } from "./zone.ts";

/** A file of version 2 with two kinds of time, the second of which begins at `begins`. */
function zone(begins: bigint, before: number, after: number): Uint8Array {
  const part = (width: number, times: number): number[] => {
    const bytes = new DataView(new ArrayBuffer(44 + times * (width + 1) + 2 * 6 + 1));
    for (let i = 0; i < 5; i++) bytes.setUint8(i, "TZif2".charCodeAt(i));
    bytes.setUint32(32, times);
    bytes.setUint32(36, 2);
    bytes.setUint32(40, 1);
    if (times > 0) {
      bytes.setBigInt64(44, begins);
      bytes.setUint8(52, 1);
    }
    const types = 44 + times * (width + 1);
    bytes.setInt32(types, before);
    bytes.setInt32(types + 6, after);
    return [...new Uint8Array(bytes.buffer)];
  };
  return new Uint8Array([...part(4, 0), ...part(8, 1)]);
}

test("an offset is that of the last change before", () => {
  const file = zone(1_000_000n, -18_000, 7200);
  deepEqual(
    [zoneOffsetAt(file, 999_999), zoneOffsetAt(file, 1_000_000), zoneOffsetAt(file, 2e9)],
    [-18_000, 7200, 7200],
  );
  equal(zoneOffsetAt(zone(-5_000_000_000n, 0, 3600), 0), 3600);
});

test("what is no zone, or ends too early, is Greenwich", () => {
  equal(zoneOffsetAt(new Uint8Array(0), 0), 0);
  equal(zoneOffsetAt(new TextEncoder().encode("TZif".padEnd(44, "2")), 0), 0);
  for (let length = 0; length < 130; length++) equal(typeof zoneOffsetAt(zone(0n, 1, 2).slice(0, length), 5), "number");
});
