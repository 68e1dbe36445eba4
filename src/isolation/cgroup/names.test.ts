import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { type CgroupNames, isMonitorPlaced, monitorPath, payloadPaths, pivotPath } from "./names.ts";

const plain: CgroupNames = { name: "c1", dir: "", pattern: "", monitor: "", pivot: "", container: "", inner: "" };

test("names are LXC's, with a number when they are taken", () => {
  deepEqual(
    [payloadPaths(plain, 0), monitorPath(plain, 0), payloadPaths(plain, 999), payloadPaths(plain, 1000)],
    [
      { limit: "lxc.payload.c1", payload: "lxc.payload.c1" },
      "lxc.monitor.c1",
      { limit: "lxc.payload.c1-999", payload: "lxc.payload.c1-999" },
      undefined,
    ],
  );
});

test("lxc.cgroup.dir is a folder for both", () => {
  const names: CgroupNames = { ...plain, dir: "web/front" };
  deepEqual(
    [payloadPaths(names, 2), monitorPath(names, 0), pivotPath(names)],
    [
      { limit: "web/front/lxc.payload.c1-2", payload: "web/front/lxc.payload.c1-2" },
      "web/front/lxc.monitor.c1",
      "web/front/lxc.pivot",
    ],
  );
});

test("explicit names are taken as they are, and there is no second try", () => {
  const names: CgroupNames = { ...plain, monitor: "m", container: "p", inner: "ns" };
  deepEqual(
    [payloadPaths(names, 0), monitorPath(names, 0), payloadPaths(names, 1), monitorPath(names, 1)],
    [{ limit: "p", payload: "p/ns" }, "m", undefined, undefined],
  );
});

test("the host's pattern has a folder for each container, unless the container says where", () => {
  const names: CgroupNames = { ...plain, pattern: "/boxes/%n/x" };
  deepEqual(
    [payloadPaths(names, 0)?.limit, monitorPath(names, 1), pivotPath(names)],
    ["boxes/c1/x/payload", "boxes/c1/x/monitor-1", "lxc.pivot"],
  );
  equal(monitorPath({ ...names, dir: "d" }, 0), "d/lxc.monitor.c1");
  equal(monitorPath({ ...names, monitor: "m" }, 0), "m");
});

test("the monitor has a place when somebody has named one", () => {
  deepEqual(
    [plain, { ...plain, dir: "d" }, { ...plain, pattern: "%n" }, { ...plain, monitor: "m" }].map((names) =>
      isMonitorPlaced(names),
    ),
    [false, true, true, true],
  );
});

test("the pivot is below the place that was given for it, and never inside of what is to be removed", () => {
  equal(pivotPath({ ...plain, pivot: "ends/here" }), "ends/here/lxc.pivot");
  const names: CgroupNames = { ...plain, monitor: "a/m", container: "a/p" };
  equal(pivotPath({ ...names, pivot: "a" }), "a/lxc.pivot");
  for (const pivot of ["a/m", "a/p", "a/p/below"]) {
    throws(() => pivotPath({ ...names, pivot }), { code: "config-invalid" });
  }
});

test("a path that leads out of the base is refused", () => {
  throws(() => payloadPaths({ ...plain, dir: "../up" }, 0), { code: "config-invalid" });
  throws(() => payloadPaths({ ...plain, pattern: "%n/../.." }, 0), { code: "config-invalid" });
});
