import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { type CopyWish, planRootfsCopy, rootfsSourceOf } from "./copy-plan.ts";

const DIR = { type: "dir", path: "/lxc/c1/rootfs" };
const OVERLAY = { type: "overlay", path: "/base:/lxc/c1/overlay/delta" };

function wish(snapshot: boolean, backing = "", maybe = false, tmpfs = false): CopyWish {
  return { snapshot, backing, maybe, tmpfs };
}

test("what a copy does depends on what there is and what is wanted", () => {
  const layers = { kind: "layers", lowers: ["/lxc/c1/rootfs"], from: "", below: false };
  const above = { kind: "layers", lowers: ["/base"], from: "/lxc/c1/overlay/delta", below: false };
  deepEqual(planRootfsCopy(undefined, wish(true)), { kind: "none" });
  for (const backing of ["", "dir", "none"])
    deepEqual(planRootfsCopy(DIR, wish(false, backing)), { kind: "folder", from: "/lxc/c1/rootfs" });
  for (const backing of ["", "overlay", "overlayfs"]) {
    deepEqual(planRootfsCopy(DIR, wish(true, backing)), layers);
    deepEqual(planRootfsCopy(OVERLAY, wish(true, backing)), above);
  }
  deepEqual(planRootfsCopy(DIR, wish(true, "", true)), { kind: "folder", from: "/lxc/c1/rootfs" });
  deepEqual(planRootfsCopy(OVERLAY, wish(true, "", true)), above);
  const merged = { kind: "merged", lowers: ["/base"], upper: "/lxc/c1/overlay/delta" };
  for (const backing of ["", "dir"]) deepEqual(planRootfsCopy(OVERLAY, wish(false, backing)), merged);
});

test("what cannot be is refused in LXC's words", () => {
  for (const place of [DIR, OVERLAY]) {
    throws(() => planRootfsCopy(place, wish(true, "dir")), /Directories cannot be snapshotted/);
    throws(
      () => planRootfsCopy(place, wish(false, "overlay")),
      /overlay storage driver can only be used for snapshots/,
    );
  }
});

test("a copy names its own folders, and on a tmpfs what was changed before becomes a layer", () => {
  const sourceOf = (place: typeof DIR, asked: CopyWish) => rootfsSourceOf(planRootfsCopy(place, asked), "/lxc/c2");
  deepEqual(
    [
      rootfsSourceOf({ kind: "none" }, "/lxc/c2"),
      sourceOf(DIR, wish(false)),
      sourceOf(OVERLAY, wish(false)),
      sourceOf(DIR, wish(true)),
      sourceOf(OVERLAY, wish(true)),
      sourceOf(OVERLAY, wish(true, "", false, true)),
    ],
    [
      "",
      "dir:/lxc/c2/rootfs",
      "dir:/lxc/c2/rootfs",
      "overlay:/lxc/c1/rootfs:/lxc/c2/overlay/delta",
      "overlay:/base:/lxc/c2/overlay/delta",
      "overlay:/lxc/c2/base:/base:/lxc/c2/overlay/delta",
    ],
  );
});
