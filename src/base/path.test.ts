import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { baseName, below, joinPath, normalPath, parentOf } from "./path.ts";

test("joining adds exactly one slash", () => {
  deepEqual(
    [joinPath("/a", "b"), joinPath("/a/", "/b"), joinPath("", "b"), joinPath(joinPath(joinPath("/", "b"), ""), "c")],
    ["/a/b", "/a/b", "b", "/b/c"],
  );
});

test("normal paths have no way up but at the start of a relative one", () => {
  deepEqual(
    ["/a//b/./c/", "/../a", "a/../../b", "/", "", "a/.."].map((path) => normalPath(path)),
    ["/a/b/c", "/a", "../b", "/", ".", "."],
  );
});

test("below is about whole parts", () => {
  deepEqual([below("/a", "/a/b"), below("/a", "/ab"), below("/a", "/a"), below("/", "/a")], ["b", undefined, "", "a"]);
});

test("names and parents", () => {
  deepEqual(
    [baseName("/a/b/"), baseName("b"), parentOf("/a/b"), parentOf("/a"), parentOf("a")],
    ["b", "b", "/a", "/", "."],
  );
});
