import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { mountEntriesIn, mountEntryIn } from "./mount-entry.ts";

test("LXC's own options are taken out of a mount entry, and blanks are unescaped", () => {
  const line = "/srv/my\\040files srv none bind,optional,create=dir,relative,idmap=container,ro 0 0";
  deepEqual(mountEntryIn(line), {
    source: "/srv/my files",
    target: "srv",
    type: "none",
    options: ["bind", "ro"],
    optional: true,
    create: "dir",
    relative: true,
    idmap: "container",
    line,
  });
});

test("an entry needs a source and a target only, as for getmntent", () => {
  deepEqual(mountEntryIn("/srv"), undefined);
  deepEqual(mountEntryIn("a b")?.options, []);
});

test("an fstab file is its lines, without comments and blanks", () => {
  const text = "# mine\n\nproc proc proc nodev 0 0\n  /a\tb\tnone\tbind\n";
  deepEqual(
    mountEntriesIn(text).map((entry) => [entry.source, entry.target, entry.options.join(",")]),
    [
      ["proc", "proc", "nodev"],
      ["/a", "b", "bind"],
    ],
  );
});
