import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { bySnapshotNumber } from "./snapshots.ts";

test("snapshots stand in the order of their numbers, and others behind them", () => {
  deepEqual(["snap10", "x", "snap2", "snapx", "snap0"].sort(bySnapshotNumber), [
    "snap0",
    "snap2",
    "snap10",
    "snapx",
    "x",
  ]);
});
