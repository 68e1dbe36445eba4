// lxc.idmap for containers that root starts: who is who on both sides, and what a root that is none may do.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("idmap");
after(() => place.remove());

// Hooks inside are run by the container's root, who must come to them.
chmodSync(place.folder, 0o755);

const FIRST = 1_600_000_000;
const MAPS = [`lxc.idmap = u 0 ${FIRST} 65536`, `lxc.idmap = g 0 ${FIRST} 65536`];
const base = join(place.folder, "base.conf");
writeFileSync(base, `${MAPS.join("\n")}\n`);

/** A busybox container whose files are its own root's. */
function create(name: string, ...lines: string[]): void {
  const made = place.ours("lxc-create", "-n", name, "-t", "busybox", "-f", base);
  deepEqual(made, { code: 0, out: "", err: "" });
  place.configure(name, ...lines);
}

function inside(name: string, script: string, ...lines: string[]): string {
  create(name, ...lines);
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", `exec >/out 2>&1; ${script}`);
  equal(run.err, "");
  equal(run.code, 0);
  return readFileSync(place.inside(name, "out"), "utf8").trim();
}

function pidOf(name: string): number {
  return Number(place.ours("lxc-info", "-n", name, "-pH").out);
}

test("a template fills the root file system as the container's root, and destroy removes it", { skip }, () => {
  create("lxcts-id-files");
  equal(statSync(place.inside("lxcts-id-files", "bin/busybox")).uid, FIRST);
  const folder = statSync(join(place.lxcpath, "lxcts-id-files"));
  deepEqual([folder.uid, folder.gid], [FIRST, 0]);
  equal(statSync(join(place.lxcpath, "lxcts-id-files/config")).uid, 0);
  equal(place.ours("lxc-destroy", "-n", "lxcts-id-files").code, 0);
  deepEqual(readdirSync(place.lxcpath), []);
});

test("a template that is a program runs there, and is told who its caller is", { skip }, () => {
  const out = join(place.folder, "template-out");
  writeFileSync(out, "");
  const template = place.script(
    "template",
    `{ id -u; cat /proc/self/uid_map; echo "$@"; } > ${out}; touch /tmp/x; exit 0`,
  );
  equal(place.ours("lxc-create", "-n", "lxcts-id-program", "-t", template, "-f", base).code, 0);
  const lines = readFileSync(out, "utf8")
    .split("\n")
    .map((line) => line.trim().replaceAll(/ +/g, " "));
  deepEqual(lines.slice(0, 3), ["0", `0 ${FIRST} 65536`, "65536 0 1"]);
  match(lines[3] ?? "", /--mapped-uid=65536 --mapped-gid=65536$/);
  equal(place.ours("lxc-destroy", "-n", "lxcts-id-program").code, 0);
});

test("its root is nobody on the host, and its maps are those of lxc.idmap", { skip }, () => {
  create("lxcts-id-who");
  deepEqual(place.ours("lxc-start", "-n", "lxcts-id-who"), { code: 0, out: "", err: "" });
  const status = readFileSync(`/proc/${pidOf("lxcts-id-who")}/status`, "utf8");
  match(status, new RegExp(`\nUid:\t${FIRST}\t${FIRST}\t${FIRST}\t${FIRST}\nGid:\t${FIRST}\t`));
  match(status, /\nGroups:\t *\n/);
  const map = readFileSync(`/proc/${pidOf("lxcts-id-who")}/uid_map`, "utf8").trim();
  match(map, new RegExp(`^0 +${FIRST} +65536$`));
  const run = place.ours(
    "lxc-attach",
    "-n",
    "lxcts-id-who",
    "--",
    "/bin/sh",
    "-c",
    "id -u; id -g; touch /made; grep CapEff /proc/self/status",
  );
  equal(run.err, "");
  match(run.out, /^0\n0\nCapEff:\t0*1f/);
  equal(statSync(place.inside("lxcts-id-who", "made")).uid, FIRST);
  equal(place.ours("lxc-stop", "-n", "lxcts-id-who", "-k").code, 0);
});

test("it may mount, set its name and its network, and not the host's clock, files or devices", { skip }, () => {
  const script = [
    "mount -t tmpfs t /mnt && echo mounted",
    "hostname other && hostname",
    "ip link add lxcts0 type bridge && ip link show lxcts0 | grep -c lxcts0",
    "mknod /tmp/disk b 254 0 || echo no device",
    "date -s 2030-01-01 2>&1 | grep permitted",
    "echo 1 > /proc/sys/vm/drop_caches || echo no sysctl",
    "cat /dev/null && echo null; head -c 4 /dev/zero | wc -c",
    "stat -c %u:%g /proc/1 /dev/console",
  ].join("; ");
  const said = inside("lxcts-id-may", script);
  for (const wanted of [
    /mounted\n/,
    /other\n1\n/,
    /no device/,
    /can't set date: Operation not permitted/,
    /no sysctl/,
    /null\n4\n/,
    /0:0\n0:0$/,
  ])
    match(said, wanted);
});

test("its cgroups are its own, and their limits are not", { skip }, () => {
  const script = [
    "mount -t cgroup -o memory m /mnt && mkdir /mnt/own && echo $$ > /mnt/own/cgroup.procs && echo moved",
    "echo 12345678 > /mnt/memory.limit_in_bytes || echo refused",
  ].join("; ");
  const said = inside("lxcts-id-cgroup", script, "lxc.limit.memory = 64M");
  match(said, /moved\n/);
  match(said, /refused$/);
});

test("a network of its own is configured from outside and inside", { skip }, () => {
  const said = inside(
    "lxcts-id-net",
    "ip addr show eth0; cat /sys/class/net/eth0/mtu",
    "lxc.net.0.type = veth",
    "lxc.net.0.flags = up",
    "lxc.net.0.mtu = 1400",
    "lxc.net.0.ipv4.address = 10.83.1.2/24",
  );
  match(said, /inet 10\.83\.1\.2\/24/);
  match(said, /1400$/);
});

test("with the host's network it sees the host's devices in /sys", { skip }, () => {
  const said = inside("lxcts-id-hostnet", "ls /sys/class/net; touch /sys/x || echo read-only", "lxc.net.0.type = none");
  match(said, /^lo$/m);
  match(said, /read-only/);
});

test("the first process may be another user, and its groups are those inside", { skip }, () => {
  create("lxcts-id-user", "lxc.init.uid = 12", "lxc.init.gid = 13", "lxc.init.groups = 14,15");
  const script = "id -u; id -g; id -G; cat /proc/self/uid_map";
  const words = ["/bin/sh", "-c", `exec > /tmp/out 2>&1; ${script}`];
  const run = place.ours("lxc-start", "-n", "lxcts-id-user", "-F", "--", ...words);
  equal(run.code, 0, run.err);
  const out = readFileSync(place.inside("lxcts-id-user", "tmp/out"), "utf8");
  match(out, /^12\n13\n13 14 15\n/);
  equal(statSync(place.inside("lxcts-id-user", "tmp/out")).uid, FIRST + 12);
});

test("hooks on the host get the user namespace, and those inside are the container's root", { skip }, () => {
  const out = join(place.folder, "hook-out");
  const stop = place.script("stop", `echo $LXC_USER_NS > ${out}; echo "$4" >> ${out}`);
  const mount = place.script("mount", 'id -u > "$LXC_ROOTFS_MOUNT/hook-uid"');
  create("lxcts-id-hooks", `lxc.hook.stop = ${stop}`, `lxc.hook.mount = ${mount}`);
  const run = place.ours("lxc-start", "-n", "lxcts-id-hooks", "-F", "--", "/bin/true");
  equal(run.code, 0, run.err);
  equal(statSync(place.inside("lxcts-id-hooks", "hook-uid")).uid, FIRST);
  equal(readFileSync(place.inside("lxcts-id-hooks", "hook-uid"), "utf8"), "0\n");
  match(readFileSync(out, "utf8"), /^\/proc\/\d+\/fd\/\d+\nuser:\/proc\/\d+\/fd\/\d+\n$/);
});

test("a reboot keeps the maps, and nothing is left at the end", { skip }, async () => {
  create("lxcts-id-reboot");
  equal(place.ours("lxc-start", "-n", "lxcts-id-reboot").code, 0);
  const before = pidOf("lxcts-id-reboot");
  // Its init ends all when it is told to, once it is ready for that.
  const again = () => {
    place.ours("lxc-attach", "-n", "lxcts-id-reboot", "--", "/bin/busybox", "reboot", "-f");
    const now = pidOf("lxcts-id-reboot");
    return now > 0 && now !== before;
  };
  ok(await eventually(again, 15_000));
  match(readFileSync(`/proc/${pidOf("lxcts-id-reboot")}/status`, "utf8"), new RegExp(`\nUid:\t${FIRST}\t`));
  equal(place.ours("lxc-stop", "-n", "lxcts-id-reboot", "-k").code, 0);
  const gone = await eventually(() => place.leftovers("lxcts-id-reboot").length === 0);
  ok(gone, place.leftovers("lxcts-id-reboot").join("\n"));
});

test("another container may join its user namespace, and then the others that it owns", { skip }, () => {
  create("lxcts-id-owner");
  equal(place.ours("lxc-start", "-n", "lxcts-id-owner").code, 0);
  const made = place.ours("lxc-create", "-n", "lxcts-id-guest", "-t", "busybox", "-f", base);
  equal(made.code, 0);
  const file = join(place.lxcpath, "lxcts-id-guest/config");
  const without = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("lxc.idmap"));
  writeFileSync(file, `${without.join("\n")}\n`);
  place.configure(
    "lxcts-id-guest",
    "lxc.namespace.share.user = lxcts-id-owner",
    "lxc.namespace.share.net = lxcts-id-owner",
  );
  const script = "exec > /out 2>&1; id -u; touch /made; stat -L -c %i /proc/self/ns/user /proc/self/ns/net";
  const run = place.ours("lxc-start", "-n", "lxcts-id-guest", "-F", "--", "/bin/sh", "-c", script);
  equal(run.err, "");
  equal(run.code, 0);
  const pid = pidOf("lxcts-id-owner");
  const inodes = ["user", "net"].map((name) => String(statSync(`/proc/${pid}/ns/${name}`).ino));
  deepEqual(readFileSync(place.inside("lxcts-id-guest", "out"), "utf8").trim().split("\n"), ["0", ...inodes]);
  equal(statSync(place.inside("lxcts-id-guest", "made")).uid, FIRST);
  equal(place.ours("lxc-stop", "-n", "lxcts-id-owner", "-k").code, 0);
});

test("maps that the kernel refuses are told by their values", { skip }, () => {
  place.create(
    "lxcts-id-none",
    "lxc.idmap = u 0 100000 10",
    "lxc.idmap = u 10 4294967290 100",
    "lxc.idmap = g 0 100000 10",
  );
  const run = place.ours("lxc-start", "-n", "lxcts-id-none");
  equal(run.code, 1);
  match(run.err, /write the container's uid_map "0 100000 10\n?.*10 4294967290 100"/s);
});
