import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { userIn } from "./passwd.ts";

const root = { name: "root", uid: 0, gid: 0, home: "/root", shell: "/bin/bash" };

test("a user is found by number, the first one counts, and the shell may be empty", () => {
  const text = "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\nme:x:1000:100:Me,,,:/home/me:\n";
  deepEqual(
    [userIn(text, 0), userIn(text, 1000), userIn(text, 1)],
    [root, { name: "me", uid: 1000, gid: 100, home: "/home/me", shell: "" }, undefined],
  );
});

test("a line that is not as passwd(5) says is no user", () => {
  const lines = [
    "root:x:0:0:root:/root",
    "root:x:0:0:root:/root:/bin/sh:",
    "root:x:0x0:0:root:/root:/bin/sh",
    "root:x::0:root:/root:/bin/sh",
    "root:x: 0:0:root:/root:/bin/sh",
    "root:x:-0:0:root:/root:/bin/sh",
    "root:x:4294967296:0:root:/root:/bin/sh",
    ":x:0:0:root:/root:/bin/sh",
    "+::::::",
    "#root:x:0:zero:root:/root:/bin/sh",
  ];
  deepEqual(
    lines.map((line) => userIn(line, 0)),
    lines.map(() => undefined),
  );
});
