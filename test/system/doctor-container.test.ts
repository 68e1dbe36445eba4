// lxc-doctor NAME on containers that are really broken: what it finds, and what it says to do.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("doctor-ct");
const BRIDGE = "lxctsdoc0";
after(() => {
  place.remove();
  spawnSync("ip", ["link", "del", BRIDGE]);
});

interface Check {
  readonly id: string;
  readonly weight: string;
  readonly detail: string;
  readonly fix: string;
}

function checksOf(name: string): Check[] {
  const said = place.ours("lxc-doctor", name, "--format=json");
  return JSON.parse(said.out).checks;
}

/** `WEIGHT: DETAIL; FIX` of the check with this id; "" for none, and for one that is fine. */
function said(name: string, id: string): string {
  const check = checksOf(name).find((each) => each.id === id && each.weight !== "fine");
  return check === undefined ? "" : `${check.weight}: ${check.detail}; ${check.fix}`;
}

const EMPTY = "lxc.net.0.type = empty";

test("a first program that is not there, not executable, or not for this machine", { skip }, () => {
  place.create("lxcts-d1", EMPTY);
  const init = place.inside("lxcts-d1", "sbin/init");
  equal(said("lxcts-d1", "init"), "");
  const busybox = readFileSync(init);
  rmSync(init);
  match(said("lxcts-d1", "init"), /^stops: there is no such file in the root file system; set lxc.init.cmd/);
  equal(place.ours("lxc-doctor", "lxcts-d1").code, 1);
  writeFileSync(init, busybox, { mode: 0o644 });
  match(said("lxcts-d1", "init"), /^stops: it is not executable; make it executable: chmod \+x/);
  chmodSync(init, 0o755);
  equal(said("lxcts-d1", "init"), "");
  const foreign = Buffer.from(busybox);
  foreign.writeUInt16LE(183, 18);
  writeFileSync(init, foreign);
  match(said("lxcts-d1", "init-machine"), /: it is for arm64, and this is x86_64; /);
  writeFileSync(init, "#!/opt/none/python\n");
  match(
    said("lxcts-d1", "init-interpreter"),
    /^stops: it needs "\/opt\/none\/python", which is not in the root file system/,
  );
});

test("the last error of its log", { skip }, () => {
  place.create("lxcts-d2", EMPTY, "lxc.hook.pre-start = /no/such/hook");
  const log = join(place.lxcpath, "lxcts-d2/lxcts-d2.log");
  equal(said("lxcts-d2", "last-failure"), "");
  equal(place.ours("lxc-start", "lxcts-d2", "-o", log).code, 1);
  match(
    said("lxcts-d2", "last-failure"),
    /^advice: .*cannot start lxcts-d2.*\/no\/such\/hook.*; read .*\/lxcts-d2.log$/,
  );
});

test("no address, no route, a bridge that is down", { skip }, () => {
  equal(spawnSync("ip", ["link", "add", BRIDGE, "type", "bridge"]).status, 0);
  place.create("lxcts-d3", "lxc.net.0.type = veth", `lxc.net.0.link = ${BRIDGE}`, "lxc.net.0.flags = up");
  match(said("lxcts-d3", "network-link-down"), new RegExp(`^limits: ${BRIDGE} is down; ip link set ${BRIDGE} up$`));
  spawnSync("ip", ["link", "set", BRIDGE, "up"]);
  equal(said("lxcts-d3", "network-link-down"), "");
  equal(place.ours("lxc-start", "lxcts-d3").code, 0);
  match(said("lxcts-d3", "network-address"), /^limits: it has no address; /);
  const inside = (...words: string[]): number | null => place.ours("lxc-attach", "lxcts-d3", "--", ...words).code;
  equal(inside("ip", "addr", "add", "10.98.7.2/24", "dev", "eth0"), 0);
  equal(said("lxcts-d3", "network-address"), "");
  match(said("lxcts-d3", "network-route"), /^limits: it has no default route; set lxc.net.0.ipv4.gateway = auto/);
  equal(inside("ip", "route", "add", "default", "via", "10.98.7.1"), 0);
  equal(said("lxcts-d3", "network-route"), "");
  equal(inside("ip", "link", "set", "eth0", "down"), 0);
  match(
    said("lxcts-d3", "network-device-down"),
    /^limits: it is down; lxc-attach lxcts-d3 -P .* -- ip link set eth0 up$/,
  );
  equal(place.ours("lxc-stop", "-k", "lxcts-d3").code, 0);
});

test("limits that were reached, and a container that is frozen", { skip }, () => {
  place.create("lxcts-d4", EMPTY, "lxc.limit.memory = 24M", "lxc.limit.memory.swap = 0", "lxc.limit.pids = 12");
  const started = place.ours("lxc-start", "lxcts-d4");
  equal(started.code, 0, started.err);
  deepEqual(
    [said("lxcts-d4", "memory-limit"), said("lxcts-d4", "pids-limit"), said("lxcts-d4", "state")],
    ["", "", ""],
  );
  place.ours("lxc-attach", "lxcts-d4", "--", "dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1");
  match(
    said("lxcts-d4", "memory-limit"),
    /^limits: a program was killed for lack of memory, once; give it more: lxc-config set/,
  );
  const fill = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 1000 & done";
  place.ours("lxc-attach", "lxcts-d4", "--", "sh", "-c", `(${fill}) > /dev/null 2>&1 < /dev/null`);
  match(said("lxcts-d4", "pids-limit"), /^limits: it has (?:had )?all 12 that it may have; allow more: lxc-config set/);
  equal(place.ours("lxc-freeze", "lxcts-d4").code, 0);
  match(said("lxcts-d4", "state"), /^limits: it is frozen; thaw it: lxc-unfreeze lxcts-d4 -P /);
  equal(place.ours("lxc-stop", "-k", "lxcts-d4").code, 0);
});
