// Attacks by what is in a root file system, on whoever mounts, makes or writes something there.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { type Outcome, Place } from "../system/host.ts";
import { apart, attack, beside, compiled, MAPPED, namesIn, sh, victimOf } from "./attack.ts";

const place = new Place("cve-mounts");
after(() => place.remove());

const A_LINK = /a symbolic link or a file stands in its path|the path goes up/;

/** Starts a container that does nothing, in the foreground. */
function start(name: string, ...options: readonly string[]): Outcome {
  return place.ours("lxc-start", "-n", name, "-F", ...options, "--", "/bin/true");
}

function payload(): string {
  const folder = join(place.folder, "payload");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "payload"), "");
  return folder;
}

attack("2015-1335", "the target of a mount entry", "a link in the path of a mount stops it", () => {
  const victim = victimOf(place, "victim-link");
  const name = "lxcts-cve-link";
  place.create(name);
  const up = `../../../../../../../../../..${victim}`;
  for (const target of [victim, up]) {
    const trap = place.inside(name, "trap");
    symlinkSync(target, trap);
    mkdirSync(join(victim, "there"), { recursive: true });
    // Weak: mount(8) by that path.
    const naive = apart(`mount --bind '${payload()}' '${trap}/there' && ls '${victim}/there'`);
    equal(naive.out, "payload\n");
    rmSync(join(victim, "there"), { recursive: true });
    for (const entry of [
      `${payload()} trap none bind`,
      `${payload()} trap/x none bind,create=dir`,
      `${payload()}/payload trap/x none bind,create=file`,
      "none trap/x tmpfs create=dir",
      "none trap tmpfs defaults",
      "none trap none bind,remount,ro",
      `/trap mnt none bind,relative`,
    ]) {
      const run = start(name, "-s", `lxc.mount.entry=${entry} 0 0`);
      if (entry.includes("relative")) notEqual(run.code, 0, entry);
      else match(run.err, A_LINK, `${entry}: ${run.code} ${run.err}`);
    }
    match(start(name, "-s", `lxc.mount.share=${payload()} trap/x`).err, A_LINK);
    const fstab = join(place.folder, "fstab");
    writeFileSync(fstab, `${payload()} trap/x none bind,create=dir 0 0\n`);
    match(start(name, "-s", `lxc.mount.fstab=${fstab}`).err, A_LINK);
    deepEqual(namesIn(victim), ["secret"]);
    rmSync(trap);
  }
});

/** What is mounted at the victim, seen by hooks, which are still outside of the container. */
function mountedAt(victim: string): string {
  return place.script(
    `look-${victim.length}`,
    `grep ' ${victim}' /proc/self/mountinfo >> '${place.folder}/caught'; exit 0`,
  );
}

attack(
  "2021-30465 2024-45310",
  "a folder exchanged for a link while it is mounted on",
  "a race leads nowhere",
  async () => {
    const victim = victimOf(place, "victim-race");
    const volume = join(place.folder, "volume");
    mkdirSync(join(volume, "target"), { recursive: true });
    symlinkSync(victim, join(volume, "trap"));
    const exchange = [compiled(place, "exchange"), join(volume, "target"), join(volume, "trap")];
    const naive = compiled(place, "naive");
    await beside(exchange, () => {
      // Weak: a program that looks first whether the path is inside, and then mounts on it or makes a folder there.
      equal(apart(`'${naive}' mount '${payload()}' '${volume}' '${volume}/target' '${victim}'`).code, 0);
      equal(
        sh(`'${naive}' mkdirs '${volume}' '${volume}/target' '${victim}'; r=$?; rmdir '${victim}/made'; exit $r`).code,
        0,
      );
    });
    deepEqual(namesIn(victim), ["secret"]);
    const name = "lxcts-cve-race";
    place.create(
      name,
      `lxc.mount.entry = ${volume} mnt none bind 0 0`,
      `lxc.mount.entry = ${payload()} mnt/target none bind 0 0`,
      `lxc.mount.entry = ${payload()} mnt/target/a/b none bind,create=dir 0 0`,
      `lxc.hook.mount = ${mountedAt(victim)}`,
    );
    const codes = new Set<number | null>();
    await beside(exchange, () => {
      for (let tries = 0; tries < 60 && (tries < 15 || codes.size < 2); tries++) {
        const run = start(name);
        codes.add(run.code);
        if (run.code !== 0) match(run.err, /a symbolic link or a file stands in its path|cannot (open|use|make) /);
      }
    });
    deepEqual([...codes].sort(), [0, 1], "the race was never close");
    deepEqual(namesIn(victim), ["secret"]);
    equal(readFileSync(join(place.folder, "caught"), "utf8"), "");
  },
);

attack("2026-41579 2026-47766", "/dev, /proc or /sys being a link", "nothing is mounted or made where it leads", () => {
  const victim = victimOf(place, "victim-dev");
  for (const folder of ["dev", "proc", "sys"]) {
    const name = `lxcts-cve-${folder}`;
    place.create(name);
    const at = place.inside(name, folder);
    rmSync(at, { recursive: true });
    symlinkSync(victim, at);
    // Weak: mount(8) and mknod(1) by that path.
    equal(apart(`mount -t tmpfs none '${at}' && mknod '${at}/null' c 1 3 && ls '${victim}'`).out, "null\n");
    match(start(name).err, A_LINK);
    match(
      start(name, "-s", "lxc.autodev=0", "-s", "lxc.mount.auto=", "-s", "lxc.mount.auto=proc:rw sys:rw").err,
      A_LINK,
    );
    deepEqual(namesIn(victim), ["secret"]);
  }
  // With as little as can be, so that no other step stops it first.
  const bare = "lxcts-cve-bare";
  place.create(bare);
  const rootfs = place.inside(bare, "");
  rmSync(join(rootfs, "dev"), { recursive: true });
  symlinkSync(victim, join(rootfs, "dev"));
  writeFileSync(join(place.lxcpath, bare, "config"), `lxc.rootfs.path = dir:${rootfs}\nlxc.autodev = 0\n`);
  for (const settings of [["lxc.console.path=none"], [], ["lxc.tty.max=1"], ["lxc.tty.dir=lxc"]]) {
    start(bare, ...settings.flatMap((setting) => ["-s", setting]));
    start(bare, ...settings.concat(MAPPED).flatMap((setting) => ["-s", setting.replace(" = ", "=")]));
    deepEqual(namesIn(victim), ["secret"], settings.join());
  }
});

/** A container whose /dev is its own, so that it has put there what it likes. */
function ownDev(name: string, ...lines: readonly string[]): string {
  place.create(name, "lxc.autodev = 0", ...lines);
  const dev = place.inside(name, "dev");
  mkdirSync(join(dev, "pts"), { recursive: true });
  return dev;
}

attack("2025-52565", "/dev/console and the login terminals", "a terminal is mounted on no link", () => {
  const victim = victimOf(place, "victim-console");
  const secret = join(victim, "secret");
  for (const [at, ...options] of [
    ["console"],
    ["tty1", "lxc.tty.max=1"],
    ["lxc", "lxc.tty.dir=lxc", "lxc.tty.max=1"],
    ["lxc/console", "lxc.tty.dir=lxc"],
  ]) {
    const name = `lxcts-cve-con-${(at ?? "").replace("/", "-")}`;
    const dev = ownDev(name);
    const file = join(dev, at ?? "");
    mkdirSync(join(file, ".."), { recursive: true });
    rmSync(file, { recursive: true, force: true });
    symlinkSync(at === "lxc" ? victim : secret, file);
    // Weak: mount(8) by that path.
    if (at !== "lxc")
      notEqual(apart(`mount --bind /dev/zero '${file}' && stat -c %F '${secret}'`).out, "regular file\n");
    const run = start(name, ...options.flatMap((option) => ["-s", option]));
    match(run.err, A_LINK, at);
    deepEqual(namesIn(victim), ["secret"]);
  }
  equal(readFileSync(secret, "utf8"), "untouched\n");
});

attack("2025-52565", "/dev/pts and /dev/ptmx", "terminals come from a devpts of ours, whatever stands there", () => {
  const name = "lxcts-cve-pts";
  const dev = ownDev(name, "lxc.tty.max = 1");
  const victim = victimOf(place, "victim-pts");
  // Weak: what opens a terminal by its path inside.
  symlinkSync(join(victim, "secret"), join(dev, "ptmx"));
  equal(readFileSync(join(dev, "ptmx"), "utf8"), "untouched\n");
  const script = "exec > /said; stat -f -c %T /dev/pts /dev/console; cat /dev/pts/ptmx </dev/null >/dev/null & exit 0";
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", script);
  equal(run.code, 0, run.err);
  match(readFileSync(place.inside(name, "said"), "utf8"), /^(devpts|UNKNOWN)\n(devpts|UNKNOWN)\n$/);
  rmSync(join(dev, "pts"), { recursive: true });
  symlinkSync(victim, join(dev, "pts"));
  match(start(name).err, A_LINK);
  deepEqual(namesIn(victim), ["secret"]);
});

attack(
  "2025-31133",
  "/dev/null of the container's as what covers a file",
  "what covers is ours, and a link in its place is not",
  () => {
    const victim = victimOf(place, "victim-null");
    const secret = join(victim, "secret");
    const name = "lxcts-cve-null";
    const volume = join(place.folder, "volume-dev");
    mkdirSync(volume);
    symlinkSync(secret, join(volume, "null"));
    const covered = join(place.folder, "covered");
    writeFileSync(covered, "covered\n");
    // Weak: mount(8) of the container's /dev/null on what is to be covered.
    equal(apart(`mount --bind '${volume}/null' '${covered}' && cat '${covered}'`).out, "untouched\n");
    place.create(name);
    const maps = ["lxc.idmap=u 0 1500000000 65536", "lxc.idmap=g 0 1500000000 65536"];
    const script =
      "exec > /tmp/said 2>&1; echo x > /dev/null; echo x > /proc/sys/kernel/core_pattern; stat -c %F /proc/sys/kernel/random/boot_id";
    chmodSync(place.folder, 0o755);
    chmodSync(place.lxcpath, 0o755);
    chmodSync(place.inside(name, "tmp"), 0o1777);
    for (const options of [[], maps]) {
      rmSync(place.inside(name, "tmp/said"), { force: true });
      const all = options.concat([`lxc.mount.entry=${volume} dev none bind 0 0`]).flatMap((option) => ["-s", option]);
      const run = place.ours("lxc-start", "-n", name, "-F", ...all, "--", "/bin/sh", "-c", script);
      if (run.code === 0) {
        const said = readFileSync(place.inside(name, "tmp/said"), "utf8");
        match(said, /core_pattern: Read-only file system\nregular( empty)? file\n$/);
      } else match(run.err, A_LINK);
      equal(readFileSync(secret, "utf8"), "untouched\n");
    }
  },
);

attack(
  "2019-16884 2019-19921 2023-27561 2025-52881",
  "/proc replaced by the container",
  "a kernel parameter goes to procfs, and nowhere else",
  () => {
    const name = "lxcts-cve-sysctl";
    const victim = victimOf(place, "victim-proc");
    place.create(name);
    const fake = place.inside(name, "fake");
    mkdirSync(join(fake, "sys/kernel"), { recursive: true });
    symlinkSync(`../../../../../../../../../../..${victim}/secret`, join(fake, "sys/kernel/msgmax"));
    // Weak: a write by the path that is /proc inside.
    equal(
      apart(
        `mount --bind '${fake}' '${place.inside(name, "proc")}' && echo 4096 > '${place.inside(name, "proc")}/sys/kernel/msgmax'`,
      ).code,
      0,
    );
    equal(readFileSync(join(victim, "secret"), "utf8"), "4096\n");
    writeFileSync(join(victim, "secret"), "untouched\n");
    const script = "mkdir -p /real; mount -t proc proc /real; cat /real/sys/kernel/msgmax > /said; umount /real";
    for (const entry of [`${fake} proc none bind`, `${fake}/sys proc/sys none bind`, "/fake proc none bind,relative"]) {
      rmSync(place.inside(name, "said"), { force: true });
      const options = ["-s", `lxc.mount.entry=${entry} 0 0`, "-s", "lxc.sysctl.kernel.msgmax=4096"];
      const run = place.ours("lxc-start", "-n", name, "-F", ...options, "--", "/bin/sh", "-c", script);
      equal(run.code, 0, run.err);
      equal(readFileSync(place.inside(name, "said"), "utf8"), "4096\n", entry);
      equal(readFileSync(join(victim, "secret"), "utf8"), "untouched\n");
    }
  },
);

attack(
  "2022-0811",
  "the value and the name of a kernel parameter",
  "one key sets one parameter of its name, or none",
  () => {
    const name = "lxcts-cve-plus";
    place.create(name);
    // Weak: what takes a `+` for the next parameter, as pinns did, in a folder instead of /proc/sys.
    const folder = join(place.folder, "sys");
    mkdirSync(join(folder, "kernel"), { recursive: true });
    const value = "4096+kernel.core_pattern=|/evil";
    const naive = `printf '%s' 'kernel.msgmax=${value}' | tr + '\\n' | while IFS== read -r k v || [ -n "$k" ]; do echo "$v" > "$(echo "$k" | tr . /)"; done`;
    sh(`cd '${folder}' && ${naive}`);
    equal(readFileSync(join(folder, "kernel/core_pattern"), "utf8"), "|/evil\n");
    const before = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
    const msgmax = readFileSync("/proc/sys/kernel/msgmax", "utf8");
    notEqual(start(name, "-s", `lxc.sysctl.kernel.msgmax=${value}`).code, 0);
    // Of these the kernel takes the number, for the container.
    for (const text of ["4096 kernel.core_pattern=|/evil", "4096\nkernel.core_pattern=|/evil"]) {
      start(name, "-s", `lxc.sysctl.kernel.msgmax=${text}`);
    }
    for (const key of [
      "net/../kernel.core_pattern",
      "net...kernel.core_pattern",
      "kernel/core_pattern",
      ".kernel.core_pattern",
      "net.ipv4.",
      "../sysrq-trigger",
    ]) {
      notEqual(start(name, "-s", `lxc.sysctl.${key}=|/evil`).code, 0, key);
    }
    for (const key of ["../1/oom_score_adj", "...1.oom_score_adj", "/etc/hostname", "."]) {
      notEqual(start(name, "-s", `lxc.proc.${key}=77`).code, 0, key);
    }
    equal(readFileSync("/proc/sys/kernel/core_pattern", "utf8"), before);
    equal(readFileSync("/proc/sys/kernel/msgmax", "utf8"), msgmax);
    notEqual(readFileSync("/proc/1/oom_score_adj", "utf8"), "77\n");
  },
);

attack(
  "2025-24965",
  "files written into a root file system that is there",
  "lxc-create writes through no link of it",
  () => {
    const victim = victimOf(place, "victim-create");
    const folder = join(place.folder, "filled");
    mkdirSync(folder);
    for (const at of ["etc", "dev", "proc", "bin", "var", "root", "usr", "sbin", "tmp"])
      symlinkSync(victim, join(folder, at));
    // Weak: a write by that path.
    writeFileSync(join(folder, "etc/passwd"), "");
    ok(existsSync(join(victim, "passwd")));
    rmSync(join(victim, "passwd"));
    const made = place.ours(
      "lxc-create",
      "-n",
      "lxcts-cve-filled",
      "-t",
      "busybox",
      "-f",
      "/dev/null",
      "--dir",
      folder,
    );
    notEqual(made.code, 0);
    deepEqual(namesIn(victim), ["secret"]);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "etc"), { recursive: true });
    symlinkSync(join(victim, "secret"), join(folder, "etc/passwd"));
    symlinkSync(join(victim, "new"), join(folder, "etc/group"));
    place.ours("lxc-create", "-n", "lxcts-cve-filled2", "-t", "busybox", "-f", "/dev/null", "--dir", folder);
    deepEqual(namesIn(victim), ["secret"]);
    equal(readFileSync(join(victim, "secret"), "utf8"), "untouched\n");
  },
);

/** A hundred folders, with another in each, and in that a file. */
function fill(folder: string, files: readonly string[]): void {
  for (let at = 0; at < 100; at++) {
    mkdirSync(join(folder, `d${at}/x`), { recursive: true });
    for (const file of files) writeFileSync(join(folder, `d${at}/x`, file), "");
  }
}

attack(
  "2018-15664",
  "a folder exchanged for a link while it is removed",
  "lxc-destroy removes nothing outside",
  async () => {
    const victim = victimOf(place, "victim-destroy");
    const isWhole = (): boolean => sh(`find '${victim}' -name file | wc -l`).out === "100\n";
    const attacked = async (folder: string, remove: () => void): Promise<void> => {
      fill(join(folder, "a"), []);
      symlinkSync(victim, join(folder, "b"));
      await beside([compiled(place, "exchange"), join(folder, "a"), join(folder, "b")], remove);
    };
    fill(victim, ["file"]);
    // Weak: a program that looks what each thing is, and then removes it by its path.
    for (let tries = 0; tries < 20 && isWhole(); tries++) {
      const folder = join(place.folder, `removed${tries}`);
      await attacked(folder, () => void sh(`'${compiled(place, "naive")}' remove '${folder}'`));
      rmSync(folder, { recursive: true, force: true });
    }
    equal(isWhole(), false, "the race was never won");
    fill(victim, ["file"]);
    for (let tries = 0; tries < 3; tries++) {
      const name = `lxcts-cve-destroy${tries}`;
      place.create(name);
      await attacked(place.inside(name, "home"), () => void place.ours("lxc-destroy", "-n", name));
      equal(isWhole(), true);
      place.ours("lxc-destroy", "-n", name);
    }
  },
);
