// lxc-checkconfig on this host: what it has is enabled, what is taken away is missed, and each lack has a fix.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, type Outcome, outcomeOf } from "./host.ts";

const folder = mkdtempSync(join(tmpdir(), "lxcts-checkconfig-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Item {
  readonly section: string;
  readonly item: string;
  readonly status: string;
  readonly detail: string;
  readonly fix: string;
}

function run(environment: NodeJS.ProcessEnv, ...words: readonly string[]): Outcome {
  const env = { PATH: process.env["PATH"], ...environment };
  return outcomeOf(spawnSync(join(BIN, "lxc-checkconfig"), words, { encoding: "utf8", env }));
}

function items(environment: NodeJS.ProcessEnv): Item[] {
  const said = run(environment, "--format=json");
  equal(said.code, 0, said.err);
  return JSON.parse(said.out) as Item[];
}

/** The lines of an item, and those that belong to it. */
function linesOf(text: string, item: string): string[] {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`${item}: `));
  return lines.slice(at, at + 2);
}

test("the namespaces of this host are enabled, in LXC's layout", () => {
  const said = run({});
  equal(said.code, 0, said.err);
  match(said.out, /^LXC version 7\.0\.0\n/);
  match(said.out, /\n\n--- Namespaces ---\nNamespaces: enabled\nUtsname namespace: enabled\nIpc namespace: enabled\n/);
  for (const section of ["Control groups", "Misc", "Checkpoint/Restore"])
    match(said.out, new RegExp(`\n--- ${section} ---\n`));
  match(said.out, /\nCgroup v1 mount points: \n( - \/.*\n)*Cgroup v2 mount points: \n/);
  equal(said.out.includes("\x1b"), false);
});

test("every item that LXC's script calls enabled is so here", (t) => {
  const theirs = spawnSync("/usr/bin/lxc-checkconfig", { encoding: "utf8" });
  if (theirs.status !== 0) return t.skip("LXC's own is not installed, or finds no kernel configuration");
  const ours = new Map(items({}).map((item) => [item.item, item.status]));
  for (const line of theirs.stdout.split("\n")) {
    const [item = "", status = ""] = line.split(": ");
    if (status.startsWith("enabled")) equal(ours.get(item), "enabled", item);
  }
});

test("the JSON has the five fields, and a fix for whatever is missing", () => {
  for (const item of items({})) {
    deepEqual(Object.keys(item), ["section", "item", "status", "detail", "fix"]);
    if (item.status === "required") match(item.fix, /./);
  }
});

test("without gzip and newuidmap in PATH the kernel itself is asked, and the fix is named", () => {
  const said = run({ PATH: folder });
  equal(said.code, 0, said.err);
  match(said.out, /\nPid namespace: enabled\n/);
  const [line = "", fix = ""] = linesOf(said.out, "newuidmap");
  equal(line, "newuidmap: missing, newuidmap is not installed");
  match(fix, /^ {2}fix: .*(uidmap|shadow)/);
});

test("a configuration that is named is asked alone, packed or not", () => {
  const plain = join(folder, "config");
  writeFileSync(plain, "CONFIG_NAMESPACES=y\nCONFIG_VETH=m\n");
  spawnSync("gzip", ["-k", plain]);
  for (const file of [plain, `${plain}.gz`]) {
    const said = run({ CONFIG: file });
    match(said.out, /\nNamespaces: enabled\n/);
    match(said.out, /\nPid namespace: required\n {2}fix: boot a kernel with CONFIG_PID_NS=y\n/);
    match(said.out, /\nVeth pair device: enabled\n/);
  }
});

test("one that is not there is said, and another one searched", () => {
  match(
    run({ CONFIG: join(folder, "nope") }).out,
    /\nKernel configuration not found at \/\S+\/nope; searching\.\.\.\n/,
  );
});
