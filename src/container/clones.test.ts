import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { pairsIn, pairsText, withoutPair } from "./clones.ts";

test("a clone's two lines leave the list of its original", () => {
  const list = "/var/lib/lxc\nc2\n/var/lib/lxc\nc3\n/srv/lxc\nc2\n";
  deepEqual(withoutPair(list, { name: "c2", lxcpath: "/var/lib/lxc" }), "/var/lib/lxc\nc3\n/srv/lxc\nc2\n");
  deepEqual(withoutPair("/srv/lxc\nc2\n", { name: "c2", lxcpath: "/srv/lxc" }), "");
});

test("a list is read by twos, and names no place but a container", () => {
  const text = "/lxc\nc1\nrelative\nc2\n/lxc\n../etc\n/lxc\n..\n/srv\nc3\n/cut";
  deepEqual(pairsIn(text), [
    { name: "c1", lxcpath: "/lxc" },
    { name: "c3", lxcpath: "/srv" },
  ]);
  deepEqual(pairsText(pairsIn(text)), "/lxc\nc1\n/srv\nc3\n");
});
