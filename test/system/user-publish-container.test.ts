// Published ports of an ordinary user's container: by lxc-user-publish, and by what /etc/lxc/lxc-usernet allows.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { eventually, type Outcome, skipWithoutRoot as skip } from "./host.ts";
import { NicPlace } from "./nic-place.ts";

const ANN = "lxcts-pubann";
const NICS = `${ANN} veth br0 10`;
const PORTS = `${ANN} publish br0 8000-8099`;
const place = new NicPlace("pubbox", [{ name: ANN, uid: 47_191, ids: 1_740_000_000 }]);
/** For pgrep(1), whose own shell has it in its words. */
const HELPER = place.publisher.replace("lxc-user", "[l]xc-user");

before(async () => {
  if (skip === false) await place.ready();
});
afterEach(() => {
  if (skip !== false) return;
  ann("for name in $(lxc-ls -1 --running); do lxc-stop -n $name -k; done");
  equal(left(), "0\n");
  place.allow(NICS, PORTS);
});
after(() => place.remove());

function ann(command: string): Outcome {
  return place.as(ANN, command);
}

/** What is left of published ports, and of the programs that hold them. */
function left(): string {
  return place.root("nft list tables | grep lxc-; cat /proc/sys/net/ipv4/conf/br0/route_localnet").out;
}

/** A container that answers on port 80 with its name, and whose configuration ends in these lines. */
function box(name: string, ...lines: string[]): void {
  const made = ann(`lxc-create -n ${name} -t busybox`);
  equal(made.code, 0, made.err);
  const file = join(place.homeOf(ANN), ".local/share/lxc", name, "config");
  const kept = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("lxc.net."));
  const net = ["lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.flags = up", ...lines];
  writeFileSync(file, `${[...kept, ...net].join("\n")}\n`);
}

async function start(name: string): Promise<void> {
  const { code, err } = ann(`lxc-start -n ${name}`);
  equal(code, 0, err);
  await place.serve(ANN, Number(ann(`lxc-info -n ${name} -pH`).out), name);
}

function refusedStart(name: string, ...said: RegExp[]): void {
  const { code, out, err } = ann(`lxc-start -n ${name}`);
  equal(code, 1, out);
  for (const words of said) match(err, words);
  deepEqual([place.devices(), left(), ann(`lxc-info -n ${name} -sH`).out], [[], "0\n", "STOPPED\n"]);
}

test("its ports are reached from the host, are told by lxc-info, and are free when it has stopped", {
  skip,
}, async () => {
  place.allow(NICS, PORTS);
  box("web", "lxc.net.0.ipv4.address = 10.97.0.7/24", "lxc.net.0.ipv4.gateway = auto");
  ann("echo lxc.net.0.publish = 8080:80 >> ~/.local/share/lxc/web/config");
  await start("web");
  deepEqual([place.ask("127.0.0.1", 8080), place.ask("10.97.0.1", 8080)], ["web", "web"]);
  match(ann("lxc-info -n web").out, /8080:80\/tcp/);
  match(left(), /lxc-publish-47191\/web-[0-9a-f]{16}-0\n/);
  deepEqual(ann("lxc-stop -n web -k"), { code: 0, out: "", err: "" });
  equal(left(), "0\n");
  equal(place.root(`pgrep -f ${HELPER}`).out, "");
});

test("an address that it gets later is led to, and so is the next one", { skip }, async () => {
  place.allow(NICS, PORTS);
  box("late", "lxc.net.0.publish = 8080:80");
  await start("late");
  equal(place.ask("127.0.0.1", 8080), "");
  for (const address of ["10.97.0.31", "10.97.0.32"]) {
    const set = `ip address flush dev eth0; ip address add ${address}/24 dev eth0; ip route add default via 10.97.0.1`;
    equal(ann(`lxc-attach -n late -- sh -c '${set}'`).code, 0);
    ok(await eventually(() => place.root("nft list ruleset").out.includes(`dnat ip to ${address}:80`)), address);
    equal(place.ask("127.0.0.1", 8080), "late");
  }
});

test("the ports come again when it reboots, and go when its monitor is killed", { skip }, async () => {
  place.allow(NICS, PORTS);
  box("again", "lxc.net.0.ipv4.address = 10.97.0.7/24", "lxc.net.0.publish = 10.97.0.1:8080:80");
  await start("again");
  const pid = ann("lxc-info -n again -pH").out;
  equal(ann("lxc-stop -n again -r -W").code, 0);
  ok(await eventually(() => !["", pid].includes(ann("lxc-info -n again -pH").out), 15_000));
  ok(await eventually(() => place.root("nft list ruleset").out.includes("dnat ip to 10.97.0.7:80")));
  ann("pkill -KILL -u $(id -u) -f 'lxc monitor.*again'");
  ok(await eventually(() => left() === "0\n"));
});

test("what no line allows is refused before anything is made, with the line that would", { skip }, async () => {
  box("no", "lxc.net.0.publish = 8080:80");
  place.allow(NICS);
  refusedStart(
    "no",
    /cannot use lxc\.net\.0\.publish = 8080:80\/tcp: \/etc\/lxc\/lxc-usernet lets lxcts-pubann publish no such port there\n/,
    /hint: have root add this line to \/etc\/lxc\/lxc-usernet: lxcts-pubann publish br0 8080\/tcp\n/,
  );
  place.allow(NICS, `${ANN} publish br0 8080/tcp`);
  await start("no");
  equal(ann("lxc-stop -n no -k").code, 0);
  // A file that the user may not read is asked about by the helper alone.
  place.allow(NICS);
  place.root("chmod 600 /etc/lxc/lxc-usernet");
  refusedStart("no", /lxc-user-publish said: \S+ this is not allowed/, /lxcts-pubann publish br0 8080\/tcp/);
  place.root("chmod 644 /etc/lxc/lxc-usernet");
});

test("a port that is taken is told, by whom as far as it may be known", { skip }, async () => {
  place.allow(NICS, PORTS);
  box("first", "lxc.net.0.ipv4.address = 10.97.0.7/24", "lxc.net.0.publish = 8080:80");
  box("second", "lxc.net.0.ipv4.address = 10.97.0.8/24", "lxc.net.0.publish = 8080:80");
  await start("first");
  const second = ann("lxc-start -n second");
  equal(second.code, 1);
  match(second.err, /cannot use lxc\.net\.0\.publish = 8080:80\/tcp: another container or a program has that port\n/);
  equal(place.ask("127.0.0.1", 8080), "first");
  equal(ann("lxc-stop -n first -k").code, 0);
  const server = place.start(ANN, process.execPath, "-e", `require("net").createServer().listen(8080)`);
  ok(await eventually(() => place.root("ss -Hltn sport = 8080").out !== ""));
  refusedStart("second", /the program \S+ \(process \d+\) has \*:8080\/tcp of this host already/);
  server.kill("SIGKILL");
});

test("a helper that is not setuid root, or not there, is told before anything is made", { skip }, () => {
  place.allow(NICS, PORTS);
  box("bare", "lxc.net.0.publish = 8080:80");
  chmodSync(place.publisher, 0o755);
  refusedStart(
    "bare",
    /libexec\/lxc\/lxc-user-publish is not setuid root\n/,
    /hint: as root: chown root:root \S+ && chmod 4755/,
  );
  match(ann("lxc-doctor -n bare").out, /lxc-user-publish is not setuid root/);
  renameSync(place.publisher, `${place.publisher}.away`);
  refusedStart(
    "bare",
    /lxc-user-publish is not installed\n/,
    /hint: install lxc-ts as root, or take lxc\.net\.\[i\]\.publish out/,
  );
  renameSync(`${place.publisher}.away`, place.publisher);
  chmodSync(place.publisher, 0o4755);
  place.allow(NICS);
  match(ann("lxc-doctor -n bare").out, /add this line to it: lxcts-pubann publish br0 8080\/tcp/);
});

test("when the helper is killed the container goes on, and its log says that its ports do not", { skip }, async () => {
  place.allow(NICS, PORTS);
  box("on", "lxc.net.0.ipv4.address = 10.97.0.7/24", "lxc.net.0.publish = 10.97.0.1:8080:80");
  ann("(echo lxc.log.file = $HOME/on.log; echo lxc.log.level = WARN) >> ~/.local/share/lxc/on/config");
  await start("on");
  place.root(`pkill -KILL -f ${HELPER}`);
  ok(await eventually(() => ann("cat ~/on.log").out.includes("the published ports of eth0 lead nowhere")));
  equal(ann("lxc-info -n on -sH").out, "RUNNING\n");
});
