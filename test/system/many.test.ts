// Many containers at once: none is lost, and no cgroup, device, mount, lock, descriptor or process is left behind.

import { deepEqual, equal, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, linkNames, Place, skipWithoutRoot as skip } from "./host.ts";

const COUNT = 200;
const AT_ONCE = 16;

const place = new Place("many");
after(() => place.remove());

/** Runs a tool. Returns what it said when it failed, and nothing otherwise. */
function tool(name: string, ...args: string[]): Promise<string> {
  const child = spawn(join(BIN, name), ["-P", place.lxcpath, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve(code === 0 ? "" : `${name} ${args.join(" ")}: ${code}: ${said}`));
  });
}

async function live(name: string, problems: string[]): Promise<void> {
  for (const step of [["lxc-start"], ["lxc-attach", "--", "true"], ["lxc-stop", "-k"]]) {
    const [word = "", ...rest] = step;
    const problem = await tool(word, "-n", name, ...rest);
    if (problem !== "") problems.push(problem);
  }
}

/** Of the monitors of this test's containers. */
function descriptorsOfAll(): number {
  let count = 0;
  for (const pid of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`[lxc monitor] ${place.lxcpath} `))
        count += readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // It ended meanwhile.
    }
  }
  return count;
}

test(`${COUNT} containers started, entered and stopped, ${AT_ONCE} at a time`, { skip }, async () => {
  const links = linkNames();
  const before = descriptorsOfAll();
  const containers = Array.from({ length: AT_ONCE }, (_, i) => `lxcts-many${i}`);
  for (const name of containers) {
    place.create(name, "lxc.net.0.type = veth", "lxc.net.0.flags = up", "lxc.signal.stop = SIGKILL");
  }
  const problems: string[] = [];
  const runs = containers.map(async (name) => {
    for (let i = 0; i < COUNT / AT_ONCE; i++) await live(name, problems);
  });
  await Promise.all(runs);
  deepEqual(problems, []);
  ok(
    await eventually(() => place.leftovers("lxcts-many").length === 0, 20_000),
    place.leftovers("lxcts-many").join("\n"),
  );
  ok(await eventually(() => linkNames().join() === links.join(), 20_000), linkNames().join());
  equal(descriptorsOfAll(), before);
});
