// What a container's first process finds mounted: every word of lxc.mount.*, beside LXC's own where it can be compared, and
// that nothing a root file system holds leads out of it.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, type Outcome, Place, skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const place = new Place("mounts");
after(() => place.remove());
/** For containers that LXC starts too: it leaves lock files. */
const both = new Place("mounts-lxc");
after(() => {
  both.remove();
  rmSync(join("/run/lxc/lock", both.folder), { recursive: true, force: true });
});

const FIRST = 1_800_000_000;
const IDMAP = [`lxc.idmap = u 0 ${FIRST} 65536`, `lxc.idmap = g 0 ${FIRST} 65536`];
const SHIFTED = [...IDMAP, "lxc.rootfs.options = idmap=container"];

function words(name: string, script: string): string[] {
  return ["-n", name, "-F", "--", "/bin/sh", "-c", `exec >/out 2>&1; ${script}`];
}

/** What `script` says as the only process of the container. */
function say(name: string, script: string, ...options: string[]): string {
  return sayIn(place, name, script, ...options);
}

function sayIn(where: Place, name: string, script: string, ...options: string[]): string {
  const run = where.ours("lxc-start", ...options, ...words(name, script));
  deepEqual([run.code, run.err], [0, ""]);
  return readFileSync(where.inside(name, "out"), "utf8").trim();
}

function refused(name: string, ...options: string[]): Outcome {
  const run = place.ours("lxc-start", ...options, ...words(name, "true"));
  equal(run.code, 1);
  equal(place.leftovers(name).join("\n"), "");
  return run;
}

/** The mounts in the text of mountinfo: where, what, and whether it is read-only. */
function mountsIn(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split("\n")) {
    const [before = "", end = ""] = line.split(" - ");
    const fields = before.split(" ");
    if (fields.length < 6) continue;
    found.push(`${fields[4]} ${end.split(" ")[0]} ${fields[5]?.split(",")[0]}`);
  }
  return found.sort();
}

/** The line of mountinfo for one place: the last one is on top. */
function mountAt(text: string, path: string): string {
  return text.split("\n").findLast((line) => line.split(" ")[4] === path) ?? "";
}

test("each word of lxc.mount.auto mounts what LXC mounts", { skip }, () => {
  const name = "lxcts-auto";
  both.create(name);
  const all = ["proc", "proc:mixed", "proc:rw", "sys", "sys:ro", "sys:mixed", "sys:rw"].concat(
    ["", ":mixed", ":ro", ":rw", ":force", ":mixed:force", ":ro:force", ":rw:force"].flatMap((mode) => [
      `cgroup${mode}`,
      `cgroup-full${mode}`,
    ]),
  );
  const differ: string[] = [];
  for (const word of all) {
    // Cgroups are mounted below /sys/fs/cgroup, and a program needs /proc to tell what is mounted.
    const auto = word.startsWith("proc") ? word : word.startsWith("sys") ? `proc:rw ${word}` : `proc:rw sys:rw ${word}`;
    const options = ["-s", "lxc.mount.auto=", "-s", `lxc.mount.auto=${auto}`];
    const ours = mountsIn(sayIn(both, name, "cat /proc/self/mountinfo", ...options));
    const run = both.theirs("lxc-start", ...options, ...words(name, "cat /proc/self/mountinfo"));
    equal(run.code, 0, run.err);
    const theirs = mountsIn(readFileSync(both.inside(name, "out"), "utf8"));
    // Below a link to the pseudo terminals LXC mounts the console's, and ptmx as a file.
    const odd = (line: string) => line.startsWith("/dev/ptmx ");
    const here = ours.filter((line) => !odd(line)).join("\n");
    const there = theirs.filter((line) => !odd(line)).join("\n");
    ok(ours.length > 10, word);
    if (here !== there) differ.push(`== ${word}\nours:\n${here}\nLXC's:\n${there}`);
  }
  deepEqual(differ, []);
});

test("and makes writable or not what it says", { skip }, () => {
  const name = "lxcts-words";
  place.create(name);
  const files = ["/proc/sys/kernel/msgmax", "/proc/sys/net/ipv4/ip_forward", "/sys/kernel/rcu_expedited"];
  const script = files
    .concat("/sys/devices/virtual/net/lo/mtu")
    .map((file) => `(: >> ${file}) 2> /dev/null && echo -n y || echo -n n`);
  const table: Record<string, string> = {};
  for (const word of ["proc:rw sys:rw", "proc:mixed sys:mixed", "proc sys", "proc:rw sys:ro"]) {
    table[word] = say(name, script.join("; "), "-s", "lxc.mount.auto=", "-s", `lxc.mount.auto=${word}`);
  }
  deepEqual(table, {
    "proc:rw sys:rw": "yyyy",
    "proc:mixed sys:mixed": "nyny",
    "proc sys": "nyny",
    "proc:rw sys:ro": "yynn",
  });
  // Who may not administer its network may not change its settings either.
  const less = ["-s", "lxc.cap.drop=net_admin"];
  equal(say(name, "(: >> /proc/sys/net/ipv4/ip_forward) 2> /dev/null && echo y || echo n", ...less), "n");
});

test("each life has a boot id of its own, that it cannot change", { skip }, () => {
  const name = "lxcts-boot";
  const file = "/proc/sys/kernel/random/boot_id";
  place.create(name, "lxc.mount.auto = proc:rw");
  const first = say(name, `cat ${file}; umount ${file} >/dev/null; echo x > ${file}; cat /dev/.lxc-boot-id`);
  const lines = first.split("\n");
  match(lines[0] ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  equal(lines.at(-1), lines[0]);
  notEqual(lines[0], readFileSync(file, "utf8").trim());
  notEqual(say(name, `cat ${file}`), lines[0]);
  match(mountAt(say(name, "cat /proc/self/mountinfo"), file), / ro,nosuid,nodev,noexec/);
  // As in LXC it needs a /dev of its own, and a proc.
  equal(say(name, `cat ${file}`, "-s", "lxc.autodev=0"), readFileSync(file, "utf8").trim());
  const mapped = "lxcts-bootid";
  place.create(mapped, ...SHIFTED);
  notEqual(say(mapped, `cat ${file}`), readFileSync(file, "utf8").trim());
});

test("an entry's target is below the root, by whichever of its names, and another is left out with a warning", {
  skip,
}, () => {
  const name = "lxcts-targets";
  const source = join(place.folder, "source");
  mkdirSync(source);
  writeFileSync(join(source, "file"), "there\n");
  const root = place.inside(name, "").replace(/\/$/, "");
  const moved = join(place.folder, "moved");
  place.create(
    name,
    `lxc.rootfs.mount = ${moved}`,
    `lxc.mount.entry = ${source} relative none bind,create=dir 0 0`,
    `lxc.mount.entry = ${source} ${root}/absolute none bind,create=dir 0 0`,
    `lxc.mount.entry = ${source} ${moved}/mounted none bind,create=dir 0 0`,
    `lxc.mount.entry = ${join(source, "file")} deep/in/file none bind,create=file 0 0`,
    `lxc.mount.entry = /no/such/source optional none bind,create=dir,optional 0 0`,
    `lxc.mount.entry = etc of-its-own none bind,create=dir,relative 0 0`,
    `lxc.mount.entry = ${source} /srv/elsewhere none bind,create=dir 0 0`,
  );
  mkdirSync(moved);
  const script =
    "cat /relative/file /absolute/file /mounted/file /deep/in/file; ls -d /of-its-own/passwd /srv/elsewhere; true";
  const run = place.ours("lxc-start", ...words(name, script));
  equal(run.code, 0);
  match(
    run.err,
    /^lxc-start: warning: the mount entry ".* \/srv\/elsewhere .*" is ignored: its target is not in the container\n$/,
  );
  const said = readFileSync(place.inside(name, "out"), "utf8");
  match(said, /^there\nthere\nthere\nthere\n/);
  match(said, /\/of-its-own\/passwd\n/);
  match(said, /\/srv\/elsewhere: No such file/);
  deepEqual(readdirSync(moved), []);
  place.configure(name, "lxc.mount.entry = none missing tmpfs size=4k 0 0");
  match(refused(name).err, /cannot mount none on \/missing: there is no such place.*\n.*add create=dir or create=file/);
  place.configure(name, "lxc.mount.entry = none ../up tmpfs size=4k,optional 0 0");
  match(refused(name).err, /cannot mount on \.\.\/up: the path goes up/);
});

test("options of an entry are the kernel's, LXC's own and the file system's", { skip }, () => {
  const name = "lxcts-options";
  const locked = join(place.folder, "locked");
  mkdirSync(locked);
  const table: readonly (readonly [string, string, RegExp])[] = [
    [`${locked} a none`, "bind,ro", / ro,nosuid,nodev,noexec,noatime /],
    [`${locked} b none`, "rbind,ro,nosymfollow", / ro,nosuid,nodev,noexec,noatime,nosymfollow /],
    [
      "none c tmpfs",
      "size=64k,mode=1711,nosuid,nodev,noexec",
      / rw,nosuid,nodev,noexec,relatime .* rw,size=64k,mode=1711/,
    ],
    ["none d tmpfs", "ro,strictatime,nodiratime,sync,size=4k", / ro,nodiratime .* - tmpfs none ro,sync,size=4k/],
    ["none e tmpfs", "rw,suid,dev,exec,async,atime,diratime,defaults,lazytime", / rw,relatime .* rw,lazytime/],
    ["/etc f none", "bind,noatime,rslave", / rw,noatime .*shared:/],
    ["/etc g none", "bind,rprivate", / rw,/],
  ];
  const lines = table.map(([what, options]) => `lxc.mount.entry = ${what} ${options},create=dir 0 0`);
  lines.push(`lxc.mount.entry = none c none remount,bind,ro 0 0`);
  place.create(name, ...lines);
  const config = join(place.lxcpath, name, "config");
  // The mounts of the test are in a mount namespace of the test.
  const script = `mount -t tmpfs -o nosuid,nodev,noexec,noatime lxcts '${locked}' && exec '${BIN}/lxc-start' -P '${place.lxcpath}' -n ${name} -F -- /bin/sh -c 'cat /proc/self/mountinfo > /out'`;
  const run = spawnSync("unshare", ["--mount", "sh", "-c", script], { encoding: "utf8" });
  deepEqual([run.status, run.stderr], [0, ""]);
  const said = readFileSync(place.inside(name, "out"), "utf8");
  for (const [what, options, wanted] of table) {
    const at = `/${what.split(" ")[1]}`;
    const is = mountAt(said, at);
    if (at === "/c") match(is, / ro,nosuid,nodev,noexec,relatime /, options);
    else match(is, wanted, `${what} ${options} in ${config}`);
  }
});

test("an entry moves what an entry before it mounted", { skip }, () => {
  const name = "lxcts-move";
  place.create(
    name,
    "lxc.mount.entry = none from tmpfs size=64k,create=dir 0 0",
    `lxc.mount.entry = ${place.inside(name, "from")} to none move,create=dir,optional 0 0`,
    "lxc.mount.entry = none kept tmpfs size=4k,create=dir,nosuch=option,optional 0 0",
  );
  const said = say(name, "cat /proc/self/mountinfo; ls -d /kept");
  match(said, /\/kept$/);
  equal(mountAt(said, "/kept"), "");
  ok(mountAt(said, "/from") !== "");
});

test("lxc.mount.fstab is a file of entries, with comments, and goes before lxc.mount.entry", { skip }, () => {
  const name = "lxcts-fstab";
  const fstab = join(place.folder, "fstab");
  const source = join(place.folder, "with blank");
  mkdirSync(source);
  writeFileSync(
    fstab,
    `# mine\n\n${source.replace(" ", "\\040")} a\\040b none bind,create=dir 0 0\nnone c tmpfs create=dir\n`,
  );
  place.create(name, `lxc.mount.fstab = ${fstab}`, "lxc.mount.entry = none c/below tmpfs create=dir,size=4k 0 0");
  const said = say(name, "cat /proc/self/mountinfo");
  match(mountAt(said, "/a\\040b"), /\/with\\040blank /);
  match(mountAt(said, "/c/below"), /size=4k/);
  place.configure(name, "lxc.mount.fstab = /no/such/fstab");
  match(refused(name).err, /\/no\/such\/fstab/);
});

test("the root file system is read-only when lxc.rootfs.options says so, and where it is built can be said", {
  skip,
}, () => {
  const name = "lxcts-ro";
  place.create(name);
  const hook = place.script("where", `echo "$LXC_ROOTFS_MOUNT $LXC_ROOTFS_PATH" > ${place.folder}/where-said`);
  place.configure(name, "lxc.rootfs.options = ro,nosuid,noatime", `lxc.hook.mount = ${hook}`);
  for (const folder of ["proc", "sys", "dev"]) mkdirSync(place.inside(name, folder), { recursive: true });
  const run = place.ours(
    "lxc-start",
    "-n",
    name,
    "-F",
    "--",
    "/bin/sh",
    "-c",
    "touch /x && exit 3; touch /dev/shm/x || exit 4; grep -q ' / / ro,nosuid,noatime\\| / ro,nosuid,noatime' /proc/self/mountinfo || exit 5",
  );
  deepEqual([run.code, run.err], [0, ""]);
  equal(
    readFileSync(join(place.folder, "where-said"), "utf8"),
    `/usr/lib/x86_64-linux-gnu/lxc/rootfs ${join(place.lxcpath, name, "rootfs")}\n`,
  );
  const own = join(place.folder, "own-mount");
  mkdirSync(own);
  equal(place.ours("lxc-start", "-n", name, "-F", "-s", `lxc.rootfs.mount=${own}`, "--", "/bin/true").code, 0);
  match(readFileSync(join(place.folder, "where-said"), "utf8"), new RegExp(`^${own} `));
});

test("/dev is as large as it is told, takes what hooks put there, or is the root file system's own", { skip }, () => {
  const name = "lxcts-dev";
  const hook = place.script(
    "autodev",
    `mknod -m 644 "$LXC_ROOTFS_MOUNT/dev/lxcts" c 1 3; echo ran >> ${place.folder}/autodev-ran`,
  );
  place.create(name, "lxc.autodev.tmpfs.size = 1048576", `lxc.hook.autodev = ${hook}`);
  const said = say(name, "cat /proc/self/mountinfo; ls -l /dev/lxcts; ls /dev");
  match(mountAt(said, "/dev"), / - tmpfs none rw,size=1024k,mode=755/);
  match(said, /crw-r--r--.* 1, +3 .*\/dev\/lxcts/);
  match(mountAt(say(name, "cat /proc/self/mountinfo", "-s", "lxc.autodev.tmpfs.size="), "/dev"), /size=49[0-9]k/);
  rmSync(place.inside(name, "dev"), { recursive: true });
  mkdirSync(place.inside(name, "dev"));
  const none = say(name, "cat /proc/self/mountinfo; ls /dev", "-s", "lxc.autodev=0");
  equal(mountAt(none, "/dev"), "");
  equal(/\nnull\n/.test(none), false);
  ok(existsSync(place.inside(name, "dev/console")));
  // As in LXC.
  equal(readFileSync(join(place.folder, "autodev-ran"), "utf8"), "ran\nran\n");
});

test("a link in the root file system leads no mount out of it (CVE-2015-1335)", { skip }, () => {
  const name = "lxcts-trap";
  const victim = join(place.folder, "victim");
  mkdirSync(victim);
  place.create(name);
  symlinkSync(victim, place.inside(name, "trap"));
  // The attack, on a mount by path: it works.
  const attack = `mount -t tmpfs lxcts '${place.inside(name, "trap")}' && grep -c ' ${victim} ' /proc/self/mountinfo`;
  equal(spawnSync("unshare", ["--mount", "sh", "-c", attack], { encoding: "utf8" }).stdout, "1\n");
  for (const entry of [
    "none trap tmpfs size=4k",
    "none trap/deep tmpfs size=4k,create=dir",
    "/etc/passwd trap/file none bind,create=file",
    "none trap/../trap/x tmpfs create=dir",
  ]) {
    const run = refused(name, "-s", `lxc.mount.entry=${entry} 0 0`);
    match(run.err, /a symbolic link or a file stands in its path|the path goes up/);
  }
  match(refused(name, "-s", `lxc.mount.share=/srv trap/srv`).err, /a symbolic link or a file stands in its path/);
  match(
    refused(name, "-s", `lxc.mount.auto=shmounts:/srv:/trap/s`).err,
    /a symbolic link or a file stands in its path/,
  );
  deepEqual(readdirSync(victim), []);
});

test("nor does /dev, /proc or /sys being a link (CVE-2026-41579)", { skip }, () => {
  const victim = join(place.folder, "victim-dev");
  mkdirSync(victim);
  for (const folder of ["dev", "proc", "sys"]) {
    const name = `lxcts-link${folder}`;
    place.create(name);
    rmSync(place.inside(name, folder), { recursive: true, force: true });
    symlinkSync(victim, place.inside(name, folder));
    match(refused(name).err, /a symbolic link or a file stands in its path/);
    deepEqual(readdirSync(victim), []);
  }
});

test("nor one that comes and goes while it is mounted (CVE-2021-30465, CVE-2024-45310)", { skip }, async () => {
  const name = "lxcts-race";
  const victim = join(place.folder, "victim-race");
  mkdirSync(victim);
  place.create(name, "lxc.mount.entry = none swap/made/here tmpfs size=4k,create=dir,optional 0 0");
  const swap = place.inside(name, "swap");
  const script = `while :; do mkdir '${swap}'; rm -rf '${swap}'; ln -sfn '${victim}' '${swap}'; rm -f '${swap}'; done`;
  const swapper = spawn("sh", ["-c", script], { stdio: "ignore" });
  try {
    // By path the same is an attack that works.
    const worked = await eventually(() => {
      spawnSync("mkdir", [`${swap}/by`], { stdio: "ignore" });
      return existsSync(join(victim, "by"));
    }, 30_000);
    ok(worked, "the race was never won");
    rmSync(join(victim, "by"), { recursive: true });
    for (let i = 0; i < 25; i++) place.ours("lxc-start", "-n", name, "-F", "--", "/bin/true");
    deepEqual(readdirSync(victim), []);
  } finally {
    swapper.kill("SIGKILL");
  }
});

test("owners are shifted by the mount of the root file system, and stay as they are on disk", { skip }, () => {
  const name = "lxcts-shift";
  place.create(name, ...SHIFTED);
  const script =
    "cat /proc/self/uid_map; stat -c '%u %g' /etc/passwd; touch /by-root; chown 7:8 /by-root; stat -c '%u %g' /by-root";
  match(say(name, script), new RegExp(`^0 +${FIRST} +65536\n0 0\n7 8$`));
  const made = statSync(place.inside(name, "by-root"));
  deepEqual([made.uid, made.gid], [7, 8]);
  // Without it the files are nobody's.
  const bare = [
    "-s",
    "lxc.rootfs.options=",
    "--",
    "/bin/sh",
    "-c",
    "stat -c %u /etc/passwd | grep -q 65534; touch /x || exit 4",
  ];
  equal(place.ours("lxc-start", "-n", name, "-F", ...bare).code, 4);
});

test("and so are those of a bind mount, by the container's id map or by that of a process", { skip }, async () => {
  const name = "lxcts-bindmap";
  const source = join(place.folder, "owned");
  mkdirSync(join(source, "below"), { recursive: true });
  writeFileSync(join(source, "file"), "");
  chownSync(join(source, "file"), 1000, 1000);
  place.create(name, ...SHIFTED);
  const inside = (options: string) =>
    say(name, "stat -c '%u %g' /m/file /m", "-s", `lxc.mount.entry=${source} m none ${options},create=dir 0 0`);
  equal(inside("bind"), "65534 65534\n65534 65534");
  equal(inside("bind,idmap=container"), "1000 1000\n0 0");
  equal(inside("rbind,idmap=container,ro"), "1000 1000\n0 0");
  const other = spawn("unshare", ["--user", "sleep", "600"], { stdio: "ignore" });
  try {
    const isApart = () => readlinkSync(`/proc/${other.pid}/ns/user`) !== readlinkSync("/proc/self/ns/user");
    ok(await eventually(isApart), "no user namespace");
    for (const map of ["uid_map", "gid_map"]) writeFileSync(`/proc/${other.pid}/${map}`, `5000 ${FIRST} 1000\n`);
    // What is 5000 on disk is the container's first user.
    chownSync(join(source, "file"), 5042, 5042);
    equal(inside(`bind,idmap=/proc/${other.pid}/ns/user`), "42 42\n65534 65534");
  } finally {
    other.kill("SIGKILL");
  }
});

test("where owners cannot be shifted the start is refused, and says why", { skip }, () => {
  const name = "lxcts-noshift";
  place.create(name, ...SHIFTED);
  const entry = (line: string) => ["-s", `lxc.mount.entry=${line} 0 0`];
  const no = /cannot mount with idmap=container: the file system, or one mounted below, has no idmapped mounts/;
  match(refused(name, ...entry("/proc/self p none bind,create=dir,idmap=container")).err, no);
  match(refused(name, ...entry("none t tmpfs create=dir,idmap=container")).err, /idmap= needs a bind mount/);
  match(refused(name, ...entry("/etc t none bind,create=dir,idmap=/no/such")).err, /idmap=\/no\/such/);
  match(
    refused(name, ...entry("/etc t none bind,create=dir,idmap=/proc/1/ns/user")).err,
    /that is the host's own user namespace/,
  );
  const plain = "lxcts-nomap";
  place.create(plain);
  const said = refused(plain, ...entry("/etc t none bind,create=dir,idmap=container")).err;
  match(said, /the container has no user namespace of its own\n.*hint: set lxc\.idmap/);
  // An optional one is left out.
  equal(say(name, "echo up", ...entry("/proc/self p none bind,create=dir,optional,idmap=container")), "up");
});

test("lxc.mount.share: everybody has his own number on both sides, and nothing in it gives more rights", {
  skip,
}, () => {
  const name = "lxcts-share";
  const data = join(place.folder, "my data");
  mkdirSync(data);
  writeFileSync(join(data, "file"), "shared\n");
  chownSync(join(data, "file"), 1000, 1000);
  const line = `${data.replace(" ", "\\040")} /srv/data`;
  place.create(name, ...SHIFTED, `lxc.mount.share = ${line}`);
  const script =
    "stat -c '%u %g' /srv/data/file; cat /srv/data/file; touch /srv/data/new; chown 5:5 /srv/data/new; cat /proc/self/mountinfo";
  const said = say(name, script);
  match(said, /^1000 1000\nshared\n/);
  match(mountAt(said, "/srv/data"), / rw,nosuid,nodev,/);
  equal(statSync(join(data, "new")).uid, 5);
  place.configure(
    name,
    "lxc.mount.share =",
    `lxc.mount.share = ${line} ro`,
    `lxc.mount.share = ${line}/../file etc/file`,
  );
  match(place.ours("lxc-start", "-n", name).err, /lxc\.mount\.share: expected a folder of the host/);
  const plain = "lxcts-shared";
  place.create(
    plain,
    `lxc.mount.share = ${line} ro`,
    `lxc.mount.share = ${join(data, "file").replace(" ", "\\040")} etc/one`,
  );
  const read = say(plain, "stat -c '%u %g' /srv/data/file; cat /etc/one; touch /srv/data/no; cat /proc/self/mountinfo");
  match(read, /^1000 1000\nshared\ntouch: \/srv\/data\/no: Read-only file system\n/);
  match(mountAt(read, "/srv/data"), / ro,nosuid,nodev,/);
  const said2 = refused(plain, "-s", "lxc.mount.share=/no/such x").err;
  match(
    said2,
    /cannot share \/no\/such on \/x: there is no such folder on the host\n.*hint: make it: mkdir -p \/no\/such/,
  );
});

test("a share has what is mounted below it, with the same owners and no more rights", { skip }, () => {
  const name = "lxcts-sharebelow";
  const data = join(place.folder, "above");
  mkdirSync(join(data, "below"), { recursive: true });
  place.create(name, ...SHIFTED, `lxc.mount.share = ${data} d`);
  const inner = "cat /proc/self/mountinfo > /out; stat -c '%u' /d/below/x >> /out";
  const start = (source: string) =>
    spawnSync(
      "unshare",
      [
        "--mount",
        "sh",
        "-c",
        `${source} && exec '${BIN}/lxc-start' -P '${place.lxcpath}' -n ${name} -F -- /bin/sh -c "${inner}"`,
      ],
      { encoding: "utf8" },
    );
  const good = start(`mount -t tmpfs lxcts '${data}/below' && touch '${data}/below/x'`);
  deepEqual([good.status, good.stderr], [0, ""]);
  const said = readFileSync(place.inside(name, "out"), "utf8");
  match(mountAt(said, "/d/below"), / rw,nosuid,nodev,/);
  match(said, /\n0\n$/);
  const bad = start(`mount -t proc lxcts '${data}/below'`);
  equal(bad.status, 1);
  match(bad.stderr, /cannot share .*above on \/d: its owners cannot be shown by the container's id map\n/);
  match(
    bad.stderr,
    /hint: move the files to a file system that has them, such as ext4.*lxc\.mount\.entry = .*above d none bind/,
  );
});

test("an ordinary user is told why a share cannot be had, and what else there is", { skip }, async () => {
  const user = new OrdinaryUser({ name: "lxcts-share", uid: 47_211, range: `${FIRST + 100_000}:65536` });
  try {
    await user.ready();
    equal(
      user.run(
        "lxc-create -n s -t busybox; mkdir data; echo lxc.mount.share = ~/data data >> ~/.local/share/lxc/s/config",
      ).code,
      0,
    );
    const run = user.run("lxc-start -n s");
    equal(run.code, 1);
    match(run.err, /cannot share .*\/data on \/data: its owners cannot be shown by the container's id map\n/);
    match(run.err, /because: .*only the host's root may do that\n/);
    match(run.err, /hint: start the container as root; or map the owner of .* lxc\.idmap = u ID ID 1/);
  } finally {
    user.remove();
  }
});

test("what the host mounts later appears below shmounts, and nothing is left of it", { skip }, async () => {
  const source = join(place.folder, "later");
  mkdirSync(source);
  for (const lines of [[], SHIFTED]) {
    const name = `lxcts-later${lines.length}`;
    place.create(name, ...lines, `lxc.mount.auto = shmounts:${source}`);
    const tool = (words: string) => `'${BIN}/lxc-${words.replace(" ", `' -P '${place.lxcpath}' -n ${name} `)}`;
    const steps = [
      `mount -t tmpfs lxcts '${source}'`,
      `mount --make-shared '${source}'`,
      tool("start "),
      `mkdir '${source}/disk'`,
      `mount -t tmpfs lxcts-disk '${source}/disk'`,
      `echo arrived > '${source}/disk/file'`,
      tool("attach -- cat /dev/.lxc-mounts/disk/file"),
      tool("attach -- grep lxc-mounts/disk /proc/self/mountinfo"),
      // Nothing goes back.
      tool("attach -- mount -t tmpfs back /dev/.lxc-mounts/disk"),
      `ls '${source}/disk'`,
      `umount '${source}/disk'`,
      tool("attach -- sh -c 'ls -A /dev/.lxc-mounts/disk'"),
      tool("stop -k"),
      `grep -c lxcts /proc/self/mountinfo`,
    ];
    const run = spawnSync("unshare", ["--mount", "--propagation", "private", "sh", "-ec", steps.join("\n")], {
      encoding: "utf8",
    });
    equal(run.stderr, "");
    match(
      run.stdout,
      /^arrived\n.* \/dev\/\.lxc-mounts\/disk [^ ]+ master:\d+ - tmpfs lxcts-disk .*\nfile\n(file\n)?1\n$/,
    );
    ok(await eventually(() => place.leftovers(name).length === 0), place.leftovers(name).join("\n"));
  }
  const name = "lxcts-latermiss";
  place.create("lxcts-laterprivate", `lxc.mount.auto = shmounts:${source}`);
  const hidden = ["-n", "lxcts-laterprivate", "-F", "--", "/bin/true"].join(" ");
  const alone = `mount -t tmpfs --make-private lxcts '${source}' && '${BIN}/lxc-start' -P '${place.lxcpath}' ${hidden}`;
  const warned = spawnSync("unshare", ["--mount", "sh", "-c", alone], { encoding: "utf8" });
  equal(warned.status, 0);
  match(warned.stderr, /warning: shmounts will show nothing: the mount of .*later is not shared; mount --bind/);
  place.create(name, "lxc.mount.auto = shmounts:/no/such/folder:/mnt");
  match(refused(name).err, /cannot bind \/no\/such\/folder on \/mnt/);
});

test("a start can be explained without being made, and without root", { skip }, async () => {
  const name = "lxcts-dry";
  place.create(name, "lxc.hook.pre-start = /no/such/hook", "lxc.mount.share = /srv data", "lxc.log.level = TRACE");
  const before = place.leftovers(name);
  const run = place.ours("lxc-start", "-n", name, "--dry-run", "--", "/bin/true");
  deepEqual([run.code, run.err], [0, ""]);
  match(run.out, /^hook {7}run lxc\.hook\.pre-start = \/no\/such\/hook\ncgroup {5}make /);
  match(run.out, /\nmount {6}share \/srv on \/data\n/);
  match(run.out, /\nprogram {4}run \/bin\/true\n$/);
  const json = place.ours("lxc-start", "-n", name, "--dry-run", "--format=json");
  const said = JSON.parse(json.out) as { name: string; steps: { part: string; does: string }[] };
  equal(said.name, name);
  equal(said.steps.at(-1)?.does, "run /sbin/init");
  equal(said.steps.length, place.ours("lxc-start", "-n", name, "--dry-run").out.trim().split("\n").length);
  deepEqual(place.leftovers(name), before);
  deepEqual(readdirSync(join(place.lxcpath, name)).sort(), ["config", "rootfs"]);
  equal(place.state(name), "STOPPED");
  match(place.ours("lxc-start", "-n", name, "--dry-run", "-s", "lxc.mount.fstab=/no/such").err, /\/no\/such/);
  const user = new OrdinaryUser({ name: "lxcts-dryuser", uid: 47_212, range: `${FIRST + 200_000}:65536` });
  try {
    await user.ready();
    const own = user.run(
      "lxc-create -n d -t busybox && lxc-start -n d --dry-run && find ~/.local/share/lxc/d -newer ~/.local/share/lxc/d/config",
    );
    equal(own.code, 0, own.err);
    match(own.out, /\nid map {5}users 0 to 65535 are 1800200000 to 1800265535 outside\n/);
    equal(user.run("lxc-info -n d -sH").out, "STOPPED\n");
  } finally {
    user.remove();
  }
});

test("renaming the root file system away is not followed", { skip }, () => {
  const name = "lxcts-gone";
  place.create(name);
  renameSync(join(place.lxcpath, name, "rootfs"), join(place.lxcpath, name, "elsewhere"));
  match(refused(name).err, /there is no such folder\n.*hint: correct lxc\.rootfs\.path/);
});
