// The life of a container from lxc-start to lxc-stop: what its first process finds, and that nothing stays behind.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("start");
after(() => place.remove());

/** Runs `script` as the only process of a new container, and returns what it wrote. */
function inside(name: string, script: string, lines: readonly string[] = [], ...options: string[]): string {
  place.create(name, ...lines);
  const run = place.ours(
    "lxc-start",
    "-n",
    name,
    "-F",
    ...options,
    "--",
    "/bin/sh",
    "-c",
    `exec >/out 2>&1; ${script}`,
  );
  equal(run.err, "");
  equal(run.code, 0);
  return readFileSync(place.inside(name, "out"), "utf8").trim();
}

test("a daemon is RUNNING when lxc-start returns, and goes without a trace", { skip }, async () => {
  place.create("lxcts-daemon");
  const started = place.ours("lxc-start", "-n", "lxcts-daemon");
  deepEqual(started, { code: 0, out: "", err: "" });
  equal(place.state("lxcts-daemon"), "RUNNING");
  const monitor = monitorPid(place, "lxcts-daemon");
  ok(monitor > 0);
  const status = readFileSync(`/proc/${monitor}/status`, "utf8");
  match(status, /PPid:\t1\n/);
  equal(readFileSync(`/proc/${monitor}/cmdline`, "utf8"), `[lxc monitor] ${place.lxcpath} lxcts-daemon\0`);
  const stopped = place.ours("lxc-stop", "-n", "lxcts-daemon", "-k");
  deepEqual(stopped, { code: 0, out: "", err: "" });
  equal(place.state("lxcts-daemon"), "STOPPED");
  ok(await eventually(() => place.leftovers("lxcts-daemon").length === 0), place.leftovers("lxcts-daemon").join("\n"));
});

test("a clean stop lets init end itself", { skip }, async () => {
  place.create("lxcts-clean", "lxc.signal.halt = SIGUSR1");
  equal(place.ours("lxc-start", "-n", "lxcts-clean").code, 0);
  // Busybox's init sets up its signal handlers first.
  const ready = () => place.ours("lxc-attach", "-n", "lxcts-clean", "--", "pidof", "getty").code === 0;
  ok(await eventually(ready), "getty never came");
  const started = Date.now();
  equal(place.ours("lxc-stop", "-n", "lxcts-clean", "-t", "20").code, 0);
  ok(Date.now() - started < 15_000, "it had to be killed");
});

test("lxc.signal.halt is what asks the first process to end", { skip }, async () => {
  place.create("lxcts-halt", "lxc.signal.halt = SIGUSR2");
  const script = "trap 'echo asked > /said; exit' USR2; touch /ready; while :; do sleep 0.1; done";
  equal(place.ours("lxc-start", "-n", "lxcts-halt", "--", "/bin/sh", "-c", script).code, 0);
  ok(await eventually(() => existsSync(place.inside("lxcts-halt", "ready"))));
  equal(place.ours("lxc-stop", "-n", "lxcts-halt", "-t", "10").code, 0);
  equal(readFileSync(place.inside("lxcts-halt", "said"), "utf8"), "asked\n");
});

test("the foreground gives the exit code of the first process, and 128 and the signal", { skip }, () => {
  place.create("lxcts-code");
  const run = (script: string) => place.ours("lxc-start", "-n", "lxcts-code", "-F", "--", "/bin/sh", "-c", script).code;
  equal(run("exit 7"), 7);
  equal(run("exit 0"), 0);
  equal(place.leftovers("lxcts-code").length, 0);
});

test("the first process has namespaces, a host name, a root and an environment of its own", { skip }, () => {
  const script =
    "echo $$; hostname; ls -d /proc/[0-9]* | wc -l; cat /proc/1/environ | tr '\\0' '\\n'; cat /proc/self/cgroup";
  const lines = inside("lxcts-own", script, ["lxc.environment = A=b c", "lxc.environment.runtime = R=1"]).split("\n");
  equal(lines[0], "1");
  equal(lines[1], "lxcts-own");
  ok(Number(lines[2]) <= 5);
  ok(lines.includes("A=b c") && lines.includes("R=1") && lines.includes("container=lxc"));
  const outside = lines.filter((line) => /^\d+:/.test(line) && !line.endsWith(":/"));
  deepEqual(outside, []);
});

test("proc and sys are what lxc.mount.auto says, and /dev is filled", { skip }, () => {
  const script = [
    "echo x > /proc/sys/kernel/domainname || echo sys-ro",
    "echo 1 > /proc/sys/net/ipv4/ip_forward && echo net-rw",
    "mkdir /sys/x || echo sysfs-ro",
    "head -c 4 /dev/zero | wc -c; echo gone > /dev/null",
    "ls /dev; ls -l /dev/ptmx | sed 's/.*-> //'; stat -c %a /dev/null",
  ].join("; ");
  const said = inside("lxcts-mounts", script);
  match(said, /sys-ro\nnet-rw\n.*sysfs-ro\n4\n/s);
  match(said, /console\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\ntty1/);
  match(said, /pts\/ptmx\n666$/);
});

test("nothing of the host is left open in the container", { skip }, () => {
  place.create("lxcts-fds");
  const script = `exec 7</etc/passwd; exec "$@"`;
  const words = [
    "lxc-start",
    "-P",
    place.lxcpath,
    "-n",
    "lxcts-fds",
    "-F",
    "--",
    "/bin/sh",
    "-c",
    "ls /proc/self/fd > /out; ls -l /proc/1/fd | wc -l",
  ];
  spawnSync("sh", ["-c", script, "sh", join(BIN, words[0] ?? ""), ...words.slice(1)]);
  deepEqual(readFileSync(place.inside("lxcts-fds", "out"), "utf8").trim().split("\n"), ["0", "1", "2", "3"]);
});

test("capabilities that are dropped are gone from every set", { skip }, () => {
  const lines = ["lxc.cap.drop =", "lxc.cap.keep = chown kill sys_admin"];
  const said = inside("lxcts-caps", "grep ^Cap /proc/self/status", lines);
  const kept = 2 ** 0 + 2 ** 5 + 2 ** 21;
  const hex = kept.toString(16).padStart(16, "0");
  const none = "0".repeat(16);
  deepEqual(said.split(/\s+/), ["CapInh:", none, "CapPrm:", hex, "CapEff:", hex, "CapBnd:", hex, "CapAmb:", none]);
});

test("a memory limit ends what asks for more", { skip }, () => {
  const name = "lxcts-limit";
  place.create(name, "lxc.cgroup.memory.limit_in_bytes = 32M");
  const hog = "dd if=/dev/zero of=/dev/null bs=64M count=1; echo $? > /out";
  equal(place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", hog).code, 0);
  equal(readFileSync(place.inside(name, "out"), "utf8"), "137\n");
});

test("limits of processes, files of /proc, sysctls and the working folder are set", { skip }, () => {
  const lines = [
    "lxc.prlimit.nofile = 100:200",
    "lxc.proc.oom_score_adj = 77",
    "lxc.sysctl.kernel.msgmax = 4096",
    "lxc.init.cwd = /made/for/init",
    "lxc.no_new_privs = 1",
  ];
  const script =
    "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj /proc/sys/kernel/msgmax; pwd; grep NoNew /proc/self/status";
  const said = inside("lxcts-settings", script, lines);
  deepEqual(said.split("\n"), ["100", "200", "77", "4096", "/made/for/init", "NoNewPrivs:\t1"]);
});

test("init runs as the user the configuration names", { skip }, () => {
  const name = "lxcts-user";
  place.create(name, "lxc.init.uid = 1000", "lxc.init.gid = 1001");
  const script = "exec > /tmp/who; id -u; id -g; id -G; grep CapEff /proc/self/status";
  equal(place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", script).code, 0);
  const said = readFileSync(place.inside(name, "tmp/who"), "utf8").trim().split("\n");
  deepEqual(said, ["1000", "1001", "1001", `CapEff:\t${"0".repeat(16)}`]);
});

test("init has the groups the configuration names, and no others", { skip }, () => {
  const groupsOf = (name: string, ...lines: readonly string[]): string => {
    place.create(name, ...lines);
    return place.ours("lxc-execute", "-n", name, "--", "grep", "Groups:", "/proc/self/status").out.trim();
  };
  equal(
    groupsOf("lxcts-groups", "lxc.init.groups = 5, 1000", "lxc.init.groups = 27").replaceAll(/\s+/g, " "),
    "Groups: 5 27 1000",
  );
  equal(groupsOf("lxcts-nogroups"), "Groups:");
});

test("a session keyring is new, unless the caller's is to stay", { skip }, () => {
  /** What the start asks of the kernel about keyrings; there is no program in the container that could tell. */
  const sessionOf = (name: string, ...lines: readonly string[]): string => {
    place.create(name, ...lines);
    const words = [
      "-f",
      "-e",
      "trace=keyctl",
      join(BIN, "lxc-start"),
      "-P",
      place.lxcpath,
      "-n",
      name,
      "-F",
      "--",
      "/bin/true",
    ];
    return spawnSync("strace", words, { encoding: "utf8" }).stderr;
  };
  match(sessionOf("lxcts-ring"), /keyctl\(KEYCTL_JOIN_SESSION_KEYRING, NULL\) = \d+/);
  equal(sessionOf("lxcts-ownring", "lxc.keyring.session = 1").includes("keyctl"), false);
});

test("mount entries are made where they say, and never through a link", { skip }, () => {
  const name = "lxcts-entries";
  place.create(
    name,
    `lxc.mount.entry = ${place.folder} data none bind,create=dir 0 0`,
    "lxc.mount.entry = none tmp/t tmpfs size=64k,create=dir 0 0",
  );
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", "mount > /data/mounts; exit 0");
  equal(run.code, 0, run.err);
  match(
    readFileSync(join(place.folder, "mounts"), "utf8"),
    / on \/data .*\n(.*\n)*none on \/tmp\/t type tmpfs .*size=64k/,
  );
  const bad = "lxcts-link";
  place.create(bad, `lxc.mount.entry = ${place.folder} trap/x none bind,create=dir 0 0`);
  spawnSync("ln", ["-s", "/etc", place.inside(bad, "trap")]);
  const refused = place.ours("lxc-start", "-n", bad, "-F", "--", "/bin/true");
  equal(refused.code, 1);
  match(refused.err, /a symbolic link or a file stands in its path/);
  equal(existsSync("/etc/x"), false);
});

test("hooks run in LXC's order, with its arguments and variables", { skip }, async () => {
  const name = "lxcts-hooks";
  const log = join(place.folder, "hooks.log");
  const hook = place.script("hook", `echo "$3 $1 $2 $LXC_NAME $LXC_ROOTFS_PATH $LXC_TARGET" >> ${log}`);
  const types = ["pre-start", "pre-mount", "mount", "autodev", "start-host", "stop", "post-stop"];
  place.create(name, ...types.map((type) => `lxc.hook.${type} = ${hook}`));
  equal(place.ours("lxc-start", "-n", name, "-F", "--", "/bin/true").code, 0);
  const rootfs = place.inside(name, "");
  const line = (type: string, target: string) => `${type} ${name} lxc ${name} ${rootfs.replace(/\/$/, "")} ${target}`;
  ok(await eventually(() => readFileSync(log, "utf8").includes("post-stop")));
  deepEqual(
    readFileSync(log, "utf8").trimEnd().split("\n"),
    types.map((type) => line(type, type.endsWith("stop") ? "stop" : "")),
  );
});

test("the start hook runs inside, and a hook that fails says what it said", { skip }, () => {
  const name = "lxcts-inside";
  place.create(name, "lxc.hook.start = /bin/sh -c 'hostname > /from-hook'");
  equal(place.ours("lxc-start", "-n", name, "-F", "--", "/bin/true").code, 0);
  equal(readFileSync(place.inside(name, "from-hook"), "utf8"), `${name}\n`);
  const bad = place.script("bad", "echo the reason >&2; exit 9");
  place.configure(name, `lxc.hook.pre-start = ${bad}`);
  const refused = place.ours("lxc-start", "-n", name);
  equal(refused.code, 1);
  match(refused.err, /cannot run lxc\.hook\.pre-start = .*\/bad: it exited with status 9 and said: the reason/);
  match(refused.err, /hint: /);
  equal(place.leftovers(name).length, 0);
});

test("a reboot from inside keeps the monitor, and starts again", { skip }, async () => {
  const name = "lxcts-reboot";
  place.create(name);
  equal(place.ours("lxc-start", "-n", name).code, 0);
  const monitor = monitorPid(place, name);
  const pid = () => place.ours("lxc-info", "-n", name, "-pH").out.trim();
  const before = pid();
  place.ours("lxc-attach", "-n", name, "--", "reboot", "-f");
  ok(
    await eventually(() => place.state(name) === "RUNNING" && pid() !== before && pid() !== "-1"),
    "it did not come back",
  );
  equal(monitorPid(place, name), monitor);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("an ephemeral container is gone when it stops", { skip }, async () => {
  const name = "lxcts-ephemeral";
  place.create(name, "lxc.ephemeral = 1");
  equal(place.ours("lxc-start", "-n", name).code, 0);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  ok(await eventually(() => !existsSync(join(place.lxcpath, name))));
});

test("the pid file names the monitor, without a newline, for as long as it runs", { skip }, async () => {
  const name = "lxcts-pid";
  const file = join(place.folder, "pid");
  place.create(name);
  equal(place.ours("lxc-start", "-n", name, "-p", file).code, 0);
  equal(readFileSync(file, "utf8"), String(monitorPid(place, name)));
  equal(statSync(file).mode & 0o777, 0o600);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
  ok(await eventually(() => !existsSync(file)));
});
