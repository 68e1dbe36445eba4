import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { listenersIn, listenersNamed } from "./list.ts";

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
000000001c20d07c: 00000003 00000000 00000000 0001 03 62873
00000000e127d6f2: 00000002 00000000 00010000 0001 01 38971 @/var/lib/lxc/c1/command
00000000e127d6f3: 00000003 00000000 00000000 0001 03 38972 @/var/lib/lxc/c2/command
00000000e127d6f4: 00000002 00000000 00010000 0001 01 38973 @/var/lib/lxc/c/d/command
00000000e127d6f5: 00000002 00000000 00010000 0001 01 38974 @/var/lib/lxc2/c3/command
00000000e127d6f6: 00000002 00000000 00010000 0001 01 38975 @lxc/0123456789abcdef/command
00000000e127d6f7: 00000002 00000000 00010000 0001 01 38976 @lxc/0123456789abcdef//var/lib/lxc
00000000e127d6f8: 00000002 00000000 00010000 0001 01 38977 /run/dbus/system_bus_socket
00000000e127d6f9: 00000002 00000000 00010000 0001 01 38978 @/other/c1/command
00000000e127d6fa: 00000002 00000000 00010000 0001 01 38979 @/var/lib/lxc/with space/command`;

test("a container runs when a monitor listens right below its container path", () => {
  deepEqual(listenersIn(TABLE, "/var/lib/lxc"), {
    found: [
      { name: "c1", inode: "38971" },
      { name: "with space", inode: "38979" },
    ],
    hashed: ["lxc/0123456789abcdef/command"],
  });
  deepEqual(listenersIn("", "/var/lib/lxc"), { found: [], hashed: [] });
});

test("containers of one name are found in every container path", () => {
  deepEqual(listenersNamed(TABLE, "c1"), {
    found: [
      { name: "/var/lib/lxc/c1/command", inode: "38971" },
      { name: "/other/c1/command", inode: "38978" },
    ],
    hashed: ["lxc/0123456789abcdef/command"],
  });
});
