// lxc run: a container for one command, and nothing of it afterwards, however that ends.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, monitorPid, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const place = new Place("run");
after(() => place.remove());

const LXC = join(BIN, "lxc");
const HERE = ["-P", place.lxcpath, "--network=empty"];

/** As `lxc run`, with `input` to read. */
function run(words: readonly string[], input = ""): Outcome {
  return outcomeOf(spawnSync(LXC, ["run", ...HERE, ...words], { encoding: "utf8", input, timeout: 60_000 }));
}

function left(): string[] {
  return place.leftovers("busybox-").concat(place.leftovers("lxcts-rn"), readdirSync(place.lxcpath));
}

/** A run that goes on until something ends it; resolves when the program inside is there. */
async function longRun(...words: string[]): Promise<ChildProcess> {
  const child = spawn(LXC, ["run", ...HERE, ...words, "busybox", "--", "sh", "-c", "echo up; exec sleep 1000"], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child;
}

/** The process that watches over a run. */
function guardsOf(lxcpath: string): number[] {
  const found: number[] = [];
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const isGuard = readFileSync(`/proc/${pid}/comm`, "utf8") === "lxc-run guard\n";
      if (isGuard && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(lxcpath)) found.push(Number(pid));
    } catch {
      // It ended.
    }
  }
  return found;
}

test("a command runs in a container of its own, and its exit code comes out", { skip }, () => {
  const named = run(["busybox", "--", "uname", "-n"]);
  match(named.out, /^busybox-[0-9a-f]{4}\n$/);
  deepEqual([named.code, named.err], [0, ""]);
  const codes = ["exit 3", "kill -9 $$", "exec /etc/passwd", "exec /no/such"].map(
    (script) => run(["busybox", "--", "sh", "-c", script]).code,
  );
  deepEqual(codes, [3, 137, 126, 127]);
  const missing = run(["busybox", "--", "no-such-program"]);
  deepEqual([missing.code, missing.err.split("\n")[0]?.includes("no-such-program")], [127, true]);
  equal(run(["-n", "lxcts-rn1", "-t", "busybox", "hostname"]).out, "lxcts-rn1\n");
  deepEqual(left(), []);
});

test("what is typed goes in and what is said comes out, byte for byte; nothing of the host's variables", {
  skip,
}, () => {
  const input = `${"x".repeat(200_000)}\n`;
  equal(run(["busybox", "--", "cat"], input).out, input);
  const split = run(["busybox", "--", "sh", "-c", "echo out; echo err >&2"]);
  deepEqual([split.out, split.err], ["out\n", "err\n"]);
  const said = spawnSync(LXC, ["run", ...HERE, "busybox", "-e", "A=b c", "-e", "GIVEN", "--", "env"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], GIVEN: "it", SECRET: "no", TERM: "vt100" },
  });
  deepEqual(said.stdout.trim().split("\n").sort(), [
    "A=b c",
    "GIVEN=it",
    "HOME=/root",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TERM=vt100",
    "container=lxc",
  ]);
});

test("folders of the host are shown inside, and may be read only", { skip }, () => {
  const folder = join(place.folder, "with blank");
  mkdirSync(folder);
  writeFileSync(join(folder, "file"), "seen\n");
  const script = "cat /data/file; touch /data/new || echo closed; cat /one";
  const said = run(["-m", `${folder}:/data:ro`, "-m", `${folder}/file:/one`, "busybox", "--", "sh", "-c", script]);
  equal(said.out, "seen\nclosed\nseen\n");
  equal(existsSync(join(folder, "new")), false);
  const wrong = run(["-m", "/no/such:/data", "busybox", "--", "true"]);
  deepEqual([wrong.code, /there is no \/no\/such/.test(wrong.err)], [1, true]);
});

test("a folder is an image: what is changed goes with the container", { skip }, () => {
  place.create("lxcts-rnimage");
  const image = join(place.lxcpath, "lxcts-rnimage/rootfs");
  const said = run([image, "--", "sh", "-c", "echo changed > /etc/issue.new; cat /etc/issue.new"]);
  deepEqual([said.code, said.out], [0, "changed\n"], said.err);
  equal(existsSync(join(image, "etc/issue.new")), false);
  const config = join(place.folder, "own.conf");
  writeFileSync(config, readFileSync(join(place.lxcpath, "lxcts-rnimage/config"), "utf8"));
  equal(run(["-f", config, "--", "sh", "-c", "echo stays > /stays"]).code, 0);
  equal(readFileSync(join(image, "stays"), "utf8"), "stays\n");
  equal(place.ours("lxc-destroy", "lxcts-rnimage").code, 0);
  deepEqual(left(), []);
});

test("--keep leaves it, stopped", { skip }, () => {
  equal(run(["-n", "lxcts-rnkeep", "--keep", "busybox", "--", "touch", "/kept"]).code, 0);
  deepEqual([place.state("lxcts-rnkeep"), existsSync(place.inside("lxcts-rnkeep", "kept"))], ["STOPPED", true]);
  equal(run(["-n", "lxcts-rnkeep", "busybox", "--", "true"]).code, 1);
  equal(existsSync(place.inside("lxcts-rnkeep", "kept")), true, "a container that was there is not touched");
  equal(place.ours("lxc-destroy", "lxcts-rnkeep").code, 0);
  deepEqual(left(), []);
});

test("whatever ends it, nothing is left", { skip }, async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
    const child = await longRun();
    equal(guardsOf(place.lxcpath).length, 1);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
    ok(await eventually(() => left().length === 0, 20_000), `${signal}: ${left()}`);
    deepEqual(guardsOf(place.lxcpath), []);
  }
});

test("a reader that goes away ends it as any other program", { skip }, async () => {
  const said = spawnSync("sh", ["-c", `'${LXC}' run ${HERE.join(" ")} busybox -- yes | head -1`], { encoding: "utf8" });
  equal(said.stdout, "y\n");
  ok(await eventually(() => left().length === 0, 20_000), String(left()));
});

test("when run and guard are both killed the next run clears away, and leaves those that go on", { skip }, async () => {
  const dead = await longRun();
  const other = await longRun("-n", "lxcts-rnother");
  const [guard = 0] = guardsOf(place.lxcpath).filter(
    (pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("lxcts-rnother") === false,
  );
  process.kill(guard, "SIGKILL");
  dead.kill("SIGKILL");
  await new Promise((resolve) => dead.once("exit", resolve));
  equal(readdirSync(place.lxcpath).length, 2);
  equal(run(["busybox", "--", "true"]).code, 0);
  deepEqual(readdirSync(place.lxcpath), ["lxcts-rnother"]);
  ok(monitorPid(place, "lxcts-rnother") > 0);
  other.kill("SIGTERM");
  ok(await eventually(() => left().length === 0, 20_000), String(left()));
});

test("what fails on the way leaves nothing, and says what to do", { skip }, () => {
  const bridge = outcomeOf(
    spawnSync(LXC, ["run", "-P", place.lxcpath, "-f", bridgeConfig(), "busybox", "--", "true"], { encoding: "utf8" }),
  );
  equal(bridge.code, 1);
  match(bridge.err, /no such bridge\n {2}hint: .*; or run it without: --network=empty\n/);
  match(run(["nonsense"]).err, /bad template: nonsense/);
  match(run([]).err, /^lxc-run: A template must be specified\n.*\n? *hint: such as: lxc run busybox/);
  match(run(["--network=none", "busybox"]).err, /hint: .*--network=host; for none at all say --network=empty/);
  match(run(["--format=json", "nonsense"]).err, /^\{"error":\{"code":"not-found"/);
  deepEqual(left(), []);
});

function bridgeConfig(): string {
  const file = join(place.folder, "bridge.conf");
  writeFileSync(file, "lxc.net.0.type = veth\nlxc.net.0.link = lxctsnobr\n");
  return file;
}

test("a template's words are no output, and the input is not its to read", { skip }, () => {
  const template = join(place.folder, "template");
  const busybox = "/bin/busybox";
  const body = [
    "#!/bin/sh",
    "echo from the template",
    "cat > /dev/null",
    'for each in "$@"; do case $each in --rootfs=*) root=$(echo $each | cut -d= -f2) ;; esac; done',
    'for each in "$@"; do echo "$each"; done | grep given',
    "mkdir -p $root/bin $root/sbin $root/dev $root/proc $root/sys $root/etc",
    `cp ${busybox} $root/bin/busybox; ln -s busybox $root/bin/sh; ln -s busybox $root/bin/cat; ln -s ../bin/busybox $root/sbin/init`,
  ];
  writeFileSync(template, `${body.join("\n")}\n`);
  chmodSync(template, 0o755);
  const said = run(["-t", template, "-O", "--given=1", "--", "cat"], "for cat\n");
  deepEqual([said.code, said.out], [0, "for cat\n"], said.err);
  match(said.err, /^from the template\n--given=1\n/);
  deepEqual(left(), []);
});

const user = new OrdinaryUser({ name: "lxcts-runner", uid: 47_311, range: "1800000000:65536" });
after(() => user.remove());

test("an ordinary user runs one, in a home that others may not enter", { skip }, async () => {
  await user.ready();
  const said = user.run("lxc run --network=empty busybox -- sh -c 'id -u; exit 4'");
  deepEqual([said.code, said.out], [4, "0\n"], said.err);
  ok(await eventually(() => user.processes().length === 0), "a process stayed");
  equal(user.run("ls -A ~/.local/share/lxc").out, "");
});
