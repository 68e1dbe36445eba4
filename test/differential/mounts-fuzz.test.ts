import { equal } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";

const PROGRAM = "dist/mounts-fuzz";

test("random mount entries, layers and mountinfo crash nothing, and mean the same natively as under Node", () => {
  execFileSync("sh", ["scripts/build.sh", "test/fuzz/mounts-fuzz.ts", PROGRAM]);
  const words = ["20261126", "2000"];
  const native = spawnSync(PROGRAM, words, { encoding: "utf8" });
  const node = spawnSync(process.execPath, ["test/fuzz/mounts-fuzz.ts", ...words], { encoding: "utf8" });
  equal(native.stdout, node.stdout);
  equal(native.stdout.trim().split("\n").length, 40);
  equal(`${native.status} ${native.stderr}${node.status} ${node.stderr}`, "0 0 ");
});
