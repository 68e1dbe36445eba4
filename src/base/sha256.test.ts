import { equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256 } from "./sha256.ts";

test("hashes are those of another implementation, at every length around a block", () => {
  for (const length of [0, 1, 3, 33, 55, 56, 57, 63, 64, 65, 119, 120, 1000]) {
    const message = new Uint8Array(length).map((_, at) => (at * 7 + length) & 255);
    equal(
      Buffer.from(sha256(message)).toString("hex"),
      createHash("sha256").update(message).digest("hex"),
      `${length}`,
    );
  }
});
