// A host whose security module is SELinux, enforcing, with a labelled disk.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "qemu", lsm: "selinux" });

test("SELinux enforces, files are labelled, and a domain may not do what its policy does not say", async () => {
  equal(await guest.said("getenforce; id --context"), "Enforcing\nunconfined_u:unconfined_r:unconfined_t:s0");
  equal(await guest.said("stat --format=%C /etc/shadow"), "system_u:object_r:shadow_t:s0");
  const denied = await guest.exec("runcon --role=system_r --user=system_u --type=init_t id");
  deepEqual(denied, { status: 126, stdout: "", stderr: "runcon: 'id': Permission denied\n" });
});

test("lxc-checkconfig names it, and a container without a context runs in its starter's", async () => {
  match(await guest.said("lxc-checkconfig"), /\nSecurity module: enabled, selinux\n/);
  await withContainer(guest, "labelled", [], async (container) => {
    const pid = await container.tool("lxc-info", "-pH");
    equal(await guest.said(`tr -d '\\0' < /proc/${pid}/attr/current`), "unconfined_u:unconfined_r:unconfined_t:s0");
  });
});
