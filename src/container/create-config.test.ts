import { equal } from "node:assert/strict";
import { test } from "node:test";
import { configText, withoutBlankLines } from "./create-config.ts";

const base = {
  file: "/etc/lxc/default.conf",
  text: "lxc.net.0.type = empty\n",
  rootfs: "",
  rootfsKind: "",
  idMaps: [],
  shiftsRootfs: false,
};
const HEAD = `# Template used to create this container: busybox
# Parameters passed to the template: --x a b
# For additional config options, please look at lxc.container.conf(5)

# Uncomment the following line to support nesting containers:
#lxc.include = /usr/share/lxc/config/nesting.conf
# (Be aware this has security implications)

lxc.net.0.type = empty
`;

test("a new configuration has LXC's header, and no argument gets out of its comment", () => {
  const rootfs = { folder: "/srv/c1", source: "dir:/srv/c1", managed: true, isFresh: true };
  equal(configText(base, "busybox", ["--x", "a\nb"], rootfs), `${HEAD}lxc.rootfs.path = dir:/srv/c1\n`);
});

test("a root file system that was there before is marked as not ours", () => {
  const rootfs = { folder: "/srv/c1", source: "dir:/srv/c1", managed: false, isFresh: false };
  equal(
    configText(base, "busybox", ["--x", "a", "b"], rootfs),
    `${HEAD}lxc.rootfs.path = dir:/srv/c1\nlxc.rootfs.managed = 0\n`,
  );
});

test("comments stay and blank lines go, as in LXC", () => {
  equal(withoutBlankLines("# a\n\n \nlxc.uts.name = c1"), "# a\nlxc.uts.name = c1\n");
  equal(withoutBlankLines(""), "");
});
