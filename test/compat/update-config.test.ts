// LXC's own lxc-update-config and ours on the same old files: the same keys and values, but where LXC's is wrong.

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, type Outcome, outcomeOf } from "../system/host.ts";

const THEIRS = "/usr/bin/lxc-update-config";
const CORPUS = join(import.meta.dirname, "../corpus/legacy");
const skip = existsSync(THEIRS) ? false : "LXC's own tools are not installed";
const folder = mkdtempSync(join(tmpdir(), "lxcts-update-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const OURS = join(BIN, "lxc-update-config");

function run(tool: string, ...words: readonly string[]): Outcome {
  return outcomeOf(spawnSync(tool, words, { encoding: "utf8", cwd: folder }));
}

/** The settings after `tool` has been at `text`: comments are for neither to change, blanks count for nothing. */
function settingsAfter(tool: string, text: string): string[] {
  const file = join(folder, "config");
  writeFileSync(file, text, "latin1");
  equal(run(tool, "-c", file).code, 0);
  const lines = readFileSync(file, "latin1").split("\n");
  rmSync(`${file}.backup`);
  const settings = lines.map((line) => line.trim()).filter((line) => line.startsWith("lxc."));
  return settings.map((line) => line.replace(/\s*=\s*/, " = ").trim());
}

/** What LXC's script does to lines like these, and why ours does not. */
const knownDifferences: readonly (readonly [RegExp, (line: string) => string])[] = [
  // It looks for a blank or `=` after lxc.limit, so that no limit is ever found.
  [/^lxc\.limit\./, (line) => line.replace("lxc.limit.", "lxc.prlimit.")],
  // It leaves the addresses of numbered networks without .address, which no LXC reads.
  [/^lxc\.net\.\d+\.ipv[46] = /, (line) => line.replace(/(ipv[46]) =/, "$1.address =")],
  // It takes one digit for the number of a network.
  [/^lxc\.network\.\d+/, (line) => line.replace("lxc.network.", "lxc.net.")],
  // It writes a backend before one that is there, and before nothing.
  [
    /^lxc\.rootfs\.path = dir:(aufs|btrfs|dir|loop|lvm|nbd|overlay|overlayfs|rbd|zfs):/,
    (line) => line.replace("dir:", ""),
  ],
  [/^lxc\.rootfs\.path = dir:$/, (line) => line.replace(" dir:", "")],
  // It writes it before quotes, which are then no longer around the value.
  [/^lxc\.rootfs\.path = \w+:["']/, (line) => line.replace(/(\w+:)(["'])/, "$2$1")],
  // No folder is a block device.
  [/^lxc\.rootfs\.path = dir:\/dev\//, (line) => line.replace("dir:", "")],
  // It leaves the value of a key that has none today.
  [/^lxc\.net = ./, () => "lxc.net ="],
  // It numbers what comes before the first type by -1.
  [/^lxc\.net\.-1\./, (line) => line.replace("-1", "0")],
];

function corrected(lines: readonly string[], text: string): string[] {
  const backend = /^\s*lxc\.rootfs\.backend\s*=\s*(\w+)/m.exec(text)?.[1] ?? "dir";
  return lines.map((line) => {
    // It sees lxc.rootfs only before a single blank, and the backend only where that is the last line of the file.
    let right = line.replace(/^lxc\.rootfs = \//, `lxc.rootfs.path = ${backend}:/`);
    right = right.replace(/^(lxc\.rootfs\.path = )dir:(?=["']?\/)/, `$1${backend}:`);
    for (const [pattern, correct] of knownDifferences) if (pattern.test(right)) right = correct(right);
    return right;
  });
}

/** The networks numbered by their first lines: LXC's script counts a type that is commented out as well. */
function renumbered(lines: readonly string[]): string[] {
  const seen: string[] = [];
  return lines.map((line) => {
    const number = /^lxc\.net\.(-?\d+)/.exec(line)?.[1];
    if (number === undefined) return line;
    if (!seen.includes(number)) seen.push(number);
    return line.replace(`lxc.net.${number}`, `lxc.net.${seen.indexOf(number)}`);
  });
}

/** Compares what the two make of a text. LXC's script does not read a last line that has no end. */
function compare(text: string): void {
  const whole = text.endsWith("\n") ? text : `${text}\n`;
  const ours = settingsAfter(OURS, whole);
  const theirs = corrected(settingsAfter(THEIRS, whole), whole);
  if (/#.*lxc\.network\.type/.test(whole)) deepEqual(renumbered(ours), renumbered(theirs));
  else deepEqual(ours, theirs);
}

const ordinary = `# Template used to create this container: debian
lxc.network.type = veth
lxc.network.flags = up
lxc.network.link = lxcbr0
lxc.network.hwaddr = 00:16:3e:12:34:56
lxc.network.ipv4 = 10.0.3.5/24
lxc.network.ipv4.gateway = auto
lxc.network.type=macvlan
lxc.network.macvlan.mode = bridge
lxc.rootfs = /var/lib/lxc/c1/rootfs
lxc.rootfs.mount = /mnt
lxc.include = /usr/share/lxc/config/debian.common.conf
lxc.mount = /var/lib/lxc/c1/fstab
lxc.mount.entry = proc proc proc nodev 0 0
lxc.utsname = c1
lxc.arch = amd64
lxc.tty = 4
lxc.pts=1024
lxc.devttydir = lxc
lxc.console = none
lxc.console.logfile = /tmp/log
lxc.aa_profile = unconfined
lxc.aa_allow_incomplete = 1
lxc.se_context = system_u:system_r:lxc_t:s0
lxc.seccomp = /usr/share/lxc/config/common.seccomp
lxc.id_map = u 0 100000 65536
lxc.id_map = g 0 100000 65536
lxc.haltsignal = SIGPWR
lxc.rebootsignal = SIGINT
lxc.stopsignal = SIGKILL
lxc.syslog = daemon
lxc.loglevel = 1
lxc.logfile = /tmp/c1.log
lxc.init_cmd = /sbin/init
lxc.init_uid = 0
lxc.init_gid = 0
lxc.kmsg = 0
lxc.pivotdir = old
lxc.cap.drop = sys_module
lxc.cgroup.devices.deny = a
lxc.start.auto = 1
lxc.hook.pre-start = /bin/true
`;

const samples: readonly (readonly [string, string])[] = [
  ["an ordinary file", ordinary],
  [
    "numbered networks",
    "lxc.network.0.type = veth\nlxc.network.0.ipv4 = 1.2.3.4/8\nlxc.network.0.ipv6.gateway = auto\n",
  ],
  ["the backend on the last line", "lxc.rootfs = /c1\nlxc.rootfs.backend = btrfs\n"],
  ["limits", "lxc.limit.nofile = 1:2\n"],
  ["a root file system with its backend", "lxc.rootfs = overlayfs:/a:/b\n"],
  ["the backend first", "lxc.rootfs.backend = lvm\nlxc.rootfs = /dev/vg/c1\n"],
  ["quotes", 'lxc.rootfs = "/c1"\nlxc.utsname = "c1"\n'],
  ["a network that is commented out", "#lxc.network.type = veth\nlxc.network.type = veth\nlxc.network.flags = up"],
  ["a root file system of a device", "lxc.rootfs = /dev/lxc/c1\n"],
  ["today's keys", "lxc.uts.name = c1\nlxc.net.0.type = veth\nlxc.rootfs.path = dir:/x\n"],
];

for (const [name, text] of samples) {
  test(`${name}: LXC's settings, corrected, and ours are the same`, { skip }, () => {
    compare(text);
  });
}

/** It numbers old networks from 0 on, also where one of today's has that number already. */
const otherwise = ["update-config-leftovers.conf"];
const legacy = globSync("*.conf", { cwd: CORPUS }).filter((name) => !otherwise.includes(name));

for (const sample of legacy) {
  test(`${sample}: LXC's settings, corrected, and ours are the same`, { skip }, () => {
    compare(readFileSync(join(CORPUS, sample), "latin1"));
  });
}

test("either prints its usage without words, and ends with 1 without a file", { skip }, () => {
  for (const tool of [THEIRS, OURS]) {
    const bare = run(tool);
    deepEqual([bare.code, bare.out.includes("lxc-update-config"), run(tool, "-c", "nope").code], [0, true, 1]);
  }
});

test("either keeps the text before in FILE.backup", { skip }, () => {
  const file = join(folder, "kept");
  for (const tool of [THEIRS, OURS]) {
    writeFileSync(file, "lxc.tty = 1\n");
    equal(run(tool, "-c", file).code, 0);
    equal(readFileSync(`${file}.backup`, "utf8"), "lxc.tty = 1\n");
    rmSync(`${file}.backup`);
  }
});

test("a second run keeps the first backup, where LXC's writes over it", { skip }, () => {
  const file = join(folder, "twice");
  for (const [tool, kept] of [
    [THEIRS, "lxc.tty.max = 1\n"],
    [OURS, "lxc.tty = 1\n"],
  ] as const) {
    writeFileSync(file, "lxc.tty = 1\n");
    equal(run(tool, "-c", file).code, 0);
    equal(run(tool, "-c", file).code, 0);
    equal(readFileSync(`${file}.backup`, "utf8"), kept);
    rmSync(`${file}.backup`);
  }
});

test("another text goes to a backup of its own", () => {
  const file = join(folder, "more");
  writeFileSync(`${file}.backup`, "precious");
  writeFileSync(file, "lxc.tty = 1\n", { mode: 0o640 });
  const said = run(OURS, "-c", file, "--format=json");
  deepEqual(JSON.parse(said.out), {
    file,
    backup: `${file}.backup.1`,
    changes: [{ line: 1, from: "lxc.tty", to: "lxc.tty.max" }],
    old_includes: [],
  });
  equal(readFileSync(`${file}.backup`, "utf8"), "precious");
  equal(statSync(file).mode & 0o777, 0o640);
});

test("bytes that are no text survive, and so does every line that does not change", () => {
  const file = join(folder, "bytes");
  writeFileSync(file, "# caf\xe9\r\n  #lxc.tty = 1\nlxc.utsname\t=  x \r\n\n", "latin1");
  equal(run(OURS, "-c", file).out.split("\n")[0], `${file}:3: lxc.utsname -> lxc.uts.name`);
  equal(readFileSync(file, "latin1"), "# caf\xe9\r\n  #lxc.tty = 1\nlxc.uts.name\t=  x \r\n\n");
});

test("an included file with old keys is named, and left", () => {
  const [file, included] = [join(folder, "with"), join(folder, "included")];
  writeFileSync(included, "lxc.tty = 1\n");
  writeFileSync(file, `lxc.include = ${included}\n`);
  equal(
    run(OURS, "-c", file).err,
    `lxc-update-config: warning: ${file} includes ${included}, which has old keys: lxc-update-config -c ${included}\n`,
  );
  equal(readFileSync(included, "utf8"), "lxc.tty = 1\n");
});

test("a link is refused, so that the file behind it stays the one", () => {
  const [file, link] = [join(folder, "behind"), join(folder, "link")];
  writeFileSync(file, "lxc.tty = 1\n");
  symlinkSync(file, link);
  const said = run(OURS, "-c", link);
  deepEqual(
    [said.code, said.err.split("\n")[0]],
    [1, `lxc-update-config: cannot replace ${link}: it is a link, which a new file would take the place of`],
  );
  equal(existsSync(`${link}.backup`), false);
});
