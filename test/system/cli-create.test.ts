// lxc-create as a person meets it: the help of a template, and ctrl-C on a terminal.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("cli-create");
after(() => place.remove());

test("-t TEMPLATE -h adds the template's own help to ours, and makes nothing", () => {
  const own = place.script("own", 'echo "help of $0: $*"');
  const said = [["-t", "busybox", "-h"], ["-t", own, "--help"], ["--help"]].map((words) =>
    place.ours("lxc-create", ...words),
  );
  deepEqual(
    said.map(({ code, out, err }) => [code, out.split("\n")[0], err.split(" ")[0]]),
    [
      [0, "busybox: a small root file system made of one static program", "Usage:"],
      [0, `help of ${own}: -h`, "Usage:"],
      [0, "", "Usage:"],
    ],
  );
  deepEqual(readdirSync(place.lxcpath), []);
});

test("ctrl-C at the terminal takes everything back and exits with 130", { skip, timeout: 30_000 }, async () => {
  const template = place.script("slow", "sleep 1000 & echo ready $!; wait");
  const command = `${join(BIN, "lxc-create")} -P ${place.lxcpath} -n lxcts-c -t ${template}`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  terminal.stdout.setEncoding("utf8");
  terminal.stdout.on("data", (text: string) => {
    if (!said.includes("ready") && `${said}${text}`.includes("ready")) terminal.stdin.write("\x03");
    said += text;
  });
  const code = await new Promise((resolve) => terminal.on("close", resolve));
  match(said, /interrupted by SIGINT/);
  const sleeper = /ready (\d+)/.exec(said)?.[1] ?? "";
  deepEqual([code, existsSync(`/proc/${sleeper}`), readdirSync(place.lxcpath)], [130, false, []]);
});

test("a second creation fails in words and as JSON", { skip }, () => {
  equal(place.ours("lxc-create", "-n", "lxcts-twice", "-t", "none", "-f", "/dev/null").code, 0);
  const again = ["lxc-create", "-n", "lxcts-twice", "-t", "none", "-f", "/dev/null"] as const;
  const said = place.ours(...again, "-q", "--format=json");
  deepEqual([said.code, JSON.parse(said.err).error.code], [1, "wrong-state"]);
  match(place.ours(...again).err, /^lxc-create: .*Container already exists\n/);
});

test("the command lxc is its tools", () => {
  const lxc = (...words: string[]): unknown => {
    const { status, stdout, stderr } = spawnSync(join(BIN, "../lxc"), words, { encoding: "utf8" });
    return [status, stdout, stderr];
  };
  const list = place.ours("lxc-ls", "-f");
  deepEqual(lxc("ls", "-P", place.lxcpath, "-f"), [list.code, list.out, list.err]);
});
