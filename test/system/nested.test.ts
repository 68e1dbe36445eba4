// A container in a container, made and started by the same tools inside.

import { equal, match } from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("nested");
after(() => place.remove());

const TOOLS = join(BIN, "..");
/** Our tools inside, and the cgroups to divide; /dev/shm of the host's is not. */
const NESTING = [
  `lxc.mount.entry = ${TOOLS} tools none bind,ro,create=dir 0 0`,
  "lxc.mount.auto = cgroup:rw:force",
  // The kernel lets a user namespace have a new /proc and /sys only where whole ones can be seen.
  "lxc.mount.entry = proc dev/.lxc/proc proc create=dir 0 0",
  "lxc.mount.entry = sys dev/.lxc/sys sysfs create=dir 0 0",
  "lxc.cap.drop =",
];
const LIFE = [
  "export PATH=/tools/bin:/bin:/sbin",
  "mkdir -p /var/lib/lxc /run /inner",
  "lxc-create -P /inner -n in -t busybox -f /base.conf || exit 1",
  "lxc-start -P /inner -n in || exit 2",
  "lxc-attach -P /inner -n in -- /bin/sh -c 'id -u; hostname; cat /proc/self/uid_map; cat /proc/self/cgroup | cut -d: -f3 | sort -u' || exit 3",
  "lxc-ls -P /inner -f",
  "lxc-stop -P /inner -n in -k || exit 4",
  "lxc-destroy -P /inner -n in || exit 5",
  "ls -A /inner",
].join("; ");

function lifeInside(name: string, base: string): string {
  writeFileSync(place.inside(name, "base.conf"), base);
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", `exec >/out 2>&1; ${LIFE}`);
  const said = readFileSync(place.inside(name, "out"), "utf8");
  equal(run.err, "");
  equal(run.code, 0, said);
  return said;
}

test("root's containers nest, and the inner one is gone without a trace", { skip }, async () => {
  place.create("lxcts-nest", ...NESTING);
  const said = lifeInside("lxcts-nest", "lxc.net.0.type = empty\n");
  match(said, /^0\nin\n +0 +0 +4294967295\n\/\n/m);
  match(said, /^in +RUNNING /m);
  await eventually(() => place.leftovers("lxcts-nest").length === 0);
  equal(place.leftovers("lxcts-nest").join("\n"), "");
});

test("a container of a user namespace has containers of its own ids inside", { skip }, async () => {
  const file = join(place.folder, "outer.conf");
  writeFileSync(file, "lxc.idmap = u 0 1300000000 131072\nlxc.idmap = g 0 1300000000 131072\n");
  equal(place.ours("lxc-create", "-n", "lxcts-nest-ids", "-t", "busybox", "-f", file).code, 0);
  place.configure("lxcts-nest-ids", ...NESTING);
  const said = lifeInside(
    "lxcts-nest-ids",
    "lxc.idmap = u 0 65536 65536\nlxc.idmap = g 0 65536 65536\nlxc.net.0.type = empty\n",
  );
  match(said, /^0\nin\n +0 +65536 +65536\n\/\n/m);
  equal(statSync(place.inside("lxcts-nest-ids", "out")).uid, 1_300_000_000);
  await eventually(() => place.leftovers("lxcts-nest-ids").length === 0);
  equal(place.leftovers("lxcts-nest-ids").join("\n"), "");
});
