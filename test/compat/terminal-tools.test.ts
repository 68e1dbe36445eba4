// lxc-cgroup, lxc-top and lxc-console beside LXC's own, on the same containers: the same words, columns and keys.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, type Outcome, Place, skipWithoutRoot } from "../system/host.ts";
import { closePtys, Pty } from "../system/pty.ts";

const hasLxc = spawnSync("/usr/bin/lxc-start", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const place = new Place("compat-tools");
const NAME = "lxcts-ctools";
const THEIRS = "lxcts-ctlxc";
before(() => {
  if (skip !== false) return;
  for (const name of [NAME, THEIRS]) place.create(name, "lxc.net.0.type = empty");
  equal(place.ours("lxc-start", "-n", NAME).code, 0);
  equal(place.theirs("lxc-start", "-n", THEIRS).code, 0);
});
after(() => {
  closePtys();
  place.remove();
});

type Tools = (tool: string, ...args: string[]) => Outcome;
const ours: Tools = (tool, ...args) => place.ours(tool, ...args);
const theirs: Tools = (tool, ...args) => place.theirs(tool, ...args);

/** What a script sees of a failure: the code, and LXC's words without its place in the source. */
const seen = ({ code, out, err }: Outcome): string[] => [
  String(code),
  out,
  (err.split("\n")[0] ?? "").replace(/^(\S+: )(?:\S+: )?\S+\.c: \w+: \d+ /, "$1"),
];

for (const name of [NAME, THEIRS]) {
  test(`lxc-cgroup reads, writes and refuses as LXC's does (${name})`, { skip }, () => {
    const file = existsSync("/sys/fs/cgroup/memory") ? "memory.limit_in_bytes" : "memory.max";
    const asks: readonly (readonly string[])[] = [
      ["-n", name, file],
      ["-n", name, file, "104857600"],
      ["-n", name, file],
      ["-n", name, "cpuset.cpus"],
      [name, file],
      ["-n", name],
      ["-n", name, "memory.nothing"],
      ["-n", name, "memory.nothing", "1"],
      ["-n", name, file, "abc"],
      ["-n", "lxcts-none", file],
    ];
    for (const words of asks)
      deepEqual(seen(ours("lxc-cgroup", ...words)), seen(theirs("lxc-cgroup", ...words)), words.join(" "));
    equal(ours("lxc-cgroup", "-n", name, file).out, "104857600\n\n");
  });
}

test("lxc-device checks what it is asked as LXC's does", { skip }, () => {
  const asks: readonly (readonly string[])[] = [
    ["-n", "lxcts-none", "--", "add", "/dev/fuse"],
    ["-n", NAME],
    ["-n", NAME, "--", "add"],
    ["-n", NAME, "--", "foo", "/dev/fuse"],
  ];
  for (const words of asks)
    deepEqual(seen(ours("lxc-device", ...words)), seen(theirs("lxc-device", ...words)), words.join(" "));
});

test("lxc-checkpoint refuses as LXC's does", { skip }, () => {
  const asks: readonly (readonly string[])[] = [
    ["-n", "lxcts-none", "-D", "/x"],
    ["-n", NAME],
    ["-n", NAME, "-r", "-s", "-D", "/x"],
    ["-n", NAME, "-d", "-D", "/x"],
    ["-n", NAME, "-r", "-D", "/x"],
  ];
  for (const words of asks) {
    deepEqual(seen(ours("lxc-checkpoint", ...words)), seen(theirs("lxc-checkpoint", ...words)), words.join(" "));
  }
});

/** A line of the shell for the tool of ours or LXC's. */
const line = (folder: string, tool: string, options: string): string =>
  `${join(folder, tool)} -P ${place.lxcpath} ${options}`;

/** What it draws on a terminal of 160 columns, without what moves the cursor and changes the letters. */
async function frame(folder: string): Promise<string[]> {
  const pty = new Pty(`stty cols 130; ${line(folder, "lxc-top", "-d 1")}`);
  ok(await pty.shows("TOTAL 2 of 2"), pty.said);
  pty.type("q");
  const end = pty.said.indexOf("TOTAL 2 of 2");
  return pty.said
    .slice(0, end)
    .replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, "")
    .split("\r\n");
}

/** Where each column ends. */
const ends = (row: string): number[] => [...row.matchAll(/\S(?= |$)/g)].map((found) => found.index);

test("lxc-top has LXC's heads and columns", { skip }, async () => {
  const lxc = await frame("/usr/bin");
  const own = await frame(BIN);
  deepEqual(own.slice(0, 2), lxc.slice(0, 2));
  deepEqual(
    own.slice(2, 4).map((row) => row.slice(0, 18)),
    lxc.slice(2, 4).map((row) => row.slice(0, 18)),
  );
  deepEqual(
    own.slice(2, 4).map((row) => ends(row).slice(0, 4)),
    lxc.slice(2, 4).map((row) => ends(row).slice(0, 4)),
  );
  deepEqual(
    own.slice(2, 4).map((row) => row.length),
    lxc.slice(2, 4).map((row) => row.length),
  );
});

test("lxc-top -b has LXC's head and fields", { skip }, async () => {
  const rows = async (folder: string): Promise<string[]> => {
    const pty = new Pty(`stty cols 300; ${line(folder, "lxc-top", "-b -d 1")}`);
    ok(await pty.shows(`${NAME},`), pty.said);
    ok(await pty.shows("\n", pty.said.lastIndexOf(`${NAME},`)));
    pty.type("q");
    return pty.said.split("\r\n");
  };
  const lxc = await rows("/usr/bin");
  const own = await rows(BIN);
  equal(own[0], lxc[0]);
  const shape = (row: string | undefined): string => (row ?? "").replace(/^\d{13},/, "TIME,").replaceAll(/,\d+/g, ",N");
  deepEqual(own.slice(1, 3).map(shape), lxc.slice(1, 3).map(shape));
  // What nothing inside changes is the same number.
  const memory = (row: string | undefined): string => (row ?? "").split(",").slice(5, 7).join();
  deepEqual(own.slice(1, 3).map(memory), lxc.slice(1, 3).map(memory));
});

// LXC with LXC goes first: it proves the test.
for (const [folder, name] of [
  ["/usr/bin", THEIRS],
  ["/usr/bin", NAME],
  [BIN, THEIRS],
  [BIN, NAME],
] as const) {
  test(`${folder === BIN ? "our" : "LXC's"} lxc-console at ${name === NAME ? "our" : "LXC's"} monitor`, {
    skip,
  }, async () => {
    const pty = new Pty(`${line(folder, "lxc-console", `-n ${name} -t 1`)}; echo code=$?`);
    ok(await pty.showsAfter("\r", "login: "), pty.said);
    match(
      pty.said,
      /\r\nConnected to tty 1\r\nType <Ctrl\+a q> to exit the console, <Ctrl\+a Ctrl\+a> to enter Ctrl\+a itself\r\n/,
    );
    pty.type("\x01q");
    ok(await pty.shows("code=0"), pty.said);
    const again = new Pty(`${line(folder, "lxc-console", `-n ${name} -t 1 -e ^b`)}; echo code=$?`);
    ok(await again.showsAfter("\r", "login: "), again.said);
    again.type("\x02q");
    ok(await again.shows("code=0"), again.said);
  });
}
