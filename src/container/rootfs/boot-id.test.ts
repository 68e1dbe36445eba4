import { equal } from "node:assert/strict";
import { test } from "node:test";
import { bootIdText } from "./boot-id.ts";

test("a boot id is a random UUID, as the kernel writes it", () => {
  equal(bootIdText(new Uint8Array(16)), "00000000-0000-4000-8000-000000000000\n");
  equal(bootIdText(new Uint8Array(16).fill(0xff)), "ffffffff-ffff-4fff-bfff-ffffffffffff\n");
  equal(bootIdText(Uint8Array.from({ length: 16 }, (_, i) => i * 17)), "00112233-4455-4677-8899-aabbccddeeff\n");
});
