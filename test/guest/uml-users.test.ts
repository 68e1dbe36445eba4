// Users of a container's own where all controllers are of cgroup version 2: started by root, and by an ordinary user.

import { deepEqual, equal, match } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { useGuest } from "./guest.ts";

const DRIVER = "dist/drivers/cgroup-places";
const guest = useGuest({ backend: "uml" });
before(() => {
  execFileSync("sh", ["scripts/build.sh", "test/system/drivers/cgroup-places.ts", DRIVER]);
});

const MAPS = "lxc.idmap = u 0 1000000 65536\\nlxc.idmap = g 0 1000000 65536\\n";

test("root's container of a user namespace has its cgroup for itself, and not its limits", async () => {
  const state = await guest.traces();
  await guest.said(`printf '${MAPS}' > /tmp/maps.conf; lxc-create -n ids -t busybox -f /tmp/maps.conf`);
  await guest.said("echo 'lxc.limit.memory = 64M' >> /var/lib/lxc/ids/config; lxc-start -n ids");
  equal(await guest.said("cat /sys/fs/cgroup/lxc.payload.ids/memory.max"), String(64 * 1024 * 1024));
  equal(
    await guest.said(
      "stat -c '%u %n' /sys/fs/cgroup/lxc.payload.ids/cgroup.procs /sys/fs/cgroup/lxc.payload.ids/memory.max | cut -d ' ' -f 1",
    ),
    "1000000\n0",
  );
  const script =
    "id -u; mkdir /sys/fs/cgroup/own && echo $$ > /sys/fs/cgroup/own/cgroup.procs && echo moved; echo max > /sys/fs/cgroup/memory.max || echo kept";
  const inside = await guest.exec(`lxc-attach -n ids -- sh -c '${script}'`);
  match(inside.stdout, /^0\nmoved\nkept\n$/);
  await guest.said("lxc-stop -n ids -k; lxc-destroy -n ids; rm /tmp/maps.conf");
  deepEqual(await guest.tracesOnce(state), state);
});

test("a user to whom a cgroup was delegated has limits that hold", async () => {
  await guest.said("useradd -m -s /bin/sh ordinary; chmod 700 /home/ordinary");
  const given = "/sys/fs/cgroup/ordinary";
  await guest.said(`echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control; mkdir ${given}
for f in . cgroup.procs cgroup.threads cgroup.subtree_control; do chown ordinary: ${given}/$f; done`);
  const asUser = "setpriv --reuid ordinary --regid ordinary --clear-groups env HOME=/home/ordinary";
  await guest.said(`cd /home/ordinary; ${asUser} lxc-create -n mine -t busybox
echo lxc.limit.pids = 15 >> .local/share/lxc/mine/config`);
  // No other process may be in there: a shell would be in the way of the controllers.
  const started = await guest.exec(`sh -c 'echo $$ > ${given}/cgroup.procs; exec ${asUser} lxc-start -n mine'`);
  deepEqual(started, { status: 0, stdout: "", stderr: "" });
  const script = "id -u; cat /sys/fs/cgroup/pids.max; for i in $(seq 20); do sleep 9 > /dev/null 2>&1 & done";
  const run = await guest.exec(`${asUser} lxc-attach -n mine -- sh -c '${script}' 2>&1`);
  match(run.stdout, /^(lxc-attach: warning: .*\n)?0\n/);
  match(await guest.said(`find ${given} -name pids.max -path '*payload*' -exec cat {} +`), /^15\n?/);
  await guest.said(`${asUser} lxc-stop -n mine -k; ${asUser} lxc-destroy -n mine`);
  equal(await guest.said(`find ${given} -name 'lxc.payload*'`), "");
});

test("without a cgroup of their own a user's container starts, and is told what will not hold", async () => {
  const run = await guest.exec(
    "su - ordinary -c 'export PATH=/lxc-ts/dist/bin:$PATH; lxc-create -n bare -t busybox && lxc-start -n bare; lxc-info -n bare -sH; lxc-destroy -f -n bare'",
  );
  match(run.stdout, /^RUNNING\n/);
  match(run.stderr, /^lxc-start: warning: no limit holds and nothing is counted: /m);
});

test("who is alone in a delegated cgroup makes room in it, and who is not is told who is in the way", async () => {
  const said = await guest.exec(
    "cd /lxc-ts && sh test/system/drivers/cgroup-room.sh /lxc-ts/dist/drivers/cgroup-places",
  );
  equal(said.stdout, readFileSync("test/system/drivers/cgroup-room.expected", "utf8"), said.stderr);
});
