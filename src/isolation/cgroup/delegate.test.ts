import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { delegatedIn } from "./delegate.ts";

test("the kernel says which files go with a cgroup; an old one has three", () => {
  deepEqual(delegatedIn("cgroup.procs\ncgroup.threads\nmemory.reclaim\n"), [
    "cgroup.procs",
    "cgroup.threads",
    "memory.reclaim",
  ]);
  for (const text of [undefined, "", "\n"]) {
    deepEqual(delegatedIn(text), ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control"]);
  }
});

test("nothing but a file of the cgroup itself is given away", () => {
  deepEqual(delegatedIn("../x\ncgroup.procs\n"), ["cgroup.procs"]);
});
