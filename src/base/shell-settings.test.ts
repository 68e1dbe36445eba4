import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { type ReadLine, readShellLine } from "./shell-settings.ts";

function read(line: string): ReadLine {
  return readShellLine(line, (name) => (name === "OLD" ? "old words" : ""));
}

test("a value is read as a shell reads it", () => {
  const values: Readonly<Record<string, string>> = {
    "A=": "",
    "A=true": "true",
    'A="-a -A -s"': "-a -A -s",
    "A='$OLD `x`'": "$OLD `x`",
    'A="$OLD,${OLD}x$NONE"': "old words,old wordsx",
    "A=$OLD": "old words",
    "A=a'b'\"c\"\\ d": "abc d",
    'A="a\\"b\\\\c\\d"': 'a"b\\c\\d',
    "  export A=onboot,  # the first": "onboot,",
    "A=a#b": "a#b",
    "A=5;": "5",
  };
  for (const [line, value] of Object.entries(values)) deepEqual(read(line), { name: "A", value }, line);
});

test("what only a shell could tell is not guessed", () => {
  for (const line of [
    "A=$(id)",
    "A=`id`",
    'A="`id`"',
    "A=$((1+1))",
    `A=$${""}{B:-c}`,
    'A="open',
    "A=a b",
    "A=a; rm x",
    "A=a&&b",
    "1A=x",
    "if true; then",
    "rm -rf /",
    "A=a\\",
    ". $HOME/x",
    "[ -f /a ] && . /b",
    "touch /a; . /b",
  ]) {
    equal(read(line), "shell", line);
  }
});

test("another file is read where it is named, and comments say nothing", () => {
  const include = { name: "", value: "/etc/default/lxc-net" };
  deepEqual(read("[ ! -f /etc/default/lxc-net ] || . /etc/default/lxc-net"), include);
  deepEqual(read("[ -r /etc/default/lxc-net ] && . /etc/default/lxc-net"), include);
  deepEqual(read(". /etc/default/lxc-net"), include);
  deepEqual([read(""), read("  # A=1")], [undefined, undefined]);
});
