// Copies, clones and snapshots made by LXC's tools and by ours: the same files, and either family works on the other's.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, type Outcome, Place, skipWithoutRoot } from "../system/host.ts";

const hasLxc = spawnSync("/usr/bin/lxc-copy", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const place = new Place("copycompat");
after(() => {
  place.remove();
  // LXC's monitor of a copy that -e started leaves its cgroups.
  for (const path of place.leftovers("lxcts-e-theirs")) if (path.startsWith("/sys/fs/cgroup/")) rmdirSync(path);
});

type Tools = (tool: string, ...args: string[]) => Outcome;
const ours: Tools = (tool, ...args) => place.ours(tool, ...args);
const theirs: Tools = (tool, ...args) => place.theirs(tool, ...args);
const families: readonly [string, Tools, Tools][] = [
  ["ours", ours, theirs],
  ["theirs", theirs, ours],
];

function read(...parts: string[]): string {
  const path = join(place.lxcpath, ...parts);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** A container that has all that a copy treats in a way of its own. */
function source(name: string): string {
  const folder = place.create(
    name,
    "lxc.net.0.type = empty",
    "# a note",
    `lxc.hook.start-host = ${place.lxcpath}/${name}/hook.sh`,
    `lxc.mount.fstab = ${place.lxcpath}/${name}/fstab`,
    `lxc.mount.entry = x mnt overlay lowerdir=${place.folder},upperdir=${place.lxcpath}/${name}/u,workdir=${place.lxcpath}/${name}/w,optional,create=dir`,
    "lxc.uts.name = first",
    `lxc.hook.clone = ${place.folder}/clone`,
  );
  writeFileSync(join(folder, "hook.sh"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(folder, "fstab"), "");
  writeFileSync(place.inside(name, "etc/hostname"), `${name}\n`);
  place.script("clone", `{ echo "$@"; env | grep ^LXC_ | grep -v ROOTFS_MOUNT; } >> ${place.folder}/told-$LXC_NAME`);
  return folder;
}

/** A configuration without what LXC leaves out, and addresses, which are random. */
function essence(text: string, name: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.join("\n").replaceAll(name, "NAME");
}

function filesOf(name: string): string {
  const folder = join(place.lxcpath, name);
  const found = spawnSync("find", [folder, "-path", "*/rootfs/*", "-o", "-printf", "%P %y %m %U:%G\\n"], {
    encoding: "utf8",
  });
  return found.stdout.split("\n").sort().join("\n");
}

test("a clone of LXC's and one of ours have the same files and lines", { skip }, () => {
  source("lxcts-src");
  for (const [family, tools] of families) {
    const name = `lxcts-c-${family}`;
    equal(tools("lxc-copy", "-n", "lxcts-src", "-N", name, "-s", "--", "--an", "option").code, 0);
    equal(read(name, "lxc_rdepends"), `${place.lxcpath}\nlxcts-src\n`);
    equal(read(name, "overlay/delta/etc/hostname"), name);
  }
  equal(read("lxcts-src", "lxc_snapshots"), ["ours", "theirs"].map((f) => `${place.lxcpath}\nlxcts-c-${f}\n`).join(""));
  equal(
    essence(read("lxcts-c-ours", "config"), "lxcts-c-ours"),
    essence(read("lxcts-c-theirs", "config"), "lxcts-c-theirs"),
  );
  equal(filesOf("lxcts-c-ours"), filesOf("lxcts-c-theirs"));
  const told = (name: string) => readFileSync(join(place.folder, `told-${name}`), "utf8").replaceAll(name, "NAME");
  equal(told("lxcts-c-ours"), told("lxcts-c-theirs"));
  const files = filesOf("lxcts-c-ours");
  // A clone of each of them: LXC needs rsync for that.
  for (const [family] of families) {
    const name = `lxcts-cc-${family}`;
    equal(ours("lxc-copy", "-n", `lxcts-c-${family}`, "-N", name, "-s").code, 0);
    equal(read(name, "lxc_rdepends"), `${place.lxcpath}\nlxcts-src\n${place.lxcpath}\nlxcts-c-${family}\n`);
    equal(read(`lxcts-c-${family}`, "lxc_snapshots"), `${place.lxcpath}\n${name}\n`);
    equal(filesOf(name), files);
  }
});

test("either family sees, refuses to destroy, and destroys the clones of the other", { skip }, () => {
  for (const [family, , others] of families) {
    const name = `lxcts-cc-${family}`;
    match(others("lxc-destroy", "-n", "lxcts-src").err, /Destroying lxcts-src failed: lxcts-src has clones/);
    ok(others("lxc-ls", "-1").out.includes(name));
    equal(others("lxc-destroy", "-n", name).code, 0);
    equal(read("lxcts-src", "lxc_snapshots").includes(name), false);
  }
  // LXC cannot; its originals know the new name for both.
  equal(ours("lxc-copy", "-n", "lxcts-c-theirs", "-R", "-N", "lxcts-c-moved").code, 0);
  equal(ours("lxc-copy", "-n", "lxcts-c-moved", "-R", "-N", "lxcts-c-theirs").code, 0);
  for (const [family, , others] of families) {
    const script = "cat /etc/hostname; rm -r /home; mkdir /home; echo x > /home/new; ls /home";
    equal(others("lxc-start", "-n", `lxcts-c-${family}`, "-F", "--", "/bin/sh", "-c", script).code, 0);
  }
  for (const [family, , others] of families) equal(others("lxc-destroy", "-n", `lxcts-c-${family}`).code, 0);
  equal(read("lxcts-src", "lxc_snapshots"), "");
});

test("what one family removed from a layer stays removed for the other", { skip }, () => {
  for (const [family, tools, others] of families) {
    const name = `lxcts-o-${family}`;
    equal(tools("lxc-copy", "-n", "lxcts-src", "-N", name, "-s").code, 0);
    const remove = "rm -r /etc /var; mkdir /etc; echo new > /etc/new";
    equal(tools("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", remove).code, 0);
    const look = "ls /etc > /tmp/said; [ -e /var ] && echo var >> /tmp/said; true";
    equal(others("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", look).code, 0);
    equal(read(name, "overlay/delta/tmp/said"), "new\n");
    equal(ours("lxc-copy", "-n", name, "-N", "lxcts-whole", "-K").code, 0);
    deepEqual(readdirSync(place.inside("lxcts-whole", "etc")), ["new"]);
    equal(existsSync(place.inside("lxcts-whole", "var")), false);
    for (const made of [name, "lxcts-whole"]) equal(ours("lxc-destroy", "-n", made).code, 0);
  }
});

test("LXC lists and destroys our snapshots, and knows what depends on what", { skip }, () => {
  equal(theirs("lxc-copy", "-n", "lxcts-src", "-N", "lxcts-clone", "-s").code, 0);
  const comment = join(place.folder, "comment");
  writeFileSync(comment, "a word\n");
  equal(ours("lxc-snapshot", "-n", "lxcts-clone").code, 0);
  equal(ours("lxc-snapshot", "-n", "lxcts-clone", "-c", comment).code, 0);
  const sorted = (text: string) => text.split("\n").sort().join("\n");
  for (const words of [["-L"], ["-L", "-C"]]) {
    const [one, other] = [ours, theirs].map((tools) => tools("lxc-snapshot", "-n", "lxcts-clone", ...words));
    deepEqual([sorted(one?.out ?? ""), one?.code], [sorted(other?.out ?? ""), other?.code]);
  }
  match(theirs("lxc-destroy", "-n", "lxcts-clone").err, /Destroying lxcts-clone failed: lxcts-clone has snapshots/);
  equal(ours("lxc-snapshot", "-n", "lxcts-clone", "-r", "snap1", "-N", "lxcts-r1").code, 0);
  const own = `${place.lxcpath}/lxcts-clone/snaps\nsnap1\n`;
  equal(read("lxcts-r1", "lxc_rdepends"), `${place.lxcpath}\nlxcts-src\n${own}`);
  equal(read("lxcts-clone/snaps/snap1/lxc_snapshots"), `${place.lxcpath}\nlxcts-r1\n`);
  equal(theirs("lxc-snapshot", "-n", "lxcts-clone", "-d", "snap1").code, 1);
  equal(theirs("lxc-destroy", "-n", "lxcts-r1").code, 0);
  equal(theirs("lxc-snapshot", "-n", "lxcts-clone", "-d", "snap0").code, 0);
  equal(theirs("lxc-snapshot", "-n", "lxcts-clone", "-d", "ALL").code, 0);
  deepEqual(ours("lxc-snapshot", "-n", "lxcts-clone", "-L"), theirs("lxc-snapshot", "-n", "lxcts-clone", "-L"));
  // LXC 5 does not find the clones it is to destroy with -s.
  equal(ours("lxc-destroy", "-n", "lxcts-src", "-s").code, 0);
  equal(existsSync(join(place.lxcpath, "lxcts-clone")), false);
});

test("an ephemeral copy says, does and leaves the same", { skip }, async () => {
  place.create("lxcts-e", "lxc.net.0.type = empty");
  mkdirSync(join(place.folder, "d"));
  const mounts = [`bind=${place.folder}/d:/d`, `overlay=${place.folder}/d:/o`].flatMap((text) => ["-m", text]);
  const words = ["sh", "-c", "echo $container; hostname; exit 3"];
  const said: string[] = [];
  for (const [family, tools] of families) {
    const name = `lxcts-e-${family}`;
    const run = tools("lxc-copy", "-n", "lxcts-e", "-N", name, "-e", "-D", ...mounts, "--", ...words);
    // LXC's first line comes when its buffer is written.
    said.push([run.code, ...run.out.split("\n").sort()].join("\n").replaceAll(name, "NAME"));
    equal(await eventually(() => place.state(name) === "STOPPED"), true);
    const lines = essence(read(name, "config"), name).replace(/#\w{6}/g, "#XXXXXX");
    said.push(lines);
  }
  deepEqual(said.slice(2), said.slice(0, 2));
  for (const [family, , others] of families) equal(others("lxc-destroy", "-n", `lxcts-e-${family}`).code, 0);
});
