import { equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { before, test } from "node:test";

const HEADERS = [
  "-idirafter",
  "/usr/include",
  "-idirafter",
  `/usr/include/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`,
];
const FLAGS = ["-static", "-O2", "-Wall", "-Werror", "-fno-builtin", "-fno-tree-loop-distribute-patterns", ...HEADERS];

/** Makes the program of test/abi/NAME.c with shim/NAME.c; its path. */
function made(name: string): string {
  const path = `dist/abi/${name}`;
  const words = [...FLAGS, `test/abi/${name}.c`, `shim/${name}.c`, "-o", path];
  const { status, stderr } = spawnSync("musl-gcc", words, { encoding: "utf8" });
  equal(status, 0, stderr);
  return path;
}

let memory = "";

before(() => {
  mkdirSync("dist/abi", { recursive: true });
  memory = made("memory");
});

for (const seed of [1, 20261126, 77]) {
  test(`memory of 200,000 random steps stays what it was, and what is free is given back: seed ${seed}`, () => {
    const { status, stdout } = spawnSync(memory, [String(seed)], { encoding: "utf8" });
    equal(status, 0, stdout);
  });
}

for (const size of ["small", "large"]) {
  test(`memory that is given back twice ends the program: a ${size} piece`, () => {
    equal(spawnSync(memory, ["1", size]).signal, "SIGILL");
  });
}

test("memory is copied, moved and filled byte for byte, and nothing beside it", () => {
  const { status, stdout } = spawnSync(made("copy"), { encoding: "utf8" });
  equal(status, 0, stdout);
});

test("whole numbers of doubles are those of the language", () => {
  const { status, stdout } = spawnSync(made("number"), { encoding: "utf8" });
  equal(status, 0, stdout);
});
