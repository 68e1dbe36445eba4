// Containers of an ordinary user: made, started, entered, stopped and destroyed without root and without any preparation.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually, skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const FIRST = 1_700_000_000;
const user = new OrdinaryUser({ name: "lxcts-user", uid: 47_111, range: `${FIRST}:65536` });
before(async () => user.ready());
after(() => user.remove());

const NO_LIMITS = /^lxc-start: warning: no limit holds and nothing is counted: .*\n$/;

function pidOf(name: string): number {
  return Number(user.run(`lxc-info -n ${name} -pH`).out);
}

test("a container's life, in a home that nobody else may enter, with no configuration at all", { skip }, async () => {
  deepEqual(user.run("lxc-create -n life -t busybox"), { code: 0, out: "", err: "" });
  const config = readFileSync(join(user.lxcpath, "life/config"), "utf8");
  match(config, new RegExp(`\nlxc.idmap = u 0 ${FIRST} 65536\nlxc.idmap = g 0 ${FIRST} 65536\n`));
  const folder = statSync(join(user.lxcpath, "life"));
  deepEqual([folder.uid, folder.gid, folder.mode & 0o777], [FIRST, user.wish.uid, 0o770]);
  equal(statSync(join(user.lxcpath, "life/rootfs/etc/passwd")).uid, FIRST);

  const started = user.run("lxc-start -n life");
  equal(started.code, 0, started.err);
  match(started.err, NO_LIMITS);
  const pid = pidOf("life");
  match(readFileSync(`/proc/${pid}/status`, "utf8"), new RegExp(`\nUid:\t${FIRST}\t`));
  match(user.run("lxc-ls -f").out, /\nlife +RUNNING 0 +- +- +- +true +\n/);
  const attached = user.run("lxc-attach -n life -- sh -c 'id -u; hostname; touch /made; stat -c %u /made'");
  deepEqual(attached, { code: 0, out: "0\nlife\n0\n", err: "" });
  equal(statSync(join(user.lxcpath, "life/rootfs/made")).uid, FIRST);
  match(user.run("lxc-info -n life").out, /State: +RUNNING\n/);

  deepEqual(user.run("lxc-stop -n life -k"), { code: 0, out: "", err: "" });
  ok(await eventually(() => user.processes().length === 0), "a process stayed");
  deepEqual(user.run("lxc-destroy -n life"), { code: 0, out: "", err: "" });
  deepEqual(user.run("ls -A ~/.local/share/lxc"), { code: 0, out: "", err: "" });
});

test("lxc-info and lxc-ls look into its network as its owner may", { skip }, () => {
  equal(user.run("lxc-create -n net -t busybox").code, 0);
  equal(user.run("lxc-start -n net").code, 0);
  equal(user.run("lxc-attach -n net -- ip addr add 10.9.8.7/24 dev lo").code, 0);
  equal(user.run("lxc-attach -n net -- ip link add lxctsbr type bridge").code, 0);
  equal(user.run("lxc-attach -n net -- ip addr add 10.9.8.6/24 dev lxctsbr").code, 0);
  match(user.run("lxc-ls -f -F NAME,IPV4").out, /\nnet +10\.9\.8\.6 +\n/);
  match(user.run("lxc-info -n net -i").out, /IP: +10\.9\.8\.6\n/);
  equal(user.run("lxc-destroy -n net -f").code, 0);
});

test("in cgroups of the user's own its limits hold", { skip }, async () => {
  user.delegate();
  equal(user.runDelegated("lxc-create -n lim -t busybox").code, 0);
  equal(user.run("printf 'lxc.limit.memory = 32M\\nlxc.limit.pids = 20\\n' >> ~/.local/share/lxc/lim/config").code, 0);
  const started = user.runDelegated("lxc-start -n lim");
  deepEqual(started, { code: 0, out: "", err: "" });
  const pid = pidOf("lim");
  const cgroups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  match(cgroups, /:memory:\/lxcts-user\/lxc\.payload\.lim\n/);
  const limit = "/sys/fs/cgroup/memory/lxcts-user/lxc.payload.lim/memory.limit_in_bytes";
  equal(readFileSync(limit, "utf8"), `${32 * 1024 * 1024}\n`);
  // Its root has its own cgroup, and not the limits on it.
  const tried =
    "lxc-attach -n lim -- sh -c 'mkdir -p /m && mount -t cgroup -o memory m /m && mkdir /m/own && echo made; echo 99999999 > /m/memory.limit_in_bytes'";
  const own = user.runDelegated(tried);
  match(own.out, /made/);
  match(own.err, /Permission denied|permission denied/);
  equal(readFileSync(limit, "utf8"), `${32 * 1024 * 1024}\n`);
  const forks = user.runDelegated(
    "lxc-attach -n lim -- sh -c 'for i in $(seq 40); do sleep 60 > /dev/null 2>&1 & done' 2>&1",
  );
  match(forks.out + forks.err, /can't fork/);
  deepEqual(user.runDelegated("lxc-freeze -n lim"), { code: 0, out: "", err: "" });
  equal(user.run("lxc-info -n lim -sH").out, "FROZEN\n");
  deepEqual(user.runDelegated("lxc-unfreeze -n lim"), { code: 0, out: "", err: "" });
  deepEqual(user.runDelegated("lxc-stop -n lim -k"), { code: 0, out: "", err: "" });
  ok(await eventually(() => user.processes().length === 0), "a process stayed");
  equal(user.run("find /sys/fs/cgroup/*/lxcts-user -name 'lxc.*.lim*'").out, "");
  equal(user.runDelegated("lxc-destroy -n lim").code, 0);
});

test("lxc-execute, and an exit code in the foreground", { skip }, () => {
  equal(user.run("lxc-create -n fg -t busybox").code, 0);
  equal(user.run("lxc-start -n fg -F -- sh -c 'exit 7'").code, 7);
  equal(user.run("lxc-execute -n fg -- sh -c 'exit 8'").code, 8);
  equal(user.run("lxc-destroy -n fg").code, 0);
});

test("a range that is not the user's is refused, with where to look", { skip }, () => {
  equal(user.run("lxc-create -n bad -t busybox").code, 0);
  equal(user.run("sed -i 's/^lxc.idmap = u .*/lxc.idmap = u 0 0 10/' ~/.local/share/lxc/bad/config").code, 0);
  const run = user.run("lxc-start -n bad");
  equal(run.code, 1);
  match(run.err, /map users as lxc\.idmap says: newuidmap: .*not allowed/);
  match(run.err, /hint: .*\/etc\/subuid/);
  equal(
    user.run("sed -i 's/^lxc.idmap = u .*/lxc.idmap = u 0 1700000000 65536/' ~/.local/share/lxc/bad/config").code,
    0,
  );
  equal(user.run("lxc-destroy -n bad").code, 0);
});

test("a creation that fails or was killed leaves nothing", { skip }, () => {
  const failed = user.run(
    "printf '#!/bin/sh\\nmkdir -p ~/.local/share/lxc/half/rootfs/etc/deep; exit 3\\n' > ~/template; chmod +x ~/template; lxc-create -n half -t ~/template",
  );
  equal(failed.code, 1);
  match(failed.err, /failed with exit code 3/);
  equal(user.run("ls -A ~/.local/share/lxc").out, "");
});
