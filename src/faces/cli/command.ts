// What a tool is on the command line, and reading its words as getopt_long(3) of GNU does. One table drives parsing and --help.

import { LxcError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { nearest, wholeNumberIn } from "../../base/text.ts";

export interface Option {
  readonly long: string;
  /** One letter, or empty. */
  readonly short: string;
  /** Whether a value follows; `maybe` takes one only in the same word. */
  readonly takes: "nothing" | "value" | "maybe";
  /** What the value is called in --help. */
  readonly value: string;
  readonly doc: string;
  /** LXC has it, we do not yet: shown in --help, and refused when used. */
  readonly later: boolean;
}

export function flag(long: string, short: string, doc: string): Option {
  return { long, short, takes: "nothing", value: "", doc, later: false };
}

/** `value` is what the value is called in --help, such as FILE. */
export function valued(long: string, value: string, short: string, doc: string): Option {
  return { long, short, takes: "value", value, doc, later: false };
}

export function later(option: Option): Option {
  const { long, short, takes, value, doc } = option;
  return { long, short, takes, value, doc, later: true };
}

export interface Tool {
  readonly name: string;
  /** What follows the tool's name in `Usage:`. */
  readonly usage: string;
  readonly doc: string;
  readonly options: readonly Option[];
  /** Whether the first operand is the container, when -n does not say. */
  readonly named: boolean;
  /** Whether it lists or shows, so that it has --columns and prints csv. */
  readonly rows?: boolean;
  /** Whether it has nothing to do with containers, so that it does not have the options that say which. */
  readonly isForHost?: boolean;
  /** Whether its own processes go into containers: then it goes on as a program that is out of their reach, before all else. */
  readonly entersContainers?: boolean;
  /** Answers words that LXC's tool reads in another way than getopt; undefined leaves them to the options. */
  readonly asLxc?: (words: readonly string[]) => number | undefined;
  /** Prints what --help tells beyond the options. */
  readonly moreHelp?: (args: Arguments) => void;
  /** Returns the exit code. */
  readonly run: (args: Arguments) => number;
}

interface Given {
  readonly long: string;
  readonly value: string;
}

/** A failure whose first line is LXC's own, because scripts match on it. */
export class Refusal extends Error {
  readonly error: LxcError;
  readonly exitCode: number;

  constructor(headline: string, error: LxcError, exitCode = 1) {
    super(headline);
    this.name = "Refusal";
    this.error = error;
    this.exitCode = exitCode;
  }
}

/** LXC's words first, and what really went wrong below. */
export function refusedBecause(headline: string, doing: string, error: LxcError, exitCode = 1): Refusal {
  const { code, errno } = error;
  return new Refusal(headline, new LxcError(code, doing, headline, { errno, because: error }), exitCode);
}

/** What a catch clause got, if it is a Refusal. */
export function refusalIn(caught: Error): Refusal | undefined {
  return caught instanceof Refusal ? caught : undefined;
}

/** What the user gave, looked up by the option itself. */
export class Arguments {
  readonly tool: string;
  /** The container's name; empty when the tool has none. */
  name = "";
  /** What is left after options and the container's name. */
  operands: string[] = [];
  /** How many of the operands stand before `--`, the container's name not among them. */
  before = 0;
  /** Where what happens is written. */
  log: Log = silentLog();
  readonly #given: Given[] = [];

  constructor(tool: string) {
    this.tool = tool;
  }

  add(option: Option, value: string): void {
    this.#given.push({ long: option.long, value });
  }

  has(option: Option): boolean {
    const given = this.#given;
    const long = option.long;
    for (let i = 0; i < given.length; i++) if (given[i]!.long === long) return true;
    return false;
  }

  /** The last value given. */
  text(option: Option, otherwise: string): string {
    const given = this.#given;
    const long = option.long;
    for (let i = given.length - 1; i >= 0; i--) if (given[i]!.long === long) return given[i]!.value;
    return otherwise;
  }

  /** Every value given, in order. */
  all(option: Option): string[] {
    const found: string[] = [];
    for (const given of this.#given) if (given.long === option.long) found.push(given.value);
    return found;
  }

  /** Whether `on` was given, and not `off` after it; `otherwise` when neither was. */
  isOn(on: Option, off: Option, otherwise: boolean): boolean {
    let is = otherwise;
    for (const given of this.#given) {
      if (given.long === on.long) is = true;
      if (given.long === off.long) is = false;
    }
    return is;
  }

  /** A whole number. Throws when it is none. */
  number(option: Option, otherwise: number): number {
    if (!this.has(option)) return otherwise;
    const text = this.text(option, "");
    const number = wholeNumberIn(text);
    if (number === undefined) throw badValue(option, text, "it is not a whole number");
    return number;
  }
}

/** LXC's words for a value it could not read. */
export const COULD_NOT_PARSE = "could not parse command line";

/** The same, with what is wrong below. */
export function badValue(option: Option, text: string, problem: string, hint = ""): Refusal {
  const error = new LxcError("config-invalid", `use "${text}" for --${option.long}`, problem, { hint });
  return new Refusal(
    COULD_NOT_PARSE,
    new LxcError("config-invalid", "read the command line", `--${option.long} is wrong`, { because: error }),
  );
}

export const name = valued("name", "NAME", "n", "Name of the container");
export const help = flag("help", "?", "Show this text");
export const usage = flag("usage", "", "Show the options only");
export const version = flag("version", "", "Show the version of LXC that this is compatible with");
export const quiet = flag("quiet", "q", "Print no messages");
export const logFile = valued("logfile", "FILE", "o", "Append what happens to FILE");
export const logPriority = valued(
  "logpriority",
  "LEVEL",
  "l",
  "How much to log: TRACE, DEBUG, INFO, NOTICE, WARN, ERROR",
);
export const lxcpath = valued("lxcpath", "PATH", "P", "Where the containers are");
export const rcFile = valued("rcfile", "FILE", "", "Read FILE instead of the container's configuration");
/** For tools that have no use for it, and take it as in LXC. */
export const unusedRcFile = valued("rcfile", "FILE", "", "Without an effect, as in LXC");
/** The namespaces that a new container can take from another one. */
export const shareOptions: readonly Option[] = [
  valued("share-net", "NAME", "", "Share the network of a container or process"),
  valued("share-ipc", "NAME", "", "Share the IPC namespace of a container or process"),
  valued("share-uts", "NAME", "", "Share the host name of a container or process"),
  valued("share-pid", "NAME", "", "Share the process ids of a container or process"),
];
export const format = valued("format", "FORMAT", "", "Print a table, json, ndjson or csv");
export const columns = valued("columns", "COLUMNS", "", "Print these columns, with commas between");

/** LXC's, in its order; -h is one more letter for --help. */
export const commonOptions: readonly Option[] = [
  name,
  help,
  usage,
  version,
  quiet,
  logFile,
  logPriority,
  lxcpath,
  rcFile,
  format,
  columns,
];

/** The tool's options and the common ones it does not have itself. */
export function optionsOf(tool: Tool): Option[] {
  const options = tool.options.slice();
  const common = commonOptionsOf(tool);
  for (let i = 0; i < common.length; i++) options.push(common[i]!);
  return options;
}

/** The common options that the tool does not have in another form. */
export function commonOptionsOf(tool: Tool): Option[] {
  return commonOptions.filter((option): boolean => isCommonIn(tool, option.long));
}

function isCommonIn(tool: Tool, long: string): boolean {
  if (tool.isForHost === true && (long === "name" || long === "lxcpath" || long === "rcfile")) return false;
  return (tool.rows === true || long !== "columns") && withLong(tool.options, long) === undefined;
}

function withLong(options: readonly Option[], long: string): Option | undefined {
  for (const option of options) if (option.long === long) return option;
  return undefined;
}

function withShort(options: readonly Option[], short: string): Option | undefined {
  for (const option of options) if (option.short === short) return option;
  return undefined;
}

/** What the words ask for: to run, or one of the options that end it all where they stand. */
export type Wish = "run" | "help" | "usage" | "version";

export interface Command {
  readonly wish: Wish;
  readonly args: Arguments;
}

/** Reads the words of a command line. Throws a Refusal with getopt's own message when it cannot. */
export function parseCommand(tool: Tool, words: readonly string[]): Command {
  const args = new Arguments(tool.name);
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? "";
    at++;
    if (word === "--") {
      args.before = args.operands.length;
      args.operands = args.operands.concat(words.slice(at));
      takeName(tool, args);
      return { wish: "run", args };
    }
    if (word === "-" || !word.startsWith("-")) args.operands.push(word);
    else if (word.startsWith("--")) at += readLong(tool, args, word, words[at]);
    else at += readShort(tool, args, word, words[at]);
    const wish = wishOf(args);
    if (wish !== "run") return { wish, args };
  }
  args.before = args.operands.length;
  takeName(tool, args);
  return { wish: "run", args };
}

function wishOf(args: Arguments): Wish {
  if (args.has(help)) return "help";
  if (args.has(usage)) return "usage";
  return args.has(version) ? "version" : "run";
}

/** Returns how many of the following words it took. */
function readLong(tool: Tool, args: Arguments, word: string, next: string | undefined): number {
  const equals = word.indexOf("=");
  const typed = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const option = longOption(tool, typed);
  if (option.takes === "nothing") {
    if (equals >= 0) throw misuse(args.tool, `option '--${option.long}' doesn't allow an argument`, "");
    give(args, option, "");
    return 0;
  }
  if (equals >= 0 || option.takes === "maybe") {
    give(args, option, equals < 0 ? "" : word.slice(equals + 1));
    return 0;
  }
  if (next === undefined) throw misuse(args.tool, `option '--${option.long}' requires an argument`, "");
  give(args, option, next);
  return 1;
}

/** One word of letters, the last of which may take what is left of the word, or the following word. */
function readShort(tool: Tool, args: Arguments, word: string, next: string | undefined): number {
  for (let i = 1; i < word.length; i++) {
    const letter = word.charAt(i);
    const option = shortOption(tool, letter) ?? (letter === "h" ? shortOption(tool, "?") : undefined);
    if (option === undefined) throw misuse(args.tool, `invalid option -- '${letter}'`, "");
    const rest = word.slice(i + 1);
    if (option.takes === "nothing") {
      give(args, option, "");
      continue;
    }
    if (rest !== "" || option.takes === "maybe") {
      give(args, option, rest);
      return 0;
    }
    if (next === undefined) throw misuse(args.tool, `option requires an argument -- '${letter}'`, "");
    give(args, option, next);
    return 1;
  }
  return 0;
}

function give(args: Arguments, option: Option, value: string): void {
  if (option.later) {
    throw new Refusal(
      `--${option.long} is not there yet`,
      new LxcError("unsupported", `use --${option.long}`, "it is not there yet", {
        hint: `lxc-ts does not do this yet; see what works with \`${args.tool} --help\``,
      }),
    );
  }
  args.add(option, value);
}

function shortOption(tool: Tool, letter: string): Option | undefined {
  const own = withShort(tool.options, letter);
  if (own !== undefined) return own;
  const common = withShort(commonOptions, letter);
  return common !== undefined && isCommonIn(tool, common.long) ? common : undefined;
}

function longOption(tool: Tool, typed: string): Option {
  const own = withLong(tool.options, typed);
  if (own !== undefined) return own;
  const common = withLong(commonOptions, typed);
  if (common !== undefined && isCommonIn(tool, typed)) return common;
  const options = optionsOf(tool);
  // These are ours: they may not make an abbreviation ambiguous that LXC understands.
  const begun = options.filter((option) => !isOurs(option) && option.long.startsWith(typed));
  const only = begun[0];
  if (only === undefined) {
    const near = nearest(
      typed,
      options.map((option) => option.long),
    );
    throw misuse(tool.name, `unrecognized option '--${typed}'`, near === undefined ? "" : `did you mean --${near}? `);
  }
  if (begun.length === 1) return only;
  const list = begun.map((option) => `'--${option.long}'`).join(" ");
  throw misuse(tool.name, `option '--${typed}' is ambiguous; possibilities: ${list}`, "");
}

function isOurs(option: Option): boolean {
  return option.long === format.long || option.long === columns.long;
}

function misuse(tool: string, message: string, hint: string): Refusal {
  const error = new LxcError("config-invalid", "read the command line", message, {
    hint: `${hint}see \`${tool} --help\``,
  });
  return new Refusal(message, error);
}

function takeName(tool: Tool, args: Arguments): void {
  args.name = args.text(name, "");
  if (args.has(name) || !tool.named) return;
  const first = args.operands.shift();
  if (first === undefined) {
    throw new Refusal(
      "No container name specified",
      new LxcError("config-invalid", `run ${tool.name}`, "no container was named", {
        hint: `name it first, or with -n: ${tool.name} ${tool.usage}`,
      }),
    );
  }
  args.name = first;
  if (args.before > 0) args.before--;
}
