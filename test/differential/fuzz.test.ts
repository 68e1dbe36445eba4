import { deepEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("random configurations and seccomp policies crash nothing, and mean the same natively as under Node", () => {
  const run = spawnSync("sh", ["scripts/fuzz.sh", "300", "20261125"], { encoding: "utf8" });
  const said = "seed 20261125, 300 of each\nno crash, and the same in both engines\n";
  deepEqual([run.stdout, run.stderr, run.status], [said, "", 0]);
});
