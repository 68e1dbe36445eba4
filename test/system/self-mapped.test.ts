// An ordinary user without any subordinate ids: what it is told, and the container it can have all the same.

import { equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const user = new OrdinaryUser({ name: "lxcts-alone", uid: 47_112, range: "" });
before(async () => user.ready());
after(() => user.remove());

test("without a range of ids the command to get one is named", { skip }, () => {
  const run = user.run("lxc-create -n none -t busybox");
  equal(run.code, 1);
  match(
    run.err,
    /lxcts-alone has no range of ids in \/etc\/subuid\n {2}hint: .*usermod --add-subuids \d+-\d+ lxcts-alone/,
  );
  equal(user.run("ls -A ~/.local/share/lxc 2>/dev/null").out, "");
});

test("a container of one user, its owner, needs no range and no setuid program", { skip }, () => {
  const lines = "lxc.idmap = u 0 47112 1\\nlxc.idmap = g 0 47112 1\\n";
  equal(user.run(`printf '${lines}' > own.conf; lxc-create -n own -t busybox -f ~/own.conf`).code, 0);
  const started = user.run("PATH=$HOME/bin:/bin lxc-start -n own");
  equal(started.code, 0, started.err);
  const pid = user.run("lxc-info -n own -pH").out.trim();
  match(readFileSync(`/proc/${pid}/status`, "utf8"), /\nUid:\t47112\t/);
  equal(readFileSync(`/proc/${pid}/setgroups`, "utf8"), "deny\n");
  equal(user.run("lxc-attach -n own -- id -u").out, "0\n");
  equal(user.run("lxc-destroy -n own -f").code, 0);
});
