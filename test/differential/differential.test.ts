import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

function linesOf(...command: readonly string[]): string[] {
  const run = spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" });
  equal(run.stderr, "");
  equal(run.status, 0);
  return run.stdout.split("\n");
}

test("the exercise prints the same natively as under Node", () => {
  linesOf("sh", "scripts/build.sh", "test/differential/exercise.ts", "dist/exercise");
  const natively = linesOf("dist/exercise");
  const underNode = linesOf(process.execPath, "test/differential/exercise.ts");
  const differences: string[] = [];
  underNode.forEach((line, i) => {
    if (natively[i] !== line) differences.push(`natively: ${natively[i]}`, `under Node: ${line}`);
  });
  deepEqual(differences, []);
  equal(natively.length, underNode.length);
});
