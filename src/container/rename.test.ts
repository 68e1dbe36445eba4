import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { isMovable, movedRootfs } from "./rename.ts";

test("only a root file system in the container's own folder moves with it", () => {
  const dir = (path: string) => isMovable({ type: "", path }, "/lxc/c1");
  deepEqual(
    [dir("/lxc/c1/rootfs"), dir("/lxc/c1"), dir("/lxc/c10/rootfs"), dir("/srv/c1")],
    [true, false, false, false],
  );
  deepEqual(isMovable({ type: "overlay", path: "/a:/b" }, "/lxc/c1"), true);
  deepEqual(isMovable(undefined, "/lxc/c1"), true);
});

test("paths below the old folder are below the new one", () => {
  const moved = (type: string, path: string) => movedRootfs({ type, path }, "/lxc/c1", "/lxc/c2");
  deepEqual(
    [
      moved("", "/lxc/c1/rootfs"),
      moved("dir", "/lxc/c1/a/b"),
      moved("overlay", "/base:/lxc/c1/rootfs:/lxc/c1/overlay/delta"),
      movedRootfs(undefined, "/lxc/c1", "/lxc/c2"),
    ],
    ["dir:/lxc/c2/rootfs", "dir:/lxc/c2/a/b", "overlay:/base:/lxc/c2/rootfs:/lxc/c2/overlay/delta", ""],
  );
});
