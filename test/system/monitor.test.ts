// lxc-monitor and lxc-monitord: what containers do is told, in order, to all who watch, whatever others do.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { after, afterEach, test } from "node:test";
import { monitordSocketOf } from "../../src/container/paths.ts";
import { Random } from "../fuzz/random.ts";
import { BIN, eventually, Place, skipWithoutRoot as skip } from "./host.ts";
import {
  endAll,
  endMonitords,
  exitMessage,
  fifoOf,
  isWatched,
  LIBEXEC,
  monitordsOf,
  Running,
  stateMessage,
  watchersOf,
  watching,
  writeToFifo,
} from "./watching.ts";

const MONITOR = join(BIN, "lxc-monitor");
const MONITORD = join(LIBEXEC, "lxc-monitord");
const place = new Place("monitor");
const other = new Place("monitor-other");

afterEach(async () => {
  endAll();
  for (const each of [place, other]) {
    await endMonitords(each.lxcpath);
    // Of one that was killed, or of a test that put something in its place.
    rmSync(fifoOf(each.lxcpath), { force: true });
  }
});

after(() => {
  for (const each of [place, other]) {
    each.remove();
    spawnSync("rmdir", ["-p", dirname(fifoOf(each.lxcpath))]);
  }
});

function watch(...args: string[]): Promise<Running> {
  return watching(MONITOR, place.lxcpath, ...args);
}

/** The messages in which a container comes and goes. */
function life(name: string): Uint8Array[] {
  return [stateMessage(name, "RUNNING"), exitMessage(name, 0), stateMessage(name, "STOPPED")];
}

test("a container's life is told as LXC tells it, and as JSON", { skip }, async () => {
  place.create("lxcts-mon-life");
  const text = await watch("-n", "lxcts-mon-life");
  const json = await watch("--format=ndjson");
  for (const [tool, ...args] of [["lxc-start"], ["lxc-freeze"], ["lxc-unfreeze"], ["lxc-stop", "-k"]] as const) {
    equal(place.ours(tool, "-n", "lxcts-mon-life", ...args).code, 0);
  }
  ok(await text.says(9));
  ok(await json.says(9));
  await text.stop();
  await json.stop();
  deepEqual(text.lines(), [
    "'lxcts-mon-life' changed state to [STARTING]",
    "'lxcts-mon-life' changed state to [RUNNING]",
    "'lxcts-mon-life' changed state to [FREEZING]",
    "'lxcts-mon-life' changed state to [FROZEN]",
    "'lxcts-mon-life' changed state to [THAWED]",
    "'lxcts-mon-life' changed state to [RUNNING]",
    "'lxcts-mon-life' exited with status [0]",
    "'lxcts-mon-life' changed state to [STOPPING]",
    "'lxcts-mon-life' changed state to [STOPPED]",
  ]);
  const events = json.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
  const { time, ...first } = events[0] ?? {};
  match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
  deepEqual(first, { lxcpath: place.lxcpath, name: "lxcts-mon-life", event: "state", state: "STARTING" });
  const { time: _, ...exit } = events[6] ?? {};
  deepEqual(exit, { lxcpath: place.lxcpath, name: "lxcts-mon-life", event: "exit", status: 0, signal: 9 });
});

test("the exit code of a container's program is told", { skip }, async () => {
  place.create("lxcts-mon-exit");
  const monitor = await watch("-n", "lxcts-mon-exit");
  equal(place.ours("lxc-execute", "-n", "lxcts-mon-exit", "--", "/bin/sh", "-c", "exit 7").code, 7);
  ok(await eventually(() => monitor.out.includes("[STOPPED]")));
  match(
    monitor.out,
    /\[RUNNING\]\n'lxcts-mon-exit' exited with status \[7\]\n'lxcts-mon-exit' changed state to \[STOPPING\]\n/,
  );
});

test("a name is an extended regular expression about the whole name", { skip }, async () => {
  const one = await watch("-n", "a|b");
  const two = await watch("--name", "web[0-9]+");
  const all = await watch();
  const unnamed = await watch("web1");
  writeToFifo(
    place.lxcpath,
    ["a", "ab", "b", "xb", "web", "web12", "web1x"].flatMap((name) => stateMessage(name, "RUNNING")),
  );
  ok(await all.says(7));
  ok(await unnamed.says(7));
  deepEqual([one.lines().length, two.lines().length], [2, 1]);
  match(one.out, /^'a' .*\n'b' /);
  match(two.out, /^'web12' /);
});

test("an expression that is none is refused in LXC's words", { skip }, () => {
  for (const expression of ["[", "a)|(b"]) {
    const refused = place.ours("lxc-monitor", "-n", expression);
    equal(refused.code, 1);
    ok(refused.err.startsWith(`lxc-monitor: failed to compile the regex '${expression}'\n`), refused.err);
  }
  equal(isWatched(place.lxcpath), false);
});

test("several container paths are watched at once, each once", { skip }, async () => {
  const args = ["-P", other.lxcpath, "-P", `${place.lxcpath}/`, "--format=json"];
  const monitor = await watching(MONITOR, place.lxcpath, ...args);
  ok(await eventually(() => watchersOf(other.lxcpath) === 1));
  equal(watchersOf(place.lxcpath), 1);
  writeToFifo(place.lxcpath, [stateMessage("here", "RUNNING")]);
  ok(await monitor.says(1));
  writeToFifo(other.lxcpath, [stateMessage("there", "STOPPED")]);
  ok(await monitor.says(2));
  const events = monitor.lines().map((line) => JSON.parse(line) as { name: string; lxcpath: string });
  deepEqual(
    events.map(({ name, lxcpath }) => [name, lxcpath]),
    [
      ["here", place.lxcpath],
      ["there", other.lxcpath],
    ],
  );
  // One of them ends: so does it all, as in LXC.
  equal(place.ours("lxc-monitor", "-Q").code, 0);
  equal(await monitor.ended(), 1);
});

test("-Q ends lxc-monitord, which who watches is told, and fails where there is none", { skip }, async () => {
  const monitor = await watch();
  equal(place.ours("lxc-monitor", "-Q").code, 0);
  equal(await monitor.ended(), 1);
  match(monitor.err, /lxc-monitord has ended\n {2}hint: .*lxc-monitor -Q/);
  ok(await eventually(() => monitordsOf(place.lxcpath).length === 0));
  equal(existsSync(fifoOf(place.lxcpath)), false);
  const none = place.ours("lxc-monitor", "-Q");
  equal(none.code, 1);
  ok(none.err.startsWith(`lxc-monitor: Unable to open monitor on path: ${place.lxcpath}\n`));
});

test("many that begin at the same moment share one lxc-monitord", { skip }, async () => {
  const monitors = Array.from({ length: 12 }, () => new Running(MONITOR, "-P", place.lxcpath));
  ok(await eventually(() => watchersOf(place.lxcpath) === 12), monitors.map((each) => each.err).join(""));
  ok(await eventually(() => monitordsOf(place.lxcpath).length === 1));
  writeToFifo(place.lxcpath, life("c1"));
  for (const monitor of monitors) ok(await monitor.says(3));
  deepEqual(new Set(monitors.map((monitor) => monitor.out)).size, 1);
});

test("only root may write to the fifo, and what is in its place and not ours is left alone", { skip }, async () => {
  const fifo = fifoOf(place.lxcpath);
  await watch();
  const { mode, uid } = statSync(fifo);
  deepEqual([mode & 0o777, uid], [0o600, 0]);
  await endMonitords(place.lxcpath);
  equal(existsSync(fifo), false);
  const spoils = [
    () => writeFileSync(fifo, "mine"),
    () => equal(spawnSync("sh", ["-c", `umask 0; mkfifo ${fifo}`]).status, 0),
    () => equal(spawnSync("ln", ["-s", "/tmp/nowhere", fifo]).status, 0),
  ];
  for (const spoil of spoils) {
    spoil();
    const refused = place.ours("lxc-monitor");
    equal(refused.code, 1);
    match(refused.err, /lxc-monitord does not start\n( {2}because: .*\n)+( {2}hint: .*)?/);
    match(refused.err, /monitor-fifo/);
    ok(existsSync(dirname(fifo)) && spawnSync("test", ["-e", fifo, "-o", "-L", fifo]).status === 0);
    rmSync(fifo);
  }
});

test("what a killed lxc-monitord left is taken over", { skip }, async () => {
  const first = await watch();
  for (const pid of monitordsOf(place.lxcpath)) process.kill(pid, "SIGKILL");
  equal(await first.ended(), 1);
  equal(existsSync(fifoOf(place.lxcpath)), true);
  const second = await watch();
  writeToFifo(place.lxcpath, life("c1"));
  ok(await second.says(3));
});

test("it ends when told to, and when nobody has watched for half a minute", { skip }, async () => {
  const monitor = await watch();
  const [pid = 0] = monitordsOf(place.lxcpath);
  await monitor.stop();
  ok(await eventually(() => watchersOf(place.lxcpath) === 0));
  ok(await eventually(() => timerOf(pid) > 0));
  ok(timerOf(pid) > 25 && timerOf(pid) <= 30, String(timerOf(pid)));
  const persistent = new Running(MONITORD, "--daemon", other.lxcpath);
  ok(await eventually(() => isWatched(other.lxcpath)));
  equal(timerOf(persistent.process.pid ?? 0), 0);
  equal(await persistent.stop(), 0);
  equal(existsSync(fifoOf(other.lxcpath)), false);
});

/** The seconds until a timer of a process rings; 0 when none is set. */
function timerOf(pid: number): number {
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== "anon_inode:[timerfd]") continue;
    return Number(/it_value: \((\d+), /.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"))?.[1] ?? 0) + 1;
  }
  return 0;
}

test("there is one for a container path, and it takes LXC's words only", { skip }, async () => {
  const first = new Running(MONITORD, "--daemon", place.lxcpath);
  ok(await eventually(() => isWatched(place.lxcpath)));
  const second = spawnSync(MONITORD, ["--daemon", place.lxcpath], { encoding: "utf8" });
  equal(second.status, 1);
  match(second.stderr, /another lxc-monitord does already\n {2}hint: end that one: lxc-monitor -Q -P /);
  for (const words of [[place.lxcpath], ["--daemon", "/a", "3"], ["/a", "x"], ["/a", "3", "4"], ["/a", "-1"]]) {
    equal(spawnSync(MONITORD, words).status, 1, words.join(" "));
  }
  equal(await first.stop("SIGINT"), 0);
});

/** A connection as lxc-monitor has it. */
async function connected(lxcpath: string): Promise<Socket> {
  const before = watchersOf(lxcpath);
  const socket = connect(`\0${monitordSocketOf(lxcpath)}`);
  socket.on("error", () => {});
  ok(await eventually(() => watchersOf(lxcpath) > before));
  return socket;
}

test("thousands of events come whole and in order, though another one does not read", { skip }, async () => {
  const monitor = await watch("--format=json");
  const idle = await connected(place.lxcpath);
  idle.pause();
  const names = Array.from({ length: 70_000 }, (_, i) => `c${i}`);
  // In two parts, for the one who reads may be slower than who writes, but not by more than there is room for.
  for (const until of [35_000, 70_000]) {
    const file = join(place.folder, "messages");
    const part = names.slice(until - 35_000, until);
    writeFileSync(file, Buffer.concat(part.map((name) => stateMessage(name, "RUNNING"))));
    const fifo = `of=${fifoOf(place.lxcpath)}`;
    const writer = new Running("dd", `if=${file}`, fifo, "bs=264", "conv=notrunc", "status=none");
    equal(await writer.ended(), 0, writer.err);
    ok(await monitor.says(until, 30_000), `${monitor.lines().length} ${monitor.err}`);
  }
  deepEqual(
    monitor.lines().map((line) => (JSON.parse(line) as { name: string }).name),
    names,
  );
  const [pid = 0] = monitordsOf(place.lxcpath);
  // It has been let go, and what waited for it is gone.
  ok(await eventually(() => watchersOf(place.lxcpath) === 1));
  const memoryKb = Number(/Private_Dirty: +(\d+)/.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
  ok(memoryKb < 30_000, `${memoryKb} kB`);
  idle.destroy();
});

test("nonsense in the fifo and on the socket is survived", { skip }, async () => {
  const monitor = await watch();
  const random = new Random(Number(process.env["FUZZ_SEED"] ?? 20));
  const sockets: Socket[] = [];
  for (let round = 0; round < 60; round++) {
    writeToFifo(place.lxcpath, [nonsense(random)]);
    const socket = await connected(place.lxcpath);
    socket.write(Buffer.from(nonsense(random)).fill(1, 0, 1));
    if (random.below(2) === 0) socket.destroy();
    else sockets.push(socket);
    // What is written while nothing else waits is understood, whatever was before.
    writeToFifo(place.lxcpath, [stateMessage(`round${round}`, "RUNNING")]);
    ok(await eventually(() => monitor.out.includes(`'round${round}' changed`)), `round ${round}: ${monitor.err}`);
  }
  equal(monitordsOf(place.lxcpath).length, 1);
  for (const socket of sockets) socket.destroy();
  ok(await eventually(() => watchersOf(place.lxcpath) === 1));
});

/** Bytes that may look like a message, or a part of one; never a whole one, nor almost. */
function nonsense(random: Random): Uint8Array {
  const bytes = new Uint8Array(1 + random.below(1000));
  const kind = random.below(3);
  for (let at = 0; at < bytes.length; at++) bytes[at] = kind === 0 ? random.below(256) : kind === 1 ? 0 : 65;
  if (kind === 2) return stateMessage("torn", "RUNNING").subarray(random.below(200), 200 + random.below(50));
  return bytes;
}

test("other users may neither watch nor pretend to be lxc-monitord", { skip }, async () => {
  const name = monitordSocketOf(place.lxcpath);
  const client = `const s = require("net").connect("\\0${name}"); s.on("close", () => console.log("closed")); s.on("error", () => {});`;
  await watch();
  const refused = spawnSync(process.execPath, ["-e", client], {
    uid: 65534,
    encoding: "utf8",
    timeout: 10_000,
    cwd: "/",
  });
  equal(refused.stdout, "closed\n", refused.stderr);
  await endMonitords(place.lxcpath);
  const server = `require("net").createServer().listen("\\0${name}", () => console.log("listens"));`;
  const pretender = new Running("setpriv", "--reuid=65534", "--clear-groups", process.execPath, "-e", server);
  ok(await pretender.says(1));
  const told = place.ours("lxc-monitor");
  equal(told.code, 1);
  match(told.err, new RegExp(`is process ${pretender.process.pid} of user 65534\n {2}hint: end that process: kill `));
  await pretender.stop("SIGKILL");
});

test("it ends when nobody reads, without waiting for an event", { skip }, async () => {
  const monitor = await watch();
  monitor.process.stdout?.destroy();
  equal(await monitor.ended(), 0);
  equal(monitor.err, "");
  // Into a file it writes as well.
  const file = join(place.folder, "events");
  const toFile = new Running("sh", "-c", `exec ${MONITOR} -P ${place.lxcpath} > ${file}`);
  ok(await eventually(() => watchersOf(place.lxcpath) === 1));
  writeToFifo(place.lxcpath, [stateMessage("c1", "RUNNING")]);
  ok(await eventually(() => readFileSync(file, "utf8") === "'c1' changed state to [RUNNING]\n"));
  equal(await toFile.stop("SIGINT"), -2);
});

test("a name cannot steer the terminal", { skip }, async () => {
  const monitor = await watch();
  writeToFifo(place.lxcpath, [stateMessage("a\x1b[2J", "RUNNING")]);
  ok(await monitor.says(1));
  equal(monitor.out, "'a\\x1b[2J' changed state to [RUNNING]\n");
});

test("without an lxc-monitord, a container tries to tell each of its states once, and waits for nobody", {
  skip,
}, () => {
  const trace = join(place.folder, "trace");
  place.create("lxcts-mon-alone");
  const strace = [
    "-f",
    "-e",
    "trace=openat",
    "-o",
    trace,
    join(BIN, "lxc-start"),
    "-P",
    place.lxcpath,
    "lxcts-mon-alone",
  ];
  const started = spawnSync("timeout", ["60", "strace", ...strace, "-F", "-c", "none", "--", "/bin/true"], {
    encoding: "utf8",
  });
  ok(existsSync(trace), started.stderr);
  const told = readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => line.includes("monitor-fifo"));
  deepEqual(
    told.map((line) => line.includes("O_WRONLY|O_NONBLOCK|O_NOFOLLOW|O_CLOEXEC) = -1 ENOENT") || line),
    // One failed open for each: STARTING, RUNNING, the exit, STOPPING and STOPPED.
    [true, true, true, true, true],
  );
});
