// Every tool beside LXC's own, with the same words about the same containers: output, exit code, and what LXC says of a failure.

import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, monitorPid, type Outcome, outcomeOf, Place, skipWithoutRoot } from "../system/host.ts";

const hasLxc = spawnSync("/usr/bin/lxc-start", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";
const place = new Place("compat-tools");
const PREFIX = "lxcts-tools-";
/** Those that know no container path. */
const WITHOUT_PATH = ["lxc-config", "lxc-unshare", "lxc-update-config"];
/** One of LXC's waits for ever. */
const PATIENCE_MS = 1500;

type Part = "code" | "out" | "err";

/** What may differ: in which parts, and the words of docs/differences.md that give the reason. */
const differences: Readonly<Record<string, readonly [string, ...Part[]]>> = {
  "autostart-prefix": ["`lxc-autostart -s`, a name that begins with another's", "out"],
  "attach-stopped": ["`lxc-attach` to a container that does not run", "err"],
  "config-help": ["`lxc-config` without words, `--usage`", "out"],
  "config-list": ["`lxc-config -l`", "out"],
  "config-usage": ["`lxc-config` without words, `--usage`", "code", "out", "err"],
  "execute-define": ["`lxc-execute -s` without a sign of equality", "code", "err"],
  "execute-running": ["`lxc-execute` of a container that runs", "err"],
  "execute-nothing": ["`lxc-execute` without a command", "code", "err"],
  "ls-column": ["`lxc-ls -F` with a word that is no column", "code"],
  "ls-filter": ["`lxc-ls --filter` that is no expression", "code", "err"],
  "ls-words": ["`lxc-ls` with several words", "err"],
  "top-batch": ["`lxc-top -b` without a terminal", "code", "out", "err"],
  "unshare-wait": ["`lxc-unshare` of a program that fails", "err"],
  "wait-number": ["`lxc-wait -t` that is no number", "code", "err"],
  "wait-zero": ["`lxc-wait -t 0`", "code", "err"],
  "words-first": ["`lxc-create` of a container that is there", "err"],
  define: ["`-s KEY=VALUE` with a key that there is not", "err"],
  escape: ["`lxc-console -e B`, `-e abc`, `-e ^`", "err"],
  exec: ["a program that cannot be run", "err"],
  misuse: ["a misused option", "err"],
  refused: ["`lxc-create`, `lxc-copy`: an option of a storage backend", "err"],
  silent: ["a failure of which LXC says nothing", "err"],
  start: ["a start that fails", "err"],
  version: ["`--version`", "out"],
};

/** What runs has a monitor of ours, or one of LXC's: each family of tools is tried on both. */
const states: Readonly<Record<string, readonly string[]>> = {
  n: ["none"],
  s: ["stopped"],
  r: ["running", "running-theirs"],
  f: ["frozen", "frozen-theirs"],
};

before(() => {
  if (skip !== false) return;
  place.create(`${PREFIX}stopped`, "lxc.net.0.type = empty");
  for (const state of ["running", "frozen"]) {
    for (const name of [PREFIX + state, `${PREFIX}${state}-theirs`]) place.create(name, "lxc.net.0.type = empty");
    equal(place.ours("lxc-start", "-n", PREFIX + state).code, 0);
    equal(place.theirs("lxc-start", "-n", `${PREFIX}${state}-theirs`).code, 0);
  }
  equal(place.ours("lxc-freeze", "-n", `${PREFIX}frozen`).code, 0);
  equal(place.theirs("lxc-freeze", "-n", `${PREFIX}frozen-theirs`).code, 0);
});
after(() => {
  place.remove();
  // LXC's locks stay.
  rmSync(join("/run/lxc/lock", place.folder), { recursive: true, force: true });
});

/** Under the name of the tool alone, for LXC's getopt says what it was called. */
function run(folder: string, words: readonly string[]): Outcome {
  const [tool = "", ...rest] = words;
  const path = WITHOUT_PATH.includes(tool) || rest.includes("-P") ? [] : ["-P", place.lxcpath];
  const all = tool === "lxc-unshare" || path.length === 0 ? rest : [...path, ...rest];
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const options = {
    encoding: "utf8" as const,
    argv0: tool,
    stdio,
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL" as const,
  };
  return outcomeOf(spawnSync(join(folder, tool), all, options));
}

/** What LXC says, without the program, the container and the place in its source. */
function messagesOf(err: string): string[] {
  const lines = err.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => line.replace(/^\S+: (?:\S+: )?\S+\.c: \w+: \d+ /, "").replace(/^[\w.-]+: /, ""));
}

/** In which parts the two differ. LXC's last words, or its first where the whole help follows them, must be among ours. */
function differing(ours: Outcome, theirs: Outcome): Part[] {
  const parts: Part[] = [];
  if (ours.code !== theirs.code) parts.push("code");
  if (ours.out !== theirs.out) parts.push("out");
  const words = messagesOf(theirs.err);
  const last = words.at(-1) ?? "";
  const isSaid = words.length === 0 ? ours.err === "" : ours.err.includes(last);
  const isMisuse = words.some((line) => line === "Common options :");
  if (!isSaid || isMisuse) parts.push("err");
  return parts;
}

interface Case {
  readonly words: string;
  readonly state: string;
  readonly difference: string;
}

function readCases(): Case[] {
  const cases: Case[] = [];
  for (const line of readFileSync(join(import.meta.dirname, "tools.txt"), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [words = "", letters = "", difference = ""] = line.split(" | ").map((part) => part.trim());
    for (const letter of letters) for (const state of states[letter] ?? []) cases.push({ words, state, difference });
  }
  return cases;
}

const cases = readCases();

function wordsOf({ words, state }: Case): string[] {
  const split = words.replaceAll("\\ ", "\0").split(" ");
  return split.map((word) => (word === "N" ? PREFIX + state : word.replaceAll("\0", " ")));
}

const tools = [...new Set(cases.map(({ words }) => words.split(" ")[0] ?? ""))];

/** Until its monitor is gone: LXC's tools are back before that. */
async function settle(name: string): Promise<void> {
  const isHeld = (): boolean => readFileSync("/proc/net/unix", "utf8").includes(`@${place.lxcpath}/${name}/command`);
  ok(await eventually(() => !isHeld() && monitorPid(place, name) === 0), `${name} is still there`);
}

for (const tool of tools) {
  test(`${tool} says and does as LXC's`, { skip }, async () => {
    const wrong: string[] = [];
    for (const each of cases.filter(({ words }) => words.split(" ")[0] === tool)) {
      const words = wordsOf(each);
      const theirs = run("/usr/bin", words);
      if (each.state === "stopped") await settle(PREFIX + each.state);
      const ours = run(BIN, words);
      if (each.state === "stopped") await settle(PREFIX + each.state);
      const expected = each.difference === "" ? [] : (differences[each.difference]?.slice(1) ?? ["no such difference"]);
      const found = differing(ours, theirs);
      if (found.join() !== expected.join()) {
        wrong.push(`${words.join(" ")}: ${found.join()}\n${JSON.stringify(theirs)}\n${JSON.stringify(ours)}`);
      }
    }
    equal(wrong.join("\n\n"), "");
    for (const [name, state] of [
      ["running", "RUNNING"],
      ["frozen", "FROZEN"],
      ["stopped", "STOPPED"],
    ] as const) {
      equal(place.state(PREFIX + name), state, `${tool} changed ${name}`);
    }
  });
}

test("each difference is in docs/differences.md, and is one", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/differences.md"), "utf8");
  const missing = Object.entries(differences).filter(
    ([, [phrase]]) => !text.includes(`| ${phrase} |`) && !text.includes(`| ${phrase}`),
  );
  const unused = Object.keys(differences).filter((name) => !cases.some(({ difference }) => difference === name));
  deepEqual({ missing, unused }, { missing: [], unused: [] });
});

const listed = spawnSync(join(BIN, "lxc"), ["--list-tools"], { encoding: "utf8" }).stdout.trim().split("\n");

test("every tool that LXC has is compared, here or in a file of its own", { skip }, () => {
  const elsewhere = ["lxc-usernsexec", "lxc-checkconfig", "lxc-update-config"];
  const both = listed.filter((tool) => existsSync(join("/usr/bin", tool)));
  deepEqual(
    both.filter((tool) => !tools.includes(tool) && !elsewhere.includes(tool)),
    [],
  );
  equal(both.length, 25);
});

test("a life of the same steps has the same output and exit codes", { skip }, async () => {
  const seen = async (folder: string, name: string): Promise<string[]> => {
    place.create(name, "lxc.net.0.type = empty", "lxc.signal.halt = SIGKILL");
    const said: string[] = [];
    for (const step of [
      "lxc-start N",
      "lxc-start N",
      "lxc-wait N -s RUNNING",
      "lxc-freeze N",
      "lxc-info N -s",
      "lxc-wait N -s FROZEN",
      "lxc-unfreeze N",
      "lxc-info N -s",
      "lxc-info N -ip",
      "lxc-ls --running N",
      "lxc-destroy N",
      "lxc-stop N -t 5",
      "lxc-stop N",
      "lxc-wait N -s STOPPED",
      "lxc-start N -d",
      "lxc-stop N -k",
      "lxc-execute N -d -- sleep 1000",
      "lxc-info N -s",
      "lxc-destroy N -f",
      "lxc-info N",
      "lxc-destroy N",
    ]) {
      const { code, out, err } = run(
        folder,
        step.split(" ").map((word) => (word === "N" ? name : word)),
      );
      const last = (messagesOf(err).find((line) => !line.startsWith("  ")) ?? "").replace(/^cannot .*?: /, "");
      said.push(`${step}: ${code} ${out}${last}`.replaceAll(name, "N").replaceAll(/\d{3,}/g, "PID"));
      if (step.startsWith("lxc-stop")) await settle(name);
    }
    return said;
  };
  deepEqual(await seen(BIN, "lxcts-tools-ours"), await seen("/usr/bin", "lxcts-tools-lxc"));
});

/** The options that a help explains, as `-x, --long`. */
const explained = (help: string): string[] =>
  help.split("\n").flatMap((line) => /^\s+((?:-., )?--[a-z-]+)/.exec(line)?.[1] ?? []);

const applets = listed.filter((tool) => existsSync(join("/usr/bin", tool)) && tool !== "lxc-config");

test("--help has LXC's layout, and explains each option that LXC's explains", { skip }, () => {
  for (const tool of applets.filter(
    (each) => !["lxc-checkconfig", "lxc-update-config", "lxc-usernsexec"].includes(each),
  )) {
    const [ours, theirs] = [run(BIN, [tool, "--help"]), run("/usr/bin", [tool, "--help"])];
    deepEqual([ours.code, ours.out, theirs.code, theirs.out], [0, "", 0, ""], tool);
    const lines = ours.err.split("\n");
    const heads = ["", "Options :", "Common options :", `See the ${tool} man page for further information.`];
    ok(lines[0]?.startsWith(`Usage: ${tool} `) && lines[1] === "" && lines[2] !== "", ours.err);
    deepEqual(
      lines.filter((line, at) => at > 1 && heads.includes(line) && line !== ""),
      heads.slice(1),
      tool,
    );
    const missing = explained(theirs.err).filter((option) => !explained(ours.err).includes(option));
    // LXC writes four options with one word, and two without their letters.
    const odd = ["--share-", "--fancy-format", "--groups"];
    deepEqual(
      missing.filter((option) => !odd.some((each) => option.endsWith(each))),
      [],
      tool,
    );
  }
});

/** The words in brackets, without names of values. */
const bracketed = (usage: string): string[] =>
  [...usage.matchAll(/\[(?:-\D\|)?(?:-\d\|)?(--[a-z-]+)(\[=|=)?/g)].map(
    ([, option, takes = ""]) => `${option}${takes}`,
  );

test("--usage has LXC's layout and LXC's options", { skip }, () => {
  for (const tool of applets.filter(
    (each) => !["lxc-checkconfig", "lxc-update-config", "lxc-usernsexec"].includes(each),
  )) {
    const [ours, theirs] = [run(BIN, [tool, "--usage"]), run("/usr/bin", [tool, "--usage"])];
    deepEqual([ours.code, ours.out, theirs.code, theirs.out], [0, "", 0, ""], tool);
    deepEqual(
      bracketed(theirs.err).filter((option) => !bracketed(ours.err).includes(option)),
      [],
      tool,
    );
    const lines = ours.err.trimEnd().split("\n");
    ok(lines[0]?.startsWith(`Usage: ${tool} [`), ours.err);
    ok(
      lines.slice(1).every((line) => line.startsWith("\t[")),
      ours.err,
    );
    ok(
      lines.slice(0, -1).every((line) => bracketed(line).length === 4),
      ours.err,
    );
  }
});
