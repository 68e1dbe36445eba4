import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { isFirst, listenerInode } from "./monitor-process.ts";

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
00000000e127d6f3: 00000003 00000000 00000000 0001 03 38972 @/var/lib/lxc/c1/command
00000000e127d6f2: 00000002 00000000 00010000 0001 01 38971 @/var/lib/lxc/c1/command
`;

test("the socket that listens is told from those it has accepted", () => {
  deepEqual(
    [listenerInode(TABLE, "/var/lib/lxc/c1/command"), listenerInode(TABLE, "lxc/c1/command"), listenerInode("", "x")],
    ["38971", undefined, undefined],
  );
});

test("the first process of a pid namespace is number 1 in it, and not in ours", () => {
  deepEqual(
    [
      isFirst("Name:\tinit\nNSpid:\t4711\t1\nNSpgid:\t4711\t1\n"),
      isFirst("Name:\tinit\nNSpid:\t1\n"),
      isFirst("Name:\tsh\nNSpid:\t4712\t2\n"),
      isFirst("Name:\tsh\n"),
    ],
    [true, false, false, false],
  );
});
