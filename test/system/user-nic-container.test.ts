// A container of an ordinary user with a network of the host's: by lxc-user-nic, and by what /etc/lxc/lxc-usernet allows.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { eventually, type Outcome, skipWithoutRoot as skip } from "./host.ts";
import { NicPlace } from "./nic-place.ts";

const ANN = "lxcts-nicann";
const RULE = `${ANN} veth br0 10`;
const place = new NicPlace("nicbox", [{ name: ANN, uid: 47_141, ids: 1_720_000_000 }]);
before(async () => {
  if (skip === false) await place.ready();
});
beforeEach(() => {
  if (skip !== false) return;
  place.allow(RULE);
  ann("for name in $(lxc-ls -1 --running); do lxc-stop -n $name -k; done");
});
after(() => place.remove());

function ann(command: string): Outcome {
  return place.as(ANN, command);
}

/** A container whose configuration ends in these lines. */
function box(name: string, ...lines: string[]): void {
  const made = ann(`lxc-create -n ${name} -t busybox`);
  equal(made.code, 0, made.err);
  const net = ["lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.flags = up", ...lines];
  const file = join(place.homeOf(ANN), ".local/share/lxc", name, "config");
  const kept = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("lxc.net."));
  writeFileSync(file, `${[...kept, ...net].join("\n")}\n`);
}

function refusedStart(name: string, ...said: RegExp[]): void {
  const start = ann(`lxc-start -n ${name}`);
  equal(start.code, 1, start.out);
  for (const words of said) match(start.err, words);
  deepEqual([place.devices(), ann(`lxc-info -n ${name} -sH`).out], [[], "STOPPED\n"]);
}

test("its addresses, name, MTU and hardware address are as configured, the host reaches it, and nothing stays", {
  skip,
}, async () => {
  box(
    "web",
    "lxc.net.0.name = web0",
    "lxc.net.0.hwaddr = 10:66:6a:01:02:03",
    "lxc.net.0.mtu = 1300",
    "lxc.net.0.ipv4.address = 10.97.0.7/24",
    "lxc.net.0.ipv4.gateway = auto",
    "lxc.net.0.script.up = /bin/sh -c 'echo $LXC_NET_PEER $* > ~/up' x",
    "lxc.hook.version = 1",
  );
  const started = ann("lxc-start -n web");
  equal(started.code, 0, started.err);
  const [host = ""] = place.devices();
  match(host, /^veth47141_\w{4}$/);
  deepEqual(place.nics(), [`${ANN} veth br0 ${host}`]);
  equal(ann("cat ~/up").out, `${host} veth br0 ${host}\n`);
  equal(place.root("ping -c1 -W3 10.97.0.7 > /dev/null && echo reached").out, "reached\n");
  const inside = ann(
    "lxc-attach -n web -- sh -c 'ip link show web0; ip route; ping -c1 -W3 10.97.0.1 > /dev/null && echo out'",
  ).out;
  match(inside, /web0@\S+: <[^>]*UP[^>]*> mtu 1300/);
  match(inside, /link\/ether 10:66:6a:01:02:03/);
  match(inside, /default via 10\.97\.0\.1 dev web0/);
  match(inside, /\nout\n$/);
  match(ann("lxc-info -n web").out, new RegExp(`IP: +10\\.97\\.0\\.7\n[^]*Link: +${host}\n`));
  match(ann("lxc-ls -f -F NAME,IPV4").out, /\nweb +10\.97\.0\.7 +\n/);
  deepEqual(ann("lxc-stop -n web -k"), { code: 0, out: "", err: "" });
  ok(await eventually(() => place.devices().length === 0));
  deepEqual(place.nics(), []);
});

test("started ten times in a row with room for one device it has one each time", { skip }, () => {
  place.allow(`${ANN} veth br0 1`);
  box("row");
  for (let i = 0; i < 10; i++) {
    const started = ann("lxc-start -n row");
    equal(started.code, 0, started.err);
    deepEqual(ann("lxc-stop -n row -k && lxc-wait -n row -s STOPPED -t 10"), { code: 0, out: "", err: "" });
  }
});

test("a container that reboots has a device again", { skip }, async () => {
  place.allow(`${ANN} veth br0 1`);
  box("again");
  equal(ann("lxc-start -n again").code, 0);
  const first = place.devices();
  const pid = ann("lxc-info -n again -pH").out;
  equal(ann("lxc-stop -n again -r -W").code, 0);
  ok(
    await eventually(
      () => ann("lxc-info -n again -pH").out !== pid && ann("lxc-info -n again -sH").out === "RUNNING\n",
      15_000,
    ),
  );
  ok(place.devices().length === 1 && place.devices()[0] !== first[0]);
  match(ann("lxc-info -n again").out, new RegExp(`Link: +${place.devices()[0]}\n`));
  equal(ann("lxc-stop -n again -k").code, 0);
});

test("every refusal says what is to be done, and leaves nothing", { skip }, () => {
  box("no");
  place.allow("somebody veth br0 10");
  refusedStart(
    "no",
    /cannot get a network device on br0 for lxcts-nicann: \/etc\/lxc\/lxc-usernet allows lxcts-nicann none there\n/,
    /hint: have root add this line to \/etc\/lxc\/lxc-usernet: lxcts-nicann veth br0 10\n/,
  );
  place.root("rm /etc/lxc/lxc-usernet");
  refusedStart("no", /hint: have root add this line to \/etc\/lxc\/lxc-usernet: lxcts-nicann veth br0 10\n/);
  place.allow(`${ANN} veth br0 0`);
  refusedStart(
    "no",
    /Quota reached: \/etc\/lxc\/lxc-usernet allows lxcts-nicann 0 there\n/,
    /raise the number: lxcts-nicann veth br0 10\n/,
  );
  place.allow(RULE);
  ann("sed -i 's/link = br0/link = br7/' ~/.local/share/lxc/no/config");
  refusedStart("no", /lxc\.net\.0\.link = br7: there is no such bridge\n/);
});

test("a helper that is not setuid root, or not there, is told before anything is made", { skip }, () => {
  box("bare");
  place.root("mount --bind /dev/null /usr/libexec/lxc/lxc-user-nic 2> /dev/null");
  chmodSync(place.helper, 0o755);
  refusedStart(
    "bare",
    /libexec\/lxc\/lxc-user-nic is not setuid root\n/,
    /hint: as root: chown root:root \/\S+\/lxc-user-nic && chmod 4755 /,
  );
  chmodSync(place.helper, 0o4755);
  const libexec = `${place.folder}/libexec`;
  place.root(`mount --bind ${libexec} ${libexec} && mount -o remount,bind,nosuid ${libexec}`);
  refusedStart("bare", /runs without the rights of root\n.*hint: .*must not be mounted nosuid/);
  place.root(`umount ${libexec}`);
  renameSync(place.helper, `${place.helper}.away`);
  const start = ann("lxc-start -n bare");
  renameSync(`${place.helper}.away`, place.helper);
  place.root("umount /usr/libexec/lxc/lxc-user-nic");
  equal(start.code, 1);
  match(start.err, /lxc-user-nic is not /);
});

test("what only root's containers can have is refused by name, and the name of a pair has no effect", { skip }, () => {
  const refusals: [string, RegExp][] = [
    ["lxc.net.0.type = macvlan\nlxc.net.0.link = br0", /lxc\.net\.0\.type = macvlan is for containers of root/],
    ["lxc.net.0.type = phys\nlxc.net.0.link = br1", /lxc\.net\.0\.type = phys is for containers of root/],
    ["lxc.net.0.veth.mode = router", /lxc\.net\.0\.veth\.mode = router is for containers of root/],
    ["lxc.net.0.veth.vlan.id = 7", /lxc\.net\.0\.veth\.vlan\.id = 7 is for containers of root/],
    ["lxc.net.0.veth.ipv4.route = 10.96.0.0/24", /lxc\.net\.0\.veth\.ipv4\.route = \S+ is for containers of root/],
  ];
  for (const [line, said] of refusals) {
    box("only", line);
    refusedStart("only", said);
    equal(ann("lxc-destroy -n only").code, 0);
  }
  box("pair", "lxc.net.0.veth.pair = mine");
  const started = ann("lxc-start -n pair");
  equal(started.code, 0, started.err);
  match(started.err, /warning: lxc\.net\.0\.veth\.pair has no effect/);
  match(place.devices()[0] ?? "", /^veth47141_/);
  equal(ann("lxc-stop -n pair -k").code, 0);
});

test("a bridge of Open vSwitch has a port, and none when the container has stopped", { skip }, async () => {
  place.allow(`${ANN} veth ovs0 1`);
  box("ovs");
  ann("sed -i 's/link = br0/link = ovs0/' ~/.local/share/lxc/ovs/config");
  const started = ann("lxc-start -n ovs");
  equal(started.code, 0, started.err);
  const [host = ""] = place.devices();
  equal(ann("lxc-stop -n ovs -k").code, 0);
  ok(await eventually(() => place.devices().length === 0));
  const log = readFileSync(`${place.folder}/ovs.log`, "utf8");
  equal(log, `--timeout=30 add-port ovs0 ${host}\n--timeout=30 --if-exists del-port ovs0 ${host}\n`);
});

test("when the monitor is killed the device goes with the container, and counts no longer", { skip }, async () => {
  place.allow(`${ANN} veth br0 1`);
  box("killed");
  equal(ann("lxc-start -n killed").code, 0);
  equal(place.devices().length, 1);
  ann("pkill -KILL -u $(id -u) -f 'lxc monitor.*killed'");
  ok(await eventually(() => place.devices().length === 0));
  const started = ann("lxc-start -n killed");
  equal(started.code, 0, started.err);
  equal(ann("lxc-stop -n killed -k").code, 0);
});

test("lxc-doctor says what is missing before a start does", { skip }, () => {
  box("doc");
  equal(/network-(user|nic)|lxc-usernet/.test(ann("lxc-doctor -n doc").out), false);
  place.allow("somebody veth br0 10");
  match(ann("lxc-doctor -n doc").out, /lxcts-nicann veth br0 10/);
  place.allow(RULE);
  place.root("mount --bind /dev/null /usr/libexec/lxc/lxc-user-nic");
  chmodSync(place.helper, 0o755);
  match(ann("lxc-doctor -n doc").out, /chmod 4755 \S+\/libexec\/lxc\/lxc-user-nic/);
  chmodSync(place.helper, 0o4755);
  place.root("umount /usr/libexec/lxc/lxc-user-nic");
});
