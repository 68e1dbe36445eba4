import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import {
  type Arguments,
  columns,
  flag,
  later,
  lxcpath,
  type Option,
  parseCommand,
  quiet,
  type Tool,
  valued,
} from "./command.ts";
import { helpFor, usageFor } from "./help.ts";

const foreground = flag("foreground", "F", "Stay here");
const daemon = flag("daemon", "d", "Go away");
const define = valued("define", "KEY=VAL", "s", "Set a key");
const shareNet = later(valued("share-net", "NAME", "", "Share the network"));
const shareIpc = later(valued("share-ipc", "NAME", "", "Share ipc"));
const elevated: Option = { long: "elevated", short: "e", takes: "maybe", value: "LIST", doc: "Keep", later: false };
const options = [daemon, foreground, define, shareNet, shareIpc, elevated];
const tool: Tool = { name: "lxc-x", usage: "NAME", doc: "Tries things", options, named: true, run: () => 0 };

function parsed(...words: readonly string[]): Arguments {
  return parseCommand(tool, words).args;
}

function summary(args: Arguments): unknown {
  return [args.name, args.operands, args.all(define), args.isOn(daemon, foreground, true)];
}

test("options may follow operands, and -- ends them", () => {
  deepEqual(summary(parsed("c1", "ls", "-F", "--", "-d", "--define=a=b")), [
    "c1",
    ["ls", "-d", "--define=a=b"],
    [],
    false,
  ]);
});

test("values stand in the same word or in the next, letters in one word", () => {
  deepEqual(summary(parsed("-Fsa=1", "-s", "b=2", "--define", "c=3", "--define=d=4", "-n", "c1")), [
    "c1",
    [],
    ["a=1", "b=2", "c=3", "d=4"],
    false,
  ]);
});

test("a common option is none where the tool has no use for it, and its own form of one counts", () => {
  const forHost: Tool = { ...tool, named: false, isForHost: true };
  for (const words of [["-n", "c1"], ["--name=c1"], ["-P", "/p"], ["--rcfile=/f"]]) {
    throws(() => parseCommand(forHost, words));
  }
  throws(() => parsed("c1", "--columns=name"));
  equal(parseCommand({ ...tool, rows: true }, ["c1", "--columns=name"]).args.text(columns, ""), "name");
  const silent = flag("quiet", "z", "Say nothing");
  const other: Tool = { ...tool, options: [silent] };
  equal(parseCommand(other, ["c1", "-z"]).args.has(silent), true);
  throws(() => parseCommand(other, ["c1", "-q"]));
});

test("the last of two opposites counts", () => {
  deepEqual(
    [parsed("c", "-F", "-d").isOn(daemon, foreground, true), parsed("c", "-dF").isOn(daemon, foreground, true)],
    [true, false],
  );
});

test("a beginning of a long option is enough when it is the only one", () => {
  equal(parsed("c", "--lxc", "/p").text(lxcpath, ""), "/p");
  equal(parsed("c", "--fo").isOn(daemon, foreground, true), false);
});

test("an optional value stands only in the same word", () => {
  deepEqual(
    [parsed("c", "-e", "x"), parsed("c", "-ex"), parsed("c", "--elevated=y")].map((args) => [
      args.text(elevated, "none"),
      args.operands.length,
    ]),
    [
      ["", 1],
      ["x", 0],
      ["y", 0],
    ],
  );
});

test("the name may be given once as an option, and is otherwise the first operand", () => {
  deepEqual([parsed("-n", "c1", "c2").operands, parsed("c1", "c2").operands], [["c2"], ["c2"]]);
  throws(() => parsed("-q"), { message: "No container name specified" });
});

test("the messages are getopt's", () => {
  const said = [["--nonsense"], ["--share"], ["--quiet=1"], ["--define"], ["-s"], ["-Z"], ["--share-net=a"]].map(
    (words) => {
      try {
        parsed(...words);
      } catch (caught) {
        return caught instanceof Error ? caught.message : "";
      }
      return "";
    },
  );
  deepEqual(said, [
    "unrecognized option '--nonsense'",
    "option '--share' is ambiguous; possibilities: '--share-net' '--share-ipc'",
    "option '--quiet' doesn't allow an argument",
    "option '--define' requires an argument",
    "option requires an argument -- 's'",
    "invalid option -- 'Z'",
    "--share-net is not there yet",
  ]);
});

test("--help, -h and -? end it all where they stand", () => {
  deepEqual(
    [["--help", "--nonsense"], ["-qh"], ["-?"], ["--usage"], ["--version"]].map(
      (words) => parseCommand(tool, words).wish,
    ),
    ["help", "help", "help", "usage", "version"],
  );
});

test("a number is a whole one", () => {
  equal(parsed("c", "-s", "12").number(define, 1), 12);
  equal(parsed("c").number(define, 1), 1);
  throws(() => parsed("c", "-s", "1x").number(define, 1), { message: "could not parse command line" });
});

test("--help is the option table", () => {
  deepEqual(helpFor(tool).slice(0, 11), [
    "Usage: lxc-x NAME",
    "",
    "Tries things",
    "",
    "Options :",
    "  -d, --daemon          Go away",
    "  -F, --foreground      Stay here",
    "  -s, --define=KEY=VAL  Set a key",
    "      --share-net=NAME  Share the network (not there yet)",
    "      --share-ipc=NAME  Share ipc (not there yet)",
    "  -e, --elevated[=LIST] Keep",
  ]);
});

test("--usage has four options a line", () => {
  equal(usageFor(tool)[1], "\t[--share-ipc=SHARE-IPC] [-e|--elevated[=ELEVATED]] [-n|--name=NAME] [-?|--help] ");
});

test("a switch is given or not", () => {
  deepEqual([parsed("c", "-q").has(quiet), parsed("c").has(quiet)], [true, false]);
});
