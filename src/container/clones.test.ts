import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { withoutPair } from "./clones.ts";

test("a clone's two lines leave the list of its original", () => {
  const list = "/var/lib/lxc\nc2\n/var/lib/lxc\nc3\n/srv/lxc\nc2\n";
  deepEqual(withoutPair(list, { name: "c2", lxcpath: "/var/lib/lxc" }), "/var/lib/lxc\nc3\n/srv/lxc\nc2\n");
  deepEqual(withoutPair("/srv/lxc\nc2\n", { name: "c2", lxcpath: "/srv/lxc" }), "");
});
