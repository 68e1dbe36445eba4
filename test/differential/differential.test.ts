import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { before, test } from "node:test";

const PROGRAM = "dist/exercise";
/** Its C is kept here. */
const KEPT = "dist/exercise-kept";
const RUNTIME = "node_modules/@scriptc/runtime";
/** What of the compiler's runtime the exercise uses. */
const UNITS =
  "array bigint bytes bytes_io child closure console copying cycle error exception ffi json lib map number object path regex string symbol union util";

/** What a command prints, with more variables in its environment. */
function linesOf(command: readonly string[], variables: Readonly<Record<string, string>> = {}): string[] {
  const env = { ...process.env, ...variables };
  const run = spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8", env });
  equal(run.stderr, "");
  equal(run.status, 0);
  return run.stdout.split("\n");
}

let underNode: readonly string[] = [];

before(() => {
  mkdirSync(KEPT, { recursive: true });
  if (!existsSync(`${KEPT}/program.c`)) rmSync(PROGRAM, { force: true });
  linesOf(["sh", "scripts/build.sh", "test/differential/exercise.ts", PROGRAM], { KEEP: KEPT });
  underNode = linesOf([process.execPath, "test/differential/exercise.ts"]);
});

test("the exercise prints the same natively as under Node", () => {
  const natively = linesOf([PROGRAM]);
  const differences: string[] = [];
  underNode.forEach((line, i) => {
    if (natively[i] !== line) differences.push(`natively: ${natively[i]}`, `under Node: ${line}`);
  });
  deepEqual(differences, []);
  equal(natively.length, underNode.length);
});

/** The runtime counts what there is, and the C library's memory is watched: scripts/loans.ts leaves references out. */
test("all that the exercise has made is given back once, and nothing is used after that", () => {
  const audited = `${KEPT}/audited`;
  const sources = UNITS.split(" ").map((unit) => `${RUNTIME}/src/scr_${unit}.c`);
  const expressions = ["libregexp", "libunicode"].map((name) => `${RUNTIME}/vendor/quickjs-ng/${name}.c`);
  const watched = ["-O0", "-g", "-fsanitize=address", "-DSCR_RC_AUDIT", "-std=gnu11", "-D_GNU_SOURCE", "-w"];
  const used = ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"];
  const headers = [`-I${RUNTIME}/src`, `-I${RUNTIME}/vendor/quickjs-ng`];
  const files = [`${KEPT}/program.c`, ...sources, ...expressions, "shim/shim.c", "test/differential/give-back.c"];
  linesOf(["gcc", ...watched, ...used, ...headers, ...files, "-o", audited, "-lm"]);
  deepEqual(linesOf([audited]), underNode);
});
