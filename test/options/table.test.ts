// Every tool and option, with the test that covers each: the table is printed, its tests must be there, and must use what they are named for.

import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commonOptions, type Option, optionsOf, type Tool } from "../../src/faces/cli/command.ts";
import { helpers } from "../../src/faces/cli/helpers.ts";
import { tools } from "../../src/faces/cli/tools.ts";
import { type LxcOption, lxcOptions, readSpelled } from "./lxc-options.ts";

const ROOT = join(import.meta.dirname, "../..");
const ALL = "all tools";
/** In a row: the tool itself, what it does without any option. */
const ITSELF = "-";
/** What tests are declared by; the second one is for a test in a loop. */
const DECLARED = /^( *)test\(\s*(["'`])((?:\\.|(?!\2).)*)\2/gms;

interface Row {
  readonly tool: string;
  readonly option: string;
  readonly file: string;
  readonly name: string;
  /** Declarations of the same file that the test uses, and that are read with it. */
  readonly uses: readonly string[];
}

/** `tool | option | file | test | declarations`, one a line; # begins a comment. */
function readRows(): Row[] {
  const rows: Row[] = [];
  for (const line of readFileSync(join(import.meta.dirname, "rows.txt"), "utf8").split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [tool = "", option = "", file = "", name = "", uses = ""] = line.split(" | ").map((part) => part.trim());
    rows.push({
      tool,
      option,
      file: `test/${file}.test.ts`,
      name,
      uses: uses.split(" ").filter((each) => each !== ""),
    });
  }
  return rows;
}

const rows = readRows();
const everyTool: readonly Tool[] = [...tools, ...helpers];
const texts = new Map<string, string>();

function textOf(file: string): string {
  const known = texts.get(file) ?? readFileSync(join(ROOT, file), "utf8");
  texts.set(file, known);
  return known;
}

/** From there to the line that closes it: the first one that is indented as the first, begins with a bracket and opens none. */
function blockAt(text: string, at: number, indent: string): string {
  const rest = text.slice(at);
  const end = new RegExp(`^${indent}[)}\\]](?!.*\\{$).*$`, "m").exec(rest);
  return end === null ? rest : rest.slice(0, end.index + end[0].length);
}

/** The source of a test; undefined when there is none of that name. */
function sourceOf(file: string, name: string): string | undefined {
  const text = textOf(file);
  for (const match of text.matchAll(DECLARED)) {
    const found = (match[3] ?? "").replaceAll(/\\(.)/g, "$1");
    if (found === name) return blockAt(text, match.index, match[1] ?? "");
  }
  return undefined;
}

/** The source of a function or constant at top level; undefined when there is none. */
function declaration(file: string, name: string): string | undefined {
  const text = textOf(file);
  const match = new RegExp(`^(?:async )?(?:function|const) ${name}\\b.*$`, "m").exec(text);
  if (match === null) return undefined;
  return match[0].endsWith(";") ? match[0] : blockAt(text, match.index, "");
}

/** All that a row's test says; "" when something of it is not there. */
function wordsOf(row: Row): string {
  const all = [sourceOf(row.file, row.name), ...row.uses.map((name) => declaration(row.file, name))];
  return all.includes(undefined) ? "" : all.join("\n");
}

/** Whether it is written there, long, as its letter, or as a letter among others behind one sign. */
function mentions(words: string, option: Option): boolean {
  if (new RegExp(`--${option.long}(?![\\w-])`).test(words)) return true;
  if (option.short === "") return false;
  return new RegExp(`(?:^|["'\`\\s])-[A-Za-z0-9]*${option.short.replace("?", "\\?")}`, "m").test(words);
}

/** As it is called alone, or as the first word of lxc. */
function namesTool(words: string, tool: string): boolean {
  const command = tool.replace("lxc-", "");
  const ways = [`${tool.replace(".", "\\.")}(?![\\w-])`, `\\blxc ${command}\\b`, `LXC, \\["${command}"`];
  return new RegExp(ways.join("|")).test(words);
}

const findOption = (tool: string, long: string): Option | undefined =>
  tool === ALL
    ? commonOptions.find((option) => `--${option.long}` === long)
    : everyTool.find(({ name }) => name === tool)?.options.find((option) => `--${option.long}` === long);

test("each tool and each option has a row, and each row names one that is there", () => {
  const wanted = [
    ...commonOptions.map((option) => `${ALL} --${option.long}`),
    ...everyTool.flatMap((tool) => [
      `${tool.name} ${ITSELF}`,
      ...tool.options.map((option) => `${tool.name} --${option.long}`),
    ]),
  ];
  const said = rows.map((row) => `${row.tool} ${row.option}`);
  deepEqual({ twice: said.filter((each, at) => said.indexOf(each) !== at) }, { twice: [] });
  deepEqual(
    { missing: wanted.filter((each) => !said.includes(each)), unknown: said.filter((each) => !wanted.includes(each)) },
    { missing: [], unknown: [] },
  );
});

test("each row's test is there, and so is what it uses", () => {
  const missing = rows.filter((row) => wordsOf(row) === "");
  deepEqual(missing, []);
});

test("each row's test uses the tool and the option", () => {
  const silent: string[] = [];
  for (const row of rows) {
    const words = wordsOf(row);
    const option = findOption(row.tool, row.option);
    const isNamed = row.tool === ALL || namesTool(words, row.tool);
    if (!isNamed || (option !== undefined && !mentions(words, option)))
      silent.push(`${row.tool} ${row.option}: ${row.name}`);
  }
  deepEqual(silent, []);
});

/** Ours of the same name; undefined when there is none. */
function ourOption({ tool, long }: LxcOption): Option | undefined {
  if (tool === ALL) return commonOptions.find((option) => option.long === long);
  const found = everyTool.find(({ name }) => name === tool);
  return found === undefined ? undefined : optionsOf(found).find((option) => option.long === long);
}

test("we have each option of LXC's, with its letter and its value, or refuse it for a reason", () => {
  const wrong: string[] = [];
  for (const lxc of lxcOptions()) {
    const own = ourOption(lxc);
    const isSame = own !== undefined && own.short === lxc.short && own.takes === lxc.takes;
    if (!isSame) wrong.push(`${lxc.tool} --${lxc.long}: ${own === undefined ? "not there" : "of another form"}`);
    else if (own.later !== (lxc.refused !== "")) wrong.push(`${lxc.tool} --${lxc.long}: refused and marked differ`);
  }
  deepEqual(wrong, []);
});

test("what we refuse is marked in the list of LXC's options", () => {
  const marked = lxcOptions().filter(({ refused }) => refused !== "");
  const unmarked = everyTool.flatMap((tool) =>
    tool.options
      .filter((option) => option.later && !marked.some((each) => each.tool === tool.name && each.long === option.long))
      .map((option) => `${tool.name} --${option.long}`),
  );
  deepEqual(unmarked, []);
});

/** What LXC's tool says of its options. */
function optionsOfLxc(tool: string): string[] {
  const { stderr } = spawnSync(join("/usr/bin", tool), ["--usage"], { encoding: "utf8" });
  const found = [...stderr.matchAll(/\[(?:-.\|)?(--[a-z-]+)(\[=|=)?/g)];
  return [...new Set(found.map(([, long = "", takes = ""]) => `${long}${takes === "[=" ? "[=]" : takes}`))];
}

const hasLxc = spawnSync("/usr/bin/lxc-ls", ["--version"]).status === 0;

test("the list has every option that the LXC of this host has", {
  skip: hasLxc ? false : "LXC is not installed",
}, () => {
  const list = lxcOptions();
  const missing: string[] = [];
  const names = [...new Set(list.map(({ tool }) => tool))].filter((tool) => existsSync(join("/usr/bin", tool)));
  let count = 0;
  for (const tool of [...names, "lxc-cgroup", "lxc-device", "lxc-freeze", "lxc-unfreeze"]) {
    for (const spelled of optionsOfLxc(tool)) {
      const { long, takes } = readSpelled(spelled);
      const isThere = (each: LxcOption): boolean =>
        (each.tool === tool || each.tool === ALL) && each.long === long && each.takes === takes;
      if (!list.some(isThere)) missing.push(`${tool} ${spelled}`);
      count++;
    }
  }
  deepEqual(missing, []);
  ok(count > 200, `${count} options`);
});

test("the table is printed", () => {
  const width = Math.max(...rows.map((row) => `${row.tool} ${row.option}`.length));
  const counted = rows.filter((row) => row.option !== ITSELF).length;
  for (const row of rows) {
    const option = findOption(row.tool, row.option);
    const what = `${row.tool} ${row.option === ITSELF ? "" : row.option}`.padEnd(width);
    console.log(`${what}  ${option?.later === true ? "refused, " : ""}${row.file}: ${row.name}`);
  }
  console.log(`${everyTool.length} tools, ${counted} options`);
  equal(rows.length, counted + everyTool.length);
});
