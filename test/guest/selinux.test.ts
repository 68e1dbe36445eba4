// SELinux's contexts of containers, on a kernel that enforces a policy with three domains added to it.

import { equal, match } from "node:assert/strict";
import { before, test } from "node:test";
import { create, withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "qemu", lsm: "selinux" });

/** `inner_t` may do everything, `keys_t` labels keys, and nobody may become `closed_t`. lxc-execute runs its init from a mount that is nosuid. */
const POLICY = `(type lxcts_inner_t)
(type lxcts_keys_t)
(type lxcts_closed_t)
(roletype unconfined_r lxcts_inner_t)
(roletype unconfined_r lxcts_keys_t)
(roletype unconfined_r lxcts_closed_t)
(typeattributeset domain (lxcts_inner_t lxcts_closed_t))
(typepermissive lxcts_inner_t)
(allow unconfined_t lxcts_inner_t (process (all)))
(allow unconfined_t lxcts_inner_t (process2 (nosuid_transition)))
(allow unconfined_t lxcts_keys_t (key (all)))
(allow lxcts_inner_t file_type (file (entrypoint)))
(allow lxcts_closed_t file_type (file (entrypoint)))`;

function context(type: string): string {
  return `unconfined_u:unconfined_r:lxcts_${type}_t:s0`;
}

before(async () => {
  await guest.said(`cat > /root/lxcts.cil << 'END'\n${POLICY}\nEND\nsemodule -i /root/lxcts.cil`, 500);
  equal(await guest.said("getenforce"), "Enforcing");
});

test("the first process has the context of the configuration, and so has what lxc-attach runs", async () => {
  await withContainer(guest, "labelled", [`lxc.selinux.context = ${context("inner")}`], async (container) => {
    const pid = await container.tool("lxc-info", "-pH");
    equal(await guest.said(`tr -d '\\0' < /proc/${pid}/attr/current`), context("inner"));
    equal((await container.inside("cat /proc/self/attr/current")).stdout.replace("\0", ""), context("inner"));
  });
});

test("without a context, and with unconfined_t, it is the starter's", async () => {
  await withContainer(guest, "plain", ["lxc.selinux.context = unconfined_t"], async (container) => {
    const pid = await container.tool("lxc-info", "-pH");
    equal(await guest.said(`tr -d '\\0' < /proc/${pid}/attr/current`), "unconfined_u:unconfined_r:unconfined_t:s0");
  });
});

/** The context of the session keyring that a program in a container has (KEYCTL_GET_SECURITY). */
async function keyringOf(lines: readonly string[]): Promise<string> {
  const perl = 'my $b = "\\0" x 200; my $n = syscall(250, 17, -3, $b, 200); print substr($b, 0, $n - 1)';
  const settings = lines.map((each) => `-s '${each}'`).join(" ");
  return guest.said(`lxc-execute -n keys -f /dev/null -s lxc.autodev=0 ${settings} -- perl -e '${perl}'`);
}

test("the keyring has a context of its own, or that of the programs", async () => {
  const inner = `lxc.selinux.context=${context("inner")}`;
  equal(await keyringOf([inner, `lxc.selinux.context.keyring=${context("keys")}`]), context("keys"));
  equal(await keyringOf([]), "unconfined_u:unconfined_r:unconfined_t:s0");
});

test("a start that the policy denies says what was denied, and which rule is missing", async () => {
  // Without an audit daemon the kernel writes down ten denials in five seconds, and those of the tests before count.
  await guest.said("sleep 6");
  await create(guest, "closed", [`lxc.selinux.context = ${context("closed")}`]);
  const failed = await guest.exec("lxc-start -n closed");
  equal(failed.status, 1);
  match(
    failed.stderr,
    /\n {2}because: cannot transition \S+: SELinux denied it to lxc-start \(unconfined_u:unconfined_r:unconfined_t:s0 on the process unconfined_u:unconfined_r:lxcts_closed_t:s0\)\n {2}hint: add to the policy: allow unconfined_t lxcts_closed_t:process \{ transition \};\n/,
  );
  await guest.said("lxc-destroy -n closed");
});

test("a context that the policy does not know is refused by name", async () => {
  await create(guest, "unknown", ["lxc.selinux.context = a:b:c:s0"]);
  const failed = await guest.exec("lxc-start -n unknown");
  match(
    failed.stderr,
    /cannot give \S+ \S+ the SELinux context a:b:c:s0: the policy that is loaded has no such context\n/,
  );
  await guest.said("lxc-destroy -n unknown");
});
