// What single options of the tools do, where no other test is about them.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lxcOptions } from "../options/lxc-options.ts";
import { BIN, eventually, monitorPid, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";
import { closePtys, Pty } from "./pty.ts";

const place = new Place("options");
const NAME = "lxcts-opt";
const LINK = `lxctso${process.pid % 100000}`;

before(() => {
  if (skip !== false) return;
  place.create(NAME, "lxc.net.0.type = empty", "lxc.cap.drop = sys_time", "lxc.environment = OWN=1");
  equal(place.ours("lxc-start", "-n", NAME).code, 0);
});
after(() => {
  closePtys();
  spawnSync("ip", ["link", "del", `${LINK}p`], { stdio: "ignore" });
  place.remove();
});

function attach(...words: string[]): Outcome {
  return place.ours("lxc-attach", "-n", NAME, ...words);
}

function initPid(name: string): string {
  return place.ours("lxc-info", "-n", name, "-pH").out.trim();
}

/** Starts a container of its own with options, and returns it stopped again; what it was asked in between. */
function during(tool: "lxc-start" | "lxc-execute", name: string, options: readonly string[], ask: () => void): void {
  place.create(name, "lxc.net.0.type = empty");
  const started = place.ours(tool, "-n", name, ...options);
  deepEqual(started, { code: 0, out: "", err: "" });
  ask();
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
}

test("lxc-attach --elevated-privileges: capabilities, cgroup, all or none", { skip }, () => {
  const script = "grep CapBnd /proc/self/status; grep pids: /proc/self/cgroup";
  const said = [[], ["-eCAP"], ["--elevated-privileges=CGROUP"], ["-e"]].map((options) =>
    attach(...options, "--", "sh", "-c", script).out.split("\n"),
  );
  const own = /CapBnd:\t(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const isFull = said.map((lines) => lines[0]?.endsWith(own) ?? false);
  deepEqual(isFull, [false, true, false, true]);
  const cgroups = said.map((lines) => lines[1]);
  equal(cgroups[0], cgroups[1]);
  equal(cgroups[2], cgroups[3]);
  notEqual(cgroups[0], cgroups[2]);
});

test("lxc-attach -a and --arch are what the program's uname says", { skip }, () => {
  deepEqual(
    [attach("-a", "i686", "--", "uname", "-m").out, attach("--arch=x86_64", "--", "uname", "-m").out],
    ["i686\n", "x86_64\n"],
  );
});

test("lxc-attach -s joins only what it names, and -R mounts /proc and /sys for that", { skip }, () => {
  const inode = (pid: string, ns: string): string => String(statSync(`/proc/${pid}/ns/${ns}`).ino);
  const words = [
    "--namespaces=UTSNAME|NETWORK",
    "--",
    "stat",
    "-L",
    "-c",
    "%i",
    "/proc/self/ns/uts",
    "/proc/self/ns/net",
    "/proc/self/ns/mnt",
  ];
  const init = initPid(NAME);
  deepEqual(
    attach(...words)
      .out.trim()
      .split("\n"),
    [inode(init, "uts"), inode(init, "net"), inode("self", "mnt")],
  );
  const script = "cat /proc/1/comm; ls /sys/class/net";
  const [without, withR] = [[], ["-R"]].map(
    (more) => attach("-s", "PID|NETWORK", ...more, "--", "sh", "-c", script).out,
  );
  deepEqual(withR, "init\nlo\n");
  notEqual(without, withR);
  equal(attach("-s", "PID|NETWORK", "--remount-sys-proc", "--", "sh", "-c", script).out, withR);
});

test("lxc-attach: --clear-env, --keep-env, --keep-var and -v are the variables", { skip }, () => {
  const vars = (...options: string[]): string[] => {
    const words = ["-P", place.lxcpath, "-n", NAME, ...options, "--", "env"];
    const env = { PATH: process.env["PATH"], KEPT: "1", OTHER: "2" };
    const { stdout } = spawnSync(join(BIN, "lxc-attach"), words, { encoding: "utf8", env });
    return stdout
      .split("\n")
      .filter((line) => /^(KEPT|OTHER|OWN|SET|container)=/.test(line))
      .sort();
  };
  const all = ["KEPT=1", "OTHER=2", "OWN=1", "container=lxc"];
  deepEqual([vars(), vars("--keep-env"), vars("--clear-env", "--keep-env")], [all, all, all]);
  deepEqual(vars("--clear-env"), ["OWN=1", "container=lxc"]);
  deepEqual(vars("--clear-env", "--keep-var", "KEPT"), ["KEPT=1", "OWN=1", "container=lxc"]);
  deepEqual(vars("--clear-env", "-v", "SET=a b", "--set-var=OWN=2"), ["OWN=2", "SET=a b", "container=lxc"]);
});

test("lxc-attach -L and --pty-log get what appears on the terminal, behind what is there", { skip }, async () => {
  const file = join(place.folder, "pty.log");
  for (const [option, word] of [
    ["-L", "first"],
    ["--pty-log", "second"],
  ] as const) {
    const pty = new Pty(
      `${join(BIN, "lxc-attach")} -P ${place.lxcpath} -n ${NAME} ${option} ${file} -- echo ${word}; echo over`,
    );
    ok(await pty.shows("over"), pty.said);
  }
  equal(readFileSync(file, "latin1"), "first\r\nsecond\r\n");
  equal(statSync(file).mode & 0o777, 0o640);
});

test("lxc-attach -u and -g are the ids inside, and none that cannot be", { skip }, () => {
  equal(attach("-u", "7", "-g", "8", "--", "sh", "-c", "id -u; id -g; id -G").out, "7\n8\n8\n");
  equal(attach("--uid=7", "--gid=8", "--", "id", "-u").out, "7\n");
  for (const wrong of ["-1", "4294967295", "root"]) {
    const said = attach(`--uid=${wrong}`, "--", "true");
    deepEqual([said.code, said.err.split("\n")[0]], [1, "lxc-attach: could not parse command line"], wrong);
  }
});

test("lxc-attach -c and --context are refused where nothing would hold them", { skip }, () => {
  const lsm = existsSync("/sys/module/apparmor/parameters/enabled") || existsSync("/sys/fs/selinux/enforce");
  for (const option of [["-c", "unconfined"], ["--context=unconfined"]]) {
    const said = attach(...option, "--", "true");
    if (lsm) equal(said.code, 0, said.err);
    else match(said.err, /cannot use --context=unconfined: neither SELinux nor AppArmor is on here\n {2}hint: /);
  }
});

test("lxc-execute -d leaves it running, and -u, -g, -s and -f are its user, group, keys and configuration", {
  skip,
}, () => {
  const name = "lxcts-oexec";
  during("lxc-execute", name, ["-d", "--", "sleep", "1000"], () => equal(place.state(name), "RUNNING"));
  const said = (...words: string[]): string =>
    place.ours("lxc-execute", "-n", name, ...words, "--", "sh", "-c", "id -u; id -g; hostname").out;
  equal(said(), `0\n0\n${name}\n`);
  equal(said("-u", "5", "-g", "6", "-s", "lxc.uts.name=said"), "5\n6\nsaid\n");
  equal(said("--uid=5", "--gid=6", "--define", "lxc.uts.name = said"), "5\n6\nsaid\n");
  const file = join(place.folder, "rc");
  writeFileSync(file, `${readFileSync(join(place.lxcpath, name, "config"), "utf8")}\nlxc.uts.name = file\n`);
  deepEqual([said("-f", file), said(`--rcfile=${file}`)], ["0\n0\nfile\n", "0\n0\nfile\n"]);
  during("lxc-execute", "lxcts-odaemon", ["--daemon", "--", "sleep", "1000"], () =>
    equal(place.state("lxcts-odaemon"), "RUNNING"),
  );
});

test("lxc-execute --share-net and its like join what they name", { skip }, () => {
  place.create("lxcts-oshare", "lxc.net.0.type = empty");
  const owner = initPid(NAME);
  const words = [`--share-net=${NAME}`, `--share-ipc=${owner}`, `--share-uts=${NAME}`, `--share-pid=${NAME}`];
  const script = "stat -L -c %i /proc/self/ns/net /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/pid";
  const run = place.ours("lxc-execute", "-n", "lxcts-oshare", ...words, "--", "sh", "-c", script);
  const inodes = ["net", "ipc", "uts", "pid"].map((ns) => statSync(`/proc/${owner}/ns/${ns}`).ino);
  deepEqual([run.code, run.out.trim().split("\n").map(Number)], [0, inodes], run.err);
});

test("lxc-start -d is the last word, and -f, -s are its configuration and keys", { skip }, () => {
  const name = "lxcts-ostart";
  const host = (): string => place.ours("lxc-attach", "-n", name, "--", "hostname").out;
  during("lxc-start", name, ["-F", "-d"], () => equal(host(), `${name}\n`));
  const config = readFileSync(join(place.lxcpath, name, "config"), "utf8");
  const file = join(place.folder, "start.rc");
  writeFileSync(file, `${config}\nlxc.uts.name = file\n`);
  for (const [options, said] of [
    [["-f", file], "file\n"],
    [[`--rcfile=${file}`, "--daemon"], "file\n"],
    [["-f", file, "-s", "lxc.uts.name=first", "--define", "lxc.uts.name = second"], "second\n"],
  ] as const) {
    equal(place.ours("lxc-start", "-n", name, ...options).code, 0);
    equal(host(), said);
    equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  }
});

test("lxc-start -C closes what was inherited, and without it the foreground keeps it", { skip }, () => {
  const name = "lxcts-oclose";
  place.create(name, "lxc.net.0.type = empty");
  const monitorHas = (option: string): boolean => {
    const hook = place.script("look", `ls -l /proc/$PPID/fd > ${place.folder}/descriptors`);
    const tool = `${join(BIN, "lxc-start")} -P ${place.lxcpath} -n ${name} -F ${option} -s lxc.hook.pre-start=${hook} -- /bin/true`;
    const run = spawnSync("bash", ["-c", `exec 9</etc/hostname; ${tool}`], { encoding: "utf8" });
    equal(run.status, 0, run.stderr);
    return readFileSync(join(place.folder, "descriptors"), "utf8").includes("/etc/hostname");
  };
  deepEqual([monitorHas("-C"), monitorHas("--close-all-fds"), monitorHas("")], [false, false, true]);
});

test("lxc-stop -W is back at once, and the signal is sent", { skip }, async () => {
  const name = "lxcts-owait";
  const script = "trap 'sleep 1; exit 0' TERM; touch /ready; while :; do sleep 0.05; done";
  place.create(name, "lxc.net.0.type = empty", "lxc.signal.halt = SIGTERM");
  for (const option of ["-W", "--nowait"]) {
    equal(place.ours("lxc-start", "-n", name, "--", "/bin/sh", "-c", script).code, 0);
    ok(await eventually(() => existsSync(place.inside(name, "ready"))));
    spawnSync("rm", [place.inside(name, "ready")]);
    deepEqual(place.ours("lxc-stop", "-n", name, option), { code: 0, out: "", err: "" });
    equal(place.state(name), "RUNNING");
    ok(await eventually(() => place.state(name) === "STOPPED", 8000), option);
  }
});

test("lxc-stop --nolock with -k ends what holds its lock", { skip }, () => {
  const name = "lxcts-olock";
  during("lxc-start", name, [], () => {
    const before = monitorPid(place, name);
    equal(place.ours("lxc-stop", "-n", name, "-k", "--nolock").code, 0);
    deepEqual(
      [place.state(name), existsSync(`/proc/${before}/cmdline`) && monitorPid(place, name) !== 0],
      ["STOPPED", false],
    );
    equal(place.ours("lxc-start", "-n", name).code, 0);
  });
});

test("lxc-unshare -s USER -u is the user inside, by number and by name", { skip }, () => {
  const script = "id -u; readlink /proc/self/ns/user";
  const said = (user: string): string[] => {
    const words = ["-s", "USER", "-u", user, "--", "sh", "-c", script];
    return spawnSync(join(BIN, "lxc-unshare"), words, { encoding: "utf8" }).stdout.trim().split("\n");
  };
  for (const user of ["0", "root"]) {
    deepEqual([said(user)[0], said(user)[1] === readlinkSync("/proc/self/ns/user")], ["0", false]);
  }
  const long = spawnSync(join(BIN, "lxc-unshare"), ["--namespaces=USER", "--user=lxcts-nobody", "--", "true"], {
    encoding: "utf8",
  });
  match(long.stderr, /^lxc-unshare: could not parse command line\n.*no such user/);
});

test("lxc-unshare -i moves an interface in, and -d does not wait", { skip }, async () => {
  equal(spawnSync("ip", ["link", "add", LINK, "type", "veth", "peer", `${LINK}p`]).status, 0);
  const file = join(place.folder, "links");
  const words = [
    "-s",
    "NETWORK",
    "-i",
    LINK,
    "-d",
    "--",
    "sh",
    "-c",
    `sleep 0.5; ls /sys/class/net > ${file}.part; ip -o link > ${file}.part; mv ${file}.part ${file}`,
  ];
  const started = Date.now();
  equal(spawnSync(join(BIN, "lxc-unshare"), words, { stdio: "ignore" }).status, 0);
  ok(Date.now() - started < 400, "it waited");
  ok(await eventually(() => existsSync(file)));
  ok(readFileSync(file, "utf8").includes(LINK));
  // With its namespace it ends.
  ok(await eventually(() => !existsSync(`/sys/class/net/${LINK}`)));
  const missing = spawnSync(join(BIN, "lxc-unshare"), ["-s", "NETWORK", "--ifname", LINK, "--", "true"], {
    encoding: "utf8",
  });
  match(missing.stderr, /there is no such device\n {2}hint: see which there are: ip link/);
  equal(
    spawnSync(join(BIN, "lxc-unshare"), ["-s", "UTSNAME", "--daemon", "--", "sleep", "0.1"], { encoding: "utf8" })
      .status,
    0,
  );
});

test("lxc-unshare, lxc-autostart and lxc-monitor take --rcfile, without an effect", { skip }, () => {
  const rc = "--rcfile=/no/such/file";
  deepEqual(
    outcomeOf(spawnSync(join(BIN, "lxc-unshare"), [rc, "-s", "UTSNAME", "--", "echo", "done"], { encoding: "utf8" })),
    {
      code: 0,
      out: "done\n",
      err: "",
    },
  );
  deepEqual(place.ours("lxc-autostart", rc, "-L", "-A", "-r"), { code: 0, out: `${NAME} 0\n`, err: "" });
  match(place.ours("lxc-monitor", rc, "-Q").err, /^lxc-monitor: (?!--rcfile)/);
});

test("lxc-ls --defined leaves out what has no configuration", { skip }, () => {
  mkdirSync(join(place.folder, "elsewhere"));
  const file = join(place.folder, "elsewhere/config");
  writeFileSync(file, readFileSync(join(place.lxcpath, NAME, "config"), "utf8").replaceAll("lxc.uts.name", "#"));
  equal(place.ours("lxc-start", "-n", "lxcts-undefined", "-f", file).code, 0);
  const listed = (...options: string[]): boolean =>
    place.ours("lxc-ls", "-1", ...options).out.includes("lxcts-undefined");
  deepEqual(
    [listed(), listed("--running"), listed("--defined"), listed("--defined", "--running")],
    [true, true, false, false],
  );
  equal(place.ours("lxc-stop", "-n", "lxcts-undefined", "-k").code, 0);
});

test("lxc-copy -e -d is back while the copy runs", { skip }, async () => {
  if (!existsSync(join(place.lxcpath, "lxcts-ofleet"))) place.create("lxcts-ofleet", "lxc.net.0.type = empty");
  for (const option of ["-d", "--daemon"]) {
    const made = place.ours("lxc-copy", "-n", "lxcts-ofleet", "-N", "lxcts-ocopy", "-e", "-F", option);
    deepEqual(made, { code: 0, out: "Created lxcts-ocopy as clone of lxcts-ofleet\n", err: "" });
    equal(place.state("lxcts-ocopy"), "RUNNING");
    equal(place.ours("lxc-stop", "-n", "lxcts-ocopy", "-k").code, 0);
    ok(await eventually(() => !existsSync(join(place.lxcpath, "lxcts-ocopy"))));
  }
});

test("lxc-copy -B is how the copy is kept", { skip }, () => {
  place.create("lxcts-osource");
  const path = (name: string): string => place.ours("lxc-info", "-n", name, "-c", "lxc.rootfs.path", "-H").out.trim();
  equal(place.ours("lxc-copy", "-n", "lxcts-osource", "-N", "lxcts-odir", "-B", "dir").code, 0);
  equal(place.ours("lxc-copy", "-n", "lxcts-osource", "-N", "lxcts-oover", "-s", "--backingstorage=overlay").code, 0);
  match(path("lxcts-odir"), /^(?:dir:)?\/\S+\/lxcts-odir\/rootfs$/);
  match(path("lxcts-oover"), /\/lxcts-osource\/rootfs:\S+\/lxcts-oover\/overlay\/delta$/);
});

/** Each as it stands in test/options/lxc.txt. */
const REFUSED = [
  "lxc-create --lvname",
  "lxc-create --vgname",
  "lxc-create --thinpool",
  "lxc-create --rbdname",
  "lxc-create --rbdpool",
  "lxc-create --rbduser",
  "lxc-create --zfsroot",
  "lxc-create --fstype",
  "lxc-create --fssize",
  "lxc-copy --fssize",
];

test("what LXC has and we refuse is refused by name, before anything is done", { skip }, () => {
  const refused = lxcOptions().filter((option) => option.refused !== "");
  const words: Readonly<Record<string, readonly string[]>> = {
    "lxc-create": ["-n", "lxcts-orefused", "-t", "none"],
    "lxc-copy": ["-n", NAME, "-N", "lxcts-orefused"],
  };
  for (const { tool, long, refused: why } of refused) {
    const said = place.ours(tool, ...(words[tool] ?? []), `--${long}=x`);
    deepEqual([said.code, said.out, said.err.split("\n")[0]], [1, "", `${tool}: --${long} is not there yet`], why);
  }
  deepEqual(refused.map(({ tool, long }) => `${tool} --${long}`).sort(), REFUSED.toSorted());
  equal(existsSync(join(place.lxcpath, "lxcts-orefused")), false);
  equal(existsSync(join(place.lxcpath, NAME, "snaps")), false);
});

test("init.lxc runs a program as its child, passes on a signal, and ends as it ends", { skip }, async () => {
  const init = join(place.folder, "init.lxc");
  symlinkSync(join(BIN, "../lxc"), init);
  const run = (...words: string[]): Outcome =>
    outcomeOf(spawnSync("unshare", ["-pf", "--mount-proc", init, ...words], { encoding: "utf8", timeout: 20_000 }));
  deepEqual(run("--name", "x", "--", "sh", "-c", "echo $$ $PPID; cat /proc/1/comm; exit 6"), {
    code: 6,
    out: "2 1\ninit\n",
    err: "",
  });
  const said = join(place.folder, "init-ready");
  const waits = [
    "-pf",
    "--kill-child",
    "--mount-proc",
    init,
    "--name",
    "x",
    "--",
    "sh",
    "-c",
    `trap 'exit 9' USR1; touch ${said}; while :; do sleep 0.05; done`,
  ];
  const outside = spawn("unshare", waits, { stdio: "ignore" });
  ok(await eventually(() => existsSync(said)));
  const first = Number(readFileSync(`/proc/${outside.pid}/task/${outside.pid}/children`, "utf8"));
  process.kill(first, "SIGUSR1");
  const hasEnded = await eventually(() => outside.exitCode !== null);
  outside.kill("SIGKILL");
  deepEqual([hasEnded, outside.exitCode], [true, 9]);
  const missing = run("--", "lxcts-nothing");
  deepEqual([missing.code, missing.err.startsWith("init.lxc: cannot run lxcts-nothing")], [255, true]);
  deepEqual(run("-q", "--", "lxcts-nothing"), { code: 255, out: "", err: "" });
  equal(run().err.split("\n")[0], "init.lxc: Please specify a command to execute");
});
