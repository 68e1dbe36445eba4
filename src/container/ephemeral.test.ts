import { deepEqual, match, throws } from "node:assert/strict";
import { test } from "node:test";
import { type EphemeralPlan, ephemeralParts, mountWishIn } from "./ephemeral.ts";

test("a mount is a source, perhaps a target, and for a bind perhaps a mode", () => {
  deepEqual(
    ["bind=/a", "bind=/a/../b/:/c//d:ro", "bind=/a:rw", "overlay=/a:e", "overlayfs=/a"].map((text) =>
      mountWishIn(text),
    ),
    [
      { type: "bind", source: "/a", target: "a", mode: "rw" },
      { type: "bind", source: "/b", target: "c/d", mode: "ro" },
      { type: "bind", source: "/a", target: "a", mode: "rw" },
      { type: "overlay", source: "/a", target: "e", mode: "rw" },
      { type: "overlay", source: "/a", target: "a", mode: "rw" },
    ],
  );
  for (const wrong of ["bind", "foo=/a", "bind=a:/b", "bind=/a:/b:rx", "overlay=/a:/b:ro", "bind=/a:/", "bind=/a\n:/b"])
    throws(() => mountWishIn(wrong), /cannot use --mount=/);
});

const PLAN: EphemeralPlan = {
  name: "e1",
  directory: "/my lxc/e1",
  lowers: ["/base"],
  tmpfs: false,
  keepData: false,
  keepName: false,
  isMapped: false,
  mounts: [
    { wish: mountWishIn("bind=/a b:/c"), isFolder: false, suffix: "" },
    { wish: mountWishIn("overlay=/d"), isFolder: true, suffix: "Xy1" },
  ],
  suffix: "Zz2",
};

test("its lines are LXC's", () => {
  deepEqual(ephemeralParts(PLAN), {
    settings: [
      { key: "lxc.ephemeral", value: "1" },
      { key: "lxc.mount.entry", value: "/a\\040b c none bind,optional,rw,create=file 0 0" },
      {
        key: "lxc.mount.entry",
        value: "/d d overlay lowerdir=/d,upperdir=/my\\040lxc/e1/delta#Xy1,workdir=/my\\040lxc/e1/work#Xy1,create=dir",
      },
    ],
    files: [],
  });
});

test("on a tmpfs a script makes the layer, and the shell takes its path as one word", () => {
  const { settings, files } = ephemeralParts({ ...PLAN, tmpfs: true, keepData: true, isMapped: true });
  deepEqual(settings[0], { key: "lxc.hook.pre-mount", value: "'/my lxc/e1/pre-start-Zz2'" });
  match(settings[2]?.value ?? "", /upperdir=\/my\\040lxc\/e1\/overlay\/delta#Xy1,.*,userxattr,create=dir$/);
  deepEqual([settings.length, files[0]?.name, files[0]?.mode], [3, "pre-start-Zz2", 0o755]);
  match(files[0]?.text ?? "", /^#! \/bin\/sh\nset -e\n/);
  match(files[0]?.text ?? "", /\nmount -n -t tmpfs -o mode=0755 none '\/my lxc\/e1\/overlay'\n/);
  match(files[0]?.text ?? "", /printf %s 'e1' > '\/my lxc\/e1\/overlay\/delta\/etc\/hostname'/);
  const kept = ephemeralParts({ ...PLAN, tmpfs: true, keepName: true });
  deepEqual(kept.files[0]?.text.includes("hostname"), false);
});
