// Making and removing containers for real: what is made, what a failure leaves (nothing), and what is never touched.

import { deepEqual, equal, match } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, skipWithoutRoot as skip } from "./host.ts";

const work = mkdtempSync(join(tmpdir(), "lxcts-create-"));
after(() => rmSync(work, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly said: string;
}

function run(tool: string, ...args: readonly string[]): Outcome {
  const result = spawnSync(join(BIN, tool), args, { encoding: "utf8" });
  return { code: result.status, said: result.stdout + result.stderr };
}

/** As `run`, in a mount namespace of its own with a small file system on `at`. */
function runOnTmpfs(at: string, options: string, tool: string, ...args: readonly string[]): Outcome {
  const script = 'mount -t tmpfs -o "$1" small "$2" && shift 2 && "$@"; code=$?; ls -A "$LEFT"; exit $code';
  const all = ["-m", "sh", "-c", script, "sh", options, at, join(BIN, tool), ...args];
  const result = spawnSync("unshare", all, { encoding: "utf8", env: { ...process.env, LEFT: at } });
  return { code: result.status, said: result.stdout + result.stderr };
}

/** A folder of its own for one test, and a container path in it that is not there yet. */
function place(name: string): { readonly folder: string; readonly lxcpath: string } {
  const folder = join(work, name);
  mkdirSync(folder);
  return { folder, lxcpath: join(folder, "containers") };
}

function script(folder: string, name: string, lines: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

function assertFailed(outcome: Outcome, cause: RegExp, hint: RegExp): void {
  match(outcome.said, cause);
  match(outcome.said, hint);
  equal(outcome.code, 1);
}

function lockOf(lxcpath: string, name: string): string {
  return join("/run/lxc/lock", lxcpath, `.${name}`);
}

test("a container of the built-in busybox is whole, and goes without a trace", { skip }, () => {
  const { folder, lxcpath } = place("busybox");
  const made = run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox");
  equal(made.code, 0, made.said);
  equal(made.said, "");
  const container = join(lxcpath, "c1");
  deepEqual(readdirSync(container).toSorted(), ["config", "rootfs"]);
  const modes = [lxcpath, container, join(container, "config"), join(container, "rootfs")];
  deepEqual(
    modes.map((path) => (statSync(path).mode & 0o7777).toString(8)),
    ["755", "770", "640", "755"],
  );
  const config = readFileSync(join(container, "config"), "utf8");
  match(config, /^# Template used to create this container: /);
  match(config, new RegExp(`\nlxc.rootfs.path = dir:${container}/rootfs\n`));
  match(config, /\nlxc.uts.name = "c1"\n/);
  equal(
    spawnSync("chroot", [join(container, "rootfs"), "/bin/ls", "/sbin/init"], { encoding: "utf8" }).stdout,
    "/sbin/init\n",
  );
  equal(existsSync(lockOf(lxcpath, "c1")), false);
  // The folder is LXC's own, which its tools need.
  equal(existsSync(join("/run/lxc/lock", lxcpath)), true);

  assertFailed(
    run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox"),
    /Container already exists/,
    /hint: .*lxc-destroy/,
  );
  equal(existsSync(join(container, "config")), true);

  const destroyed = run("lxc-destroy", "-P", lxcpath, "-n", "c1");
  equal(destroyed.code, 0, destroyed.said);
  equal(destroyed.said, "");
  deepEqual(readdirSync(folder), ["containers"]);
  deepEqual(readdirSync(lxcpath), []);
  equal(existsSync(lockOf(lxcpath, "c1")), false);
  assertFailed(run("lxc-destroy", "-P", lxcpath, "-n", "c1"), /Container is not defined/, /hint: /);
});

test("without a template there is a configuration only, with addresses filled in", { skip }, () => {
  const { folder, lxcpath } = place("none");
  const base = join(folder, "base.conf");
  writeFileSync(base, "# mine\nlxc.net.0.type = empty\n\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n");
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "none", "-f", base).code, 0);
  deepEqual(readdirSync(join(lxcpath, "c1")), ["config"]);
  match(
    readFileSync(join(lxcpath, "c1/config"), "utf8"),
    /^# mine\nlxc.net.0.type = empty\nlxc.net.0.hwaddr = 00:16:3e(:[0-9a-f]{2}){3}\n$/,
  );
  equal(run("lxc-destroy", "-P", lxcpath, "-n", "c1").code, 0);
  deepEqual(readdirSync(lxcpath), []);
});

test("a template gets LXC's arguments, and what it adds to the configuration stays", { skip }, () => {
  const { folder, lxcpath } = place("program");
  const template = script(
    folder,
    "template",
    'echo "$@"; p=$(echo "$1" | cut -d= -f2-); echo "lxc.uts.name = fromtemplate" >>"$p/config"',
  );
  const made = run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", template, "--", "--release", "x y");
  const path = join(lxcpath, "c1");
  equal(made.said, `--path=${path} --name=c1 --rootfs=${path}/rootfs --release x y\n`);
  equal(made.code, 0);
  const config = readFileSync(join(path, "config"), "utf8");
  match(
    config,
    new RegExp(
      `^# Template used to create this container: ${template}\n# Parameters passed to the template: --release x y\n`,
    ),
  );
  match(config, /\nlxc.uts.name = fromtemplate\n$/);
});

test("a name that is no name makes nothing", { skip }, () => {
  const { folder, lxcpath } = place("names");
  for (const name of ["a/b", "..", ".", "../c1"])
    assertFailed(
      run("lxc-create", "-P", lxcpath, "-n", name, "-t", "busybox"),
      /cannot use the container name/,
      /hint: /,
    );
  deepEqual(readdirSync(folder), []);
});

test("an unknown template is named, with those there are", { skip }, () => {
  const { folder, lxcpath } = place("unknown");
  assertFailed(
    run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busibox"),
    /bad template: busibox/,
    /hint: did you mean busybox\?/,
  );
  assertFailed(
    run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "/nowhere/lxc-x"),
    /bad template: \/nowhere\/lxc-x/,
    /hint: /,
  );
  deepEqual(readdirSync(folder), []);
});

test("a container path that cannot be written is named, and what to do", { skip }, () => {
  const { folder } = place("unwritable");
  const driver = spawnSync(
    "setpriv",
    [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      join(BIN, "lxc-create"),
      "-P",
      join(folder, "p"),
      "-n",
      "c1",
      "-t",
      "none",
    ],
    { encoding: "utf8", env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" } },
  );
  assertFailed(
    { code: driver.status, said: driver.stderr },
    /permission denied \(EACCES\)/,
    /hint: run as root, or use another container path with -P/,
  );
  deepEqual(readdirSync(folder), []);
  const readOnly = place("readonly");
  const outcome = runOnTmpfs(readOnly.folder, "ro", "lxc-create", "-P", readOnly.lxcpath, "-n", "c1", "-t", "busybox");
  assertFailed(outcome, /read-only file system \(EROFS\)/, /hint: the file system is mounted read-only/);
});

test("a template that fails leaves nothing", { skip }, () => {
  const { folder, lxcpath } = place("failing");
  const template = script(
    folder,
    "template",
    'p=$(echo "$1" | cut -d= -f2-); r=$(echo "$3" | cut -d= -f2-); mkdir -p "$r/a/b"; ln -s / "$r/a/root"; echo x >"$p/more"; exit 3',
  );
  assertFailed(
    run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", template),
    /failed with exit code 3/,
    /hint: what it printed above says why/,
  );
  deepEqual(readdirSync(folder), ["template"]);
  equal(existsSync(lockOf(lxcpath, "c1")), false);
});

test("a disk that is full leaves nothing, wherever it gets full", { skip }, () => {
  for (const options of [
    "size=512k",
    "size=1500k",
    "nr_inodes=3",
    "nr_inodes=4",
    "nr_inodes=6",
    "nr_inodes=20",
    "nr_inodes=32",
  ]) {
    const { folder, lxcpath } = place(`full-${options}`);
    const outcome = runOnTmpfs(folder, options, "lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox");
    assertFailed(outcome, /no space left on device \(ENOSPC\)/, /hint: .*free some space/);
    // What `ls` says of the file system comes before what the tool says.
    match(outcome.said, /^lxc-create: |^cannot /);
  }
});

test("ctrl-C while a template runs ends it with all it started, and leaves nothing", { skip }, async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const { folder, lxcpath } = place(`interrupted-${signal}`);
    const template = script(folder, "template", "sleep 1000 & echo $!; wait");
    const child = spawn(join(BIN, "lxc-create"), ["-P", lxcpath, "-n", "c1", "-t", template]);
    const sleeper = (await firstLine(child)).trim();
    child.kill(signal);
    const outcome = await endOf(child);
    match(outcome.said, new RegExp(`interrupted by ${signal}`));
    match(outcome.said, /hint: nothing was kept/);
    equal(outcome.code === 0, false);
    equal(existsSync(`/proc/${sleeper}`), false);
    deepEqual(readdirSync(folder), ["template"]);
  }
});

test("a creation that was killed is cleared away by the next one", { skip }, async () => {
  const { folder, lxcpath } = place("killed");
  const mine = join(folder, "mine");
  mkdirSync(mine);
  writeFileSync(join(mine, "precious"), "");
  const template = script(folder, "template", "echo ready; exec sleep 1000");
  const child = spawn(join(BIN, "lxc-create"), ["-P", lxcpath, "-n", "c1", "-t", template, "--dir", mine]);
  await firstLine(child);
  const second = run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox");
  assertFailed(second, /it is being created by another process/, /hint: wait/);
  child.kill("SIGKILL");
  await endOf(child);
  deepEqual(readdirSync(join(lxcpath, "c1")).toSorted(), ["config", "partial"]);
  const third = run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox");
  equal(third.code, 0, third.said);
  deepEqual(readdirSync(join(lxcpath, "c1")).toSorted(), ["config", "rootfs"]);
  deepEqual(readdirSync(mine), ["precious"]);
});

test("a folder that was there before survives a failure and a destroy", { skip }, () => {
  const { folder, lxcpath } = place("existing");
  const mine = join(folder, "mine");
  mkdirSync(mine);
  writeFileSync(join(mine, "precious"), "");
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "/bin/false", "--dir", mine).code, 1);
  deepEqual(readdirSync(mine), ["precious"]);

  // Half of it is there before the disk is full, or here: before a file is in the way.
  mkdirSync(join(mine, "etc"));
  writeFileSync(join(mine, "etc/passwd"), "");
  assertFailed(
    run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox", "--dir", mine),
    /etc\/passwd: something of that name is there already/,
    /hint: /,
  );
  deepEqual(readdirSync(mine, { recursive: true }).toSorted(), ["etc", "etc/passwd", "precious"]);
  rmSync(join(mine, "etc"), { recursive: true });

  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox", "--dir", mine).code, 0);
  match(readFileSync(join(lxcpath, "c1/config"), "utf8"), /\nlxc.rootfs.managed = 0\n/);
  equal(run("lxc-destroy", "-P", lxcpath, "-n", "c1").code, 0);
  deepEqual(readdirSync(lxcpath), []);
  equal(existsSync(join(mine, "precious")), true);
  equal(existsSync(join(mine, "bin/busybox")), true);
});

test("a --dir that create made goes with its container", { skip }, () => {
  const { folder, lxcpath } = place("made");
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox", "--dir", join(folder, "a/b")).code, 0);
  equal(run("lxc-destroy", "-P", lxcpath, "-n", "c1").code, 0);
  deepEqual(readdirSync(join(folder, "a")), []);
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "/bin/false", "--dir", join(folder, "x/y")).code, 1);
  deepEqual(readdirSync(folder).toSorted(), ["a", "containers"]);
});

test("a root file system that a wrong configuration names survives (lxc#2752)", { skip }, () => {
  const { folder, lxcpath } = place("typo");
  const mine = join(folder, "mine");
  mkdirSync(mine);
  writeFileSync(join(mine, "precious"), "");
  const base = join(folder, "base.conf");
  writeFileSync(base, `lxc.rootfs.path = dir:${mine}\nlxc.uts.nam = typo\n`);
  assertFailed(
    run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox", "-f", base),
    /lxc.uts.nam: /,
    /did you mean lxc.uts.name/,
  );
  writeFileSync(base, `lxc.rootfs.path = dir:${mine}\n`);
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "/bin/false", "-f", base).code, 1);
  writeFileSync(base, `lxc.rootfs.path = dir:${mine}x\n`);
  assertFailed(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox", "-f", base), /does not exist/, /hint: /);
  assertFailed(
    run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "none", "-f", join(folder, "no.conf")),
    /there is no such file/,
    /hint: /,
  );
  deepEqual(readdirSync(folder).toSorted(), ["base.conf", "mine"]);
  deepEqual(readdirSync(mine), ["precious"]);
});

test("an empty folder of the container's name survives a failure", { skip }, () => {
  const { lxcpath } = place("folder");
  mkdirSync(join(lxcpath, "c1"), { recursive: true });
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "/bin/false").code, 1);
  deepEqual(readdirSync(join(lxcpath, "c1")), []);
});

test("destroy follows no link, and refuses what is no root file system", { skip }, () => {
  const { folder, lxcpath } = place("links");
  const outside = join(folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "precious"), "");
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox").code, 0);
  const rootfs = join(lxcpath, "c1/rootfs");
  symlinkSync(outside, join(rootfs, "link"));
  equal(run("lxc-destroy", "-P", lxcpath, "-n", "c1").code, 0);
  deepEqual(readdirSync(outside), ["precious"]);

  const alias = join(folder, "alias");
  symlinkSync(lxcpath, alias);
  for (const wrong of ["/", "/home", folder, lxcpath, alias, join(lxcpath, "c2"), "/usr/local", "/var/lib"]) {
    mkdirSync(join(lxcpath, "c2"));
    writeFileSync(join(lxcpath, "c2/config"), `lxc.rootfs.path = dir:${wrong}\n`);
    assertFailed(
      run("lxc-destroy", "-P", lxcpath, "-n", "c2"),
      /cannot remove the root file system/,
      /hint: .*lxc.rootfs.managed = 0/,
    );
    rmSync(join(lxcpath, "c2"), { recursive: true });
  }
  deepEqual(readdirSync(outside), ["precious"]);
});

test("destroy removes nothing while something is mounted in the container", { skip }, () => {
  const { folder, lxcpath } = place("mounted");
  const outside = join(folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "precious"), "");
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox").code, 0);
  const mnt = join(lxcpath, "c1/rootfs/mnt");
  const all = [
    "-m",
    "sh",
    "-c",
    'mount --bind "$1" "$2" && "$3" -P "$4" -n c1',
    "sh",
    outside,
    mnt,
    join(BIN, "lxc-destroy"),
    lxcpath,
  ];
  const result = spawnSync("unshare", all, { encoding: "utf8" });
  assertFailed(
    { code: result.status, said: result.stderr },
    /something is mounted on/,
    /hint: unmount it first: umount/,
  );
  equal(existsSync(join(lxcpath, "c1/rootfs/bin/busybox")), true);
  deepEqual(readdirSync(outside), ["precious"]);
});

test("clones and snapshots stand in the way of destroy, and its hook may", { skip }, () => {
  const { folder, lxcpath } = place("refused");
  equal(run("lxc-create", "-P", lxcpath, "-n", "c1", "-t", "busybox").code, 0);
  const container = join(lxcpath, "c1");
  writeFileSync(join(container, "lxc_snapshots"), `${lxcpath}\nc2\n`);
  assertFailed(run("lxc-destroy", "-P", lxcpath, "-n", "c1"), /c1 has clones/, /hint: /);

  // The clone goes first, and takes its line away.
  mkdirSync(join(lxcpath, "c2"));
  writeFileSync(join(lxcpath, "c2/config"), "lxc.uts.name = c2\n");
  writeFileSync(join(lxcpath, "c2/lxc_rdepends"), `${lxcpath}\nc1\n`);
  equal(run("lxc-destroy", "-P", lxcpath, "-n", "c2").code, 0);
  equal(existsSync(join(container, "lxc_snapshots")), false);

  mkdirSync(join(container, "snaps/snap0"), { recursive: true });
  assertFailed(run("lxc-destroy", "-P", lxcpath, "-n", "c1"), /c1 has snapshots/, /hint: /);
  rmSync(join(container, "snaps/snap0"), { recursive: true });

  const hook = script(folder, "hook", `echo "$@" "$LXC_NAME" >>${folder}/ran; test ! -e ${folder}/refuse`);
  writeFileSync(join(folder, "refuse"), "");
  const config = join(container, "config");
  writeFileSync(config, `${readFileSync(config, "utf8")}lxc.hook.destroy = ${hook}\n`);
  assertFailed(run("lxc-destroy", "-P", lxcpath, "-n", "c1"), /lxc.hook.destroy/, /hint: /);
  equal(existsSync(join(container, "rootfs/bin/busybox")), true);
  rmSync(join(folder, "refuse"));
  equal(run("lxc-destroy", "-P", lxcpath, "-n", "c1").code, 0);
  equal(readFileSync(join(folder, "ran"), "utf8"), "c1 lxc destroy c1\nc1 lxc destroy c1\n");
  deepEqual(readdirSync(lxcpath), []);
});

test("a running container is destroyed only by force", { skip }, () => {
  const { folder, lxcpath } = place("running");
  const base = join(folder, "base.conf");
  writeFileSync(base, "lxc.net.0.type = empty\n");
  equal(run("lxc-create", "-P", lxcpath, "-n", "lxcts-c1", "-t", "busybox", "-f", base).code, 0);
  const started = run("lxc-start", "-P", lxcpath, "-n", "lxcts-c1");
  try {
    equal(started.code, 0, started.said);
    const refused = run("lxc-destroy", "-P", lxcpath, "-n", "lxcts-c1");
    assertFailed(refused, /lxcts-c1 is running/, /hint: stop it with lxc-stop/);
    equal(existsSync(join(lxcpath, "lxcts-c1/rootfs/bin/busybox")), true);
  } finally {
    const forced = run("lxc-destroy", "-P", lxcpath, "-n", "lxcts-c1", "-f");
    equal(forced.code, 0, forced.said);
  }
  deepEqual(readdirSync(lxcpath), []);
});

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once("data", (data: Buffer) => resolve(data.toString())));
}

function endOf(child: ChildProcess): Promise<Outcome> {
  let said = "";
  child.stderr?.on("data", (data: Buffer) => {
    said += data.toString();
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, said })));
}
