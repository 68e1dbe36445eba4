import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { NO_VARIABLES } from "./keys.ts";
import { NetworkConfig } from "./network-schema.ts";
import { Config } from "./schema.ts";
import type { Setting } from "./settings.ts";
import { subKeys } from "./values.ts";

/** The keys of LXC 7.0, as the reference names them: 87 of a container and 25 of a network. A dot at the end is a prefix. */
const GLOBAL = `
lxc.apparmor.allow_incomplete lxc.apparmor.allow_nesting lxc.apparmor.profile lxc.apparmor.raw lxc.arch lxc.autodev
lxc.autodev.tmpfs.size lxc.cap.drop lxc.cap.keep lxc.cgroup.dir lxc.cgroup.dir.container lxc.cgroup.dir.container.inner
lxc.cgroup.dir.monitor lxc.cgroup.dir.monitor.pivot lxc.cgroup.relative lxc.cgroup2. lxc.console.buffer.size
lxc.console.logfile lxc.console.path lxc.console.rotate lxc.console.size lxc.environment lxc.environment.hooks
lxc.environment.runtime lxc.ephemeral lxc.execute.cmd lxc.group lxc.hook lxc.hook.autodev lxc.hook.clone lxc.hook.destroy
lxc.hook.mount lxc.hook.post-stop lxc.hook.pre-mount lxc.hook.pre-start lxc.hook.start lxc.hook.start-host lxc.hook.stop
lxc.hook.version lxc.idmap lxc.include lxc.init.cmd lxc.init.cwd lxc.init.gid lxc.init.groups lxc.init.uid
lxc.keyring.session lxc.log.file lxc.log.level lxc.log.syslog lxc.monitor.signal.pdeath lxc.monitor.unshare lxc.mount.auto
lxc.mount.entry lxc.mount.fstab lxc.namespace.clone lxc.namespace.keep lxc.namespace.share. lxc.net lxc.net.
lxc.no_new_privs lxc.prlimit. lxc.proc. lxc.pty.max lxc.rootfs.managed lxc.rootfs.mount lxc.rootfs.options lxc.rootfs.path
lxc.sched.core lxc.seccomp.allow_nesting lxc.seccomp.notify.cookie lxc.seccomp.notify.proxy lxc.seccomp.profile
lxc.selinux.context lxc.selinux.context.keyring lxc.signal.halt lxc.signal.reboot lxc.signal.stop lxc.start.auto
lxc.start.delay lxc.start.order lxc.sysctl. lxc.time.offset.boot lxc.time.offset.monotonic lxc.tty.dir lxc.tty.max
lxc.uts.name`
  .trim()
  .split(/\s+/);
const NETWORK = `
flags hwaddr ipv4.address ipv4.gateway ipv6.address ipv6.gateway ipvlan.isolation ipvlan.mode l2proxy link macvlan.mode mtu
name script.down script.up type veth.ipv4.route veth.ipv6.route veth.mode veth.n_rxqueues veth.n_txqueues veth.pair
veth.vlan.id veth.vlan.tagged.id vlan.id`
  .trim()
  .split(/\s+/);

/** A key by itself, or by the group whose prefix it is; with its dot left out, a group is cleared by it. */
function isThere(config: Config, key: string): boolean {
  const group = config.groups.find(({ prefix }) => prefix === key || prefix === `${key}.`);
  return group !== undefined || config.find(key, false) !== undefined;
}

test("every key of LXC 7.0 is in the table", () => {
  const config = new Config(NO_VARIABLES);
  const network = new NetworkConfig(0).allKeys();
  const missing = GLOBAL.filter((key) => !isThere(config, key)).concat(NETWORK.filter((key) => !network.includes(key)));
  deepEqual(missing, []);
  equal(GLOBAL.length + NETWORK.length, 112);
  const more = config.allKeys().filter((key) => !GLOBAL.includes(key) && key !== "lxc.hook.");
  deepEqual(
    more.filter((key) => !key.startsWith("lxc.limit.")),
    ["lxc.mount.share", "lxc.seccomp.allow", "lxc.cgroup."],
  );
  console.log(`${112 - missing.length} of 112 keys of LXC 7.0; of our own, or of version 1 cgroups: ${more.length}`);
});

/** Every row, with a group as the setting of its example. */
function rows(): Setting[] {
  const config = new Config(NO_VARIABLES);
  const settings = config.settings.concat(new NetworkConfig(0).settings);
  for (const group of config.groups) {
    const setting = group.example === "" ? undefined : group.open(group.example, true);
    if (setting !== undefined) settings.push(setting);
  }
  return settings;
}

/** As in LXC: the default level is no word, and a buffer of no bytes cannot be written, for it is raised to a page. */
const unreadDefaults = ["lxc.log.level", "lxc.console.size", "lxc.console.buffer.size"];
/** As in LXC: empty means something else than the default. */
const otherWhenEmpty = ["lxc.autodev", "lxc.monitor.signal.pdeath"];

for (const setting of rows()) {
  test(`the row ${setting.key} is honest`, () => {
    match(setting.doc, /^[A-Z0-9`].*[^.]\.$/);
    match(setting.kind(), /[^.]$|\.\.$/);
    equal(setting.isUsed(), false);
    // What the default prints as is read as the default.
    const initial = setting.initialText();
    if (initial !== "" && !unreadDefaults.includes(setting.key)) {
      ok(setting.set(initial), initial);
      equal(setting.isUsed(), false);
    }
    // Each word it offers is one that it takes, unless only some stand alone.
    for (const word of setting.words()) ok(setting.set(word) || word.endsWith(":"), word);
    setting.clear();
    equal(setting.isUsed(), otherWhenEmpty.includes(setting.key));
  });
}

test("each row says where the manual has it", () => {
  for (const setting of new Config(NO_VARIABLES).settings) ok(setting.section !== "", setting.key);
  for (const group of new Config(NO_VARIABLES).groups) ok(group.section !== "", group.prefix);
});

test("the keys below a prefix are listed, and of a network those for its type", () => {
  const config = new Config(NO_VARIABLES);
  deepEqual(subKeys(config, "lxc.cap"), ["drop", "keep"]);
  deepEqual(subKeys(config, "lxc.namespace.share"), ["user", "mnt", "pid", "uts", "ipc", "net", "cgroup", "time"]);
  deepEqual(
    [subKeys(config, "lxc.nosuch"), subKeys(config, "lxc.uts.name"), subKeys(config, "lxc.net.0")],
    [undefined, undefined, undefined],
  );
  equal(subKeys(config, "")?.includes("lxc.uts.name"), true);
  config.assign("lxc.net.0.type", "vlan");
  const own = subKeys(config, "lxc.net.0") ?? [];
  deepEqual([own.includes("vlan.id"), own.includes("veth.pair"), own.includes("link")], [true, false, true]);
  deepEqual(subKeys(config, "lxc.net.0.ipv4"), ["address", "gateway", "lease"]);
});
