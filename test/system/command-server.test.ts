// The command server on the real kernel, asked by our client, by LXC's tools and by nonsense. A container is not needed.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

const NAME = "lxcts-command-pretend";
const lxcpath = mkdtempSync(join(tmpdir(), "lxcts-command-"));
const hasLxc = spawnSync("lxc-info", ["--version"]).status === 0;
const skipLxc = hasLxc ? false : "LXC's own tools are not installed";
const skipRoot = process.getuid?.() === 0 ? false : "becoming another user needs root";
let server: ChildProcess;

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
}

function ask(...words: string[]): string {
  return run("dist/drivers/command-client", lxcpath, NAME, ...words).stdout.trim();
}

/** Memory that only the server has, in kB, and what it has open. */
function memoryKb(): number {
  const text = readFileSync(`/proc/${server.pid}/smaps_rollup`, "utf8");
  return Number(/Private_Dirty: +(\d+)/.exec(text)?.[1]);
}

function openFiles(): number {
  return readdirSync(`/proc/${server.pid}/fd`).length;
}

before(() => {
  for (const driver of ["command-server", "command-client", "command-orders"]) {
    equal(run("sh", "scripts/build.sh", `test/system/drivers/${driver}.ts`, `dist/drivers/${driver}`).status, 0);
  }
  mkdirSync(join(lxcpath, NAME));
  writeFileSync(join(lxcpath, NAME, "config"), "lxc.uts.name = pretend\n");
});

beforeEach(async () => {
  server = spawn("dist/drivers/command-server", [lxcpath, NAME], { stdio: ["ignore", "pipe", "inherit"] });
  if (server.stdout !== null) await once(server.stdout, "data");
});

afterEach(async () => {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill("SIGKILL");
  await once(server, "exit");
});

after(() => rmSync(lxcpath, { recursive: true }));

test("each command is answered with what the container has", () => {
  const answers: Readonly<Record<string, string>> = {
    state: "RUNNING",
    pid: String(server.pid),
    pidfd: "anon_inode:[pidfd]",
    flags: "1845624832",
    "cgroup freezer": "/payload/freezer",
    "cgroup nothing": "none",
    "limit-cgroup freezer": "/limits/freezer",
    "config lxc.uts.name": NAME,
    "config lxc.long": "x".repeat(5000),
    "config lxc.none": "none",
    name: NAME,
    lxcpath,
    cgroup2: "/proc",
    "handle memory": "2 1667723888 /proc",
    "handle nothing": "none",
    context: "1\n/proc\n/sys",
    "tty -1": "1 /dev/null",
    "tty 7": "taken",
    "wait RUNNING": "already RUNNING",
    "freeze 1": "0",
    "wait FROZEN": "already FROZEN",
    "unfreeze 1": "0",
    "serve 9": "true",
  };
  const got: Record<string, string> = {};
  for (const words of Object.keys(answers)) got[words] = ask(...words.split(" "));
  deepEqual(got, answers);
});

/** What comes of `parts`, sent one after the other, in hex. */
async function answerTo(...parts: Buffer[]): Promise<string> {
  const socket = connect(`\0${lxcpath}/${NAME}/command`);
  await once(socket, "connect");
  const closed = once(socket, "close", { signal: AbortSignal.timeout(8000) });
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes.toString("hex");
  });
  for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
  await closed;
  return answer;
}

test("a listener comes as a descriptor behind the request, and is the server's only when it is taken", async () => {
  const [taken, refused] = [join(lxcpath, "taken"), join(lxcpath, "refused")];
  writeFileSync(taken, "FROZEN");
  writeFileSync(refused, "BROKEN");
  deepEqual([ask("listener", taken), ask("state"), ask("listener", refused)], ["0", "FROZEN", "-22"]);
  const request = Buffer.alloc(16);
  request.writeInt32LE(13, 0);
  // -EINVAL, no body, no value.
  const refusal = `eaffffff${"0".repeat(24)}`;
  deepEqual([await answerTo(request, Buffer.alloc(1)), await answerTo(request, Buffer.alloc(9))], [refusal, refusal]);
  const folder = `/proc/${server.pid}/fd`;
  const open = readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
  deepEqual(
    open.filter((path) => path.startsWith(lxcpath)),
    [],
  );
});

/** Starts it anew as one who may not have more on the way to a client than the host allows everybody. */
async function serveWithoutPrivilege(): Promise<void> {
  server.kill("SIGKILL");
  await once(server, "exit");
  const words = ["--bounding-set=-net_admin", "dist/drivers/command-server", lxcpath, NAME];
  server = spawn("setpriv", words, { stdio: ["ignore", "pipe", "inherit"] });
  if (server.stdout !== null) await once(server.stdout, "data");
}

test("a console's buffer comes whole, and goes from the buffer", { skip: skipRoot }, async () => {
  equal(ask("console-log", "600000"), "600000 10000000 10599992 448576");
  equal(ask("console-log", "0"), "0   0");
  await serveWithoutPrivilege();
  equal(ask("console-log", "600000"), "600000 10000000 10599992 448576");
});

test("who does not take it is let go, and holds up nobody", { skip: skipRoot }, async () => {
  await serveWithoutPrivilege();
  const files = openFiles();
  const socket = connect(`\0${lxcpath}/${NAME}/command`);
  await once(socket, "connect");
  const request = Buffer.alloc(40);
  request.writeInt32LE(11, 0);
  request.writeInt32LE(24, 4);
  request[17] = 1;
  socket.pause();
  socket.write(request);
  equal(ask("console-log", "0"), "0   0");
  // Our connection, and the timer that ends it.
  equal(openFiles(), files + 2);
  for (let i = 0; i < 100 && openFiles() > files + 1; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  equal(openFiles(), files + 1);
  socket.destroy();
});

test("a terminal is free again when its client has gone", () => {
  deepEqual([ask("tty", "1"), ask("tty", "1")], ["1 /dev/null", "1 /dev/null"]);
});

test("a client that waits is told of its state once", async () => {
  const waiting = spawn("dist/drivers/command-client", [lxcpath, NAME, "wait", "FREEZING"]);
  const told = once(waiting.stdout, "data");
  // Until the server has taken it in: its epoll, its listening socket, and one more descriptor than before.
  const files = openFiles();
  for (let i = 0; i < 200 && openFiles() === files; i++) ask("state");
  ask("serve", "5");
  equal(String((await told)[0]), "told FREEZING\n");
});

test("LXC's own tools take our answers", { skip: skipLxc }, () => {
  const lxc = (tool: string, ...args: string[]): SpawnSyncReturns<string> =>
    run(tool, "-P", lxcpath, "-n", NAME, ...args);
  equal(lxc("lxc-info", "-sp").stdout, `State:          RUNNING\nPID:            ${server.pid}\n`);
  equal(lxc("lxc-wait", "-s", "RUNNING").status, 0);
  equal(lxc("lxc-wait", "-s", "STOPPED", "-t", "1").status, 1);
  equal(run("lxc-ls", "-P", lxcpath, "--running", "-1").stdout.trim(), NAME);
  equal(lxc("lxc-stop", "-k").status, 0);
  equal(lxc("lxc-info", "-sH").stdout, "STOPPED\n");
});

test("a container path that is too long for a socket's name is hashed, and found again", async () => {
  const long = join(lxcpath, "long".repeat(30));
  mkdirSync(join(long, NAME), { recursive: true });
  writeFileSync(join(long, NAME, "config"), "lxc.uts.name = pretend\n");
  const other = spawn("dist/drivers/command-server", [long, NAME], { stdio: ["ignore", "pipe", "inherit"] });
  await once(other.stdout, "data");
  const listed = run("dist/drivers/command-orders", long, NAME, "list").stdout;
  const lxcSays = hasLxc ? run("lxc-info", "-P", long, "-n", NAME, "-pH").stdout : `${other.pid}\n`;
  other.kill();
  deepEqual([listed, lxcSays], [`${NAME}; ${NAME}\n`, `${other.pid}\n`]);
});

test("another user is refused", { skip: skipRoot }, () => {
  // The file system may hide the repository from others, so the program goes along as an open file.
  const other = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  const script = 'exec 9< dist/drivers/command-client; exec setpriv "$@"';
  const client = ["/proc/self/fd/9", lxcpath, NAME, "state"];
  const result = run("sh", "-c", script, "sh", ...other, ...client);
  match(result.stdout, /cannot ask the monitor of .*: it belongs to another user/);
});

test("a server that is stopped is named, not waited for", () => {
  server.kill("SIGSTOP");
  match(ask("state"), new RegExp(`it does not answer\n {2}hint: the monitor is process ${server.pid}`));
});

test("a client that sends no request is let go", async () => {
  const socket = connect(`\0${lxcpath}/${NAME}/command`);
  await once(socket, "connect");
  socket.write(Buffer.from([3, 0, 0]));
  socket.resume();
  const signal = AbortSignal.timeout(8000);
  await once(socket, "close", { signal });
  equal(ask("state"), "RUNNING");
});

/** mulberry32: small, and the same everywhere. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Half of them are nearly right. */
function nonsense(random: (below: number) => number): Buffer {
  const bytes = Buffer.alloc(random(200));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random(256);
  if (random(2) === 0 || bytes.length < 16) return bytes;
  const command = random(30);
  bytes.writeInt32LE(command === 2 ? 3 : command, 0);
  const lengths = [0, bytes.length - 16, 32, 80, 96, 8192, 8193, -1, 0x7fffffff, -0x80000000];
  bytes.writeInt32LE(lengths[random(lengths.length)] ?? 0, 4);
  return bytes;
}

/** An error is an answer too: what counts is that the connection ends. */
async function throwAt(bytes: Buffer, waits: boolean): Promise<void> {
  const socket = connect(`\0${lxcpath}/${NAME}/command`);
  const closed = new Promise<void>((resolve, reject) => {
    socket.on("close", () => resolve());
    AbortSignal.timeout(10_000).addEventListener("abort", () => reject(new Error("not let go in 10 s")));
  });
  socket.on("error", () => {});
  socket.resume();
  socket.write(bytes, () => (waits ? socket.end() : socket.destroy()));
  await closed;
}

test("2000 requests of nonsense change nothing", async (t) => {
  const seed = 20261123;
  t.diagnostic(`seed ${seed}`);
  const random = randomNumbers(seed);
  ask("state");
  const [files, memory] = [openFiles(), memoryKb()];
  for (let round = 0; round < 100; round++) {
    const all: Promise<void>[] = [];
    for (let i = 0; i < 20; i++) {
      all.push(throwAt(nonsense(random), random(2) === 0));
    }
    await Promise.all(all);
  }
  ask("serve", "2");
  equal(ask("state"), "RUNNING");
  const grown = { files: openFiles() - files, memory: memoryKb() - memory };
  t.diagnostic(`memory before ${memory} kB, after ${memoryKb()} kB`);
  // One for the timer.
  ok(grown.files <= 1 && grown.memory <= 200, JSON.stringify(grown));
});
