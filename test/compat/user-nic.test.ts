// Networks of ordinary users across the families: LXC's lxc-start with our lxc-user-nic, ours with LXC's, and both on one database.

import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { eventually, type Outcome, skipWithoutRoot } from "../system/host.ts";
import { NicPlace } from "../system/nic-place.ts";

const THEIRS = "/usr/libexec/lxc/lxc-user-nic";
const ANN = "lxcts-compatnic";
const skip =
  skipWithoutRoot !== false ? skipWithoutRoot : existsSync(THEIRS) ? false : "LXC's own tools are not installed";

const place = new NicPlace("compatnic", [{ name: ANN, uid: 47_151, ids: 1_730_000_000 }]);
before(async () => {
  if (skip !== false) return;
  await place.ready();
  // What a login manager gives a user.
  const give = `for tree in /sys/fs/cgroup/*/; do own=$tree${ANN}; mkdir $own
    [ ! -e $own/cpuset.cpus ] || for file in cpuset.cpus cpuset.mems; do cat $tree$file > $own/$file; done
    [ ! -e $own/cgroup.clone_children ] || echo 1 > $own/cgroup.clone_children
    for file in "" cgroup.procs tasks cgroup.threads cgroup.subtree_control; do [ ! -e $own/$file ] || chown 47151 $own/$file; done; done`;
  const given = place.root(give);
  equal(given.code, 0, given.err);
});
beforeEach(() => {
  // LXC passes over what it does not know.
  if (skip === false) place.allow(`${ANN} publish br0 8000-8999`, `${ANN} veth br0 2`);
});
after(() => {
  place.remove();
  for (const tree of spawnSync("sh", ["-c", `ls -d /sys/fs/cgroup/*/${ANN}`], { encoding: "utf8" })
    .stdout.trim()
    .split("\n")) {
    spawnSync("find", [tree, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  }
});

/** In the user's own cgroups. */
function ann(command: string): Outcome {
  return place.as(ANN, command, `for own in /sys/fs/cgroup/*/${ANN}; do echo $$ > $own/cgroup.procs; done`);
}

function box(name: string): void {
  const made = ann(`lxc-create -n ${name} -t busybox`);
  equal(made.code, 0, made.err);
  const file = join(place.homeOf(ANN), ".local/share/lxc", name, "config");
  const kept = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("lxc.net."));
  const net = ["lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.flags = up", "lxc.net.0.name = web0"];
  writeFileSync(file, `${[...kept, ...net, "lxc.net.0.ipv4.address = 10.97.0.9/24"].join("\n")}\n`);
}

function used(name: string, start: string, stop: string): void {
  const started = ann(`${start} -n ${name}`);
  equal(started.code, 0, started.err);
  const reached = place.root("ping -c1 -W3 10.97.0.9 > /dev/null && echo reached").out;
  const [host = ""] = place.devices();
  match(host, /^veth47151_\w{4}$/);
  equal(reached, "reached\n");
  equal(place.nics().join(), `${ANN} veth br0 ${host}`);
  match(ann(`lxc-info -n ${name}`).out, new RegExp(`Link: +${host}\n`));
  equal(ann(`${stop} -n ${name} -k`).code, 0);
}

// LXC with LXC goes first: it proves the test.
for (const [starter, start, stop] of [
  ["LXC's lxc-start", "/usr/bin/lxc-start", "/usr/bin/lxc-stop"],
  ["ours", "lxc-start", "lxc-stop"],
] as const) {
  for (const owner of ["LXC's", "our"] as const) {
    test(`${starter} with ${owner} lxc-user-nic`, { skip }, async () => {
      const name = `c${starter.length}${owner.length}`;
      box(name);
      // Each finds the other's where its own is.
      const [from, to] = owner === "our" ? [place.helper, THEIRS] : [THEIRS, place.helper];
      equal(place.root(`mount --bind ${from} ${to}`).code, 0);
      try {
        used(name, start, stop);
        ok(await eventually(() => place.devices().length === 0));
      } finally {
        place.root(`umount ${to}`);
      }
      place.root("rm /run/lxc/nics");
    });
  }
}

test("both count the devices that the other one has made, and wait for the same lock", { skip }, async () => {
  const pid = await place.namespaceOf(ANN);
  place.allow(`${ANN} veth br0 12`);
  const one = (program: string): string => `${program} create / c1 ${pid} veth br0`;
  const run = place.as(ANN, `for i in $(seq 12); do ${one(THEIRS)} & ${one("$NIC")} & done; wait`);
  equal(run.out.trim().split("\n").length, 12, run.err);
  equal(place.nics().length, 12);
  equal(
    place
      .nics()
      .map((line) => line.split(" ")[3])
      .toSorted()
      .join(),
    place.devices().toSorted().join(),
  );
});

test("the same rules and words are a device, or none, for both", { skip }, async () => {
  const pid = await place.namespaceOf(ANN);
  const cases: [string[], string[]][] = [
    [[`${ANN} veth br0 1`], ["create", "/", "c", `${pid}`, "veth", "br0"]],
    [[`${ANN} veth br0 1 # of the first floor`], ["create", "/", "c", `${pid}`, "veth", "br0", "web0"]],
    [[`#${ANN} veth br0 1`], ["create", "/", "c", `${pid}`, "veth", "br0"]],
    [
      [`${ANN} veth br0 0`, `${ANN} veth br0 1`],
      ["create", "/", "c", `${pid}`, "veth", "br0"],
    ],
    [[`${ANN}\tveth\tbr0\t1`], ["create", "/", "c", `${pid}`, "veth", "br0"]],
    [[`${ANN} veth none 1`], ["create", "/", "c", `${pid}`, "veth", "none"]],
    [[`${ANN} veth br0 -1`], ["create", "/", "c", `${pid}`, "veth", "br0"]],
    [[`${ANN} veth br1 1`], ["create", "/", "c", `${pid}`, "veth", "br0"]],
    [[`${ANN} veth br0 1`], ["create", "/", "c", "1", "veth", "br0"]],
    [[`${ANN} veth br0 1`], ["create", "/", "c", `${pid}`, "macvlan", "br0"]],
    [[`${ANN} veth br0 1`], ["create", "/", "c", `${pid}`, "veth", "br0", "lo"]],
    [[`${ANN} veth br0 1`], ["create", "/", "c", `${pid}`, "veth"]],
    [[`${ANN} veth br0 1`], []],
  ];
  for (const [rules, words] of cases) {
    place.allow(...rules);
    const ended = [THEIRS, "$NIC"].map((program) => {
      place.root(
        "for d in $(ls /sys/class/net); do case $d in veth*) ip link delete $d ;; esac; done; rm -f /run/lxc/nics",
      );
      const run = place.as(ANN, `${program} ${words.join(" ")}`);
      const said = run.out.replace(/\d+:veth\w+:\d+/, "N");
      return `${run.code} ${run.code === 0 ? said : ""} ${/Quota reached/.test(run.err) ? "quota" : ""}`;
    });
    equal(ended[1]?.split(" ")[0], ended[0]?.split(" ")[0], `${rules.join()}: ${words.join(" ")}: ${ended.join()}`);
    if (ended[0]?.startsWith("0")) equal(ended[1], ended[0]);
  }
});
