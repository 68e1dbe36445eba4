// lxc-console as its user sees it: a terminal inside on one's own, the way out, and who has which terminal.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";
import { closePtys, Pty } from "./pty.ts";

const place = new Place("console-tool");
after(() => {
  closePtys();
  place.remove();
});

const TOOL = join(BIN, "lxc-console");
const NAME = "lxcts-ct";
/** Answers each line; `go` and then Ctrl-A has the byte shown. */
const ANSWERING =
  'stty -echo; echo up; while read word; do case "$word" in size) stty size;; end) exit 3;; again) reboot -f;; *) echo "got $word" | cat -v;; esac; done';

/** lxc-console on a terminal of its own, and what that looks like afterwards. */
function consoleOf(name: string, ...options: readonly string[]): Pty {
  const line = `${TOOL} -P ${place.lxcpath} -n ${name} ${options.join(" ")}; echo code=$?; sleep 100`;
  return new Pty(line);
}

const banner = (number: number, key: string): string =>
  `\r\nConnected to tty ${number}\r\nType <Ctrl+${key} q> to exit the console, <Ctrl+${key} Ctrl+${key}> to enter Ctrl+${key} itself\r\n`;

function start(name: string, ...words: readonly string[]): void {
  deepEqual(place.ours("lxc-start", "-n", name, ...words), { code: 0, out: "", err: "" });
}

function stop(name: string): void {
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
}

/** What the tool says to a caller without a terminal. */
function refusal(...options: string[]): { code: number | null; err: string } {
  const { code, err } = place.ours("lxc-console", ...options);
  return { code, err };
}

test("the login program on tty 1 answers, the escape leaves, and who comes again finds it", { skip }, async () => {
  place.create(NAME);
  start(NAME);
  const first = consoleOf(NAME);
  ok(await first.showsAfter("\r", "login: "), first.said);
  ok(first.said.includes(banner(1, "a")), JSON.stringify(first.said));
  first.type("\x01q");
  ok(await first.shows("code=0"), first.said);
  const again = consoleOf(NAME, "-t", "1", "-e", "^B");
  ok(await again.showsAfter("\r", "login: "), again.said);
  ok(again.said.includes(banner(1, "b")));
  again.type("\x02q");
  ok(await again.shows("code=0"), again.said);
});

test("two have two terminals, and one that is taken or not there is refused by name", { skip }, async () => {
  const first = consoleOf(NAME);
  ok(await first.shows("Connected to tty 1"));
  const second = consoleOf(NAME);
  ok(await second.shows("Connected to tty 2"), second.said);
  const taken = refusal("-n", NAME, "-t", "1");
  equal(taken.code, 1);
  match(
    taken.err,
    /^lxc-console: Denied access to tty\n {2}because: cannot use tty 1 of lxcts-ct: somebody else has it\n {2}hint: leave out -t/,
  );
  match(
    refusal("-n", NAME, "-t", "99").err,
    /because: cannot use tty 99 of lxcts-ct: it has only \d+, as lxc\.tty\.max says\n/,
  );
  match(refusal("-n", NAME, "-t", "x").err, /^lxc-console: could not parse command line\n/);
  match(refusal("-n", NAME, "-e", "^^").err, /^lxc-console: could not parse command line\n/);
  match(refusal("-n", "lxcts-none").err, /^lxc-console: lxcts-none is not running\n/);
  for (const each of [first, second]) {
    each.type("\x01q");
    ok(await each.shows("code=0"), each.said);
  }
});

test("a client that is killed frees its terminal", { skip }, async () => {
  const first = consoleOf(NAME, "-t", "1");
  ok(await first.shows("Connected"));
  process.kill(first.pidOf("lxc-console"), "SIGKILL");
  ok(await first.shows("code=137"), first.said);
  const second = consoleOf(NAME, "-t", "1");
  ok(await second.showsAfter("\r", "login: "), second.said);
  second.type("\x01q");
  ok(await second.shows("code=0"));
});

test("the terminal is raw meanwhile, and as it was after an escape, a signal, and a stop", { skip }, async () => {
  const before = new Pty("sleep 100");
  ok(await eventually(() => before.pidOf("sleep") > 0));
  const cooked = before.settings("sleep");
  const connected = async (): Promise<Pty> => {
    const pty = consoleOf(NAME);
    ok(await pty.shows("itself\r\n"));
    ok(await eventually(() => pty.settings("lxc-console") !== cooked), "it is not raw");
    return pty;
  };
  const escaped = await connected();
  escaped.type("\x01q");
  ok(await escaped.shows("code=0"));
  ok(await eventually(() => escaped.pidOf("sleep") > 0));
  equal(escaped.settings("sleep"), cooked);
  const ended = await connected();
  process.kill(ended.pidOf("lxc-console"), "SIGTERM");
  ok(await ended.shows("code=143"), ended.said);
  ok(await eventually(() => ended.pidOf("sleep") > 0));
  equal(ended.settings("sleep"), cooked);
  const stopped = await connected();
  const pid = stopped.pidOf("lxc-console");
  process.kill(pid, "SIGTSTP");
  ok(await eventually(() => stopped.settings("lxc-console") === cooked), "it is stopped with a raw terminal");
  process.kill(pid, "SIGCONT");
  ok(await eventually(() => stopped.settings("lxc-console") !== cooked), "it is not raw again");
  stopped.type("\x01q");
  ok(await stopped.shows("code=0"));
});

test("a login program that ends, and begins anew, is no end of the connection", { skip }, async () => {
  const pty = consoleOf(NAME, "-t", "1");
  ok(await pty.showsAfter("\r", "login: "), pty.said);
  const so = pty.said.length;
  equal(place.ours("lxc-attach", "-n", NAME, "--", "/bin/sh", "-c", "kill -9 $(pidof getty)").code, 0);
  ok(await pty.shows("login: ", so), pty.said);
  pty.type("\x01q");
  ok(await pty.shows("code=0"), pty.said);
});

test("who waits at a terminal that no program has opened is told", { skip }, async () => {
  const pty = consoleOf(NAME, "-t", "3");
  ok(await pty.shows("no program of lxcts-ct has opened tty 3, so nothing may answer there"), pty.said);
  pty.type("\x01q");
  ok(await pty.shows("code=0"));
});

test("a frozen container holds nobody", { skip }, async () => {
  const pty = consoleOf(NAME, "-t", "1");
  ok(await pty.showsAfter("\r", "login: "), pty.said);
  equal(place.ours("lxc-freeze", "-n", NAME).code, 0);
  pty.type("some words\r\x01q");
  ok(await pty.shows("code=0"), pty.said);
  stop(NAME);
});

test("the console has the window's size, now and later, and an escape twice is one", { skip }, async () => {
  const name = "lxcts-ctsize";
  place.create(name, "lxc.console.buffer.size = 64KB");
  start(name, "--", "/bin/sh", "-c", ANSWERING);
  const pty = consoleOf(name, "-t", "0");
  ok(await pty.showsAfter("size\r", "33 77"), pty.said);
  pty.resize("lxc-console", 44, 101);
  ok(await pty.showsAfter("size\r", "44 101"), pty.said);
  pty.type("a\x01\x01b\x01c\r");
  ok(await pty.shows("got a^Abc"), pty.said);
  pty.type("end\r");
  ok(await pty.shows("code=0"), pty.said);
  match(pty.said, /lxcts-ctsize has ended or starts anew\r\n/);
});

test("whoever watches a container that reboots is let go, and can come again", { skip }, async () => {
  const name = "lxcts-ctboot";
  place.create(name);
  start(name, "--", "/bin/sh", "-c", ANSWERING);
  const pty = consoleOf(name, "-t", "0");
  ok(await pty.showsAfter("hello\r", "got hello"), pty.said);
  pty.type("again\r");
  ok(await pty.shows("code=0"), pty.said);
  const again = consoleOf(name, "-t", "0");
  ok(await again.showsAfter("back\r", "got back"), again.said);
  stop(name);
  ok(await again.shows("code=0"), again.said);
});

test("keys from a pipe are typed, and its end is ours, as in LXC", { skip }, async () => {
  const name = "lxcts-ctpipe";
  place.create(name);
  start(name, "--", "/bin/sh", "-c", 'read word; echo "$word" > /typed; sleep 100');
  const line = `${TOOL} -P ${place.lxcpath} -n ${name} -t 0`;
  const typed = outcomeOf(spawnSync("sh", ["-c", `echo words | ${line}`], { encoding: "utf8", timeout: 10_000 }));
  equal(typed.code, 0, typed.err);
  ok(await eventually(() => existsSync(place.inside(name, "typed"))), "it was not typed");
  stop(name);
});

test("what the console has said is printed once, or why there is nothing", { skip }, async () => {
  const name = "lxcts-ctlog";
  place.create(name, "lxc.console.buffer.size = 64KB");
  start(name, "--", "/bin/sh", "-c", "echo one; echo two; touch /told; sleep 100");
  ok(await eventually(() => existsSync(place.inside(name, "told"))));
  const print = (...options: string[]): string => place.ours("lxc-console", "-n", name, "--print-log", ...options).out;
  equal(print(), "one\r\ntwo\r\n");
  equal(print(), "");
  equal(print("--format=json"), '{"name":"lxcts-ctlog","log":""}\n');
  stop(name);
  start(NAME);
  match(
    refusal("-n", NAME, "--print-log").err,
    /it keeps no such buffer\n {2}hint: set lxc\.console\.buffer\.size = auto/,
  );
  stop(NAME);
});
