import { deepEqual, equal, match } from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BIN } from "./host.ts";

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: "utf8", timeout: 120_000 });
}

const build = (driver: string) =>
  run("sh", "scripts/build.sh", `test/system/drivers/${driver}.ts`, `dist/drivers/${driver}`);

test("a program has what its modules made, each time anew, and the words and environment of its own start", () => {
  equal(build("loaded").status, 0);
  for (const words of [["a", "b"], []]) {
    const { status, stdout } = run("env", "LXCTS_SAID=this", "dist/drivers/loaded", ...words);
    equal(status, words.length);
    equal(stdout, `one: ONE one..\ntwo: TWO two..\nthree: ${words.join(" ")}\ntwo.. 2 this\n`);
  }
});

test("a module that looks at the machine when it is loaded stops the build", () => {
  const { status, stderr } = build("loaded-too-early");
  equal(status, 1);
  match(stderr, /a module makes a system call when it is loaded: number \d+/);
});

test("what a tool does before its first own call is what the C library does", () => {
  const { stderr } = run("strace", `${BIN}/lxc-ls`, "--version");
  const calls = [...stderr.matchAll(/^(\w+)\(/gm)].map(([, name]) => name);
  deepEqual(calls.slice(0, 4), ["execve", "arch_prctl", "set_tid_address", "write"]);
});

test("an executable has no sections and no symbols", () => {
  const bytes = readFileSync("dist/lxc");
  equal(bytes.readBigUInt64LE(40), 0n);
  equal(bytes.readUInt16LE(60), 0);
});
