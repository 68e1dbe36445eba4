import { equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { before, test } from "node:test";

const PROGRAM = "dist/abi/memory";

before(() => {
  mkdirSync("dist/abi", { recursive: true });
  const headers = [
    "-idirafter",
    "/usr/include",
    "-idirafter",
    `/usr/include/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`,
  ];
  const sources = ["test/abi/memory.c", "shim/memory.c"];
  const words = ["-static", "-O2", "-Wall", "-Werror", "-fno-builtin", ...headers, ...sources, "-o", PROGRAM];
  const { status, stderr } = spawnSync("musl-gcc", words, { encoding: "utf8" });
  equal(status, 0, stderr);
});

for (const seed of [1, 20261126, 77]) {
  test(`memory of 200,000 random steps stays what it was, and what is free is given back: seed ${seed}`, () => {
    const { status, stdout } = spawnSync(PROGRAM, [String(seed)], { encoding: "utf8" });
    equal(status, 0, stdout);
  });
}

test("memory that is given back twice ends the program", () => {
  equal(spawnSync(PROGRAM, ["1", "twice"]).signal, "SIGILL");
});
