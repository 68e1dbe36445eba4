// Completion and manual pages that `npm run build` makes, as a shell and man use them.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, Place, skipWithoutRoot as skip } from "./host.ts";

const SHARE = join(import.meta.dirname, "../../dist/share");
const place = new Place("completion");
after(() => place.remove());

for (const name of ["lxcts-one", "lxcts-two"]) {
  mkdirSync(join(place.lxcpath, name));
  writeFileSync(join(place.lxcpath, name, "config"), "");
}

/** What bash offers after these words, the last of which is being typed. */
function offered(...words: readonly string[]): string[] {
  const script = `
    source ${SHARE}/bash-completion/completions/lxc
    lxc-ls() { command lxc-ls -P "$LXCPATH" "$@"; }
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _lxc_ts
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync("bash", ["-c", script, "bash", ...words], {
    encoding: "utf8",
    env: { ...process.env, PATH: `${BIN}:${process.env["PATH"]}`, LXCPATH: place.lxcpath },
  });
  equal(run.stderr, "");
  return run.stdout.split("\n").filter((line) => line !== "");
}

test("bash offers tools, containers, options and their values", () => {
  deepEqual(offered("lxc", "un"), ["unfreeze", "unshare"]);
  deepEqual(offered("lxc-start", "lxcts-"), ["lxcts-one", "lxcts-two"]);
  deepEqual(offered("lxc", "start", "lxcts-o"), ["lxcts-one"]);
  deepEqual(offered("lxc-net", "sta"), ["start", "status"]);
  deepEqual(offered("lxc-net", "status", "lxcts-o"), ["lxcts-one"]);
  deepEqual(offered("lxc-start", "lxcts-one", "--pid"), ["--pidfile"]);
  deepEqual(offered("lxc-info", "--format", "="), ["table", "json", "ndjson", "csv"]);
  deepEqual(offered("lxc-info", "--format", "=", "j"), ["json"]);
  deepEqual(offered("lxc-wait", "-n", "lxcts-one", "-s", "FRO"), ["FROZEN"]);
  deepEqual(offered("lxc-start", "-s", "lxc.limit.mem"), [
    "lxc.limit.memory=",
    "lxc.limit.memory.swap=",
    "lxc.limit.memory.high=",
  ]);
});

test("bash offers containers in the state that a tool is for, and groups", { skip }, () => {
  place.create("lxcts-runs", "lxc.group = web", "lxc.group = onboot");
  place.create("lxcts-rests", "lxc.group = db web");
  equal(place.ours("lxc-start", "-n", "lxcts-runs").code, 0);
  deepEqual(offered("lxc-stop", "lxcts-r"), ["lxcts-runs"]);
  deepEqual(offered("lxc-freeze", "-n", "lxcts-r"), ["lxcts-runs"]);
  deepEqual(offered("lxc-unfreeze", "lxcts-r"), []);
  deepEqual(offered("lxc-start", "lxcts-r"), ["lxcts-rests"]);
  deepEqual(offered("lxc-start", "--share-net", "lxcts-r"), ["lxcts-rests", "lxcts-runs"]);
  deepEqual(offered("lxc-monitor", "-n", "lxcts-r"), ["lxcts-rests", "lxcts-runs"]);
  deepEqual(offered("lxc-autostart", "-g", ""), ["db", "onboot", "web"]);
  deepEqual(offered("lxc-autostart", "--groups", "=", "onboot,d"), ["onboot,db"]);
  deepEqual(offered("lxc", "autostart", "--sh"), ["--shutdown"]);
});

test("bash offers keys, and the words that a key takes", () => {
  deepEqual(offered("lxc-config", "s"), ["set", "schema"]);
  deepEqual(offered("lxc-config", "get", "lxcts-t"), ["lxcts-two"]);
  deepEqual(offered("lxc-config", "get", "lxcts-two", "lxc.uts"), ["lxc.uts.name"]);
  deepEqual(offered("lxc-config", "set", "lxcts-two", "lxc.net.3.type", "v"), ["veth", "vlan"]);
});

test("zsh reads its completion", () => {
  const run = spawnSync("zsh", ["-n", `${SHARE}/zsh/site-functions/_lxc`], { encoding: "utf8" });
  deepEqual([run.error, run.stderr, run.status], [undefined, "", 0]);
});

test("every tool has a manual page that man formats without a warning, and it names each option", () => {
  const tools = spawnSync(join(BIN, "lxc"), ["--list-tools"], { encoding: "utf8" }).stdout.trim().split("\n");
  const helpers = ["lxc-user-nic", "lxc-user-publish"];
  const pages = [...tools, ...helpers];
  deepEqual(readdirSync(`${SHARE}/man/man1`).sort(), pages.map((tool) => `${tool}.1`).sort());
  for (const helper of helpers) formatted(`${SHARE}/man/man1/${helper}.1`);
  for (const tool of tools) {
    const text = formatted(`${SHARE}/man/man1/${tool}.1`);
    const help = spawnSync(join(BIN, tool), ["--help"], { encoding: "utf8" }).stderr;
    for (const option of help.match(/--[a-z-]+/g) ?? []) ok(text.includes(option), `${tool} ${option}`);
  }
});

test("the manual of a configuration names each key", () => {
  const text = formatted(`${SHARE}/man/man5/lxc.container.conf.5`);
  const schema = JSON.parse(spawnSync(join(BIN, "lxc-config"), ["schema"], { encoding: "utf8" }).stdout) as {
    properties: Record<string, unknown>;
  };
  for (const key of Object.keys(schema.properties)) match(text, new RegExp(`^ +${key.replaceAll(".", "\\.")}$`, "m"));
  for (const file of ["lxc.conf.5", "lxc-usernet.5"]) formatted(`${SHARE}/man/man5/${file}`);
});

test("the schema that is installed is the one that lxc-config prints", () => {
  const run = spawnSync(join(BIN, "lxc-config"), ["schema"], { encoding: "utf8" });
  equal(run.stdout, readFileSync(`${SHARE}/lxc/lxc.container.conf.schema.json`, "utf8"));
});

function formatted(page: string): string {
  const run = spawnSync("groff", ["-man", "-ww", "-Tascii", "-P-c", "-P-b", "-P-u", page], { encoding: "utf8" });
  deepEqual([page, run.error, run.stderr], [page, undefined, ""]);
  return run.stdout;
}
