import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { deviceNumberIn, sourceOfMount } from "./block-device.ts";

const MOUNTINFO = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
127 27 0:45 /home /home rw shared:7 - btrfs /dev/my\\040disk rw,subvol=/home
128 27 0:46 / /tmp rw - tmpfs tmpfs rw
`;

test("a mount is found by its number", () => {
  deepEqual(
    [127, 27, 128, 7].map((id) => sourceOfMount(MOUNTINFO, id)),
    ["/dev/my disk", "/dev/vda", "tmpfs", ""],
  );
});

test("a device number has two parts", () => {
  deepEqual([deviceNumberIn("254:16\n"), deviceNumberIn("8:\n")], [{ major: 254, minor: 16 }, undefined]);
});
