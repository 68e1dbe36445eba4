import { deepEqual, equal, match, ok } from "node:assert/strict";
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

test("what modules made is only read when it is held, whatever it is", () => {
  equal(build("settled").status, 0);
  const { stdout } = run("dist/drivers/settled", "read");
  const said = [...stdout.matchAll(/^([\w ]+): (\d+) held, (\d+) pages$/gm)];
  deepEqual(
    said.map(([, name, count]) => `${name} ${count}`),
    [
      "rows 98",
      "points 50",
      "lists 100",
      "shapes 50",
      "areas 100",
      "words 100",
      "counters 50",
      "maps of lists 100",
      "maps of numbers 100",
      "sets 100",
    ],
  );
  // The lists that hold them take one or two; each kind of thing lies in two or more.
  const pages = said.reduce((sum, [, , , count]) => sum + Number(count), 0);
  ok(pages <= 2, stdout);
});

test("what modules made can be changed as often as anything else", () => {
  equal(
    run("dist/drivers/settled", "change").stdout,
    [
      "row 49 new 999 row 0; point 957",
      "more 801,more 851,more 901,more 951; new 953; 950 changed 951 undefined",
      "square 952 7616; 7; counter 4 5; counter 4 6",
      "50 more 820,more 870,more 920,more 970; again 955 undefined; 7; 992,993,994,995,996,997,998,999",
      "",
    ].join("\n"),
  );
});

test("a module that looks at the machine when it is loaded stops the build", () => {
  const { status, stderr } = build("loaded-too-early");
  equal(status, 1);
  match(stderr, /a module makes a system call when it is loaded: number \d+/);
});

test("what a tool does before its first own call is what the C library and the runtime do", () => {
  const { stderr } = run("strace", `${BIN}/lxc-ls`, "--version");
  const calls = [...stderr.matchAll(/^(\w+)\(/gm)].map(([, name]) => name);
  deepEqual(calls.slice(0, 5), ["execve", "arch_prctl", "set_tid_address", "clock_gettime", "write"]);
});

test("an executable has no sections and no symbols", () => {
  const bytes = readFileSync("dist/lxc");
  equal(bytes.readBigUInt64LE(40), 0n);
  equal(bytes.readUInt16LE(60), 0);
});
