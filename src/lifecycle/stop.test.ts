import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { isBelow } from "./leftovers.ts";
import { exitCodeOf, hasSignal, type StopResult } from "./stop.ts";

test("lxc-stop's exit code tells a container that did not run from one that still does", () => {
  const results: readonly StopResult[] = ["stopped", "rebooted", "asked", "still-running", "not-running"];
  deepEqual(results.map(exitCodeOf), [0, 0, 0, 1, 2]);
});

test("a signal is found in the sets of /proc/PID/status", () => {
  const status = "Name:\tsystemd\nSigBlk:\t7be3c0fe28014a03\nSigCgt:\t00000001000004ec\n";
  deepEqual(
    [
      hasSignal(status, "SigBlk:", 1),
      hasSignal(status, "SigBlk:", 3),
      hasSignal(status, "SigBlk:", 37),
      hasSignal(status, "SigCgt:", 33),
      hasSignal(status, "SigIgn:", 1),
      hasSignal("SigBlk:\t0", "SigBlk:", 37),
    ],
    [true, false, true, true, false, false],
  );
});

test("a process is in a cgroup when it is in it or below it", () => {
  const cgroups = "12:freezer:/lxc.payload.c1/inner\n0::/lxc.payload.c10\n";
  deepEqual(
    ["/lxc.payload.c1", "/lxc.payload.c10", "/lxc.payload.c", "/inner"].map((path) => isBelow(cgroups, path)),
    [true, true, false, false],
  );
});
