// lxc-console: a terminal of a running container on one's own.

import { asLxcError, LxcError } from "../../base/errors.ts";
import type { Container } from "../../container/container.ts";
import { writeAll } from "../../kernel/files.ts";
import { textOf } from "../../kernel/memory.ts";
import { consoleLogOf, stateOf } from "../../lifecycle/command-client.ts";
import { useConsole } from "../../lifecycle/console-use.ts";
import { type Arguments, badValue, flag, quiet, Refusal, refusedBecause, type Tool, valued } from "./command.ts";
import { escapeByteIn, escapeName } from "./escape-key.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print, printError, warn } from "./print.ts";
import { checkRcFile, containerFrom, controlling } from "./target.ts";

const tty = valued("tty", "NUMBER", "t", "Which login terminal, 0 for the console; otherwise the first that is free");
const prefixOption = valued(
  "escape",
  "PREFIX",
  "e",
  "The key in front of q to leave: a letter, with or without ^; otherwise ^a",
);
const printLog = flag("print-log", "", "Print what the console has said, as lxc.console.buffer keeps it, and end");

export const lxcConsole: Tool = {
  name: "lxc-console",
  usage: "--name=NAME [--tty NUMBER]",
  doc: "lxc-console connects to a login terminal, or to the console, of the container NAME",
  options: [tty, prefixOption, printLog],
  named: true,
  run,
};

function run(args: Arguments): number {
  const number = args.number(tty, -1);
  if (args.has(tty) && number < 0) throw badValue(tty, args.text(tty, ""), "no terminal has a number below 0");
  const prefix = args.text(prefixOption, "^a");
  const byte = escapeByteIn(prefix);
  if (byte === undefined) throw badValue(prefixOption, prefix, "it is no letter", "write it as ^b, or b");
  const container = containerFrom(args);
  checkRcFile(args, container);
  if (controlling(container, () => stateOf(container)) === "STOPPED") throw notRunning(container);
  if (args.has(printLog)) return printBuffer(args, container);
  return connect(args, container, number, byte);
}

function connect(args: Arguments, container: Container, number: number, byte: number): number {
  try {
    const ending = useConsole(container, {
      tty: number,
      escape: byte,
      connected: (found) => printError(bannerFor(found, escapeName(byte))),
      unanswered: (found) => tellOfNobody(args, container, found),
    });
    if (ending === "container" && !args.has(quiet)) printError(`\n${container.name} has ended or starts anew\n`);
    return 0;
  } catch (caught) {
    throw refusedBecause("Denied access to tty", `connect to ${container.name}`, asLxcError(caught as Error));
  }
}

/** As in LXC, on standard error, also where nobody asked for messages. */
function bannerFor(number: number, key: string): string {
  return `\nConnected to tty ${number}\nType <${key} q> to exit the console, <${key} ${key}> to enter ${key} itself\n`;
}

/** The terminal is raw. */
function tellOfNobody(args: Arguments, container: Container, number: number): void {
  const where = number === 0 ? "its console" : `tty ${number}`;
  const other = number === 0 ? "" : "lxc-console -t 0 or ";
  const text = `no program of ${container.name} has opened ${where}, so nothing may answer there; try ${other}lxc-attach\r`;
  warn(args, text);
}

/** What is printed goes from the buffer, as for every reader of it. */
function printBuffer(args: Arguments, container: Container): number {
  const bytes = consoleLogOf(container, { read: true, clear: false, mostBytes: 0 });
  if (bytes === undefined) {
    throw new LxcError("unsupported", `print what the console of ${container.name} said`, "it keeps no such buffer", {
      hint: "set lxc.console.buffer.size = auto, or lxc.console.logfile, and start it again",
    });
  }
  if (!isJson(args)) writeAll(1, bytes, "the output");
  else print(`${new JsonObject().text("name", container.name).text("log", textOf(bytes)).encode()}\n`);
  return 0;
}

function notRunning(container: Container): Refusal {
  const hint = `start it: lxc-start -n ${container.name} -P ${container.lxcpath}`;
  const error = new LxcError("wrong-state", `connect to ${container.name}`, "it is not running", { hint });
  return new Refusal(`${container.name} is not running`, error);
}
