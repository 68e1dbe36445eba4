// The tools as a person or a script meets them: output, exit codes, and LXC's words where scripts match on them.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("cli-tools");
const work = place.lxcpath;

/** Without any container path. */
function run(tool: string, ...words: readonly string[]): Outcome {
  return outcomeOf(spawnSync(join(BIN, tool), words, { encoding: "utf8" }));
}

/** With the container path of these tests. */
function here(tool: string, ...words: readonly string[]): Outcome {
  return run(tool, "-P", work, ...words);
}

before(() => {
  if (skip !== false) return;
  equal(here("lxc-create", "-n", "box", "-t", "busybox", "-f", "/dev/null").code, 0);
  equal(here("lxc-create", "-n", "bare", "-t", "none", "-f", "/dev/null").code, 0);
});

after(() => {
  place.remove();
});

test("an unknown command names the known ones, as in LXC 7", () => {
  const said = run("../lxc", "nonsense");
  deepEqual([said.code, said.err.split("\n").slice(0, 2)], [1, ["Unsupported command 'nonsense'", "Known commands:"]]);
});

test("--help and --usage go to standard error, --version to standard output", () => {
  const said = ["--help", "--usage", "--version"].map((word) => run("lxc-info", word));
  deepEqual(
    said.map((each) => [each.code, each.out, each.err.split(" ")[0]]),
    [
      [0, "", "Usage:"],
      [0, "", "Usage:"],
      [0, "7.0.0\n", ""],
    ],
  );
});

test("a name that is none says so before anything else", () => {
  deepEqual(
    [run("lxc-info"), here("lxc-info", "nope"), here("lxc-start", "nope"), here("lxc-stop", "nope")].map((each) => [
      each.code,
      each.err.split("\n")[0],
    ]),
    [
      [1, "lxc-info: No container name specified"],
      [1, "lxc-info: nope doesn't exist"],
      [1, "lxc-start: No container config specified"],
      [2, "lxc-stop: nope is not running"],
    ],
  );
});

test("lxc-stop judges its options before it looks for the container", () => {
  deepEqual(
    [["-t", "-5"], ["-k", "--nokill"], ["-k", "-r"], ["-k", "-t", "5"], ["--nolock"]].map((words) => {
      const said = here("lxc-stop", "nope", ...words);
      return [said.code, said.err.split("\n")[0]];
    }),
    [
      [1, "lxc-stop: Invalid timeout"],
      [1, "lxc-stop: -k can't be used with --nokill"],
      [1, "lxc-stop: -k can't be used with -r"],
      [1, "lxc-stop: -k doesn't allow timeouts"],
      [1, "lxc-stop: --nolock may only be used with -k"],
    ],
  );
});

test("what LXC has and we do not is refused by name", () => {
  const said = here("lxc-create", "-n", "nope", "-t", "none", "--fssize=1G");
  deepEqual([said.code, said.err.split("\n")[0]], [1, "lxc-create: --fssize is not there yet"]);
});

test("a failure as JSON is one object on standard error", () => {
  const said = here("lxc-info", "nope", "--format=json");
  const failure = JSON.parse(said.err);
  deepEqual(
    [said.code, said.out, failure.tool, failure.container, failure.error.code],
    [1, "", "lxc-info", "nope", "not-found"],
  );
});

test("the log has LXC's line format", { skip }, () => {
  const file = join(work, "log");
  here("lxc-stop", "bare", "-o", file);
  match(readFileSync(file, "utf8"), /^lxc-stop bare \d{14}\.\d{3} ERROR {4}cli - \S+:\S+:\d+ - bare is not running/);
});

test("a list has names of equal width, and a table blanks at the end of each line", { skip }, () => {
  deepEqual(
    [here("lxc-ls").out, here("lxc-ls", "-1").out, here("lxc-ls", "-f", "-F", "NAME,STATE").out],
    ["bare\nbox \n", "bare\nbox\n", "NAME STATE   \nbare STOPPED \nbox  STOPPED \n"],
  );
  deepEqual([here("lxc-ls", "--filter", "^b[[:alpha:]]x$").out, here("lxc-ls", "--active").out], ["box\n", ""]);
  deepEqual([here("lxc-ls", "--filter", "(").code, here("lxc-ls", "-f", "-F", "FOO").code], [1, 1]);
});

test("a life: started, asked, entered, frozen, thawed, stopped", { skip }, () => {
  const codes = [
    here("lxc-start", "box"),
    here("lxc-start", "box"),
    here("lxc-wait", "box", "-s", "RUNNING", "-t", "5"),
    here("lxc-attach", "box", "--", "sh", "-c", "exit 3"),
    here("lxc-attach", "box", "--", "nonsense"),
    here("lxc-freeze", "box"),
    here("lxc-wait", "box", "-s", "RUNNING", "-t", "0"),
    here("lxc-unfreeze", "box"),
    here("lxc-destroy", "box"),
  ].map((each) => each.code);
  deepEqual(codes, [0, 0, 0, 3, 127, 0, 1, 0, 1]);
  equal(here("lxc-info", "-sH", "box").out, "RUNNING\n");
  match(
    here("lxc-info", "box").out,
    /^Name: {11}box\nState: {10}RUNNING\nPID: {12}\d+\nCPU use: {8}\d+\.\d\d seconds\n/,
  );
  deepEqual([here("lxc-stop", "-k", "box").code, here("lxc-stop", "box").code], [0, 2]);
});

test("lxc-execute returns the program's exit code", { skip }, () => {
  const said = here("lxc-execute", "box", "--", "sh", "-c", "echo in; exit 5");
  deepEqual([said.code, said.out], [5, "in\n"]);
});

test("lxc-unshare gives a program its own namespaces", { skip }, () => {
  const said = run(
    "lxc-unshare",
    "-s",
    "UTSNAME|PID|MOUNT",
    "-M",
    "-H",
    "inside",
    "--",
    "sh",
    "-c",
    "hostname; echo $$",
  );
  deepEqual([said.code, said.out], [0, "inside\n1\n"]);
  deepEqual(
    [run("lxc-unshare", "-s", "PID", "--", "sh", "-c", "exit 7").code, run("lxc-unshare", "-s", "NETWORK").code],
    [1, 1],
  );
});
