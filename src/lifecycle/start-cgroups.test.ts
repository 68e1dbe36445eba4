import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { belowScope } from "./attach-cgroups.ts";
import { usedControllers } from "./start-cgroups.ts";

test("lxc.cgroup.use is a list with commas", () => {
  deepEqual(
    [usedControllers("memory,pids"), usedControllers(" cpu , ,memory"), usedControllers("")],
    [["memory", "pids"], ["cpu", "memory"], []],
  );
});

test("a cgroup is named below its scope, or not at all", () => {
  const path = "/user.slice/app.slice/lxc-c1-0.scope/lxc.payload.c1/in";
  deepEqual(
    [belowScope(path, "lxc-c1-0.scope"), belowScope(path, "other.scope"), belowScope(path, ""), belowScope("", "x")],
    ["/lxc.payload.c1/in", "", "", ""],
  );
});
