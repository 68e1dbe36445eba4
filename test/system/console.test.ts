// What a container's console says: its log, its buffer, and whoever watches, with LXC's own lxc-console where that is there.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const hasLxc = spawnSync("/usr/bin/lxc-console", ["--version"]).status === 0;
const skipLxc = skip !== false ? skip : hasLxc ? false : "LXC's own tools are not installed";
const ENODATA = 61;
const EFAULT = 14;

const place = new Place("console");
const running: ChildProcess[] = [];
after(() => {
  for (const each of running) if (each.exitCode === null) each.kill("SIGKILL");
  place.remove();
});

/** Writes numbered lines, and what the console makes of them. */
const numbered = (count: number): string => `i=0; while [ $i -lt ${count} ]; do echo "line $i"; i=$((i+1)); done`;
const numberedLines = (count: number): string =>
  Array.from({ length: count }, (_, i): string => `line ${i}\r\n`).join("");

/** Runs `script` in a new container in the background until it has ended by itself. */
async function live(name: string, script: string, ...lines: readonly string[]): Promise<void> {
  place.create(name, ...lines);
  start(name, script);
  ok(await eventually(() => place.state(name) === "STOPPED", 20_000), `${name} did not end`);
}

function start(name: string, script: string, ...options: readonly string[]): void {
  const started = place.ours("lxc-start", "-n", name, ...options, "--", "/bin/sh", "-c", script);
  deepEqual(started, { code: 0, out: "", err: "" });
}

const read = (path: string): string => (existsSync(path) ? readFileSync(path, "latin1") : "");
const logOf = (name: string): string => join(place.folder, `${name}.log`);

interface BufferAnswer {
  readonly result: number;
  readonly text: string;
}

/** LXC's command 11 as its clients send it, byte for byte: what is there, then what is to be done. */
function askBuffer(name: string, how: { read?: boolean; clear?: boolean; most?: number }): Promise<BufferAnswer> {
  const request = Buffer.alloc(16 + 24);
  request.writeInt32LE(11, 0);
  request.writeInt32LE(24, 4);
  request.writeUInt8(how.clear === true ? 1 : 0, 16);
  request.writeUInt8(how.read === true ? 1 : 0, 17);
  request.writeBigUInt64LE(BigInt(how.most ?? 0), 24);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(`\0${place.lxcpath}/${name}/command`, () => socket.write(request));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => {
      const bytes = Buffer.concat(chunks);
      if (bytes.length < 16) reject(new Error(`an answer of ${bytes.length} bytes`));
      else if (bytes.length !== 16 + bytes.readInt32LE(4))
        reject(new Error("an answer of another length than it says"));
      else resolve({ result: bytes.readInt32LE(0), text: bytes.subarray(16).toString("latin1") });
    });
  });
}

/** A program on a terminal of its own, which may be typed to. */
class Terminal {
  said = "";
  readonly #child: ChildProcess;

  constructor(...words: readonly string[]) {
    const line = words.map((word) => `'${word}'`).join(" ");
    this.#child = spawn("script", ["-qec", `stty rows 33 cols 77 raw -echo; exec ${line}`, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    running.push(this.#child);
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.said += chunk.toString("latin1");
    });
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Nobody reads what is said, until `resume`. */
  pause(): void {
    this.#child.stdout?.pause();
  }

  resume(): void {
    this.#child.stdout?.resume();
  }

  /** The process that runs on the terminal. */
  pid(): number {
    const pid = this.#child.pid ?? 0;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
  }

  hasEnded(): boolean {
    return this.#child.exitCode !== null;
  }
}

/** Answers each line that is typed; to `go` it says much, and makes a file. */
const ANSWERING = `stty -echo; while read word; do if [ "$word" = go ]; then ${numbered(30000)}; touch /told; elif [ "$word" = size ]; then stty size; else echo "got $word"; fi; done`;

/** LXC's lxc-console on number 0 of a container that answers, once it is connected: what is typed before that is lost. */
async function lxcConsole(name: string): Promise<Terminal> {
  const terminal = new Terminal("/usr/bin/lxc-console", "-P", place.lxcpath, "-n", name, "-t", "0");
  ok(await saidWhile(terminal, "\r", "got \r"), terminal.said);
  return terminal;
}

/** Types `text` again and again until `answer` comes. */
function saidWhile(terminal: Terminal, text: string, answer: string): Promise<boolean> {
  return eventually(() => {
    if (terminal.said.includes(answer)) return true;
    terminal.type(text);
    return false;
  });
}

test("the log has every byte the console has said, and is its owner's alone", { skip }, async () => {
  const name = "lxcts-log";
  await live(name, `printf 'a\\tb\\001\\377'; ${numbered(3000)}`, `lxc.console.logfile = ${logOf(name)}`);
  equal(read(logOf(name)), `a\tb\x01\xff${numberedLines(3000)}`);
  equal(statSync(logOf(name)).mode & 0o7777, 0o600);
});

test("what is said last is in the log, however much it is", { skip }, async () => {
  const name = "lxcts-last";
  place.create(name, `lxc.console.logfile = ${logOf(name)}`);
  writeFileSync(place.inside(name, "words"), "x".repeat(9_000));
  start(name, "stty raw; while [ ! -e /go ]; do sleep 0.02; done; exec cat /words");
  const monitor = monitorPid(place, name);
  const init = place.ours("lxc-info", "-n", name, "-pH").out.trim();
  process.kill(monitor, "SIGSTOP");
  writeFileSync(place.inside(name, "go"), "");
  const hasEnded = (): boolean => readFileSync(`/proc/${init}/stat`, "utf8").includes(") Z ");
  const ended = await eventually(hasEnded);
  process.kill(monitor, "SIGCONT");
  ok(ended, "it waits for its reader");
  ok(await eventually(() => place.state(name) === "STOPPED"));
  equal(read(logOf(name)), "x".repeat(9_000));
});

test("a log that is full is emptied, or kept under another name", { skip }, async () => {
  const all = numberedLines(1500);
  const tail = all.length % 4096;
  const settings = (name: string): string[] => [`lxc.console.logfile = ${logOf(name)}`, "lxc.console.size = 4KB"];
  await live("lxcts-full", numbered(1500), ...settings("lxcts-full"));
  equal(read(logOf("lxcts-full")), all.slice(-tail));
  equal(existsSync(`${logOf("lxcts-full")}.1`), false);
  await live("lxcts-rotate", numbered(1500), ...settings("lxcts-rotate"), "lxc.console.rotate = 1");
  equal(read(logOf("lxcts-rotate")), all.slice(-tail));
  equal(read(`${logOf("lxcts-rotate")}.1`), all.slice(-tail - 4096, -tail));
});

test("a full log that cannot be renamed is emptied, which is told once", { skip }, () => {
  const name = "lxcts-norename";
  mkdirSync(`${logOf(name)}.1`);
  place.create(name, `lxc.console.logfile = ${logOf(name)}`, "lxc.console.size = 4KB", "lxc.console.rotate = 1");
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", numbered(1500));
  const said = `cannot rename the console's log ${logOf(name)}: is a directory (EISDIR); it is emptied when it is full`;
  deepEqual(run, { code: 0, out: "", err: `lxc-start: warning: ${said}\n` });
  equal(read(logOf(name)), numberedLines(1500).slice(-(numberedLines(1500).length % 4096)));
});

test("a log with a limit and a buffer has the buffer's last bytes in the end", { skip }, async () => {
  const name = "lxcts-mirror";
  const lines = [`lxc.console.logfile = ${logOf(name)}`, "lxc.console.size = 4KB", "lxc.console.buffer.size = 8KB"];
  await live(name, numbered(1500), ...lines);
  equal(read(logOf(name)), numberedLines(1500).slice(-4096));
});

test("a log that cannot be written is told once, and the container goes on", { skip }, () => {
  const name = "lxcts-nospace";
  place.create(name, "lxc.console.logfile = /dev/full");
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", `${numbered(500)}; exit 7`);
  equal(run.code, 7);
  equal(
    run.err,
    "lxc-start: warning: cannot write what the console says to /dev/full: no space left on device (ENOSPC); it is lost\n",
  );
});

test("a log is never opened through a link, nor in a folder that is not there", { skip }, async () => {
  const name = "lxcts-linked";
  const target = join(place.folder, "precious");
  writeFileSync(target, "precious");
  symlinkSync(target, logOf(name));
  place.create(name, `lxc.console.logfile = ${logOf(name)}`);
  const refused = place.ours("lxc-start", "-n", name);
  equal(refused.code, 1);
  match(refused.err, /cannot open \S+, as lxc\.console\.logfile says: it is a symbolic link/);
  match(refused.err, new RegExp(`hint: name the file itself: lxc\\.console\\.logfile = ${target}`));
  equal(read(target), "precious");
  const missing = place.ours("lxc-start", "-n", name, "-L", join(place.folder, "none/log"));
  match(missing.err, /cannot open \S+none\/log, as lxc\.console\.logfile says: .*ENOENT/);
  ok(await eventually(() => place.leftovers(name).length === 0), place.leftovers(name).join("\n"));
});

test("the buffer is read, emptied and skipped by LXC's command, and holds the last bytes", { skip }, async () => {
  const name = "lxcts-buffer";
  place.create(name, "lxc.console.buffer.size = 4096", `lxc.console.logfile = ${logOf(name)}`);
  start(name, `${numbered(1000)}; touch /told; exec sleep 1000`);
  ok(await eventually(() => existsSync(place.inside(name, "told"))));
  // The monitor may be behind what it is told.
  ok(await eventually(() => read(logOf(name)).endsWith(numberedLines(1000).slice(-10))));
  const last = numberedLines(1000).slice(-4096);
  deepEqual(await askBuffer(name, { read: true, most: 10 }), { result: 0, text: last.slice(0, 10) });
  deepEqual(await askBuffer(name, { most: 6 }), { result: 0, text: "" });
  deepEqual(await askBuffer(name, { read: true, most: 4 }), { result: 0, text: last.slice(16, 20) });
  deepEqual(await askBuffer(name, { read: true }), { result: 0, text: last.slice(20) });
  deepEqual(await askBuffer(name, { read: true }), { result: -ENODATA, text: "" });
  place.ours("lxc-attach", "-n", name, "--", "/bin/sh", "-c", "echo more > /dev/console");
  deepEqual(await askBuffer(name, { clear: true }), { result: 0, text: "" });
  deepEqual(await askBuffer(name, { read: true }), { result: -ENODATA, text: "" });
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("without one there is no buffer, and a large one takes memory as it fills", { skip }, async () => {
  place.create("lxcts-nobuffer");
  place.create("lxcts-large", "lxc.console.buffer.size = 64MB");
  for (const name of ["lxcts-nobuffer", "lxcts-large"]) start(name, "echo said; exec sleep 1000");
  deepEqual(await askBuffer("lxcts-nobuffer", { read: true }), { result: -EFAULT, text: "" });
  deepEqual(await askBuffer("lxcts-large", { read: true }), { result: 0, text: "said\r\n" });
  const memoryKb = (name: string): number => {
    const rollup = readFileSync(`/proc/${monitorPid(place, name)}/smaps_rollup`, "utf8");
    return Number(/Private_Dirty: +(\d+)/.exec(rollup)?.[1]);
  };
  const more = memoryKb("lxcts-large") - memoryKb("lxcts-nobuffer");
  ok(more < 200, `${more} kB more`);
  for (const name of ["lxcts-nobuffer", "lxcts-large"]) equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("a buffer that is more than goes into a socket at once comes whole", { skip }, async () => {
  const name = "lxcts-much";
  place.create(name, "lxc.console.buffer.size = 1MB");
  const script = "stty raw; dd if=/dev/zero bs=1024 count=700 2>/dev/null | tr '\\0' x; touch /told; exec sleep 1000";
  start(name, script);
  ok(await eventually(() => existsSync(place.inside(name, "told")), 20_000));
  const got = await askBuffer(name, { read: true });
  equal(got.text, "x".repeat(700 * 1024));
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("over a reboot the log goes on, and so does the buffer", { skip }, async () => {
  const name = "lxcts-again";
  place.create(name, `lxc.console.logfile = ${logOf(name)}`, "lxc.console.buffer.size = 4096");
  start(name, "if [ -e /second ]; then echo two; exec sleep 1000; fi; echo one; touch /second; reboot -f");
  ok(await eventually(() => read(logOf(name)).includes("two")));
  equal(read(logOf(name)), "one\r\ntwo\r\n");
  deepEqual(await askBuffer(name, { read: true }), { result: 0, text: "one\r\ntwo\r\n" });
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("while LXC's lxc-console has the console, log and buffer go on", { skip: skipLxc }, async () => {
  const name = "lxcts-watched";
  place.create(name, `lxc.console.logfile = ${logOf(name)}`, "lxc.console.buffer.size = 64KB");
  start(name, ANSWERING);
  const first = await lxcConsole(name);
  first.type("hello\r");
  ok(await eventually(() => first.said.includes("got hello\r")), first.said);
  ok(await eventually(() => read(logOf(name)).endsWith("got hello\r\n")), read(logOf(name)));
  const second = place.theirs("lxc-console", "-n", name, "-t", "0");
  ok(second.code !== 0, "two have the console");
  first.type("\x01q");
  ok(await eventually(() => first.hasEnded()), "it did not leave");
  place.ours("lxc-attach", "-n", name, "--", "/bin/sh", "-c", "echo meanwhile > /dev/console");
  const again = await lxcConsole(name);
  again.type("world\r");
  ok(await eventually(() => read(logOf(name)).endsWith("got world\r\n")), read(logOf(name)));
  ok(!again.said.includes("meanwhile") && read(logOf(name)).includes("\r\nmeanwhile\r\n"));
  deepEqual(await askBuffer(name, { read: true }), { result: 0, text: read(logOf(name)) });
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("the console has the size of the window of whoever watches, also when that changes", {
  skip: skipLxc,
}, async () => {
  const name = "lxcts-window";
  place.create(name);
  start(name, ANSWERING);
  const watch = await lxcConsole(name);
  ok(await saidWhile(watch, "size\r", "33 77\r"), watch.said);
  const device = readlinkSync(`/proc/${watch.pid()}/fd/0`);
  equal(spawnSync("stty", ["-F", device, "rows", "44", "cols", "101"]).status, 0);
  ok(await saidWhile(watch, "size\r", "44 101\r"), watch.said.slice(-200));
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("one who watches and takes nothing holds up nobody, and is not lost", { skip: skipLxc }, async () => {
  const name = "lxcts-slow";
  place.create(name, `lxc.console.logfile = ${logOf(name)}`);
  start(name, ANSWERING);
  const watch = await lxcConsole(name);
  const before = read(logOf(name));
  watch.pause();
  watch.type("go\r");
  ok(await eventually(() => existsSync(place.inside(name, "told")), 15_000), "it waits for its watcher");
  const all = before + numberedLines(30000);
  ok(await eventually(() => read(logOf(name)).length >= all.length), "the log is not whole");
  equal(read(logOf(name)).slice(-numberedLines(30000).length), numberedLines(30000));
  ok(!watch.said.includes("line 29999"), "nothing was held up");
  watch.resume();
  watch.type("back\r");
  ok(await eventually(() => watch.said.includes("got back\r")), watch.said.slice(-200));
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("in the foreground the terminal shows what the log gets, and number 0 is taken", { skip }, async () => {
  const name = "lxcts-front";
  place.create(name);
  const words = [join(BIN, "lxc-start"), "-P", place.lxcpath, "-n", name, "-F", "-L", logOf(name)];
  const script = "stty -echo; echo begin; read word; echo got $word";
  const front = new Terminal(...words, "--", "/bin/sh", "-c", script);
  ok(await eventually(() => front.said.includes("begin\r\n")), front.said);
  if (hasLxc) ok(place.theirs("lxc-console", "-n", name, "-t", "0").code !== 0, "two have the console");
  front.type("here\r");
  ok(await eventually(() => front.hasEnded()), front.said);
  equal(front.said, "begin\r\ngot here\r\n");
  equal(read(logOf(name)), "begin\r\ngot here\r\n");
});

test("a file that -c names gets what the console says, and so does the one of -L, from where the caller is", {
  skip,
}, async () => {
  const name = "lxcts-files";
  place.create(name);
  const words = ["-P", place.lxcpath, "-n", name, "-c", "console.out", "-L", "console.log", "--", "/bin/sh", "-c"];
  const run = spawnSync(join(BIN, "lxc-start"), [...words, numbered(200)], { cwd: place.folder, encoding: "utf8" });
  equal(run.stderr, "");
  ok(await eventually(() => place.state(name) === "STOPPED"));
  equal(read(join(place.folder, "console.out")), numberedLines(200));
  equal(read(join(place.folder, "console.log")), numberedLines(200));
  equal(statSync(join(place.folder, "console.out")).mode & 0o7777, 0o600);
});

test("a terminal that lxc.console.path names is the console of a container in the background", { skip }, async () => {
  const name = "lxcts-device";
  place.create(name, `lxc.console.logfile = ${logOf(name)}`);
  const screen = new Terminal("sleep", "1000");
  ok(await eventually(() => screen.pid() > 0 && readFileSync(`/proc/${screen.pid()}/comm`, "utf8") === "sleep\n"));
  const device = readlinkSync(`/proc/${screen.pid()}/fd/0`);
  start(name, "stty -echo; echo begin; read word; echo got $word", "-c", device);
  ok(await eventually(() => screen.said.includes("begin\r\n")), screen.said);
  screen.type("typed\r");
  ok(await eventually(() => screen.said.includes("got typed\r\n")), screen.said);
  ok(await eventually(() => place.state(name) === "STOPPED"));
  equal(read(logOf(name)), "begin\r\ngot typed\r\n");
});

test("with lxc.console.path = none there is no console, no log and no buffer's content", { skip }, async () => {
  const name = "lxcts-none";
  place.create(
    name,
    "lxc.console.path = none",
    `lxc.console.logfile = ${logOf(name)}`,
    "lxc.console.buffer.size = 4096",
  );
  start(name, "echo said; readlink /proc/1/fd/0 > /where; exec sleep 1000");
  ok(await eventually(() => read(place.inside(name, "where")) === "/dev/null\n"));
  deepEqual(await askBuffer(name, { read: true }), { result: -ENODATA, text: "" });
  equal(existsSync(logOf(name)), false);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("what is logged goes to the host's syslog too, as its facility says", { skip }, () => {
  const sink = "dist/drivers/syslog-sink";
  mkdirSync("dist/drivers", { recursive: true });
  equal(spawnSync("sh", ["scripts/build.sh", "test/system/drivers/syslog-sink.ts", sink]).status, 0);
  const name = "lxcts-syslog";
  place.create(name, "lxc.log.syslog = local1", `lxc.log.file = ${logOf(name)}`);
  // A /dev of its own, on which there may be a /dev/log of its own.
  const script = [
    'cd "$1"; mkdir -p over pts; mount -t tmpfs none over; mkdir over/up over/work; mount --bind /dev/pts pts',
    "mount -t overlay -o lowerdir=/dev,upperdir=over/up,workdir=over/work none /dev; mount --bind pts /dev/pts",
    'rm -f /dev/log; cd "$2"; dist/drivers/syslog-sink /dev/log 1 > "$1/sink" & sink=$!',
    'for i in $(seq 100); do grep -q ready "$1/sink" && break; sleep 0.05; done',
    'shift 2; "$@"; wait $sink',
  ].join("\n");
  const tree = join(import.meta.dirname, "../..");
  const words = [join(BIN, "lxc-start"), "-P", place.lxcpath, "-n", name, "-F", "-q", "--", "/not/there"];
  const run = spawnSync("unshare", ["-m", "sh", "-ec", script, "sh", place.folder, tree, ...words], {
    encoding: "utf8",
  });
  const said = readFileSync(join(place.folder, "sink"), "utf8").split("\n");
  match(
    said[1] ?? "",
    /^<139>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d lxc-start\[\d+\]: lxcts-syslog: cli - lxc-ts:cli:0 - cannot start lxcts-syslog: the container failed to start; +because: cannot run \/not\/there/,
    run.stderr,
  );
  equal(said[1]?.split(" - ").slice(1).join(" - "), read(logOf(name)).trimEnd().split(" - ").slice(1).join(" - "));
});
