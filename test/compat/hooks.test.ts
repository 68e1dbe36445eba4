// Every hook of a container's life gets the arguments and variables from us that LXC gives it, in the same order.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, type Outcome, Place, skipWithoutRoot as skip } from "../system/host.ts";

const place = new Place("hooks");
after(() => place.remove());

const OUTSIDE = ["pre-start", "pre-mount", "mount", "autodev", "start-host", "stop", "post-stop"];
const said = join(place.folder, "said");
/** One line of arguments, then the variables that are LXC's or the configuration's. */
const report = place.script(
  "report",
  `{ echo "== $HOOK_OF"; for a; do printf '%s ' "$a"; done; echo; env | grep -E '^(LXC_|lxc_|ONLY_|BOTH)' | sort; } >> ${said}`,
);
const inside = ["start"];

/** What all hooks said, with the numbers that differ from run to run taken out. */
function lifeOf(start: (tool: string, ...args: string[]) => Outcome, name: string, version: number): string[] {
  writeFileSync(said, "");
  const lines = OUTSIDE.map((type) => `lxc.hook.${type} = HOOK_OF=${type} ${report} extra 'two words'`);
  // The shell takes what stands before a program for its variables only without "exec".
  const hooks = lines.map((line) => line.replace("HOOK_OF", "env HOOK_OF"));
  const start0 = `lxc.hook.start = /hook-inside`;
  place.create(
    name,
    `lxc.hook.version = ${version}`,
    ...hooks,
    start0,
    "lxc.environment = BOTH=yes",
    "lxc.log.level = WARN",
  );
  const script = `#!/bin/sh\n{ echo "== start"; for a; do printf '%s ' "$a"; done; echo; env | grep -E '^(LXC_|BOTH)' | sort; } > /said\n`;
  writeFileSync(place.inside(name, "hook-inside"), script, { mode: 0o755 });
  const run = start("lxc-start", "-n", name, "-F", "--", "/bin/true");
  equal(run.code, 0, run.err);
  const all = readFileSync(said, "utf8") + readFileSync(place.inside(name, "said"), "utf8");
  place.ours("lxc-destroy", "-n", name, "-f");
  return all
    .replaceAll(name, "NAME")
    .replaceAll(/\/proc\/\d+\/fd\/\d+/g, "/proc/MONITOR/fd/N")
    .replaceAll(/LXC_PID=\d+/g, "LXC_PID=N")
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());
}

for (const version of [0, 1]) {
  test(`hooks of version ${version}`, { skip }, async () => {
    ok(inside.length > 0);
    const theirs = lifeOf((tool, ...args) => place.theirs(tool, ...args), `lxcts-hooks-t${version}`, version);
    ok(await eventually(() => place.leftovers(`lxcts-hooks-t${version}`).length === 0));
    const ours = lifeOf((tool, ...args) => place.ours(tool, ...args), `lxcts-hooks-o${version}`, version);
    deepEqual(ours, theirs);
  });
}
