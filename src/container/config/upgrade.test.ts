import { deepEqual, equal } from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigDocument } from "./document.ts";
import { NO_VARIABLES } from "./keys.ts";
import { readConfig } from "./load.ts";
import { successorOf, upgradeText } from "./upgrade.ts";

const CORPUS = join(import.meta.dirname, "../../../test/corpus/legacy");

/** Each line of LXC 1 and 2, and what becomes of it; undefined when it goes. */
const lines: readonly (readonly [string, string | undefined])[] = [
  ["lxc.utsname = c1", "lxc.uts.name = c1"],
  ["  lxc.utsname=c1\t ", "  lxc.uts.name=c1\t "],
  ["lxc.utsname = c1\r", "lxc.uts.name = c1\r"],
  ["lxc.tty = 4", "lxc.tty.max = 4"],
  ["lxc.pts = 1024", "lxc.pty.max = 1024"],
  ["lxc.devttydir = lxc", "lxc.tty.dir = lxc"],
  ["lxc.console = none", "lxc.console.path = none"],
  ["lxc.console.logfile = /var/log/c1", "lxc.console.logfile = /var/log/c1"],
  ["lxc.mount = /etc/fstab.c1", "lxc.mount.fstab = /etc/fstab.c1"],
  ["lxc.mount.entry = a b none bind 0 0", "lxc.mount.entry = a b none bind 0 0"],
  ["lxc.mount.auto = proc", "lxc.mount.auto = proc"],
  ["lxc.rootfs = /srv/c1", "lxc.rootfs.path = dir:/srv/c1"],
  ["lxc.rootfs=\t/srv/c 1 \r", "lxc.rootfs.path=\tdir:/srv/c 1 \r"],
  ['lxc.rootfs = "/srv/c1"', 'lxc.rootfs.path = "dir:/srv/c1"'],
  ["lxc.rootfs = overlayfs:/a:/b", "lxc.rootfs.path = overlayfs:/a:/b"],
  ["lxc.rootfs = loop:/srv/c1.img", "lxc.rootfs.path = loop:/srv/c1.img"],
  ["lxc.rootfs = /dev/lxc/c1", "lxc.rootfs.path = /dev/lxc/c1"],
  ["lxc.rootfs =", "lxc.rootfs.path ="],
  ["lxc.rootfs.mount = /mnt", "lxc.rootfs.mount = /mnt"],
  ["lxc.rootfs.options = ro", "lxc.rootfs.options = ro"],
  ["lxc.rootfs.backend =", undefined],
  ["lxc.pivotdir = x", undefined],
  ["lxc.kmsg = 0", undefined],
  ["lxc.id_map = u 0 100000 65536", "lxc.idmap = u 0 100000 65536"],
  ["lxc.aa_profile = unconfined", "lxc.apparmor.profile = unconfined"],
  ["lxc.aa_allow_incomplete = 1", "lxc.apparmor.allow_incomplete = 1"],
  ["lxc.se_context = a:b:c:d", "lxc.selinux.context = a:b:c:d"],
  ["lxc.seccomp = /x", "lxc.seccomp.profile = /x"],
  ["lxc.haltsignal = SIGPWR", "lxc.signal.halt = SIGPWR"],
  ["lxc.rebootsignal = 1", "lxc.signal.reboot = 1"],
  ["lxc.stopsignal = 9", "lxc.signal.stop = 9"],
  ["lxc.syslog = daemon", "lxc.log.syslog = daemon"],
  ["lxc.loglevel = 1", "lxc.log.level = 1"],
  ["lxc.logfile = /x", "lxc.log.file = /x"],
  ["lxc.init_cmd = /init", "lxc.init.cmd = /init"],
  ["lxc.init_uid = 1", "lxc.init.uid = 1"],
  ["lxc.init_gid = 1", "lxc.init.gid = 1"],
  ["lxc.limit.nofile = 10:20", "lxc.prlimit.nofile = 10:20"],
  ["lxc.limit =", "lxc.prlimit ="],
  ["lxc.network =", "lxc.net ="],
  ["lxc.network.type =", "lxc.net ="],
  ["lxc.network.3 =", "lxc.net.3 ="],
  ["lxc.network.12.veth.pair = v", "lxc.net.12.veth.pair = v"],
  ["lxc.network.0.ipv4 = 10.0.0.2/24", "lxc.net.0.ipv4.address = 10.0.0.2/24"],
  ["lxc.network.0.ipv6.gateway = auto", "lxc.net.0.ipv6.gateway = auto"],
  ["lxc.network.script.up = /x", "lxc.net.0.script.up = /x"],
  ["#lxc.utsname = c1", "#lxc.utsname = c1"],
  ["# see lxc.utsname = c1", "# see lxc.utsname = c1"],
  ["lxc.utsname", "lxc.utsname"],
  ["xlxc.utsname = c1", "xlxc.utsname = c1"],
  ["lxc.hook.start = /x lxc.utsname = y", "lxc.hook.start = /x lxc.utsname = y"],
  ["lxc.cgroup.memory.limit_in_bytes = 1M", "lxc.cgroup.memory.limit_in_bytes = 1M"],
  ["lxc.cap.drop = sys_admin", "lxc.cap.drop = sys_admin"],
  ["", ""],
];

for (const [before, after] of lines) {
  test(`${JSON.stringify(before)} becomes ${JSON.stringify(after ?? "nothing")}`, () => {
    const wanted = after === undefined ? "a\nb" : `a\n${after}\nb`;
    equal(upgradeText(`a\n${before}\nb`).text, wanted);
    equal(upgradeText(wanted).text, wanted);
  });
}

test("networks are numbered by their types, and what follows belongs to the last one", () => {
  const before = `lxc.network.type = veth
lxc.network.flags = up
lxc.network.ipv4 = 10.0.0.2/24
# second
lxc.network.type = macvlan
lxc.network.macvlan.mode = bridge
lxc.network.0.mtu = 1400
lxc.network.link = eth0
`;
  const after = `lxc.net.0.type = veth
lxc.net.0.flags = up
lxc.net.0.ipv4.address = 10.0.0.2/24
# second
lxc.net.1.type = macvlan
lxc.net.1.macvlan.mode = bridge
lxc.net.0.mtu = 1400
lxc.net.1.link = eth0
`;
  equal(upgradeText(before).text, after);
});

test("a network without a number comes after those with one, and the first after a reset is 0", () => {
  const before = "lxc.net.2.type = veth\nlxc.network.type = veth\nlxc.network =\nlxc.network.type = phys\n";
  const after = "lxc.net.2.type = veth\nlxc.net.3.type = veth\nlxc.net =\nlxc.net.0.type = phys\n";
  equal(upgradeText(before).text, after);
});

test("the backend is written before the root file system, wherever its line stands", () => {
  const before = "lxc.rootfs.backend = lvm\nlxc.rootfs = /dev/lxc/c1\n";
  equal(upgradeText(before).text, "lxc.rootfs.path = lvm:/dev/lxc/c1\n");
  equal(upgradeText("lxc.rootfs = /c1\nlxc.rootfs.backend = btrfs").text, "lxc.rootfs.path = btrfs:/c1");
  equal(upgradeText("lxc.rootfs = /c1\nlxc.rootfs.backend = best").text, "lxc.rootfs.path = dir:/c1");
  equal(upgradeText("lxc.rootfs = zfs:c1\nlxc.rootfs.backend = dir").text, "lxc.rootfs.path = zfs:c1");
});

test("each change names its line in the text before", () => {
  deepEqual(upgradeText("# c1\nlxc.kmsg = 1\n\nlxc.tty = 1\nlxc.pty.max = 2\n").changes, [
    { line: 2, from: "lxc.kmsg", to: "" },
    { line: 4, from: "lxc.tty", to: "lxc.tty.max" },
  ]);
});

test("the successor of a key is known without its file", () => {
  deepEqual(
    ["lxc.utsname", "lxc.kmsg", "lxc.network.ipv6", "lxc.network.4.name", "lxc.limit.cpu", "lxc.uts.name", "x"].map(
      (key) => successorOf(key),
    ),
    ["lxc.uts.name", "", "lxc.net.0.ipv6.address", "lxc.net.4.name", "lxc.prlimit.cpu", undefined, undefined],
  );
});

const samples = existsSync(CORPUS) ? globSync("*.conf", { cwd: CORPUS }) : [];
for (const sample of samples) {
  test(`${sample} has only keys of today afterwards`, () => {
    const after = upgradeText(readFileSync(join(CORPUS, sample), "utf8")).text;
    equal(upgradeText(after).text, after);
    const read = readConfig(new ConfigDocument(after), sample, () => [], NO_VARIABLES);
    deepEqual(
      read.errors.filter((error) => error.problem === "there is no such key"),
      [],
    );
  });
}
