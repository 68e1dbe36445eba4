import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { distributionIn, packingOf } from "./archive.ts";

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

test("a distribution is named by its os-release, when that can be part of a file's name", () => {
  equal(distributionIn('NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n'), "debian");
  equal(distributionIn('ID="opensuse-leap"\n'), "opensuse-leap");
  for (const text of ["", "ID_LIKE=debian\n", "ID=../../etc/x\n", "ID=a b\n", "ID=-x\n", "ID=A\n", 'ID=""\n']) {
    equal(distributionIn(text), "", text);
  }
});
