// Attacks by what the kernel offers to a container: cgroups, rare sockets, files shared with the host.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { architectureNamed } from "../../src/isolation/seccomp/architectures.ts";
import { eventually, Place } from "../system/host.ts";
import { attack, compiled, MAPPED, sh, victimOf } from "./attack.ts";

const place = new Place("cve-kernel");
after(() => place.remove());
chmodSync(place.folder, 0o755);
chmodSync(place.lxcpath, 0o755);

/** Runs a shell script as the only program of a container; returns all that it said. */
function inside(name: string, script: string, ...lines: readonly string[]): string {
  place.create(name, ...lines);
  const run = place.ours("lxc-execute", "-n", name, "--", "/bin/sh", "-c", `exec 2>&1; ${script}`);
  return run.out + run.err;
}

/** The same with its own users. */
function insideMapped(name: string, script: string, ...lines: readonly string[]): string {
  const file = join(place.folder, "maps.conf");
  writeFileSync(file, `${MAPPED.join("\n")}\n`);
  equal(place.ours("lxc-create", "-n", name, "-t", "busybox", "-f", file).code, 0);
  place.configure(name, ...lines);
  const run = place.ours("lxc-execute", "-n", name, "--", "/bin/sh", "-c", `exec 2>&1; ${script}`);
  return run.out + run.err;
}

/** The hierarchies of the host, as folders below /sys/fs/cgroup; "." where there is only one. */
const HIERARCHIES = existsSync("/sys/fs/cgroup/cgroup.controllers") ? ["."] : ["memory", "pids", "devices", "unified"];
const OURS = "lxcts-cve-evil";

/** Removes the cgroups that an attack has made; returns where they were. */
function evilCgroups(): string[] {
  const found = HIERARCHIES.map((each) => join("/sys/fs/cgroup", each, OURS)).filter((path) => existsSync(path));
  for (const path of found) rmdirSync(path);
  return found;
}

const MAKE = `for h in ${HIERARCHIES.join(" ")}; do mkdir /sys/fs/cgroup/$h/${OURS} && echo made $h; done; exit 0`;

/** In the container's own cgroup; of pids, which lets any cgroup have some below it. */
const MAKE_OWN = [
  "exec 2> /dev/null; h=/sys/fs/cgroup/pids; p=$(sed -n 's/^[0-9]*:pids://p' /proc/self/cgroup)",
  "mkdir $h$p/lxcts-own && echo made && rmdir $h$p/lxcts-own; exit 0",
].join("; ");

attack(
  "2023-25809",
  "/sys/fs/cgroup without a cgroup namespace",
  "only the container's own part of it can be written to",
  () => {
    // Weak: the host's cgroups, mounted as they are.
    const bind = "lxc.mount.entry = /sys/fs/cgroup sys/fs/cgroup none rbind 0 0";
    const plain = ["lxc.mount.auto =", "lxc.mount.auto = proc:mixed sys:mixed"];
    inside("lxcts-cve-cg0", MAKE, ...plain, bind, "lxc.namespace.keep = cgroup");
    notEqual(evilCgroups().length, 0);
    const names = ["lxcts-cve-cg1", "lxcts-cve-cg2"];
    inside("lxcts-cve-cg1", "exit 0");
    insideMapped("lxcts-cve-cg2", "exit 0");
    for (const mode of ["cgroup:mixed", "cgroup:ro", "cgroup-full:mixed", "cgroup-full:ro"]) {
      for (const keep of [[], ["lxc.namespace.keep=cgroup"]]) {
        const settings = ["lxc.mount.auto=", `lxc.mount.auto=proc:mixed sys:mixed ${mode}:force`, ...keep];
        const options = settings.flatMap((setting) => ["-s", setting]);
        for (const name of names) place.ours("lxc-execute", "-n", name, ...options, "--", "/bin/sh", "-c", MAKE);
        deepEqual(evilCgroups(), [], `${mode} ${keep.join()}`);
        const own = place.ours("lxc-execute", "-n", "lxcts-cve-cg1", ...options, "--", "/bin/sh", "-c", MAKE_OWN).out;
        equal(own, mode.endsWith("mixed") ? "made\n" : "", `${mode} ${keep.join()}`);
      }
    }
  },
);

attack(
  "2022-0492",
  "release_agent of cgroup version 1",
  "a container has none: neither in a hierarchy that is there nor in one that it makes",
  async () => {
    const script = (name: string): string =>
      [
        `mkdir /cg; mount -t cgroup -o none,name=${name} x /cg && echo /evil > /cg/release_agent && echo agent`,
        "umount /cg; for c in memory pids devices cpu; do mount -t cgroup -o $c none /cg || continue",
        "[ -e /cg/release_agent ] && echo agent; umount /cg; done",
        "for h in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $h/release_agent ] && echo agent; done",
        `unshare -U -r -m sh -c 'mount -t cgroup -o none,name=${name}u x /mnt && echo /evil > /mnt/release_agent && echo agent'`,
      ].join("; ");
    const isFound = (said: string): boolean => /^agent$/m.test(said);
    // Weak: the host's root in the host's cgroup namespace. The hierarchy is one that the test made, and goes with it.
    equal(isFound(inside("lxcts-cve-agent0", script("lxctscve0"), "lxc.namespace.keep = cgroup")), true);
    const isThere = (): boolean => readFileSync("/proc/self/cgroup", "utf8").includes("lxctscve");
    equal(await eventually(() => !isThere()), true, "the test's own hierarchy stays");
    equal(isFound(inside("lxcts-cve-agent1", script("lxctscve1"))), false);
    equal(isFound(insideMapped("lxcts-cve-agent2", script("lxctscve2"))), false);
    equal(isFound(insideMapped("lxcts-cve-agent3", script("lxctscve3"), "lxc.namespace.keep = cgroup")), false);
    equal(
      isFound(
        inside("lxcts-cve-agent4", script("lxctscve4"), "lxc.namespace.keep = cgroup", "lxc.cap.drop = sys_admin"),
      ),
      false,
    );
  },
);

const number = (name: string, on = "x86_64"): number => {
  const { names, numbers } = architectureNamed(on);
  return numbers[names.indexOf(name)] ?? -1;
};

attack(
  "2026-31431 2026-43284 2026-43500",
  "rare kinds of sockets",
  "the hardened policy denies them in a container, by any upper bits, in any call",
  () => {
    const shipped = readFileSync(join(import.meta.dirname, "../../share/lxc/config/hardened.seccomp"), "utf8");
    // What a kernel without them says is the same, so it gets an error that nothing else gives.
    const marked = join(place.folder, "hardened.seccomp");
    writeFileSync(marked, shipped.replace(/^(socket\w* errno) \d+/gm, "$1 4000"));
    const socket = (family: number, type: number, protocol: number) =>
      `64:${number("socket")}:${family}:${type}:${protocol}`;
    const families = [38, 33, 15, 40, 30, 21].flatMap((family) => [family, family + 2 ** 32, family + 2 ** 40]);
    const calls = families
      .map((family) => socket(family, 5, 0))
      .concat([socket(16, 3, 6), socket(16 + 2 ** 32, 3, 6 + 2 ** 33)]);
    const narrow = ["38", "33", "15", "40"].map((family) => `32:${number("socket", "x86")}:${family}:5:0`);
    const through = `32:${number("socketcall", "x86")}:1:0:0`;
    const made = (name: string, policy: string, ...words: readonly string[]): string[] => {
      place.create(name, `lxc.seccomp.profile = ${policy}`);
      copyFileSync(compiled(place, "calls"), place.inside(name, "calls"));
      const run = place.ours("lxc-execute", "-n", name, "--", "/calls", ...words);
      equal(run.code, 0, run.err);
      return run.out.trim().split("\n");
    };
    // Weak: LXC's own common.seccomp.
    const common = join(import.meta.dirname, "../../share/lxc/config/common.seccomp");
    const all = calls.concat(narrow, [through]);
    const weak = made("lxcts-cve-sockets0", common, ...all);
    equal(weak.includes("-4000"), false);
    // Some virtual machines have no calls of 32 bits: there nobody can make one.
    const hasNarrow = !weak.includes("none");
    const denied = made("lxcts-cve-sockets1", marked, ...all);
    deepEqual(
      denied,
      all.map((call) => (call.startsWith("32:") && !hasNarrow ? "none" : "-4000")),
    );
    const usual = [socket(1, 1, 0), socket(2, 1, 0), socket(10, 2, 0), socket(16, 3, 0)];
    for (const result of made("lxcts-cve-sockets2", marked, ...usual)) ok(Number(result) > 2, result);
  },
);

attack(
  "2016-10124",
  "typing on a terminal, and the caller's behind it",
  "the hardened policy denies it by any upper bits",
  () => {
    const policy = join(import.meta.dirname, "../../share/lxc/config/hardened.seccomp");
    const request = 0x5412;
    const calls = [request, request + 2 ** 32, 0x541c].map((each) => `64:${number("ioctl")}:0:${each}:0`);
    const made = (name: string, ...lines: readonly string[]) => {
      place.create(name, ...lines);
      copyFileSync(compiled(place, "calls"), place.inside(name, "calls"));
      return place
        .ours("lxc-execute", "-n", name, "--", "/calls", ...calls)
        .out.trim()
        .split("\n");
    };
    // Weak: no policy; standard input is no terminal then, or the text is nowhere.
    equal(made("lxcts-cve-type0").includes("-1"), false);
    deepEqual(made("lxcts-cve-type1", `lxc.seccomp.profile = ${policy}`), ["-1", "-1", "-1"]);
  },
);

attack(
  "2025-64507",
  "a folder shared with lxc.mount.share",
  "neither set-id programs nor devices of it have an effect inside",
  () => {
    const folder = join(place.folder, "shared");
    mkdirSync(folder);
    copyFileSync(compiled(place, "calls"), join(folder, "calls"));
    chmodSync(join(folder, "calls"), 0o4755);
    equal(sh(`mknod -m 666 '${folder}/zero' c 1 5`).code, 0);
    const say = "head -c 1 /shared/zero | wc -c";
    const effectiveUser = (name: string): string =>
      place.ours("lxc-execute", "-n", name, "-u", "65533", "--", "/shared/calls", `64:${number("geteuid")}`).out;
    // Weak: a bind mount.
    const bind = `lxc.mount.entry = ${folder} shared none bind,create=dir 0 0`;
    match(inside("lxcts-cve-share0", say, bind), /^1\n/);
    equal(effectiveUser("lxcts-cve-share0"), "0\n");
    for (const [index, run] of [inside, insideMapped].entries()) {
      const name = `lxcts-cve-share${index + 1}`;
      match(run(name, say, `lxc.mount.share = ${folder} /shared`), /Permission denied\n0\n$/);
      equal(effectiveUser(name), "65533\n");
    }
  },
);

attack(
  "2021-30465",
  "a container's volume, by the propagation of its mounts",
  "nothing that is mounted inside appears on the host",
  () => {
    const victim = victimOf(place, "victim-spread");
    const mounts = (folder: string) =>
      readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .filter((line) => line.includes(` ${folder}/`)).length;
    const script = "mount -t tmpfs lxcts /volume/x; mount --make-rshared /; mount -t tmpfs lxcts /volume/x; exit 0";
    mkdirSync(join(victim, "x"));
    // Weak: a shared mount that goes both ways.
    equal(sh(`mount --bind '${victim}' '${victim}' && mount --make-shared '${victim}'`).code, 0);
    try {
      sh(`exec unshare -m --propagation unchanged sh -c 'mount -t tmpfs lxcts "${victim}/x"'`);
      equal(mounts(victim), 1);
      sh(`umount '${victim}/x'`);
      inside("lxcts-cve-spread", script, `lxc.mount.entry = ${victim} volume none rbind,create=dir 0 0`);
      equal(mounts(victim), 0);
    } finally {
      sh(`umount '${victim}/x'; umount -l '${victim}'`);
    }
  },
);
