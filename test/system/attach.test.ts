// Programs run inside a container that LXC's own lxc-start runs: exit codes, pipes, terminals, environment, and what must not come along.

import { deepEqual, equal, match } from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const DRIVER = "dist/drivers/attach";
const NAME = `lxcts-attach-${process.pid}`;
const lxcpath = mkdtempSync(join(tmpdir(), "lxcts-attach-"));
const hasLxc = spawnSync("lxc-start", ["--version"]).status === 0;
const skip = process.getuid?.() !== 0 ? "starting a container needs root" : hasLxc ? false : "LXC is not installed";

const applets = [
  "sh",
  "true",
  "cat",
  "env",
  "ls",
  "grep",
  "id",
  "pwd",
  "tty",
  "stty",
  "kill",
  "sleep",
  "hostname",
  "head",
];

function makeContainer(): void {
  const rootfs = join(lxcpath, NAME, "rootfs");
  for (const folder of ["bin", "sbin", "dev", "proc", "sys", "etc", "tmp", "root"]) {
    mkdirSync(join(rootfs, folder), { recursive: true });
  }
  copyFileSync("/bin/busybox", join(rootfs, "bin/busybox"));
  for (const applet of applets) symlinkSync("busybox", join(rootfs, "bin", applet));
  symlinkSync("../bin/busybox", join(rootfs, "sbin/init"));
  writeFileSync(join(rootfs, "etc/inittab"), "::sysinit:/bin/true\n");
  writeFileSync(join(rootfs, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/:/bin/sh\n");
  symlinkSync("/proc/self/fd/0", join(rootfs, "way-out"));
  const lines = [
    `lxc.rootfs.path = dir:${rootfs}`,
    `lxc.uts.name = ${NAME}`,
    "lxc.net.0.type = empty",
    "lxc.mount.auto = proc:mixed sys:mixed",
    "lxc.pty.max = 16",
    "lxc.cap.drop = sys_module mac_admin",
    "lxc.environment = FROM=configuration",
  ];
  writeFileSync(join(lxcpath, NAME, "config"), `${lines.join("\n")}\n`);
}

before(() => {
  if (skip) return;
  mkdirSync("dist/drivers", { recursive: true });
  equal(spawnSync("sh", ["scripts/build.sh", "test/system/drivers/attach.ts", DRIVER]).status, 0);
  makeContainer();
  const started = spawnSync("lxc-start", ["-P", lxcpath, "-n", NAME], { encoding: "utf8" });
  equal(started.status, 0, started.stderr);
});

after(() => {
  if (!skip) spawnSync("lxc-stop", ["-P", lxcpath, "-n", NAME, "-k"]);
  rmSync(lxcpath, { recursive: true, force: true });
});

function attach(options: readonly string[], ...command: string[]): SpawnSyncReturns<string> {
  return spawnSync(DRIVER, [lxcpath, NAME, ...options, "--", ...command], { encoding: "utf8", timeout: 20_000 });
}

function outputOf(options: readonly string[], ...command: string[]): string {
  return attach(options, ...command).stdout.trim();
}

/** What a caller with a terminal of its own sees, from util-linux's script; `keys` are pressed once "ready" is seen. */
async function onTerminal(keys: string, command: string): Promise<{ code: number; screen: string }> {
  const line = `stty cols 97 rows 31; ${DRIVER} ${lxcpath} ${NAME} -- ${command}`;
  const caller = spawn("script", ["-qec", line, "/dev/null"], { timeout: 20_000 });
  let screen = "";
  caller.stdout.on("data", (bytes: Buffer) => {
    const wasReady = screen.includes("ready");
    screen += bytes.toString();
    if (!wasReady && screen.includes("ready")) caller.stdin.write(keys);
  });
  const [code] = (await once(caller, "close")) as [number];
  return { code, screen };
}

test("exit codes are the program's, 128 + the signal, 127 and 126", { skip }, () => {
  const codes = [
    attach([], "true"),
    attach([], "sh", "-c", "exit 7"),
    attach([], "sh", "-c", "kill -9 $$"),
    attach([], "no-such-program"),
    attach([], "/etc/passwd"),
  ].map((result) => result.status);
  deepEqual(codes, [0, 7, 137, 127, 126]);
});

test("a program that cannot be run, and a container that does not run, are named", { skip }, () => {
  equal(
    attach([], "no-such-program").stderr,
    `cannot run no-such-program in ${NAME}: it is not in PATH\n  hint: put no-such-program into a folder of PATH, or write its whole path\n`,
  );
  const result = spawnSync(DRIVER, [lxcpath, "none", "--", "true"], { encoding: "utf8" });
  equal(result.status, 1);
  match(result.stderr, /^cannot enter none: it is not running\n {2}hint: start it: lxc-start /);
});

test("output and errors stay apart, and bytes pass a pipe unchanged", { skip }, () => {
  const both = attach([], "sh", "-c", "echo out; echo err >&2");
  deepEqual([both.stdout, both.stderr], ["out\n", "err\n"]);
  const sent = randomBytes(64 * 1024 * 1024);
  const got = spawnSync(DRIVER, [lxcpath, NAME, "--", "cat"], { input: sent, maxBuffer: 2 ** 27, timeout: 60_000 });
  const sum = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  equal(sum(got.stdout), sum(sent));
});

test("the environment is LXC's, in its order", { skip }, () => {
  deepEqual(outputOf(["--clear-env", "-v", "LAST=1", "-v", "FROM=caller"], "env").split("\n"), [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "container=lxc",
    "FROM=caller",
    "LAST=1",
  ]);
});

test("no descriptor of the caller comes along (CVE-2024-21626)", { skip }, () => {
  const line = `exec ${DRIVER} ${lxcpath} ${NAME} -- ls /proc/self/fd 7</etc 9</etc/passwd`;
  const result = spawnSync("sh", ["-c", line], { encoding: "utf8" });
  // The fourth is the one ls reads the folder by.
  equal(result.stdout, "0\n1\n2\n3\n");
});

test("a working directory that leads outside is not entered (CVE-2024-21626)", { skip }, () => {
  const line = `mkdir -p /way-out && cd /way-out && exec ${process.cwd()}/${DRIVER} ${lxcpath} ${NAME} -- pwd < /etc`;
  const result = spawnSync("sh", ["-c", line], { encoding: "utf8" });
  rmSync("/way-out", { recursive: true });
  equal(result.stdout, "/\n");
});

test("capabilities are bounded as the container's, and none is inheritable (CVE-2022-29162)", { skip }, () => {
  const status = (...options: string[]): string[] => outputOf(options, "grep", "^Cap", "/proc/self/status").split("\n");
  const init = outputOf([], "grep", "^CapBnd", "/proc/1/status");
  const mine = status();
  deepEqual([mine[0], mine[3], mine[4]], ["CapInh:\t0000000000000000", init, "CapAmb:\t0000000000000000"]);
  equal(status("-e", "CAP")[3] === init, false);
});

test("only the namespaces that are listed are joined", { skip }, () => {
  equal(
    outputOf(["-s", "UTSNAME"], "sh", "-c", "hostname; test -e /work || ls /boot > /dev/null && echo host"),
    `${NAME}\nhost`,
  );
});

test("another user inside has none of root's powers", { skip }, () => {
  equal(
    outputOf(["-u", "1000", "-g", "1000"], "sh", "-c", "id -u; id -g; grep CapEff /proc/self/status"),
    "1000\n1000\nCapEff:\t0000000000000000",
  );
});

test("a caller's terminal gets one inside, of its size", { skip }, async () => {
  const seen = await onTerminal("", "sh -c 'tty; stty size; exit 3'");
  equal(seen.code, 3);
  match(seen.screen, /\/dev\/pts\/\d+\r\n31 97\r\n$/);
});

test("keys reach the program: a ctrl-C ends it, and not its caller", { skip }, async () => {
  deepEqual(await onTerminal("\x03", "sh -c 'echo ready; sleep 15'; echo code $?"), {
    code: 0,
    screen: "ready\r\n^Ccode 130\r\n",
  });
});

test("only what was a terminal becomes one inside", { skip }, async () => {
  const seen = await onTerminal(
    "",
    "sh -c 'test -t 0 && echo 0; test -t 1 && echo 1; test -t 2 && echo 2 >&2; true' | cat",
  );
  deepEqual(
    seen.screen
      .trim()
      .split(/[\r\n]+/)
      .sort(),
    ["0", "2"],
  );
});

test("our executable cannot be written through its process, nor after its end (CVE-2019-5736)", { skip }, async () => {
  const caller = spawn(DRIVER, [lxcpath, NAME, "--", "sh", "-c", "echo ready; sleep 15"]);
  await once(caller.stdout, "data");
  const path = `/proc/${caller.pid}/exe`;
  // Root with every capability, in the host's own namespaces, is more than anything inside can be.
  const refusal = (opened: string): string => {
    try {
      closeSync(openSync(opened, "r+"));
      return "written";
    } catch (caught) {
      return (caught as NodeJS.ErrnoException).code ?? "";
    }
  };
  const running = refusal(path);
  const kept = openSync(path, "r");
  caller.kill("SIGKILL");
  await once(caller, "exit");
  const ended = refusal(`/proc/self/fd/${kept}`);
  closeSync(kept);
  match(running, /^(EROFS|ETXTBSY)$/);
  equal(ended, "EROFS");
});
