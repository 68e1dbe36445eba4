// What people see on a terminal, and only there: colour, and a line for what takes long.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("progress");
after(() => place.remove());
before(() => {
  if (skip !== false) return;
  place.create("lxcts-p1", "lxc.net.0.type = empty");
  equal(place.ours("lxc-start", "lxcts-p1").code, 0);
});

/** What a terminal of 80 columns gets of a command, both outputs together. */
function onTerminal(variables: Record<string, string>, tool: string, ...words: readonly string[]): string {
  const line = [join(BIN, tool), "-P", place.lxcpath, ...words].map((word) => `'${word}'`).join(" ");
  const said = spawnSync("script", ["-qec", `stty cols 80; ${line}`, "/dev/null"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], TERM: "xterm", ...variables },
    timeout: 60_000,
  });
  return said.stdout.replaceAll("\r\n", "\n");
}

const GREEN = "\x1b[1;32mRUNNING\x1b[0;39m";

test("states and failures have colour on a terminal", { skip }, () => {
  equal(
    onTerminal({}, "lxc-ls", "-f", "-F", "NAME,STATE,GROUPS"),
    `NAME     STATE   GROUPS \nlxcts-p1 ${GREEN} -      \n`,
  );
  match(onTerminal({}, "lxc-info", "lxcts-p1", "-s"), new RegExp(`^State: {10}${GREEN.replaceAll("[", "\\[")}\n$`));
  match(onTerminal({}, "lxc-info", "nope"), /^\x1b\[1;31mlxc-info: nope doesn't exist\x1b\[0;39m\n {2}/);
  equal(onTerminal({}, "lxc-ls", "-1"), "lxcts-p1\n");
});

test("and none where that is not wanted, or where a program reads", { skip }, () => {
  for (const variables of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
    equal(onTerminal(variables, "lxc-ls", "-f", "-F", "NAME,STATE"), "NAME     STATE   \nlxcts-p1 RUNNING \n");
    equal(onTerminal(variables, "lxc-info", "nope").includes("\x1b"), false);
  }
  equal(onTerminal({}, "lxc-ls", "--format=json"), '[{"name":"lxcts-p1","state":"RUNNING"}]\n');
  equal(onTerminal({}, "lxc-ls", "--format=csv").includes("\x1b"), false);
  const words = ["lxc-ls", "-f"] as const;
  deepEqual(place.ours(...words), place.theirs(...words));
});

const ERASE = "\r\x1b[K";

test("lxc-stop tells how long it waits for a shutdown, and takes the line away", { skip }, () => {
  place.create("lxcts-p2", "lxc.net.0.type = empty", "lxc.signal.halt = SIGURG");
  equal(place.ours("lxc-start", "lxcts-p2").code, 0);
  const said = onTerminal({}, "lxc-stop", "lxcts-p2", "-t", "3", "--nokill");
  const lines = said.split(ERASE);
  equal(lines.shift(), "");
  deepEqual(lines.slice(0, 2), [
    "waiting for lxcts-p2 to shut down, 3 s left",
    "waiting for lxcts-p2 to shut down, 2 s left",
  ]);
  match(lines[lines.length - 1] ?? "", /^\x1b\[1;31mlxc-stop: .*it still runs after 3 seconds/);
  const quick = onTerminal({}, "lxc-stop", "lxcts-p2", "-k");
  equal(quick, "");
});

test("lxc-start tells when hooks take long, and a start that is quick says nothing", { skip }, () => {
  place.create("lxcts-p3", "lxc.net.0.type = empty", `lxc.hook.pre-start = ${place.script("slow", "sleep 1")}`);
  const said = onTerminal({}, "lxc-start", "lxcts-p3");
  equal(said, `${ERASE}starting lxcts-p3: its hooks and mounts have taken 1 s${ERASE}`);
  equal(place.ours("lxc-stop", "lxcts-p3", "-k").code, 0);
  equal(onTerminal({}, "lxc-start", "lxcts-p3", "-q"), "");
  equal(place.ours("lxc-stop", "lxcts-p3", "-k").code, 0);
  const elsewhere = place.ours("lxc-start", "lxcts-p3");
  deepEqual([elsewhere.code, elsewhere.out, elsewhere.err], [0, "", ""]);
  equal(place.ours("lxc-stop", "lxcts-p3", "-k").code, 0);
});

test("lxc-destroy tells what it is at while much is to be removed", { skip }, () => {
  place.create("lxcts-p4");
  for (let folder = 0; folder < 400; folder++) {
    const path = place.inside("lxcts-p4", `many/${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 250; file++) writeFileSync(join(path, String(file)), "");
  }
  const began = Date.now();
  const said = onTerminal({}, "lxc-destroy", "lxcts-p4");
  // A machine that is so fast has nothing to tell.
  const drawn = said.split(ERASE).filter((line) => line !== "");
  if (Date.now() - began > 900) equal(drawn.length > 0, true);
  for (const line of drawn) match(line, /^removing \S+\/lxcts-p4\/\S+$/);
});
