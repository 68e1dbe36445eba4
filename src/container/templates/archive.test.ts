import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { packingOf } from "./archive.ts";

test("an archive is known by how it begins, packed or not, and nothing else is one", () => {
  const plain = new Uint8Array(512);
  plain.set(new TextEncoder().encode("ustar"), 257);
  const heads: [Uint8Array, string][] = [
    [Uint8Array.of(0x1f, 0x8b, 8), "--gzip"],
    [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0), "--xz"],
    [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), "--zstd"],
    [new TextEncoder().encode("BZh9"), "--bzip2"],
    [plain, "--no-auto-compress"],
    [plain.subarray(0, 261), ""],
    [new Uint8Array(0), ""],
    [Uint8Array.of(0x1f), ""],
    [new TextEncoder().encode("#!/bin/sh"), ""],
    [new TextEncoder().encode("\x7fELF"), ""],
  ];
  deepEqual(
    heads.map(([head]) => packingOf(head)),
    heads.map(([, option]) => option),
  );
});
