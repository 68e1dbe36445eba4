import { equal } from "node:assert/strict";
import { test } from "node:test";
import { bytesOfText } from "../kernel/memory.ts";
import { commandSocketOf, fnv1a64, lockFileOf, monitordSocketOf } from "./paths.ts";

test("the hash is that of the published test vectors", () => {
  equal(fnv1a64(bytesOfText("")), "cbf29ce484222325");
  equal(fnv1a64(bytesOfText("a")), "af63dc4c8601ec8c");
  equal(fnv1a64(bytesOfText("foobar")), "85944171f73967e8");
});

test("the command socket is named as in LXC, and hashed when that is too long", () => {
  equal(commandSocketOf({ name: "c1", lxcpath: "/var/lib/lxc" }), "/var/lib/lxc/c1/command");
  const long = { name: "c1", lxcpath: `/${"x".repeat(100)}` };
  equal(commandSocketOf(long), `lxc/${fnv1a64(bytesOfText(`${long.lxcpath}/c1`))}/command`);
});

test("the lock is below the run folder and the container path", () => {
  equal(lockFileOf("/run", { name: "c1", lxcpath: "/var/lib/lxc" }), "/run/lxc/lock/var/lib/lxc/.c1");
});

test("lxc-monitord listens where LXC's does, and has a name also where LXC's has none", () => {
  equal(monitordSocketOf("/var/lib/lxc"), "lxc/ad055575fe28ddd5//var/lib/lxc");
  const long = monitordSocketOf(`/${"x".repeat(100)}`);
  equal(long.length, 105);
  equal(long.startsWith(`lxc/${fnv1a64(bytesOfText(`lxc//${"x".repeat(100)}/monitor-sock`))}//xxx`), true);
  equal(monitordSocketOf(`/${"ä".repeat(60)}`).endsWith("ä"), true);
});
