import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { addressesIn, type ConfigCopy, copiedConfig, freshAddress } from "./copy-config.ts";

const SOURCE = `# kept, as it is

lxc.include = /usr/share/lxc/config/common.conf
 lxc.uts.name="c1"
lxc.net.0.hwaddr = 00:16:3e:11:22:33
lxc.net.1.hwaddr   = "aa:bb:cc:dd:ee:ff"
lxc.net.2.hwaddr =
lxc.rootfs.path = dir:/lxc/c1/rootfs
lxc.rootfs.managed = 0
lxc.mount.fstab=/lxc/c1/fstab
lxc.hook.start-host = /lxc/c1/hooks/one.sh a /lxc/c1/b
lxc.hook.mount = "/lxc/c1/hooks/one.sh"
lxc.hook.stop = /lxc/c10/other.sh
lxc.mount.entry = x ovl overlay lowerdir=/lxc/c1/low,upperdir=/lxc/c1/up,workdir=/lxc/c1/work,create=dir
lxc.mount.entry = /lxc/c1/data data none bind
# lxc.uts.name = c1\r
lxc.uts.name = c1
`;

function copyOf(change: Partial<ConfigCopy>): ConfigCopy {
  const plain: ConfigCopy = {
    text: SOURCE,
    from: "/lxc/c1",
    to: "/srv/c2",
    rootfs: "dir:/srv/c2/rootfs",
    isMoved: false,
    hostName: "c2",
    fstab: "/srv/c2/fstab",
    random: new Uint8Array([0x01, 0x2a, 0xff, 0x10, 0x20, 0x30]),
    settings: [],
  };
  return Object.assign({}, plain, change);
}

test("a copy has the lines of its source but for what names it", () => {
  const { text, files } = copiedConfig(copyOf({}));
  equal(
    text,
    `# kept, as it is

lxc.include = /usr/share/lxc/config/common.conf
lxc.net.0.hwaddr = 00:16:3e:01:2a:ff
lxc.net.1.hwaddr   = "10:66:6a:10:20:30"
lxc.net.2.hwaddr =
lxc.hook.start-host = /srv/c2/hooks/one.sh a /lxc/c1/b
lxc.hook.mount = "/srv/c2/hooks/one.sh"
lxc.hook.stop = /lxc/c10/other.sh
lxc.mount.entry = x ovl overlay lowerdir=/lxc/c1/low,upperdir=/srv/c2/up,workdir=/srv/c2/work,create=dir
lxc.mount.entry = /lxc/c1/data data none bind
# lxc.uts.name = c1\r
lxc.rootfs.path = dir:/srv/c2/rootfs
lxc.uts.name = c2
lxc.mount.fstab = /srv/c2/fstab
`,
  );
  deepEqual(files, [{ from: "/lxc/c1/hooks/one.sh", to: "/srv/c2/hooks/one.sh" }]);
});

test("what is to be kept is kept where it stands", () => {
  const kept = copyOf({ hostName: "", fstab: "", random: new Uint8Array(0), rootfs: "" });
  const lines = SOURCE.split("\n").filter((line) => !line.startsWith("lxc.rootfs.path"));
  deepEqual(copiedConfig(kept).text.replaceAll("/srv/c2", "/lxc/c1"), lines.join("\n"));
});

test("files that were only moved stay as much the container's own as they were", () => {
  const { text } = copiedConfig(copyOf({ isMoved: true, settings: [{ key: "lxc.ephemeral", value: "1" }] }));
  equal(text.includes("lxc.rootfs.managed = 0\n"), true);
  equal(text.endsWith("lxc.mount.fstab = /srv/c2/fstab\nlxc.ephemeral = 1\n"), true);
});

test("bytes that are no text come through", () => {
  const text = "# caf\xe9 \xff\nlxc.uts.name = c1";
  equal(copiedConfig(copyOf({ text, fstab: "", rootfs: "" })).text, "# caf\xe9 \xff\nlxc.uts.name = c2\n");
});

test("addresses are counted, and a fresh one is unicast with the bytes of LXC in front", () => {
  equal(addressesIn(SOURCE), 2);
  equal(freshAddress("00:16:3E:00:00:00", new Uint8Array([0xab, 0xcd, 0xef])), "00:16:3e:ab:cd:ef");
  equal(freshAddress("xx:xx:xx:xx:xx:xx", new Uint8Array(0)), "10:66:6a:00:00:00");
});
