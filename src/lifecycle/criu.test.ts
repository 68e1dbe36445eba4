import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { criuVersionIn, dumpWords, errorLinesIn, restoreWords } from "./criu.ts";

const facts = {
  files: { folder: "/c", verbose: false, actionScript: "" },
  cgroups: ["memory:/lxc.payload.c1"],
  mounts: [{ target: "mnt", source: "/srv" }],
};
const dump = { preDump: false, earlier: "", stop: false, pid: 8211, freezer: "/sys/fs/cgroup/freezer/lxc.payload.c1" };
// As lxc-checkpoint of LXC 5.0.2 has run it.
const BEGIN =
  "--tcp-established --file-locks --link-remap --manage-cgroups=full --ext-mount-map auto --enable-external-sharing --enable-external-masters --enable-fs hugetlbfs --enable-fs tracefs -D /c -o";

test("a dump has LXC's words in LXC's order", () => {
  equal(
    dumpWords(facts, dump).join(" "),
    `dump ${BEGIN} /c/dump.log --cgroup-root memory:/lxc.payload.c1 --ext-mount-map /mnt:mnt -t 8211 --skip-in-flight --freeze-cgroup /sys/fs/cgroup/freezer/lxc.payload.c1 --force-irmap --leave-running`,
  );
  const files = { folder: "/c", verbose: true, actionScript: "/bin/true" };
  const last = dumpWords(
    { files, cgroups: [], mounts: [] },
    { preDump: false, earlier: "pre", stop: true, pid: 1, freezer: "" },
  );
  equal(
    last.join(" "),
    `dump ${BEGIN} /c/dump.log -v4 --action-script /bin/true -t 1 --skip-in-flight --prev-images-dir pre --track-mem --force-irmap`,
  );
});

test("a dump in advance never stops anything, and has a log of its own", () => {
  const words = dumpWords(facts, { preDump: true, earlier: "", stop: false, pid: 5, freezer: "" }).join(" ");
  equal(
    words,
    `pre-dump ${BEGIN} /c/pre-dump.log --cgroup-root memory:/lxc.payload.c1 --ext-mount-map mnt:/srv -t 5 --skip-in-flight --force-irmap`,
  );
});

test("a restore has the root file system and the networks", () => {
  equal(
    restoreWords(facts, "/root", ["veth[eth0]:veth1@br0"]).join(" "),
    `restore ${BEGIN} /c/restore.log --cgroup-root memory:/lxc.payload.c1 --ext-mount-map mnt:/srv --root /root --restore-detached --restore-sibling --external veth[eth0]:veth1@br0`,
  );
});

test("criu's version and the last of its errors are read", () => {
  deepEqual(["Version: 3.17.1", "Version: 4.0\nGitID: v4", "criu"].map(criuVersionIn), [317, 400, undefined]);
  const log = ["(00.01) fine", ...[1, 2, 3, 4, 5, 6].map((i) => `(00.0${i}) Error (x.c:${i}): no`)].join("\n");
  deepEqual(
    errorLinesIn(log),
    [2, 3, 4, 5, 6].map((i) => `Error (x.c:${i}): no`),
  );
});
