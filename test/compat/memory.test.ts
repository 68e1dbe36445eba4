// What a monitor costs while nothing happens, beside LXC's of the same container.

import { equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { type Outcome, Place, skipWithoutRoot } from "../system/host.ts";

const hasLxc = spawnSync("/usr/bin/lxc-start", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const NAME = "lxcts-memory";
const place = new Place("compat-memory");
after(() => place.remove());

type Tools = (tool: string, ...args: string[]) => Outcome;

/** What nobody else has a part of, and no file would give back, in kB. */
function monitorMemory(tools: Tools): number {
  const started = tools("lxc-start", "-n", NAME);
  equal(started.code, 0, started.err);
  const init = tools("lxc-info", "-n", NAME, "-pH").out.trim();
  const [, monitor = ""] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${init}/status`, "utf8")) ?? [];
  const memory = readFileSync(`/proc/${monitor}/smaps_rollup`, "utf8");
  equal(tools("lxc-stop", "-n", NAME, "-k").code, 0);
  equal(tools("lxc-wait", "-n", NAME, "-s", "STOPPED", "-t", "10").code, 0);
  return Number(/^Anonymous: +(\d+) kB$/m.exec(memory)?.[1]);
}

test("an idle monitor has at most half the memory of LXC's", { skip }, () => {
  place.create(NAME, "lxc.net.0.type = empty");
  const theirs = monitorMemory((tool, ...args) => place.theirs(tool, ...args));
  const ours = monitorMemory((tool, ...args) => place.ours(tool, ...args));
  ok(ours > 0 && ours <= theirs / 2, `${ours} kB, LXC's ${theirs} kB`);
});
