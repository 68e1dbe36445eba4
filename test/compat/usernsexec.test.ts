// lxc-usernsexec beside LXC's own: the same maps, ids, output and exit codes, as root and as an ordinary user.

import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { rootBeside } from "../system/beside-user.ts";
import { BIN, type Outcome, skipWithoutRoot } from "../system/host.ts";
import { OrdinaryUser } from "../system/ordinary-user.ts";

const THEIRS = "/usr/bin/lxc-usernsexec";
const skip = skipWithoutRoot !== false ? skipWithoutRoot : existsSync(THEIRS) ? false : "LXC is not installed";
const FIRST = 1_710_000_000;
const user = new OrdinaryUser({ name: "lxcts-usernsexec", uid: 47_113, range: `${FIRST}:65536` });
before(async () => {
  await user.ready();
  const line = `root:${FIRST + 100_000}:1000`;
  rootBeside(
    user,
    `for f in /etc/subuid /etc/subgid; do echo ${line} >> $f; echo ${line} | sed s/1000$/7/ >> $f; done`,
  );
});
after(() => user.remove());

const SHOW = "id; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; grep Cap /proc/self/status; pwd";

/** Words for the shell, the same for both; `OUTSIDE` is the first id that the caller may map. */
const same: readonly (readonly [string, string])[] = [
  ["the default is the first range, whole", `-- sh -c '${SHOW}'`],
  ["maps of both kinds", `-m b:0:OUTSIDE:10 -- sh -c '${SHOW}'`],
  ["several maps", `-m b:0:OUTSIDE:5 -m u:5:$((OUTSIDE+5)):5 -m g:7:$((OUTSIDE+7)):2 -- sh -c '${SHOW}'`],
  ["letters without a blank", "-mb:0:OUTSIDE:5 -- cat /proc/self/uid_map"],
  ["the caller too, after the default", "-s -- cat /proc/self/uid_map /proc/self/gid_map"],
  ["the caller too, after maps", "-s -m b:0:OUTSIDE:5 -- cat /proc/self/uid_map /proc/self/gid_map"],
  ["the caller too, after a gap", "-s -m b:0:OUTSIDE:5 -m b:9:$((OUTSIDE+9)):5 -- cat /proc/self/uid_map"],
  ["the caller alone, who is root then", `-m b:0:SELF:1 -- sh -c '${SHOW}'`],
  ["the exit code of the program", "-- sh -c 'exit 7'"],
  ["words of the program are its own", "-- echo -m -s --help"],
  ["a shell without a command", "<<'E'\necho $0; id -u; exit 3\nE"],
  ["mounts that stay inside", "-- sh -c 'mount -t tmpfs mine /mnt && grep -c mine /proc/self/mountinfo'"],
  ["an id outside that is the caller's is root's inside", "-m b:0:SELF:1 -- stat -c %u /proc/self"],
];

function both(asRoot: boolean, words: string): { ours: Outcome; theirs: Outcome } {
  const outside = String(asRoot ? FIRST + 100_000 : FIRST);
  const own = asRoot ? "0" : String(user.wish.uid);
  const filled = words
    .replaceAll("$((OUTSIDE+", `$((${outside}+`)
    .replaceAll("OUTSIDE", outside)
    .replaceAll("SELF", own);
  const run = (tool: string): Outcome =>
    asRoot ? rootBeside(user, `cd /tmp; ${tool} ${filled}`) : user.run(`cd /tmp; ${tool} ${filled}`);
  return { ours: run(asRoot ? join(BIN, "lxc-usernsexec") : "lxc-usernsexec"), theirs: run(THEIRS) };
}

for (const asRoot of [true, false]) {
  for (const [name, words] of same) {
    test(`${name}, as ${asRoot ? "root" : "an ordinary user"}`, { skip }, () => {
      const { ours, theirs } = both(asRoot, words);
      deepEqual({ code: ours.code, out: ours.out }, { code: theirs.code, out: theirs.out }, ours.err + theirs.err);
      equal(ours.out !== "" || ours.code !== 0, true);
      equal(ours.err, "");
    });
  }
}

const failing: readonly (readonly [string, string, RegExp])[] = [
  ["a range that is not the caller's", "-m b:0:900000:10 -- id", /^Failed to write id mapping for child process$/m],
  ["a program that is not there", "-- lxcts-nothing", /Failed to execute "lxcts-nothing"/],
  ["a map that is none", "-m b:0:5 -- id", /^/],
  ["a letter that is none", "-z -- id", /invalid option -- 'z'/],
  ["a map without a value", "-m", /option requires an argument -- 'm'/],
  ["an id that nobody is root by", "-m b:5:OUTSIDE:10 -- id", /^/],
];

for (const [name, words, wanted] of failing) {
  test(`${name}: exit code 1, in LXC's words`, { skip }, () => {
    const { ours, theirs } = both(false, words);
    deepEqual([ours.code, theirs.code, ours.out], [1, 1, ""]);
    match(theirs.err, wanted);
    match(ours.err.replace(/^lxc-usernsexec: /, ""), wanted);
  });
}

test("without ranges both say so", { skip }, () => {
  const empty = "mount -t tmpfs none /mnt; touch /mnt/e; mount --bind /mnt/e /etc/subuid;";
  const setpriv = `setpriv --reuid=${user.wish.uid} --regid=${user.wish.uid} --clear-groups --inh-caps=-all --`;
  const run = (tool: string): Outcome => rootBeside(user, `unshare -m sh -c "${empty} ${setpriv} ${tool} -- id"`);
  const theirs = run(THEIRS);
  const ours = run(join(BIN, "../../dist/lxc usernsexec"));
  deepEqual([theirs.code, theirs.err], [1, "Failed to find subuid or subgid allocation\n"]);
  deepEqual([ours.code, ours.err.split("\n")[0]], [1, "lxc-usernsexec: Failed to find subuid or subgid allocation"]);
});
