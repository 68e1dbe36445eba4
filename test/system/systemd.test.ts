// A whole distribution: Debian with systemd as the first process, as root's container and with users of its own.

import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, Place, skipWithoutRoot } from "./host.ts";

const place = new Place("systemd");
after(() => place.remove());

const SHIPPED = join(import.meta.dirname, "../../share/lxc/config");
const made =
  skipWithoutRoot === false
    ? spawnSync("sh", [join(import.meta.dirname, "debian.sh")], { encoding: "utf8" })
    : undefined;
const debian = made?.stdout.trim() ?? "";
const skip =
  skipWithoutRoot !== false
    ? skipWithoutRoot
    : made?.status === 0
      ? false
      : `there is no Debian: ${made?.stderr.trim()}`;

/** A copy of it as the root file system of a new container. */
function create(name: string, ...lines: string[]): void {
  const file = join(place.folder, `${name}.conf`);
  const base = [`lxc.include = ${SHIPPED}/common.conf`, "lxc.net.0.type = empty", `lxc.uts.name = ${name}`];
  writeFileSync(file, `${base.concat(lines).join("\n")}\n`);
  equal(place.ours("lxc-create", "-n", name, "-t", "none", "-f", file).code, 0);
  const rootfs = place.inside(name, "");
  equal(spawnSync("cp", ["-a", debian, rootfs]).status, 0);
  // Its init takes the name from there.
  writeFileSync(place.inside(name, "etc/hostname"), `${name}\n`);
  place.configure(name, `lxc.rootfs.path = dir:${rootfs.replace(/\/$/, "")}`);
}

function inside(name: string, command: string): string {
  const run = place.ours("lxc-attach", "-n", name, "--clear-env", "--", "/bin/sh", "-c", command);
  return run.out + run.err;
}

async function runs(name: string): Promise<void> {
  const started = place.ours("lxc-start", "-n", name);
  equal(started.code, 0, started.err);
  const isUp = () => /^(running|degraded)/.test(inside(name, "systemctl is-system-running 2>&1"));
  ok(await eventually(isUp, 30_000), inside(name, "systemctl is-system-running; systemctl list-jobs --no-pager"));
  equal(inside(name, "systemctl list-units --failed --no-legend --plain | cut -d ' ' -f 1"), "");
  match(inside(name, "systemctl is-system-running"), /^running\n/);
  match(inside(name, "cat /proc/1/comm; systemd-detect-virt; hostname"), new RegExp(`^systemd\nlxc\n${name}\n`));
}

async function stops(name: string): Promise<void> {
  const started = Date.now();
  equal(place.ours("lxc-stop", "-n", name, "-t", "30").code, 0);
  ok(Date.now() - started < 25_000, "it had to be killed");
  ok(await eventually(() => place.leftovers(name).length === 0), place.leftovers(name).join("\n"));
}

test("Debian with systemd comes up whole, and ends itself when it is asked to", { skip }, async () => {
  create("lxcts-sd");
  await runs("lxcts-sd");
  match(inside("lxcts-sd", "grep Seccomp: /proc/1/status"), /Seccomp:\t2/);
  await stops("lxcts-sd");
});

test("and so it does with users of its own, its files shifted by the mount", { skip }, async () => {
  create(
    "lxcts-sd-ids",
    `lxc.include = ${SHIPPED}/userns.conf`,
    "lxc.idmap = u 0 1200000000 65536",
    "lxc.idmap = g 0 1200000000 65536",
    "lxc.rootfs.options = idmap=container",
    // systemd mounts debugfs for who has it, and in a user namespace it cannot.
    "lxc.cap.drop = sys_rawio",
  );
  await runs("lxcts-sd-ids");
  match(inside("lxcts-sd-ids", "stat -c %u /usr/bin/passwd; cat /proc/1/uid_map"), /^0\n +0 1200000000 +65536\n/);
  await stops("lxcts-sd-ids");
});

test("and under the hardened policy", { skip }, async () => {
  create("lxcts-sd-hard", `lxc.seccomp.profile = ${SHIPPED}/hardened.seccomp`);
  await runs("lxcts-sd-hard");
  await stops("lxcts-sd-hard");
});
