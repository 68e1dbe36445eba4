import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { folderOfItem } from "./items.ts";
import { layoutFrom } from "./layout.ts";

const hybrid = layoutFrom(
  `32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
  "4:memory:/\n0::/\n",
  false,
);

test("a file is looked for in the hierarchy of its controller, at the path the container tells", () => {
  const ask = (controller: string): string | undefined => (controller === "memory" ? "/a/lxc.payload.c1" : "/b");
  deepEqual(
    ["memory.usage_in_bytes", "cgroup.freeze", "io.stat"].map((file) => folderOfItem(hybrid, ask, file)),
    ["/sys/fs/cgroup/memory/a/lxc.payload.c1", "/sys/fs/cgroup/unified/b", "/sys/fs/cgroup/unified/b"],
  );
});

test("neither a file nor an answer leads out of the hierarchy", () => {
  deepEqual(
    [
      folderOfItem(hybrid, () => "/a", "memory.x/../../y"),
      folderOfItem(hybrid, () => "/../etc", "memory.max"),
      folderOfItem(hybrid, () => undefined, "memory.max"),
    ],
    [undefined, undefined, undefined],
  );
});
