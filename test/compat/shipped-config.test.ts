// The configuration files we ship, read by LXC: each sets what LXC's own file of that name does. And its clone hooks.

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Outcome, outcomeOf, Place, skipWithoutRoot } from "../system/host.ts";
import {
  allIncludes,
  configText,
  expectedMeanings,
  INSTALLED,
  type Includes,
  KEYS,
  meaning,
  SHIPPED,
} from "./shipped-table.ts";

const hasLxc = spawnSync("/usr/bin/lxc-info", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const place = new Place("shipped");
after(() => place.remove());

/** Runs LXC's lxc-info on a container that includes the files, with `folder` mounted where they are installed. */
function askLxc(folder: string, includes: Includes): Outcome {
  mkdirSync(join(place.lxcpath, "lxcts-shipped"), { recursive: true });
  writeFileSync(join(place.lxcpath, "lxcts-shipped/config"), configText(includes));
  const bind = `mount --bind "$1" ${INSTALLED}; shift; exec /usr/bin/lxc-info "$@"`;
  const asked = KEYS.flatMap((key) => ["-c", key]);
  const words = ["--mount", "--propagation", "private", "sh", "-euc", bind, "sh", folder];
  return outcomeOf(
    spawnSync("unshare", [...words, "-P", place.lxcpath, "-n", "lxcts-shipped", ...asked], { encoding: "utf8" }),
  );
}

/** Its answer by key: `KEY = VALUE`, where a list has an item on each line. */
function meaningToLxc(folder: string, includes: Includes): string {
  const { code, out, err } = askLxc(folder, includes);
  equal(code, 0, err);
  const values = new Map<string, string>();
  let current = "";
  for (const line of out.split("\n")) {
    const key = KEYS.find((candidate) => line === `${candidate} =` || line.startsWith(`${candidate} = `));
    if (key !== undefined) current = key;
    values.set(current, key === undefined ? `${values.get(current)}\n${line}` : line.slice(key.length + 3));
  }
  return meaning((key) => values.get(key) ?? "");
}

function meaningsToLxc(folder: string, all: readonly Includes[]): Record<string, string> {
  return Object.fromEntries(all.map((includes) => [includes.join(" + "), meaningToLxc(folder, includes)]));
}

// LXC's own files go first: they prove the table.
test("LXC's own files mean what the table says", { skip }, () => {
  const theirs = allIncludes().filter((includes) => includes.every((name) => existsSync(join(INSTALLED, name))));
  equal(theirs.length >= 6, true);
  const expected = expectedMeanings();
  const wanted = theirs.map((includes) => [includes.join(" + "), expected.get(includes.join(" + "))]);
  deepEqual(meaningsToLxc(INSTALLED, theirs), Object.fromEntries(wanted));
});

test("our files mean the same to LXC", { skip }, () => {
  deepEqual(meaningsToLxc(SHIPPED, allIncludes()), Object.fromEntries(expectedMeanings()));
});

test("our seccomp policy is LXC's, and LXC can load it", { skip }, () => {
  const rulesOf = (folder: string): string[] =>
    readFileSync(join(folder, "common.seccomp"), "utf8")
      .split("\n")
      .map((line) => line.replace(/#.*/, "").trim())
      .filter((line) => line !== "");
  deepEqual(rulesOf(SHIPPED), rulesOf(INSTALLED));
  place.create("lxcts-seccomp");
  const policy = `lxc.seccomp.profile=${join(SHIPPED, "common.seccomp")}`;
  const words = ["-s", policy, "--", "grep", "-w", "Seccomp", "/proc/self/status"];
  deepEqual(place.theirs("lxc-execute", "-n", "lxcts-seccomp", ...words), { code: 0, out: "Seccomp:\t2\n", err: "" });
});

const ourHooks = join(SHIPPED, "../hooks");
const theirHooks = join(INSTALLED, "../hooks");

/** Makes the files of a copy of c1 named c2, and runs the hook on them. */
function runHook(hook: string, folder: string, ...options: string[]): Outcome {
  const root = join(place.folder, folder);
  for (const name of ["etc/sysconfig/network-scripts", "usr/lib/locale"])
    mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n127.0.1.1 c1.example.org\n");
  writeFileSync(join(root, "etc/hostname"), "c1\n");
  writeFileSync(join(root, "etc/sysconfig/network"), "HOSTNAME=c1\n");
  writeFileSync(join(root, "etc/sysconfig/network-scripts/ifcfg-eth0"), "DHCP_HOSTNAME=c1\n");
  const env = { PATH: process.env["PATH"], LANG: "C.UTF-8", MIRROR: "http://mirror.example.org/ubuntu" };
  const copied = { LXC_ROOTFS_MOUNT: root, LXC_ROOTFS_PATH: root, LXC_SRC_NAME: "c1", LXC_NAME: "c2" };
  const words = ["c2", "lxc", "clone", ...options];
  return outcomeOf(spawnSync(hook, words, { encoding: "utf8", env: { ...env, ...copied } }));
}

function filesOf(folder: string): Record<string, string> {
  const root = join(place.folder, folder);
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(root, name)).isFile(),
  );
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(join(root, name), "utf8")]));
}

test("the clone hooks leave the files that LXC's do", { skip }, () => {
  const keys = join(place.folder, "keys");
  writeFileSync(keys, "ssh-ed25519 AAAA someone\n\nssh-ed25519 BBBB else\n");
  const prepare = ["--nolocales=", "-i", "12345678", "-S", keys];
  for (const [hook, options] of [["clonehostname", []] as const, ["ubuntu-cloud-prep", prepare] as const]) {
    equal(runHook(join(theirHooks, hook), `theirs-${hook}`, ...options).code, 0);
    const ours = runHook(join(ourHooks, hook), `ours-${hook}`, ...options);
    equal(ours.code, 0, ours.err);
    deepEqual(filesOf(`ours-${hook}`), filesOf(`theirs-${hook}`));
  }
});

test("no clone hook follows a container's link to a file of the host", { skip }, () => {
  const outside = join(place.folder, "outside");
  const root = join(place.folder, "trap");
  mkdirSync(join(root, "etc"), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, "hosts"), "c1\n");
  symlinkSync(outside, join(root, "var"));
  equal(runHook(join(ourHooks, "ubuntu-cloud-prep"), "trap").code, 1);
  const env = {
    PATH: process.env["PATH"],
    LXC_ROOTFS_MOUNT: join(place.folder, "linked"),
    LXC_SRC_NAME: "c1",
    LXC_NAME: "c2",
  };
  mkdirSync(env.LXC_ROOTFS_MOUNT);
  symlinkSync(outside, join(env.LXC_ROOTFS_MOUNT, "etc"));
  equal(spawnSync(join(ourHooks, "clonehostname"), { env }).status, 0);
  deepEqual(readdirSync(outside), ["hosts"]);
  equal(readFileSync(join(outside, "hosts"), "utf8"), "c1\n");
});
