import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { machineWords, programHead } from "./program-head.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a script names its interpreter, with or without a blank before it", () => {
  deepEqual(programHead(bytes("#!/bin/sh -e\nexit")), { kind: "script", interpreter: "/bin/sh", machine: -1 });
  deepEqual(programHead(bytes("#! \t/no/such\n")), { kind: "script", interpreter: "/no/such", machine: -1 });
  deepEqual(programHead(bytes("#!")), { kind: "script", interpreter: "", machine: -1 });
});

test("what is neither script nor program", () => {
  equal(programHead(bytes("")).kind, "empty");
  equal(programHead(bytes("true\n")).kind, "other");
  equal(programHead(bytes("\x7fELF")).kind, "other");
});

test("a program names its machine and its loader", () => {
  const head = programHead(readFileSync(process.execPath).subarray(0, 4096));
  equal(head.kind, "program");
  equal(machineWords(head.machine), "x86_64");
  equal(head.interpreter, "/lib64/ld-linux-x86-64.so.2");
});

test("a program whose table lies is read no further than it is long", () => {
  const lying = new Uint8Array(64);
  lying.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  lying.fill(0xff, 32);
  deepEqual(programHead(lying), { kind: "program", interpreter: "", machine: 0 });
});
