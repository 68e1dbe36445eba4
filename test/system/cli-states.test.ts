// What the tools tell of containers in each state, and what they do about a configuration that says more than usual.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  BIN,
  eventually,
  linkNames,
  monitorPid,
  type Outcome,
  outcomeOf,
  Place,
  skipWithoutRoot as skip,
} from "./host.ts";

const place = new Place("cli-states");
const NETNS = `lxcts-cli-${process.pid}`;

/** Runs a tool where the bridge of these tests is. */
function inNetns(program: string, ...args: string[]): Outcome {
  const all = [`--net=/run/netns/${NETNS}`, program, ...args];
  return outcomeOf(spawnSync("nsenter", all, { encoding: "utf8", timeout: 60_000 }));
}

function ip(...args: string[]): void {
  equal(spawnSync("ip", args).status, 0, args.join(" "));
}

before(() => {
  if (skip !== false) return;
  ip("netns", "add", NETNS);
  ip("-n", NETNS, "link", "add", "br0", "type", "bridge");
  ip("-n", NETNS, "link", "set", "br0", "up");
  place.create("lxcts-cs-stopped");
  place.create("lxcts-cs-frozen");
  place.create(
    "lxcts-cs-net",
    "lxc.net.0.type = veth",
    "lxc.net.0.link = br0",
    "lxc.net.0.flags = up",
    "lxc.net.0.name = lan0",
    "lxc.net.0.ipv4.address = 10.77.0.2/24",
    "lxc.net.0.ipv6.address = fd00::2/64",
    "lxc.group = a",
    "lxc.group = b",
  );
  equal(inNetns(join(BIN, "lxc-start"), "-P", place.lxcpath, "lxcts-cs-net").code, 0);
  equal(inNetns(join(BIN, "lxc-start"), "-P", place.lxcpath, "lxcts-cs-frozen").code, 0);
  equal(inNetns(join(BIN, "lxc-freeze"), "-P", place.lxcpath, "lxcts-cs-frozen").code, 0);
});

after(() => {
  if (skip !== false) return;
  for (const name of readdirSync(place.lxcpath)) {
    inNetns(join(BIN, "lxc-stop"), "-k", "-P", place.lxcpath, name);
  }
  spawnSync("ip", ["netns", "del", NETNS]);
  place.remove();
});

/** The same words to our tool and to LXC's; what both said on standard output, and their exit codes. */
function both(tool: string, ...words: string[]): [Outcome, Outcome] {
  const all = ["-P", place.lxcpath, ...words];
  return [inNetns(join(BIN, tool), ...all), inNetns(join("/usr/bin", tool), ...all)];
}

test("lists, tables and filters are as LXC's in every state", { skip }, async () => {
  ok(await eventually(() => both("lxc-ls", "-f")[0].out.includes("fd00::2")));
  for (const words of [
    "",
    "-1 --running",
    "-f",
    "-f -F NAME,PID,IPV4,IPV6",
    "--frozen",
    "--stopped",
    "--active",
    "--running --frozen",
    "--frozen --stopped",
    "-g a,b",
    "-g c",
    "net",
  ]) {
    const [ours, theirs] = both("lxc-ls", ...words.split(" ").filter((word) => word !== ""));
    deepEqual([words, ours.code, ours.out], [words, theirs.code, theirs.out]);
  }
});

test("lxc-info tells addresses and what went over the host's end", { skip }, () => {
  const name = "lxcts-cs-net";
  deepEqual(both("lxc-info", name, "-iH")[0], { code: 0, out: "10.77.0.2\nfd00::2\n", err: "" });
  // LXC's reads the traffic below /sys, which here shows another network namespace.
  match(
    both("lxc-info", name, "-S")[0].out,
    /\nLink: {11}veth\w+\n TX bytes: {6}[\d.]+ \w+\n RX bytes: {6}[\d.]+ \w+\n Total bytes: {3}/,
  );
  for (const words of ["lxcts-cs-frozen -sH", "lxcts-cs-stopped", "lxcts-cs-stopped -sH -p", "lxcts-cs-stopped -iH"]) {
    const [mine, lxcs] = both("lxc-info", ...words.split(" "));
    deepEqual([words, mine], [words, lxcs]);
  }
});

test("lxc-wait takes several states, and one sign too many", { skip }, () => {
  for (const states of ["STOPPED|FROZEN", "FROZEN|", "|FROZEN", "FOO", "STOPPED|RUNNING"]) {
    const [ours, theirs] = both("lxc-wait", "lxcts-cs-frozen", "-t", "1", "-s", states);
    deepEqual([states, ours.code], [states, theirs.code]);
  }
});

test("thawing what does not run is no failure, thawing what is not there is one, as in LXC", { skip }, () => {
  const codes = ["lxcts-cs-stopped", "lxcts-cs-none"].map((name) =>
    both("lxc-unfreeze", name).map((each) => each.code),
  );
  deepEqual(codes, [
    [0, 0],
    [1, 1],
  ]);
});

test("--rcfile is read where LXC reads it, and of no use where LXC has none for it", { skip }, () => {
  const said = [
    "lxc-stop",
    "lxc-freeze",
    "lxc-unfreeze",
    "lxc-wait",
    "lxc-destroy",
    "lxc-attach",
    "lxc-ls",
    "lxc-create",
  ].map((tool) => {
    const words = tool === "lxc-wait" ? ["-s", "STOPPED"] : tool === "lxc-create" ? ["-t", "none"] : [];
    const { code, err } = place.ours(tool, "-n", "lxcts-cs-stopped", "--rcfile=/no/such/file", ...words);
    return [code, err.split("\n")[0]];
  });
  deepEqual(said, [
    [1, "lxc-stop: Failed to load rcfile"],
    [1, "lxc-freeze: Failed to load rcfile"],
    [1, "lxc-unfreeze: Failed to load rcfile"],
    [1, "lxc-wait: Failed to load rcfile"],
    [1, "lxc-destroy: Failed to load rcfile"],
    [1, "lxc-attach: Failed to load rcfile"],
    [0, ""],
    [1, "lxc-create: cannot create lxcts-cs-stopped: Container already exists"],
  ]);
});

test("a format that is none is refused before anything is done", { skip }, () => {
  const said = place.ours("lxc-start", "lxcts-cs-stopped", "--format=xml");
  deepEqual([said.code, place.state("lxcts-cs-stopped")], [1, "STOPPED"]);
});

test("whatever is said with --format=json is JSON, quiet or not", { skip }, () => {
  const commands = [
    ["lxc-ls", "-f"],
    ["lxc-ls", "--filter=("],
    ["lxc-info", "lxcts-cs-net"],
    ["lxc-info", "lxcts-cs-stopped", "-c", "lxc.group", "-c", "nonsense"],
    ["lxc-wait", "lxcts-cs-frozen", "-s", "FROZEN"],
    ["lxc-stop", "lxcts-cs-stopped"],
    ["lxc-freeze", "lxcts-cs-stopped"],
    ["lxc-destroy", "lxcts-cs-none"],
    ["lxc-attach", "lxcts-cs-none", "--", "true"],
    ["lxc-execute", "lxcts-cs-none", "--", "true"],
    ["lxc-unshare", "-s", "PID", "--", "/no/such/program"],
    ["lxc-create", "../x", "-t", "busybox"],
    ["lxc-start", "--nonsense"],
    ["../lxc", "nonsense"],
  ];
  for (const [tool = "", ...words] of commands) {
    for (const more of [["--format=json"], ["--format=json", "-q"]]) {
      const path = tool === "lxc-unshare" || tool === "../lxc" ? [] : ["-P", place.lxcpath];
      const { out, err } = inNetns(join(BIN, tool), ...words.slice(0, 1), ...more, ...path, ...words.slice(1));
      const lines = `${out}${err}`.split("\n").filter((line) => line !== "");
      deepEqual([tool, lines.length], [tool, 1]);
      ok(JSON.parse(lines[0] ?? ""));
    }
  }
});

test("what a dead monitor left in the cgroup of lxc.cgroup.dir is cleared up by lxc-stop", { skip }, async () => {
  const name = "lxcts-cs-dir";
  const links = linkNames();
  place.create(name, "lxc.cgroup.dir = lxcts-cs-folder");
  equal(place.ours("lxc-start", "-n", name).code, 0);
  const init = place.ours("lxc-info", "-n", name, "-pH").out.trim();
  process.kill(monitorPid(place, name), "SIGKILL");
  ok(await eventually(() => !existsSync(`/proc/${init}`)), "init outlived its monitor");
  const folders = foldersNamed("lxcts-cs-folder");
  ok(folders.some((folder) => existsSync(join(folder, `lxc.payload.${name}`))));
  place.ours("lxc-stop", "-n", name, "-k");
  const left = folders.flatMap((folder) => readdirSync(folder).filter((entry) => entry.startsWith("lxc.")));
  for (const folder of folders) rmdirSync(folder);
  deepEqual([left, linkNames()], [[], links]);
});

function foldersNamed(name: string): string[] {
  const roots = ["/sys/fs/cgroup", ...readdirSync("/sys/fs/cgroup").map((entry) => join("/sys/fs/cgroup", entry))];
  return [...new Set(roots.map((root) => join(root, name)).filter((folder) => existsSync(folder)))];
}

test("lxc-attach --rcfile: the variables are the file's, not the container's", { skip }, () => {
  place.create("lxcts-cs-rc", "lxc.environment = OWN=1", "lxc.net.0.type = empty");
  const file = join(place.folder, "rc.conf");
  writeFileSync(file, "lxc.environment = OTHER=a b\nlxc.uts.name = elsewhere\n");
  equal(place.ours("lxc-start", "lxcts-cs-rc").code, 0);
  const said = [
    place.ours("lxc-attach", "lxcts-cs-rc", "--clear-env", "--", "env"),
    place.ours("lxc-attach", "lxcts-cs-rc", "--clear-env", "-f", file, "--", "env"),
    place.theirs("lxc-attach", "-n", "lxcts-cs-rc", "--clear-env", "-f", file, "--", "env"),
  ].map((each) => each.out.split("\n").filter((line) => /^(OWN|OTHER|container)=/.test(line)));
  deepEqual(said, [
    ["container=lxc", "OWN=1"],
    ["container=lxc", "OTHER=a b"],
    ["container=lxc", "OTHER=a b"],
  ]);
  equal(place.ours("lxc-stop", "-k", "lxcts-cs-rc").code, 0);
});

test("lxc-destroy --rcfile: the root file system that goes is the file's, as in LXC, and never the system's", {
  skip,
}, () => {
  place.create("lxcts-cs-gone");
  const rootfs = join(place.folder, "rc-rootfs");
  mkdirSync(rootfs);
  const file = join(place.folder, "rc-destroy.conf");
  writeFileSync(file, "lxc.rootfs.path = dir:/usr/lib\n");
  equal(place.ours("lxc-destroy", "lxcts-cs-gone", "--rcfile", file).code, 1);
  equal(existsSync(place.inside("lxcts-cs-gone", "bin")), true);
  writeFileSync(file, `lxc.rootfs.path = dir:${rootfs}\n`);
  const { code, err } = place.ours("lxc-destroy", "lxcts-cs-gone", "--rcfile", file);
  deepEqual([code, err], [0, ""]);
  deepEqual([existsSync(rootfs), existsSync(join(place.lxcpath, "lxcts-cs-gone"))], [false, false]);
});
