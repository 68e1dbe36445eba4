import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { findingLine } from "../../base/finding.ts";
import { type Edited, edited } from "./edit.ts";
import { NO_VARIABLES } from "./keys.ts";
import type { IncludedFile } from "./load.ts";

const FILE = `# my container
lxc.include = /common

lxc.uts.name   =  c1   
# limits
lxc.tty.max = 4
lxc.cap.drop = sys_time
lxc.net.0.type = veth
lxc.net.0.link = br0
`;
const COMMON = "lxc.cap.drop = sys_module\nlxc.tty.max = 1\nlxc.pty.max = 1024\n";

function readCommon(path: string): IncludedFile[] {
  return [{ path, text: COMMON }];
}

function change(key: string, values: readonly string[], append = false, text = FILE): Edited {
  return edited(text, { key, values, append }, { file: "config", readInclude: readCommon, environment: NO_VARIABLES });
}

/** The lines that are only in one of the two. */
function difference(after: string): string[] {
  const old = FILE.split("\n");
  const now = after.split("\n");
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}

test("a value is changed where it stands, and all other lines stay byte for byte", () => {
  deepEqual(difference(change("lxc.uts.name", ["web"]).text), ["-lxc.uts.name   =  c1   ", "+lxc.uts.name = web"]);
  deepEqual(difference(change("lxc.net.0.link", ["br1"]).text), ["-lxc.net.0.link = br0", "+lxc.net.0.link = br1"]);
  deepEqual(difference(change("lxc.start.auto", ["1"]).text), ["+lxc.start.auto = 1"]);
});

test("a list becomes what was asked for, whatever an include says", () => {
  const result = change("lxc.cap.drop", ["kill", "chown"]);
  deepEqual(result.read.config.capDrop.values, ["kill", "chown"]);
  // Where the old line stood.
  const inPlace = "lxc.cap.drop =\nlxc.cap.drop = kill\nlxc.cap.drop = chown\n";
  equal(result.text, FILE.replace("lxc.cap.drop = sys_time\n", inPlace));
  deepEqual(change("lxc.cap.drop", ["kill"], true).read.config.capDrop.values, ["sys_module", "sys_time", "kill"]);
});

test("what an include says after the line is overruled at the end", () => {
  const text = "lxc.tty.max = 4\nlxc.include = /common\n";
  const result = change("lxc.tty.max", ["9"], false, text);
  equal(result.read.config.ttyMax.value, 9);
  equal(result.text, "lxc.include = /common\nlxc.tty.max =\nlxc.tty.max = 9\n");
});

test("a key is taken back to its default, also when an include sets it", () => {
  deepEqual(difference(change("lxc.uts.name", []).text), ["-lxc.uts.name   =  c1   "]);
  deepEqual(difference(change("lxc.pty.max", []).text), ["+lxc.pty.max ="]);
  deepEqual(difference(change("lxc.net.0", []).text), ["-lxc.net.0.type = veth", "-lxc.net.0.link = br0"]);
});

test("what would make the file wrong is refused, what was wrong before is not", () => {
  deepEqual(change("lxc.tty.max", ["many"]).refused.map(findingLine), [
    'config:6:15: error: lxc.tty.max: expected a whole number from 0 to 4294967295, not "many"',
  ]);
  deepEqual(change("lxc.cap.keep", ["chown"]).refused.map(findingLine), [
    "config:10:16: error: lxc.cap.keep: it excludes lxc.cap.drop; take one of them out",
  ]);
  const broken = change("lxc.uts.name", ["web"], false, "lxc.bogus = 1\n");
  deepEqual([broken.refused, broken.text], [[], "lxc.bogus = 1\nlxc.uts.name = web\n"]);
  deepEqual(change("lxc.bogus", [], false, "lxc.bogus = 1\n").text, "");
});

test("a value that would begin a line of its own is never written (CVE-2026-23953)", () => {
  for (const value of ["a\nlxc.hook.start = /evil", "a\rb", "a\0b"]) {
    throws(() => change("lxc.uts.name", [value]), { message: /a value must not hold a line break or a NUL/ });
    throws(() => change("lxc.environment", [`A=${value}`], true), { code: "config-invalid" });
  }
});
