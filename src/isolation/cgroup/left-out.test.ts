import { equal } from "node:assert/strict";
import { test } from "node:test";
import { EACCES, EROFS } from "../../kernel/abi/errno.ts";
import type { Hierarchy } from "./layout.ts";
import { leftOutSentence } from "./left-out.ts";
import { inTheWay } from "./room.ts";

const memory: Hierarchy = {
  version: 1,
  mountPoint: "/sys/fs/cgroup/memory",
  controllers: ["memory"],
  base: "user",
  underSystemd: false,
};
const unified: Hierarchy = { ...memory, version: 2, mountPoint: "/sys/fs/cgroup", controllers: [], base: "a/b" };

test("nothing is said where nothing is missing", () => {
  equal(leftOutSentence([], { kind: "hybrid", isRoot: false, isEmpty: false }), "");
});

test("what has no limits is named, and what to do depends on who asks and on the host", () => {
  const some = { kind: "hybrid", isRoot: false, isEmpty: false } as const;
  const pids = { ...memory, mountPoint: "/sys/fs/cgroup/pids", controllers: ["pids"] };
  equal(
    leftOutSentence(
      [
        { hierarchy: memory, errno: EACCES },
        { hierarchy: pids, errno: EACCES },
      ],
      some,
    ),
    "nothing limits memory pids: we may not make cgroups in /sys/fs/cgroup/memory/user and 1 more (permission denied (EACCES)); have root make a cgroup for you in each and put your shell there; libpam-cgfs does it at login",
  );
  equal(
    leftOutSentence([{ hierarchy: unified, errno: EACCES }], { kind: "unified", isRoot: false, isEmpty: true }),
    "no limit holds and nothing is counted: we may not make cgroups in /sys/fs/cgroup/a/b (permission denied (EACCES)); start in a delegated cgroup: systemd-run --user --scope -p Delegate=yes lxc-start …",
  );
  equal(
    leftOutSentence([{ hierarchy: unified, errno: EROFS }], { kind: "unified", isRoot: true, isEmpty: true }).split(
      "; ",
    )[1],
    "mount them writable: mount -o remount,rw on that path",
  );
});

test("processes in the way are named, the first of them", () => {
  const start = "no limits of cgroup version 2: /c has processes of its own";
  const end =
    "and so no controllers for the cgroups below; move its processes into one below it: mkdir /c/others && echo PID > /c/others/cgroup.procs";
  equal(inTheWay("/c", [7]), `${start} (7), ${end}`);
  equal(inTheWay("/c", [1, 2, 3, 4, 5, 6, 7]), `${start} (1, 2, 3, 4, 5 and 2 more), ${end}`);
  equal(inTheWay("/c", [0, 9]), `${start} (9 and 1 more), ${end}`);
  equal(inTheWay("/c", [0]), `${start} (processes that we cannot see), ${end}`);
});
