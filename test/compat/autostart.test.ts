// lxc-autostart -L beside LXC's, over containers with every mix of groups, orders and states.

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Outcome, Place, skipWithoutRoot } from "../system/host.ts";

const hasLxc = spawnSync("/usr/bin/lxc-start", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const place = new Place("compat-auto");
after(() => place.remove());

const AUTO = "lxc.start.auto = 1";
const containers: Readonly<Record<string, readonly string[]>> = {
  one: [AUTO],
  two: [AUTO, "lxc.start.order = 5", "lxc.start.delay = 3"],
  three: [AUTO, "lxc.start.order = -1"],
  four: [AUTO, "lxc.group = onboot"],
  five: [AUTO, "lxc.group = on"],
  six: [AUTO, "lxc.group = web", "lxc.group = db onboot"],
  seven: [],
  eight: ["lxc.group = onboot"],
  nine: [AUTO, "lxc.start.order = 5"],
  ten: [AUTO, "lxc.start.order = 1", "lxc.group = db,web"],
  eleven: [AUTO, "lxc.group = web", "lxc.group ="],
  twelve: [AUTO, "lxc.start.auto = 0", "lxc.group = web"],
  thirteen: ["lxc.start.auto = 1", "lxc.start.order = 0x10", "lxc.group = db"],
  fourteen: ["lxc.start.auto = 1", "lxc.start.order = 9", "lxc.group = db"],
};

before(() => {
  if (skip !== false) return;
  for (const [name, lines] of Object.entries(containers)) {
    mkdirSync(join(place.lxcpath, name));
    writeFileSync(join(place.lxcpath, name, "config"), `lxc.uts.name = ${name}\n${lines.join("\n")}\n`);
  }
});

/** What both say of the same words: ours first. */
function both(words: readonly string[]): [Outcome, Outcome] {
  return [place.ours("lxc-autostart", ...words), place.theirs("lxc-autostart", ...words)];
}

/** Every list of these groups in every order, each group once; the empty one last, for LXC takes nothing behind it. */
function lists(groups: readonly string[]): string[][] {
  const found: string[][] = [[]];
  for (const group of groups) {
    for (const rest of lists(groups.filter((other) => other !== group))) found.push([group, ...rest]);
  }
  return found;
}

const mixes = lists(["web", "db", "onboot"]).flatMap((list) => [list, [...list, ""]]);

test("the same containers in the same order, whatever the groups", { skip }, () => {
  const different: string[] = [];
  for (const groups of mixes) {
    for (const options of [[], ["-a"], ["-A"], ["-a", "-A"], ["-r"]]) {
      const words = ["-L", ...options, ...(groups.length > 0 ? ["-g", groups.join(",")] : [])];
      const [ours, theirs] = both(words);
      if (ours.out !== theirs.out || ours.err !== "")
        different.push(`${words.join(" ")}\n${ours.out}--\n${theirs.out}`);
    }
  }
  deepEqual(different, []);
});

test("groups given one by one, part of a group's name, and words that mean nothing", { skip }, () => {
  for (const words of [
    ["-g", "web", "-g", "db"],
    ["-g", "on"],
    ["-g", "onb"],
    ["-g", "onboot", "-g", ""],
    ["--groups=,"],
    ["-g", "nobody"],
    ["-g", "web,web,web"],
    ["word"],
    ["--ignore", "--all"],
  ]) {
    const [ours, theirs] = both(["-L", ...words]);
    equal(ours.out, theirs.out, words.join(" "));
  }
});

test("groups behind the empty one count, as LXC's manual has it and LXC has not", { skip }, () => {
  const [ours, theirs] = both(["-L", "-g", ",on"]);
  equal(theirs.out, both(["-L"])[1].out);
  equal(ours.out, `${theirs.out}five 0\n`);
});

test("those that run are listed for -r, -s and -k, which end from the last to the first", { skip }, () => {
  for (const [name, order] of [
    ["lxcts-cauto-a", 1],
    ["lxcts-cauto-b", 2],
    ["lxcts-cauto-c", 2],
  ] as const) {
    place.create(name, AUTO, `lxc.start.order = ${order}`, "lxc.start.delay = 7");
    equal(place.ours("lxc-start", "-n", name).code, 0);
  }
  const reboot = both(["-L", "-r"]);
  deepEqual([reboot[0].out, reboot[0].out], ["lxcts-cauto-a 7\nlxcts-cauto-b 7\nlxcts-cauto-c 7\n", reboot[1].out]);
  for (const action of ["-s", "-k", "-ks"]) {
    const [ours, theirs] = both(["-L", action]);
    equal(ours.out, "lxcts-cauto-c\nlxcts-cauto-b\nlxcts-cauto-a\n");
    equal(theirs.out, ours.out);
  }
  const [ours, theirs] = both(["-L", "-a"]);
  equal(ours.out, theirs.out);
  // What is done is done by either to the other's.
  equal(place.theirs("lxc-autostart", "-k").code, 0);
  equal(place.ours("lxc-ls", "--running").out, "");
});
