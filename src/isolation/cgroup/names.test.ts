import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { type CgroupNames, monitorPath, payloadPaths } from "./names.ts";

const plain: CgroupNames = { name: "c1", dir: "", monitor: "", container: "", inner: "" };

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
  const names: CgroupNames = { name: "c1", dir: "web/front", monitor: "", container: "", inner: "" };
  deepEqual(
    [payloadPaths(names, 2), monitorPath(names, 0)],
    [{ limit: "web/front/lxc.payload.c1-2", payload: "web/front/lxc.payload.c1-2" }, "web/front/lxc.monitor.c1"],
  );
});

test("explicit names are taken as they are, and there is no second try", () => {
  const names: CgroupNames = { name: "c1", dir: "", monitor: "m", container: "p", inner: "ns" };
  deepEqual(
    [payloadPaths(names, 0), monitorPath(names, 0), payloadPaths(names, 1), monitorPath(names, 1)],
    [{ limit: "p", payload: "p/ns" }, "m", undefined, undefined],
  );
});

test("a path that leads out of the base is refused", () => {
  const names: CgroupNames = { name: "c1", dir: "../up", monitor: "", container: "", inner: "" };
  throws(() => payloadPaths(names, 0), { code: "config-invalid" });
});
