import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { mountsBelow } from "./mounted.ts";

const MOUNTINFO = `22 1 0:5 / / rw - ext4 /dev/vda rw
23 22 0:6 / /srv/c1x rw - tmpfs none rw
24 22 0:7 / /srv/c1/root\\040file/a\\134b rw,relatime shared:1 - tmpfs none rw
25 22 0:8 / /srv/c1 rw - tmpfs none rw
`;

test("mounts at a folder and below it are found, with escaped signs in their names", () => {
  deepEqual(mountsBelow("/srv/c1", MOUNTINFO), ["/srv/c1/root file/a\\b", "/srv/c1"]);
  deepEqual(mountsBelow("/srv/c2", MOUNTINFO), []);
});
