// lxc-ls --nesting: containers inside of containers, running or not, whatever they call themselves.

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("ls-nesting");
const OUTER = "lxcts-ln1";
const MAPPED = "lxcts-ln2";
const NESTING = [
  `lxc.mount.entry = ${join(BIN, "..")} tools none bind,ro,create=dir 0 0`,
  "lxc.mount.auto = cgroup:rw:force",
  "lxc.mount.entry = proc dev/.lxc/proc proc create=dir 0 0",
  "lxc.mount.entry = sys dev/.lxc/sys sysfs create=dir 0 0",
  "lxc.cap.drop =",
  "lxc.pty.max = 64",
];

after(() => place.remove());
before(() => {
  if (skip !== false) return;
  place.create(OUTER, ...NESTING, "lxc.net.0.type = empty");
  fill(OUTER, "");
  const file = join(place.folder, "mapped.conf");
  const ids = "lxc.idmap = u 0 1310000000 131072\nlxc.idmap = g 0 1310000000 131072\nlxc.net.0.type = empty\n";
  writeFileSync(file, ids);
  equal(place.ours("lxc-create", "-n", MAPPED, "-t", "busybox", "-f", file).code, 0);
  place.configure(MAPPED, ...NESTING);
  fill(MAPPED, "lxc.idmap = u 0 65536 65536\nlxc.idmap = g 0 65536 65536\n");
});

/** Two containers inside, one of which runs, in the folder that is the container path here too. */
function fill(name: string, lines: string): void {
  equal(place.ours("lxc-start", name).code, 0);
  const base = `${lines}lxc.net.0.type = empty\nlxc.group = g\n`;
  const script = [
    `mkdir -p ${place.lxcpath} /run`,
    `printf '${base.split("\n").join("\\n")}' > /b`,
    `for n in up down; do /tools/bin/lxc-create -P ${place.lxcpath} -n $n -t busybox -f /b || exit 1; done`,
    `/tools/bin/lxc-start -P ${place.lxcpath} -n up`,
    `/tools/bin/lxc-attach -P ${place.lxcpath} -n up -- ip addr add 10.99.8.7/24 dev lo`,
  ].join("; ");
  const said = place.ours("lxc-attach", "-n", name, "--clear-env", "--", "/bin/sh", "-c", script);
  equal(said.code, 0, said.err);
}

test("running ones are found, in the user namespace of a container too", { skip }, () => {
  equal(
    place.ours("lxc-ls", "--nesting", "-f", "-F", "NAME,STATE,GROUPS,UNPRIVILEGED").out,
    [
      "NAME      STATE   GROUPS UNPRIVILEGED ",
      "lxcts-ln1 RUNNING -      false        ",
      "\\down     STOPPED g      false        ",
      "\\up       RUNNING g      false        ",
      "lxcts-ln2 RUNNING -      true         ",
      "\\down     STOPPED g      true         ",
      "\\up       RUNNING g      true         ",
      "",
    ].join("\n"),
  );
  const rows = JSON.parse(
    place.ours("lxc-ls", "--nesting", "--running", "--columns=name,pid,state", "--format=json").out,
  );
  deepEqual(
    rows.map((row: { name: string; pid: number; state: string }) => [row.name, row.pid > 1, row.state]),
    [
      [OUTER, true, "RUNNING"],
      [`${OUTER}/up`, true, "RUNNING"],
      [MAPPED, true, "RUNNING"],
      [`${MAPPED}/up`, true, "RUNNING"],
    ],
  );
});

test("filters hold at every level, and a depth of none is none", { skip }, () => {
  equal(place.ours("lxc-ls", "--nesting", "-1", "--filter", "up").out, "");
  equal(place.ours("lxc-ls", "--nesting", "-1", "--filter", "ln1|down").out, `${OUTER}\n${OUTER}/down\n`);
  equal(place.ours("lxc-ls", "--nesting=0", "-1").out, `${OUTER}\n${MAPPED}\n`);
});

test("of a stopped one what is in its root file system, as in LXC, byte for byte", { skip }, () => {
  const made = place.create("lxcts-ln3");
  const inner = (folder: string, name: string): string => {
    const path = join(folder, name);
    mkdirSync(join(path, "rootfs"), { recursive: true });
    writeFileSync(join(path, "config"), `lxc.rootfs.path = dir:${place.lxcpath}/${name}/rootfs\nlxc.group = x\n`);
    return join(path, "rootfs");
  };
  const below = join(made, "rootfs", place.lxcpath);
  const first = inner(below, "one");
  inner(below, "two");
  for (const words of [["-1"], ["-f"], [], ["-f", "-F", "NAME,GROUPS"], ["-1", "-g", "x"]]) {
    const wanted = ["--nesting=1", "--stopped", ...words];
    deepEqual(place.ours("lxc-ls", ...wanted), place.theirs("lxc-ls", ...wanted), words.join(" "));
  }
  inner(join(first, place.lxcpath), "deep");
  match(place.ours("lxc-ls", "--nesting", "-f", "--stopped", "-F", "NAME").out, /\n\\one +\n \\deep +\n\\two +\n/);
  equal(place.ours("lxc-ls", "--nesting=1", "-1", "--stopped").out.includes("deep"), false);
});

test("what a container calls its own cannot steer a terminal, lead outside or hold anybody up", { skip }, () => {
  const path = place.lxcpath;
  const script = [
    `cd ${path}`,
    `mkdir -p "$(printf 'bad\\033[2J')" "$(printf 'two\\nlines')" fifo link sized loop .hidden`,
    `for each in */; do echo 'lxc.group = x' > "$each/config"; done`,
    "rm fifo/config link/config loop/config; mkfifo fifo/config; ln -s /../../../../etc/passwd link/config",
    "ln -s config loop/config",
    "dd if=/dev/zero of=sized/config bs=1M count=8 2> /dev/null",
    "echo 'lxc.group = x' > .hidden/config",
    `printf 'lxc.group = a\\033[31mb\\tc\\n' > down/config`,
  ].join("; ");
  equal(place.ours("lxc-attach", OUTER, "--clear-env", "--", "/bin/sh", "-c", script).code, 0);
  const began = Date.now();
  const said = place.ours("lxc-ls", "--nesting", "-f", "-F", "NAME,GROUPS", "--running", "--filter", "ln1").out;
  equal(said.split("\n").length, 3);
  const rows = JSON.parse(place.ours("lxc-ls", "--nesting", "-f", "--columns=name,groups", "--format=json").out);
  const names = rows.map((row: { name: string }) => row.name).filter((name: string) => name.startsWith(OUTER));
  deepEqual(
    names,
    ["", "/down", "/fifo", "/link", "/sized", "/up"].map((name) => `${OUTER}${name}`),
  );
  deepEqual(rows[1].groups, ["a\\x1b[31mb\\x09c"]);
  deepEqual(
    rows.slice(2, 5).map((row: { groups: string[] }) => row.groups),
    [[], [], []],
  );
  equal(Date.now() - began < 8000, true);
  equal(readdirSync(path).length, 3);
});
