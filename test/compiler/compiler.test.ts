import { deepEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, test } from "node:test";

const PROGRAM = "dist/behaviours";

before(() => {
  const build = spawnSync("sh", ["scripts/build.sh", "test/compiler/behaviours.ts", PROGRAM], { encoding: "utf8" });
  deepEqual([build.status, build.stderr], [0, ""]);
});

// Standard output is a pipe here: text written twice would be text that a forked child still had in its buffer.
test("the compiler's unwritten promises hold", () => {
  const run = spawnSync(PROGRAM, ["one", "two words"], { encoding: "utf8", argv0: "/any/where/lxc-start" });
  deepEqual(
    { status: run.status, err: run.stderr, out: run.stdout.split("\n") },
    {
      status: 5,
      err: "",
      out: [
        "the name it was called by, and its arguments: /any/where/lxc-start one two words",
        "the kernel fills a buffer in place: 5 0,0,0,0,104,101,108,108,111,0,0,0,0,0,0,0",
        "an address outlives 100,000 allocations: true",
        "a part's address is its offset's: 7",
        "a text ends in a NUL: literal,lxc-3,xc,b,lxc/lxc,,lxc0123,LXC0123,lxc..",
        "a forked child runs on: not-permitted, 13, ask, exit 7",
        "a child of clone3 runs on: not-permitted, 13, ask, exit 7",
        "an error of ours is caught as itself: finally,true,true,full",
        "an error of the language is caught: 22,out of range",
        "functions are found in tables: 42,-1,0,6,25",
        "an equal record type and a base class are no copies: 5, square of 4",
        "a list's item arrives whole: list's square of 0, no square of 0, 4",
        "memory is given back: under 2 MiB",
        "",
      ],
    },
  );
});

test("the executable is static and stripped", () => {
  const headers = spawnSync("readelf", ["--program-headers", "--sections", "--wide", PROGRAM], {
    encoding: "utf8",
  }).stdout;
  const found = ["LOAD", "INTERP", ".dynamic", ".symtab", ".debug_info"].filter((word) =>
    headers.includes(` ${word} `),
  );
  deepEqual(found, ["LOAD"]);
});
