import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { lineOf, type Made, madeIn } from "./partial.ts";

test("what was made can be read back, and nothing else is believed", () => {
  const made: Made[] = [
    { kind: "folder", path: "/var/lib/lxc/c1" },
    { kind: "contents", path: "/var/lib/lxc/c1" },
    { kind: "tree", path: "/srv/a b" },
  ];
  const text = made.map((one) => lineOf(one)).join("");
  deepEqual(madeIn(text), made);
  deepEqual(madeIn(`${text}tree /srv/cut-o`), made);
  deepEqual(madeIn("tree /\ntree /a/../etc\ntree etc\nall /srv\n/srv\n\ntree /a/\n"), []);
});
