// LXC's own tools on containers that ours started, and ours on those that LXC's lxc-start started, at the same path.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, test } from "node:test";
import { type Outcome, Place, skipWithoutRoot } from "../system/host.ts";

const hasLxc = spawnSync("/usr/bin/lxc-start", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const place = new Place("compat");
after(() => place.remove());

type Tools = (tool: string, ...args: string[]) => Outcome;
const ours: Tools = (tool, ...args) => place.ours(tool, ...args);
const theirs: Tools = (tool, ...args) => place.theirs(tool, ...args);

/** Everything that is asked of a running container, by either family of tools. */
function useContainer(tools: Tools, name: string): void {
  const info = tools("lxc-info", "-n", name);
  equal(info.code, 0, info.err);
  match(info.out, /^Name: {11}lxcts-\S+\nState: {10}RUNNING\nPID: {12}\d+\n/);
  match(info.out, /CPU use: {8}\d+\.\d\d seconds\n/);
  match(info.out, /Memory use: {5}[\d.]+ [KM]iB\n/);
  const list = tools("lxc-ls", "-f", "--filter", `^${name}$`);
  match(
    list.out,
    new RegExp(
      `^NAME +STATE +AUTOSTART +GROUPS +IPV4 +IPV6 +UNPRIVILEGED *\\n${name} +RUNNING +0 +- +- +- +false *\\n$`,
    ),
  );
  const attached = tools(
    "lxc-attach",
    "-n",
    name,
    "--",
    "sh",
    "-c",
    "hostname; cat /proc/1/comm; echo err >&2; exit 7",
  );
  deepEqual([attached.out, attached.code], [`${name}\ninit\n`, 7]);
  match(attached.err, /^err$/m);
  equal(tools("lxc-freeze", "-n", name).code, 0);
  equal(tools("lxc-info", "-n", name, "-sH").out, "FROZEN\n");
  equal(tools("lxc-unfreeze", "-n", name).code, 0);
  equal(tools("lxc-info", "-n", name, "-sH").out, "RUNNING\n");
  equal(tools("lxc-wait", "-n", name, "-s", "RUNNING", "-t", "5").code, 0);
  equal(tools("lxc-stop", "-n", name, "-k").code, 0);
  equal(tools("lxc-wait", "-n", name, "-s", "STOPPED", "-t", "10").code, 0);
}

// LXC with LXC goes first: it proves the test.
for (const [starter, start] of [["LXC", theirs] as const, ["ours", ours] as const]) {
  for (const [user, tools] of [["LXC", theirs] as const, ["ours", ours] as const]) {
    test(`a container started by ${starter}, used by ${user}`, { skip }, () => {
      const name = `lxcts-${starter}-${user}`.toLowerCase();
      place.create(name);
      const started = start("lxc-start", "-n", name);
      equal(started.code, 0, started.err);
      useContainer(tools, name);
    });
  }
}

test("either names the host's end of a network, and what went through it", { skip }, () => {
  const name = "lxcts-link";
  place.create(name, "lxc.net.0.type = veth", "lxc.net.0.flags = up");
  for (const [starter, user] of [
    [theirs, theirs] as const,
    [theirs, ours] as const,
    [ours, theirs] as const,
    [ours, ours] as const,
  ]) {
    equal(starter("lxc-start", "-n", name).code, 0);
    const info = user("lxc-info", "-n", name).out;
    match(
      info,
      /\nLink: {11}veth\w+\n TX bytes: {6}[\d.]+ \w+\n RX bytes: {6}[\d.]+ \w+\n Total bytes: {3}[\d.]+ \w+\n/,
    );
    equal(ours("lxc-stop", "-n", name, "-k").code, 0);
    equal(ours("lxc-wait", "-n", name, "-s", "STOPPED", "-t", "10").code, 0);
  }
});

test("each lists what the other made, and destroys it", { skip }, () => {
  const made = theirs("lxc-create", "-n", "lxcts-theirs", "-t", "busybox", "-f", "/dev/null");
  equal(made.code, 0, made.err);
  place.create("lxcts-ours");
  equal(
    ours("lxc-ls", "-1", "--filter", "^lxcts-(theirs|ours)$").out,
    theirs("lxc-ls", "-1", "--filter", "^lxcts-(theirs|ours)$").out,
  );
  equal(theirs("lxc-destroy", "-n", "lxcts-ours").code, 0);
  equal(ours("lxc-destroy", "-n", "lxcts-theirs").code, 0);
  equal(ours("lxc-ls", "-1", "--filter", "^lxcts-(theirs|ours)$").out, "");
});

test("the value of a key reads the same from either", { skip }, () => {
  place.create("lxcts-keys", "lxc.group = a b", "lxc.start.delay = 5", "lxc.environment = A=1");
  for (const key of [
    "lxc.uts.name",
    "lxc.rootfs.path",
    "lxc.tty.max",
    "lxc.signal.halt",
    "lxc.group",
    "lxc.start.delay",
    "lxc.cap.drop",
    "lxc.mount.auto",
    "lxc.environment",
  ]) {
    const asked = ["-n", "lxcts-keys", "-c", key];
    equal(ours("lxc-info", ...asked).out, theirs("lxc-info", ...asked).out, key);
  }
});
