// Root file systems of layers: made, mounted with and without id maps, shared, refused and removed.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, Place, skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const place = new Place("overlay");
after(() => place.remove());

const FIRST = 1_810_000_000;
const IDMAP = [`lxc.idmap = u 0 ${FIRST} 65536`, `lxc.idmap = g 0 ${FIRST} 65536`];

function create(name: string, ...args: string[]): string {
  const made = place.ours("lxc-create", "-n", name, "-t", "busybox", "-f", "/dev/null", "-B", "overlay", ...args);
  deepEqual([made.code, made.err], [0, ""]);
  return join(place.lxcpath, name);
}

/** What `script` says as the only process of the container. */
function say(name: string, script: string, ...options: string[]): string {
  const words = ["/bin/sh", "-c", `exec >/said 2>&1; ${script}`];
  const run = place.ours("lxc-start", "-n", name, "-F", ...options, "--", ...words);
  deepEqual([run.code, run.err], [0, ""]);
  return readFileSync(join(place.lxcpath, name, "overlay/delta/said"), "utf8").trim();
}

function refused(name: string, ...options: string[]): string {
  const run = place.ours("lxc-start", "-n", name, "-F", ...options, "--", "/bin/true");
  equal(run.code, 1);
  deepEqual(place.leftovers(name), []);
  return run.err;
}

test("what a container changes is in its own layer, and the template's stays as it was", { skip }, () => {
  const folder = create("lxcts-layers");
  const config = readFileSync(join(folder, "config"), "utf8");
  match(config, new RegExp(`\nlxc.rootfs.path = overlay:${folder}/rootfs:${folder}/overlay/delta\n`));
  const before = readFileSync(join(folder, "rootfs/etc/passwd"), "utf8");
  const script = "echo mine > /etc/passwd; rm /etc/group; mkdir /new; grep ' / ' /proc/self/mountinfo";
  match(say("lxcts-layers", script), / \/ \/ rw,.* - overlay none rw,/);
  equal(readFileSync(join(folder, "rootfs/etc/passwd"), "utf8"), before);
  ok(existsSync(join(folder, "rootfs/etc/group")));
  equal(readFileSync(join(folder, "overlay/delta/etc/passwd"), "utf8"), "mine\n");
  ok(lstatSync(join(folder, "overlay/delta/etc/group")).isCharacterDevice());
  deepEqual(readdirSync(join(folder, "overlay")).sort(), ["delta", "work"]);
  // The second life goes on from there.
  equal(say("lxcts-layers", "cat /etc/passwd; ls -d /new /etc/group 2> /dev/null; true"), "mine\n/new");
  equal(spawnSync("grep", ["-c", folder, "/proc/self/mountinfo"], { encoding: "utf8" }).stdout, "0\n");
});

test("LXC runs ours, and we run what LXC made", { skip }, () => {
  const theirs = new Place("overlay-lxc");
  try {
    const made = theirs.theirs("lxc-create", "-n", "lxcts-both", "-t", "busybox", "-f", "/dev/null", "-B", "overlay");
    equal(made.code, 0, made.err);
    const delta = join(theirs.lxcpath, "lxcts-both/overlay/delta");
    const run = (who: "ours" | "theirs", script: string) =>
      theirs[who]("lxc-start", "-n", "lxcts-both", "-F", "--", "/bin/sh", "-c", script);
    equal(run("ours", "echo ours > /a").code, 0);
    equal(run("theirs", "cat /a > /b; echo theirs >> /b").code, 0);
    equal(run("ours", "cat /b > /c; exit 3").code, 3);
    equal(readFileSync(join(delta, "c"), "utf8"), "ours\ntheirs\n");
    equal(theirs.ours("lxc-destroy", "-n", "lxcts-both").code, 0);
    deepEqual(readdirSync(theirs.lxcpath), []);
  } finally {
    theirs.remove();
    spawnSync("rm", ["-rf", join("/run/lxc/lock", theirs.folder)]);
  }
});

test("several lower layers, the first on top; LXC's old name; options for the kernel and the mount", { skip }, () => {
  const base = create("lxcts-base");
  const top = join(place.folder, "top:layer");
  mkdirSync(join(top, "etc"), { recursive: true });
  writeFileSync(join(top, "etc/who"), "top\n");
  writeFileSync(join(base, "rootfs/etc/who"), "base\n");
  const delta = join(place.lxcpath, "lxcts-many/overlay/delta");
  mkdirSync(join(place.lxcpath, "lxcts-many"));
  const config = [
    `lxc.rootfs.path = overlayfs:${top}:${base}/rootfs:${delta}`,
    "lxc.rootfs.options = nosuid,index=off,volatile",
    "lxc.mount.auto = proc",
    "lxc.pty.max = 1",
  ];
  writeFileSync(join(place.lxcpath, "lxcts-many/config"), `${config.join("\n")}\n`);
  const said = say("lxcts-many", "cat /etc/who; grep ' / ' /proc/self/mountinfo");
  match(said, /^top\n.* rw,nosuid,.* - overlay none rw,.*volatile/);
  equal(existsSync(join(delta, "said")), true);
  // Two containers on one base know nothing of each other.
  equal(say("lxcts-base", "cat /etc/who; ls /said"), "base\n/said");
});

test("a read-only one", { skip }, () => {
  create("lxcts-overro");
  equal(say("lxcts-overro", "echo up"), "up");
  const run = place.ours(
    "lxc-start",
    "-n",
    "lxcts-overro",
    "-F",
    "-s",
    "lxc.rootfs.options=ro",
    "--",
    "/bin/sh",
    "-c",
    "touch /x || exit 9",
  );
  deepEqual([run.code, run.err], [9, ""]);
});

test("in a user namespace, its files owned by the container's root", { skip }, () => {
  const name = "lxcts-mapped";
  const base = join(place.folder, "base.conf");
  writeFileSync(base, `${IDMAP.join("\n")}\n`);
  chmodSync(place.folder, 0o755);
  const made = place.ours("lxc-create", "-n", name, "-t", "busybox", "-f", base, "-B", "overlay");
  deepEqual([made.code, made.err], [0, ""]);
  const said = say(name, "rm -r /var; mkdir /var; touch /var/x; stat -c %u /var/x; grep ' / ' /proc/self/mountinfo");
  match(said, /^0\n.* - overlay none rw,.*userxattr/);
  const delta = join(place.lxcpath, name, "overlay/delta");
  equal(statSync(join(delta, "var/x")).uid, FIRST);
  // That nothing below shows through is written in an attribute its root may set.
  equal(say(name, "ls /var"), "x");
  const destroyed = place.ours("lxc-destroy", "-n", name);
  deepEqual([destroyed.code, destroyed.err, existsSync(join(place.lxcpath, name))], [0, "", false]);
});

test("in a user namespace, its files owned by the host's root and shifted by the mount", { skip }, () => {
  const name = "lxcts-shiftover";
  const folder = create(name);
  place.configure(name, ...IDMAP, "lxc.rootfs.options = idmap=container");
  const script =
    "stat -c '%u %g' /etc/passwd; mkdir /d; chown 5:6 /d; stat -c '%u %g' /d; cat /proc/self/uid_map; grep -c . /proc/self/mountinfo";
  match(say(name, script), new RegExp(`^0 0\n5 6\n +0 +${FIRST} `));
  const made = statSync(join(folder, "overlay/delta/d"));
  deepEqual([made.uid, made.gid, statSync(join(folder, "overlay/delta")).uid], [5, 6, 0]);
  // The layers were mounted for a moment only, and nothing tells where.
  equal(say(name, `grep -c ${folder} /proc/self/mountinfo; true`), "0");
});

test("layers that cannot be had are refused, with the reason", { skip }, () => {
  const name = "lxcts-badlayer";
  const folder = create(name);
  const path = (value: string) => ["-s", `lxc.rootfs.path=overlay:${value}`];
  match(
    refused(name, ...path(`${folder}/rootfs`)),
    /it names one folder, and an overlay has two at least\n.*hint: write overlay:LOWER:UPPER/,
  );
  match(
    refused(name, ...path(`/no/such:${folder}/overlay/delta`)),
    /cannot open the layer \/no\/such: there is no such folder\n.*hint: correct/,
  );
  mkdirSync(join(folder, "overlay/delta/below"), { recursive: true });
  match(
    refused(name, ...path(`${folder}/overlay/delta/below:${folder}/overlay/delta`)),
    /cannot make an overlay of the layers: .*\n.*hint: a layer is in another layer/,
  );
  match(refused(name, ...path(`${folder}/rootfs:/proc/lxcts/upper`)), /cannot make|cannot use/);
  match(refused(name, "-s", "lxc.rootfs.options=nosuchoption=1"), /cannot set the overlay option nosuchoption=1/);
  // The kernel would make it read-only, and tell nobody.
  equal(say(name, "echo made"), "made");
  match(
    refused(name, ...IDMAP.flatMap((line) => ["-s", line])),
    /cannot write to .*overlay\/delta: the container's root may not write there\n.*hint: give .*delta and .*work to the container's root/,
  );
});

test("a link below the last folder that is there is not followed", { skip }, () => {
  const victim = join(place.folder, "victim");
  mkdirSync(victim);
  for (const layer of ["delta", "work"]) {
    const folder = create(`lxcts-linked${layer}`);
    mkdirSync(join(folder, "overlay"));
    symlinkSync(victim, join(folder, "overlay", layer));
    match(refused(`lxcts-linked${layer}`), /a symbolic link or a file stands in its path/);
  }
  deepEqual(readdirSync(victim), []);
});

test("lxc-destroy removes the container's own layer, and what the kernel made beside it, and nothing else", {
  skip,
}, () => {
  const shared = join(place.folder, "shared");
  mkdirSync(join(shared, "work/mine"), { recursive: true });
  const base = create("lxcts-keepbase");
  const use = (name: string, upper: string, ...lines: string[]) => {
    mkdirSync(join(place.lxcpath, name));
    const text = [`lxc.rootfs.path = overlay:${base}/rootfs:${upper}`, "lxc.pty.max = 1", ...lines].join("\n");
    writeFileSync(join(place.lxcpath, name, "config"), `${text}\n`);
    equal(place.ours("lxc-start", "-n", name, "-F", "--", "/bin/touch", "/made").code, 0);
    ok(existsSync(join(upper, "made")));
    equal(place.ours("lxc-destroy", "-n", name).code, 0);
    equal(existsSync(join(place.lxcpath, name)), upper.startsWith(join(place.lxcpath, name)) && lines.length > 0);
  };
  use("lxcts-away", join(shared, "upper"));
  deepEqual(readdirSync(shared), ["work"]);
  deepEqual(readdirSync(join(shared, "work")), ["mine"]);
  use("lxcts-alone", join(place.folder, "alone/upper"));
  deepEqual(readdirSync(join(place.folder, "alone")), []);
  use("lxcts-managed", join(place.lxcpath, "lxcts-managed/overlay/delta"), "lxc.rootfs.managed = 0");
  ok(existsSync(join(place.lxcpath, "lxcts-managed/overlay/delta/made")));
  ok(existsSync(join(base, "rootfs/bin/busybox")));
  place.configure("lxcts-keepbase", "lxc.rootfs.path =", `lxc.rootfs.path = overlay:${base}/rootfs:/usr/share/lxcts`);
  const run = place.ours("lxc-destroy", "-n", "lxcts-keepbase");
  equal(run.code, 1);
  match(run.err, /cannot remove the root file system \/usr\/share\/lxcts: it is part of \/usr\n/);
  ok(existsSync(join(base, "rootfs/bin/busybox")));
});

test("an ordinary user has them too, in a home that nobody else may enter", { skip }, async () => {
  const user = new OrdinaryUser({ name: "lxcts-over", uid: 47_311, range: `${FIRST + 100_000}:65536` });
  try {
    await user.ready();
    deepEqual(user.run("lxc-create -n o -t busybox -B overlay"), { code: 0, out: "", err: "" });
    const run = user.run("lxc-start -n o -F -- sh -c 'echo x > /etc/passwd; rm -r /var; exit 5'");
    equal(run.code, 5, run.err);
    equal(readFileSync(join(user.lxcpath, "o/overlay/delta/etc/passwd"), "utf8"), "x\n");
    equal(statSync(join(user.lxcpath, "o/overlay/delta/etc/passwd")).uid, FIRST + 100_000);
    deepEqual(user.run("lxc-destroy -n o"), { code: 0, out: "", err: "" });
    deepEqual(user.run("ls -A ~/.local/share/lxc"), { code: 0, out: "", err: "" });
    ok(await eventually(() => user.processes().length === 0), "a process stayed");
  } finally {
    user.remove();
  }
});

test("a creation that fails leaves no layer", { skip }, () => {
  const template = place.script("half", 'mkdir -p "$(echo "$3" | cut -d= -f2)/etc"; exit 3');
  const made = place.ours("lxc-create", "-n", "lxcts-half", "-t", template, "-f", "/dev/null", "-B", "overlay");
  equal(made.code, 1);
  equal(existsSync(join(place.lxcpath, "lxcts-half")), false);
});

test("the folders that an overlay entry writes to are made below the container's own, and nowhere else", {
  skip,
}, () => {
  const folder = place.create("lxcts-entry");
  const entry = (name: string, at: string, more = "") =>
    `lxc.mount.entry = x ${name} overlay lowerdir=${place.folder}/low,upperdir=${at}/up/${name},workdir=${at}/work/${name},create=dir${more}`;
  mkdirSync(join(place.folder, "low"));
  writeFileSync(join(place.folder, "low/file"), "theirs\n");
  place.configure("lxcts-entry", "lxc.net.0.type = empty", entry("mine", folder));
  const run = (...options: string[]) =>
    place.ours(
      "lxc-start",
      "-n",
      "lxcts-entry",
      "-F",
      ...options,
      "--",
      "/bin/sh",
      "-c",
      "echo mine > /mine/file; exit 4",
    );
  equal(run().code, 4);
  equal(readFileSync(join(folder, "up/mine/file"), "utf8"), "mine\n");
  equal(readFileSync(join(place.folder, "low/file"), "utf8"), "theirs\n");
  match(
    place.ours("lxc-start", "-n", "lxcts-entry", "--dry-run").out,
    /\nmount +make the folder \S+\/up\/mine of the host\n/,
  );
  place.configure("lxcts-entry", entry("other", join(place.lxcpath, "lxcts-other"), ",optional"));
  equal(run().code, 4);
  equal(existsSync(join(place.lxcpath, "lxcts-other")), false);
  // Nor through a link that leads out.
  symlinkSync(place.folder, join(folder, "out"));
  place.configure("lxcts-entry", entry("linked", join(folder, "out")));
  const refusedRun = run();
  equal(refusedRun.code, 1);
  match(refusedRun.err, /because: .*out\/up\/linked.*a symbolic link or a file stands in its path\n/);
  equal(existsSync(join(place.folder, "up")), false);
});
