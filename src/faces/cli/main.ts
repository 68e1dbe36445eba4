// The one executable. Which tool it is depends on the name it was called by, or on its first word.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { baseName } from "../../base/path.ts";
import { exitNow } from "../../kernel/process.ts";
import { protect } from "./caller.ts";
import { isColored, paintedFailure } from "./color.ts";
import { Arguments, type Command, parseCommand, quiet, Refusal, refusalIn, type Tool } from "./command.ts";
import { helpFor, usageFor } from "./help.ts";
import { helpers } from "./helpers.ts";
import { openLog } from "./log-file.ts";
import { asksForJson, formatOf, noRows } from "./output.ts";
import { failureJson, failureLines, printError, printLines } from "./print.ts";
import { tools } from "./tools.ts";
import { COMPATIBLE_WITH } from "./version.ts";

const PREFIX = "lxc-";
const STDERR = 2;

// Everything is written by then; taking the heap down piece by piece would only cost time.
exitNow(main(process.argv[1] ?? "", process.argv.slice(2)));

function main(invokedAs: string, words: readonly string[]): number {
  const called = baseName(`${invokedAs}`);
  const helper = toolNamed(helpers, called);
  if (helper !== undefined) return runTool(helper, words);
  if (called !== "lxc") return called.startsWith(PREFIX) ? runNamed(called.slice(PREFIX.length), words) : explain();
  const first = words[0] ?? "";
  if (first === "--list-tools") {
    printLines(tools.map((tool) => tool.name));
    return 0;
  }
  if (first === "--list-helpers") {
    printLines(helpersToInstall());
    return 0;
  }
  if (first === "--version") {
    printLines([COMPATIBLE_WITH]);
    return 0;
  }
  return first === "" || first === "-h" || first === "--help" ? explain() : runNamed(first, words.slice(1));
}

/** Those that are found by name in a folder of their own, where LXC has lxc-net, too; init.lxc is given to a container, and found nowhere. */
function helpersToInstall(): string[] {
  const names = helpers.map((helper) => helper.name).filter((each): boolean => each.startsWith(PREFIX));
  return names.concat(["lxc-net"]);
}

function toolNamed(all: readonly Tool[], name: string): Tool | undefined {
  for (let i = 0; i < all.length; i++) if (all[i]!.name === name) return all[i]!;
  return undefined;
}

function runNamed(command: string, words: readonly string[]): number {
  const tool = toolNamed(tools, PREFIX + command);
  if (tool === undefined) {
    const message = `Unsupported command '${command}'`;
    if (!asksForJson(words)) printError(`${message}\n${knownCommands()}`);
    else printError(`${failureJson("lxc", "", message, unknownCommand(command))}\n`);
    return 1;
  }
  return runTool(tool, words);
}

function unknownCommand(command: string): LxcError {
  const hint = `the commands are ${tools.map((tool) => tool.name.slice(PREFIX.length)).join(", ")}`;
  return new LxcError("not-found", `run lxc ${command}`, "there is no such command", { hint });
}

function runTool(tool: Tool, words: readonly string[]): number {
  let args = new Arguments(tool.name);
  try {
    if (tool.entersContainers === true) protect();
    const answered = tool.asLxc?.(words);
    if (answered !== undefined) return answered;
    const wanted = parseCommand(tool, words);
    args = wanted.args;
    if (wanted.wish !== "run") return answer(tool, wanted);
    // Before anything is done that could not be told in that format.
    checkFormat(tool, args);
    args.log = openLog(args) ?? args.log;
    args.log.debug("cli", `${tool.name} ${words.join(" ")}`);
    return tool.run(args);
  } catch (caught) {
    return fail(args, words, refusalIn(caught as Error) ?? new Refusal("", asLxcError(caught as Error)));
  }
}

function tellFailure(lines: string[]): void {
  if (isColored(STDERR)) lines[0] = paintedFailure(lines[0] ?? "");
  printError(`${lines.join("\n")}\n`);
}

function checkFormat(tool: Tool, args: Arguments): void {
  if (formatOf(args) === "csv" && tool.rows !== true) throw noRows(tool.name);
}

/** Prints what went wrong, and returns the exit code. */
function fail(args: Arguments, words: readonly string[], refusal: Refusal): number {
  const { message, error } = refusal;
  args.log.error(
    "cli",
    failureLines(args.tool, message, error)
      .join("\n")
      .slice(args.tool.length + 2),
  );
  if (asksForJson(words)) printError(`${failureJson(args.tool, args.name, message, error)}\n`);
  else if (!args.has(quiet)) tellFailure(failureLines(args.tool, message, error));
  return refusal.exitCode;
}

/** As in LXC, help and usage go to standard error. */
function answer(tool: Tool, wanted: Command): number {
  if (wanted.wish === "version") printLines([COMPATIBLE_WITH]);
  else printError(`${(wanted.wish === "help" ? helpFor(tool) : usageFor(tool)).join("\n")}\n`);
  if (wanted.wish === "help") tool.moreHelp?.(wanted.args);
  return 0;
}

function explain(): number {
  printError(`The first word says what to do, as in \`lxc ls\`; so does the name \`lxc-ls\`.\n\n${knownCommands()}`);
  return 1;
}

function knownCommands(): string {
  return `Known commands:\n${tools.map((tool) => `${tool.name.slice(PREFIX.length)} `).join("")}\n`;
}
