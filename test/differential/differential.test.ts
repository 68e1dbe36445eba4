import { equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

function outputOf(...command: readonly string[]): string {
  const run = spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" });
  equal(run.stderr, "");
  equal(run.status, 0);
  return run.stdout;
}

test("the exercise prints the same natively as under Node", () => {
  outputOf("sh", "scripts/build.sh", "test/differential/exercise.ts", "dist/exercise");
  equal(outputOf("dist/exercise"), outputOf(process.execPath, "test/differential/exercise.ts"));
});
