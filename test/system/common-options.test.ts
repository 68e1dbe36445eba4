// The options that all tools have, with every tool: help, usage, version, misuse, a name that is missing, silence and the log.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { optionsOf, type Tool } from "../../src/faces/cli/command.ts";
import { helpers } from "../../src/faces/cli/helpers.ts";
import { tools } from "../../src/faces/cli/tools.ts";
import { BIN, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("common");
/** The one executable under every name that it has. */
const programs = join(place.folder, "programs");
const everyTool: readonly Tool[] = [...tools, ...helpers];
/** LXC's has a command line of its own, without options. */
const OWN_COMMAND_LINE = "lxc-config";

before(() => {
  spawnSync("mkdir", [programs]);
  for (const { name } of everyTool) symlinkSync(join(BIN, "../lxc"), join(programs, name));
  if (skip === false) place.create("lxcts-common");
});
after(() => place.remove());

function run(tool: Tool, ...words: readonly string[]): Outcome {
  return outcomeOf(spawnSync(join(programs, tool.name), words, { encoding: "utf8", timeout: 20_000, input: "" }));
}

/** Those that are about one container. */
const named = tools.filter((tool) => tool.named);

test("--help, -h and -? explain each option of every tool, on standard error", () => {
  for (const tool of everyTool.filter(({ name }) => name !== OWN_COMMAND_LINE)) {
    const [long, letter, sign] = ["--help", "-h", "-?"].map((word) => run(tool, word));
    deepEqual([long?.code, long?.out], [0, ""], tool.name);
    deepEqual([letter, sign], [long, long], tool.name);
    for (const option of optionsOf(tool)) ok(long?.err.includes(`--${option.long}`), `${tool.name} --${option.long}`);
    ok(long?.err.startsWith(`Usage: ${tool.name} `), tool.name);
  }
});

test("--usage names each option of every tool, on standard error", () => {
  for (const tool of everyTool) {
    const said = run(tool, "--usage");
    deepEqual([said.code, said.out], [0, ""], tool.name);
    const found = [...said.err.matchAll(/--([a-z-]+)/g)].map((each) => each[1]);
    deepEqual(
      found,
      optionsOf(tool).map((option) => option.long),
      tool.name,
    );
  }
});

test("--version is one line on standard output, before anything else is judged", () => {
  for (const tool of everyTool) deepEqual(run(tool, "--version", "--nonsense"), { code: 0, out: "7.0.0\n", err: "" });
});

test("an option that there is not, or without its value, is named, and nothing is done", () => {
  for (const tool of everyTool) {
    for (const [words, message] of [
      [["--nonsense"], "unrecognized option '--nonsense'"],
      [["-%"], "invalid option -- '%'"],
      [["--help=x"], "option '--help' doesn't allow an argument"],
      [["--logfile"], "option '--logfile' requires an argument"],
      [["-o"], "option requires an argument -- 'o'"],
    ] as const) {
      const said = run(tool, ...words);
      deepEqual([said.code, said.out, said.err.split("\n")[0]], [1, "", `${tool.name}: ${message}`]);
    }
  }
});

test("a name is the first word, or that of -n or --name, and without one every tool says so", { skip }, () => {
  for (const tool of named) {
    const said = run(tool, "-P", place.lxcpath);
    deepEqual([said.code, said.out, said.err.split("\n")[0]], [1, "", `${tool.name}: No container name specified`]);
  }
  const info = tools.find(({ name }) => name === "lxc-info");
  ok(info !== undefined);
  const ways = [
    ["lxcts-common"],
    ["-n", "lxcts-common"],
    ["-nlxcts-common"],
    ["--name", "lxcts-common"],
    ["--na=lxcts-common"],
  ];
  for (const way of ways) equal(run(info, "-P", place.lxcpath, "-sH", ...way).out, "STOPPED\n", way.join(" "));
});

/** Words with which a tool fails for a container that is not there. */
const FAILING: Readonly<Record<string, readonly string[]>> = {
  "lxc-checkpoint": ["-D", "/x"],
  "lxc-cgroup": ["pids.current"],
  "lxc-copy": ["-N", "x"],
  "lxc-create": ["-t", "lxcts-nothing"],
  "lxc-execute": ["--", "true"],
  "lxc-wait": ["-s", "RUNNING", "-t", "0"],
};

test("-P and --lxcpath say where the containers are, and only lxc-monitor takes two", { skip }, () => {
  for (const tool of named) {
    const said = run(
      tool,
      "-P",
      place.lxcpath,
      "--lxcpath",
      "/tmp",
      "-n",
      "lxcts-nobody",
      ...(FAILING[tool.name] ?? []),
    );
    equal(said.code, 1, tool.name);
    match(said.err, /^\S+: This command only accepts 1 -P,--lxcpath arguments/, tool.name);
  }
  const ls = tools.find(({ name }) => name === "lxc-ls");
  ok(ls !== undefined);
  for (const way of [["-P", `${place.lxcpath}//`], [`--lxcpath=${place.lxcpath}`]])
    equal(run(ls, ...way).out, "lxcts-common\n");
});

test("-q and --quiet leave the exit code alone", { skip }, () => {
  for (const tool of named) {
    const words = ["-P", place.lxcpath, "-n", "lxcts-nobody", ...(FAILING[tool.name] ?? [])];
    const loud = run(tool, ...words);
    if (tool.name !== "lxc-unfreeze") equal(loud.code !== 0 && loud.err !== "", true, `${tool.name}: ${loud.err}`);
    for (const quiet of ["-q", "--quiet"]) {
      deepEqual(run(tool, quiet, ...words), { code: loud.code, out: loud.out, err: "" }, tool.name);
    }
  }
});

test("-o and --logfile get what happens in LXC's lines, as much as -l or --logpriority says", { skip }, () => {
  const file = join(place.folder, "log");
  for (const tool of named) {
    const words = ["-P", place.lxcpath, "-n", "lxcts-nobody", ...(FAILING[tool.name] ?? [])];
    const levels = (...options: readonly string[]): string[] => {
      rmSync(file, { force: true });
      writeFileSync(file, "");
      run(tool, ...options, ...words);
      const lines = readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => / \d{14}\.\d{3} /.test(line));
      for (const line of lines)
        match(line, /^lxc-[a-z]+ lxcts-nobody \d{14}\.\d{3} [A-Z]+ +[\w-]+ - \S+:\S+:\d+ - /, tool.name);
      return [...new Set(lines.map((line) => line.split(/ +/)[3] ?? ""))];
    };
    deepEqual(levels("-o", file), ["ERROR"], tool.name);
    ok(levels(`--logfile=${file}`, "-l", "DEBUG").includes("DEBUG"), tool.name);
    deepEqual(levels("-o", file, "--logpriority=FATAL"), [], tool.name);
  }
});
