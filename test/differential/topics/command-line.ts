// Command lines: parsed, refused and explained.

import { describe } from "../../../src/base/errors.ts";
import { flag, later, parseCommand, refusalIn, type Tool, valued } from "../../../src/faces/cli/command.ts";
import { helpFor, usageFor } from "../../../src/faces/cli/help.ts";
import { JsonObject } from "../../../src/faces/cli/json.ts";

const daemon = flag("daemon", "d", "Run it in the background");
const pidFile = valued("pidfile", "FILE", "p", "Write the process's number to FILE");
const shared = later(valued("share-net", "NAME", "", "Share a network namespace"));

const tool: Tool = {
  name: "lxc-x",
  usage: "--name=NAME [-- COMMAND]",
  doc: "Tries things.",
  options: [daemon, pidFile, shared],
  named: true,
  run: () => 0,
};

const LINES: readonly string[] = [
  "-n c1 -d -- ls -l",
  "--name=c1 --pidfile x --pidf=y",
  "c1 -dp file rest",
  "-P /a -P /b c1",
  "--help c1",
  "--nam",
  "--pidfile",
  "--daemon=1 c1",
  "-Z",
  "--share-net=x c1",
  "",
];

export function commandLines(): string[] {
  const lines: string[] = [];
  for (const line of LINES) lines.push(`${line}: ${parsed(line === "" ? [] : line.split(" "))}`);
  return lines.concat(helpFor(tool), usageFor(tool), [json()]);
}

function json(): string {
  const inner = new JsonObject().number("n", -1.5).nothing("none").flag("yes", true);
  return new JsonObject().text('k"', 'a"b\\c\u0001ü\n').texts("list", ["", "/"]).object("inner", inner).encode();
}

function parsed(words: readonly string[]): string {
  try {
    const command = parseCommand(tool, words);
    const args = command.args;
    return `${command.wish} ${args.name} ${args.has(daemon)} ${args.all(pidFile).join("+")} ${args.operands.join("+")}`;
  } catch (caught) {
    const refusal = refusalIn(caught as Error);
    return refusal === undefined ? "another error" : `${refusal.message}; ${describe(refusal.error).join("; ")}`;
  }
}
