import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { isOverlay, overlayPathsIn, rootFolders, writtenFolder } from "./layers.ts";

test("an overlay is cut into its layers where LXC cuts it", () => {
  deepEqual(overlayPathsIn("/base:/c/c1/overlay/delta"), {
    lowers: ["/base"],
    upper: "/c/c1/overlay/delta",
    work: "/c/c1/overlay/work",
  });
  deepEqual(overlayPathsIn("/top:/middle/:/a:b/x:/delta").lowers, ["/top", "/middle", "/a:b/x"]);
  equal(overlayPathsIn("/a:/delta").work, "/work");
});

test("what cannot be an overlay is refused before anything is made", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["/one", /names one folder/],
    ["a:/b", /not absolute/],
    ["/a:/", /\/ cannot be the layer for changes/],
    ["/a:/b:/a", /\/a cannot be/],
    ["/a:/c/work", /is for the kernel/],
    ["/a:b", /names one folder/],
  ];
  for (const [path, reason] of refused) throws(() => overlayPathsIn(path), reason);
});

test("the names of a root file system are those of its folders", () => {
  deepEqual(rootFolders(undefined), []);
  deepEqual(rootFolders({ type: "dir", path: "/a:/b" }), ["/a:/b"]);
  deepEqual(rootFolders({ type: "overlayfs", path: "/a:/b:/c" }), ["/a", "/b"]);
  deepEqual(
    [undefined, { type: "", path: "/a" }, { type: "overlay", path: "/a:/b" }].map((place) => writtenFolder(place)),
    ["/", "/a", "/b"],
  );
  deepEqual(["overlay", "overlayfs", "dir", ""].map(isOverlay), [true, true, false, false]);
});
