// lxc-usernsexec on the real kernel: where it differs from LXC's on purpose, and that what it made stays inside.

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { rootBeside } from "./beside-user.ts";
import { skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const FIRST = 1_720_000_000;
const user = new OrdinaryUser({ name: "lxcts-mapped", uid: 47_114, range: `${FIRST}:65536` });
before(async () => user.ready());
after(() => user.remove());

test("a program that a signal ended gives 128 and the signal, where LXC says 0", { skip }, () => {
  equal(user.run("lxc-usernsexec -- sh -c 'kill -9 $$'").code, 137);
});

test("who is mapped already is not mapped again by -s", { skip }, () => {
  const run = user.run("lxc-usernsexec -s -m b:0:47114:1 -- cat /proc/self/uid_map");
  deepEqual([run.code, run.out.trim().split(/ +/)], [0, ["0", "47114", "1"]], run.err);
});

test("root needs no range of its own, for it writes the maps itself", { skip }, () => {
  const run = rootBeside(user, "lxc-usernsexec -m b:0:123456:10 -- sh -c 'id -u; cat /proc/self/uid_map'");
  deepEqual([run.code, run.out.split(/\s+/).slice(0, 4), run.err], [0, ["0", "0", "123456", "10"], ""]);
});

test("files are given to ids inside, and what is mounted is gone outside", { skip }, () => {
  const command = `cd; touch mine; lxc-usernsexec -s -- sh -c 'chown 5:6 mine && mount -t tmpfs x /mnt'; stat -c %u:%g mine`;
  const run = user.run(command);
  deepEqual([run.code, run.out], [0, `${FIRST + 5}:${FIRST + 6}\n`], run.err);
  equal(readFileSync("/proc/self/mountinfo", "utf8").includes(" /mnt rw,relatime - tmpfs x "), false);
});

test("what is wrong is said, with what to do", { skip }, () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      "-m b:0:900000:10 -- id",
      /because: cannot map ids: newuidmap: .*not allowed\n {2}hint: each range of -m must be within/,
    ],
    ["-m u:0:FIRST:10 -- id", /group 0 inside is nobody outside\n {2}hint: map it, as in: lxc-usernsexec -m b:0:/],
    ["-m u:0:FIRST:x -- id", /it is no map\n {2}hint: a map is u, g or b/],
    ["-- /etc/passwd", /Failed to execute "\/etc\/passwd"\n {2}because: .*it may not be executed/],
  ];
  for (const [words, wanted] of cases) {
    const run = user.run(`lxc-usernsexec ${words.replace("FIRST", String(FIRST))}`);
    deepEqual([run.code, run.out], [1, ""], words);
    match(run.err, wanted);
  }
});

test("with --help it is explained, and without rights in newuidmap refused", { skip }, () => {
  match(user.run("lxc-usernsexec --help").err, /Usage: lxc-usernsexec -m MAP -- COMMAND\n/);
  equal(user.run("lxc-usernsexec --version").out, "7.0.0\n");
});
