// Every way in which every tool fails, when JSON is asked for: one object on a line of standard error, and nothing else.

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { BIN, type Outcome, outcomeOf, Place } from "./host.ts";

const place = new Place("json-failures");
const tools = spawnSync(join(BIN, "lxc"), ["--list-tools"], { encoding: "utf8" }).stdout.trim().split("\n");

function run(program: string, words: readonly string[]): Outcome {
  return outcomeOf(spawnSync(join(BIN, program), words, { encoding: "utf8", timeout: 30_000, input: "" }));
}

/** Throws when the failure is not one object with all fields. */
function checkFailure(said: Outcome, command: string): void {
  equal(said.code !== 0 && said.code !== null, true, `${command}: exit code ${said.code}`);
  equal(said.out, "", command);
  const lines = said.err.split("\n");
  deepEqual([lines.length, lines[1]], [2, ""], `${command}: ${said.err}`);
  const failure = JSON.parse(lines[0] ?? "");
  deepEqual(Object.keys(failure), ["error", "tool", "container"], command);
  for (const field of ["code", "doing", "reason", "errno", "hint", "because"]) {
    equal(failure.error[field] !== undefined, true, `${command}: ${field}`);
  }
}

/** How options can be misused, whatever the tool. */
const MISUSES: readonly (readonly string[])[] = [
  ["--nonsense"],
  ["--lxcpath"],
  ["--help=x"],
  ["-%"],
  ["--name=a/b"],
  ["-o", "/no/such/folder/\u0001/../x/log\u0000".replaceAll("\u0000", "")],
];

test("a misused option is an object, from every tool, before and after --format", () => {
  for (const tool of tools) {
    for (const format of ["json", "ndjson"]) {
      for (const words of MISUSES.slice(0, 4)) {
        checkFailure(run(tool, [`--format=${format}`, ...words]), `${tool} --format=${format} ${words.join(" ")}`);
        if (words[0] === "--lxcpath") continue;
        checkFailure(run(tool, [...words, "--format", format]), `${tool} ${words.join(" ")} --format ${format}`);
      }
    }
  }
});

/** Something that cannot be done, for each tool. */
const IMPOSSIBLE: Readonly<Record<string, readonly string[]>> = {
  "lxc-autostart": ["-t", "soon"],
  "lxc-checkconfig": ["--columns=nope"],
  "lxc-config": ["nonsense"],
  "lxc-create": ["-n", "a", "-t", "nonsense"],
  "lxc-doctor": ["nope"],
  "lxc-execute": ["-n", "nope", "--", "true"],
  "lxc-ls": ["--filter=("],
  "lxc-monitor": ["-n", "["],
  "lxc-run": ["nonsense"],
  "lxc-top": ["--once", "-s", "x"],
  "lxc-unshare": ["-s", "UTSNAME"],
  "lxc-update-config": ["-c", "/no/such/file"],
  "lxc-usernsexec": ["-m", "nonsense", "--", "true"],
  "lxc-wait": ["-n", "nope", "-s", "DANCING"],
};

test("so is what cannot be done, from every tool", () => {
  for (const tool of tools) {
    const words = IMPOSSIBLE[tool] ?? ["-n", "nope"];
    const where = ["lxc-checkconfig", "lxc-usernsexec", "lxc-update-config"].includes(tool)
      ? []
      : ["-P", place.lxcpath];
    checkFailure(run(tool, ["--format=json", ...where, ...words]), `${tool} ${words.join(" ")}`);
  }
  place.remove();
});

test("and a tool that there is not, and lxc-config's own command line", () => {
  checkFailure(run("lxc", ["nonsense", "--format=json"]), "lxc nonsense");
  checkFailure(run("lxc-config", ["lxc.nonsense", "--format=json"]), "lxc-config lxc.nonsense");
  checkFailure(run("lxc-config", ["get", "--format=json"]), "lxc-config get");
  checkFailure(run("lxc-config", ["check", "/no/such", "--columns=x", "--format=json"]), "lxc-config check");
  const item = run("lxc-config", ["lxc.lxcpath", "--format=json"]);
  deepEqual([item.code, JSON.parse(item.out).key], [0, "lxc.lxcpath"]);
});

test("a format that is none, or not this tool's, is told as text", () => {
  for (const tool of tools) {
    const said = run(tool, ["-n", "nope", "--format=xml"]);
    deepEqual([said.code, said.err.startsWith(`${tool}: `)], [1, true], `${tool}: ${said.err}`);
  }
});
