import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { AutoMount } from "../config/rootfs-codecs.ts";
import { isShared, tunnelWarnings } from "./tunnel.ts";

const MOUNTINFO = `1 0 8:1 / / rw shared:1 - ext4 /dev/sda rw
2 1 0:5 / /srv rw master:3 - tmpfs none rw
3 2 0:6 / /srv/a\\040b rw,relatime shared:7 master:1 - tmpfs none rw
4 1 0:7 / /mnt rw shared:2 - tmpfs none rw
5 4 0:8 / /mnt rw - tmpfs none rw

half a line
`;

test("whether a mount is shared is told by the last line of the deepest place", () => {
  const paths = ["/", "/home/x", "/srv", "/srv/x", "/srv/a b/c", "/srv2", "/mnt/x"];
  deepEqual(
    paths.map((path) => isShared(path, MOUNTINFO)),
    [true, true, false, false, true, true, false],
  );
  equal(isShared("/x", ""), false);
});

test("shmounts that cannot work are warned of, with what makes them work", () => {
  const shmounts = (hostPath: string): AutoMount => ({
    what: "shmounts",
    mode: "",
    force: false,
    hostPath,
    containerPath: "/dev/.lxc-mounts",
  });
  deepEqual(tunnelWarnings([shmounts("/home/x"), { ...shmounts(""), what: "proc" }], MOUNTINFO), []);
  deepEqual(tunnelWarnings([shmounts("/srv")], MOUNTINFO), [
    "shmounts will show nothing: the mount of /srv is not shared; mount --bind /srv /srv && mount --make-shared /srv",
  ]);
});
