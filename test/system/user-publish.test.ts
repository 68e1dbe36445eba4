// lxc-user-publish, setuid root, as ordinary users call it: the ports that it lets lead to their devices, and what it refuses.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, test } from "node:test";
import { eventually, skipWithoutRoot as skip } from "./host.ts";
import { NicPlace } from "./nic-place.ts";

const ANN = "lxcts-portann";
const BOB = "lxcts-portbob";
const users = [
  { name: ANN, uid: 47_181, ids: 0 },
  { name: BOB, uid: 47_182, ids: 0 },
];
const REFUSED = "lxc-user-publish: this is not allowed, or something that it needs is not there\n";
const NETS = [`${ANN} veth br0 9`, `${BOB} veth br0 9`];
const place = new NicPlace("ports", users);
/** Each user's namespace, and the host's end of its device there. */
const ends = new Map<string, { readonly pid: number; readonly device: string }>();
const held: ChildProcessWithoutNullStreams[] = [];

before(async () => {
  if (skip !== false) return;
  place.addToGroup("lxcts-ports", 47_189, ANN);
  await place.ready();
  place.allow(...NETS);
  let last = 7;
  for (const { name } of users) {
    const pid = await place.namespaceOf(name);
    const made = place.as(name, `$NIC create / c1 ${pid} veth br0`);
    equal(made.code, 0, made.err);
    ends.set(name, { pid, device: made.out.split(":")[2] ?? "" });
    inside(name, `ip link set lo up; ip link set eth0 up; ip address add 10.97.0.${last++}/24 dev eth0`);
    inside(name, "ip route add default via 10.97.0.1");
    await place.serve(name, pid, name);
  }
});
afterEach(async () => {
  for (const child of held.splice(0)) await ended(child);
  equal(state(), "0\n");
});
after(() => place.remove());

/** What is left of published ports: the tables, and whether 127.0.0.1 may leave by the bridge. */
function state(): string {
  return place.root("nft list tables | grep lxc-; cat /proc/sys/net/ipv4/conf/br0/route_localnet").out;
}

function inside(name: string, command: string): string {
  const { code, out, err } = place.root(`nsenter -t ${ends.get(name)?.pid} -n sh -ec '${command}'`);
  equal(code, 0, err);
  return out;
}

/** Runs the helper until its input ends, and waits for its first words. */
function publish(name: string, ...words: string[]): Promise<[ChildProcessWithoutNullStreams, string]> {
  return run(name, place.publisher, ...words);
}

async function run(name: string, ...words: string[]): Promise<[ChildProcessWithoutNullStreams, string]> {
  const child = place.start(name, ...words);
  held.push(child);
  const said = await new Promise<string>((resolve) => {
    child.stdout.once("data", (bytes) => resolve(String(bytes)));
    child.stderr.once("data", (bytes) => resolve(String(bytes)));
  });
  return [child, said];
}

/** Lets it go, and waits for its end. Its exit code. */
async function ended(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  child.stdin.end();
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

/** The words for a container of that name by the user's own device. */
function own(name: string, ...ports: string[]): string[] {
  return ["/lxc", "c1", "0", "br0", ends.get(name)?.device ?? "", ...ports];
}

async function refused(name: string, words: readonly string[], text = REFUSED): Promise<void> {
  const [child, said] = await publish(name, ...words);
  deepEqual([said, await ended(child)], [text, 1], words.join(" "));
  equal(place.root("nft list tables | grep lxc-").out, "", words.join(" "));
}

test("ports that a line allows lead to the caller's device until its input ends", { skip }, async () => {
  place.allow(...NETS, `${ANN} publish br0 8000-8099`);
  const [child, said] = await publish(ANN, ...own(ANN, "8080:80", "127.0.0.1:8090:80/tcp"));
  equal(said, "ready\n");
  match(state(), /^table inet lxc-loopback-br0-\S+\ntable inet lxc-publish-47181\/c1-[0-9a-f]{16}-0\n1\n$/);
  deepEqual(
    [
      place.ask("127.0.0.1", 8080),
      place.ask("10.97.0.1", 8080),
      place.ask("127.0.0.1", 8090),
      place.ask("10.97.0.1", 8090),
    ],
    [ANN, ANN, ANN, ""],
  );
  match(place.root("nft -j list ruleset").out, /"comment": "\/lxc\/c1 of user 47181"|47181/);
  equal(await ended(child), 0);
  equal(state(), "0\n");
  equal(place.ask("127.0.0.1", 8080), "");
});

test("what no line allows is refused: other ports, protocols, addresses, bridges, users", { skip }, async () => {
  place.allow(...NETS, `${ANN} publish br0 8080/tcp,127.0.0.1:8090`, `${ANN} publish br1 9000-9099`);
  for (const ports of ["8081:80", "8080:80/udp", "8090:80", "10.97.0.1:8090:80", "8080-8081:80-81", "9000:80", "22:22"])
    await refused(ANN, own(ANN, ports));
  await refused(ANN, own(ANN, "8080:80", "8081:80"));
  await refused(BOB, own(BOB, "8080:80"));
  for (const lines of [[], [`#${ANN} publish br0 8080`], [`${ANN} publish br0 8080,`], [`@${ANN}x publish br0 8080`]]) {
    place.allow(...NETS, ...lines);
    await refused(ANN, own(ANN, "8080:80"));
  }
  place.root("rm /etc/lxc/lxc-usernet");
  await refused(ANN, own(ANN, "8080:80"));
});

test("a group's line is for its members", { skip }, async () => {
  place.allow(...NETS, "@lxcts-ports publish br0 8080");
  await refused(BOB, own(BOB, "8080:80"));
  equal((await publish(ANN, ...own(ANN, "8080:80")))[1], "ready\n");
});

test("only a device that lxc-user-nic gave the caller, on that bridge, is led to", { skip }, async () => {
  place.allow(...NETS, `${ANN} publish br0 8080`, `${ANN} publish br1 8080`);
  for (const device of [ends.get(BOB)?.device ?? "", "br0", "lo", "ovs0", "veth47181_zzzz"])
    await refused(ANN, ["/lxc", "c1", "0", "br0", device, "8080:80"]);
  await refused(ANN, ["/lxc", "c1", "0", "br1", ends.get(ANN)?.device ?? "", "8080:80"]);
});

test("addresses outside of the bridge's network, or of the host, lead nowhere; the right one does once it is told", {
  skip,
}, async () => {
  place.allow(...NETS, `${ANN} publish br0 8080`);
  const set = (...addresses: string[]): string =>
    inside(ANN, ["ip address flush dev eth0", ...addresses.map((one) => `ip address add ${one} dev eth0`)].join("; "));
  set("10.97.0.1/24", "10.98.0.9/24", "127.0.0.9/8", "169.254.1.1/16");
  const [child, said] = await publish(ANN, ...own(ANN, "8080:80"));
  equal(said, "ready\n");
  const ways = (): string => place.root("nft list ruleset | grep -o 'dnat ip to .*'").out;
  equal(ways(), "");
  set("10.97.0.17/24");
  child.stdin.write("x");
  ok(await eventually(() => /dnat ip to 10\.97\.0\.17/.test(ways())));
  inside(ANN, "ip route replace default via 10.97.0.1");
  equal(place.ask("127.0.0.1", 8080), ANN);
  set("10.97.0.7/24");
  child.stdin.write("x".repeat(10_000));
  ok(await eventually(() => /dnat ip to 10\.97\.0\.7:80/.test(ways())));
  inside(ANN, "ip route replace default via 10.97.0.1");
  // Nothing but the input's end counts; and without a device nothing is left to lead to.
  equal(await ended(child), 0);
});

test("a port that a program or another container has is told, and nothing else of them", { skip }, async () => {
  place.allow(...NETS, `${ANN} publish br0 8000-8099`, `${BOB} publish br0 8000-8099`);
  const taken = "lxc-user-publish: cannot use lxc.net.0.publish = 8081:80/tcp: the port is taken\n";
  equal((await publish(BOB, ...own(BOB, "8081:80")))[1], "ready\n");
  const [child, said] = await publish(ANN, ...own(ANN, "8080:80", "8081:80"));
  deepEqual([said, await ended(child)], [taken, 1]);
  equal(place.root("nft list tables | grep -c publish").out, "1\n");
  const server = place.start(
    BOB,
    process.execPath,
    "-e",
    `require("net").createServer().listen(8082, () => console.log("ready"))`,
  );
  await once(server.stdout, "data");
  const [other, words] = await publish(ANN, ...own(ANN, "8082:80"));
  server.kill("SIGKILL");
  deepEqual([words, await ended(other)], [taken.replace("8081", "8082"), 1]);
});

test("what one user calls a container is never another's", { skip }, async () => {
  place.allow(...NETS, `${ANN} publish br0 8080`, `${BOB} publish br0 8081`);
  equal((await publish(ANN, ...own(ANN, "8080:80")))[1], "ready\n");
  equal((await publish(BOB, ...own(BOB, "8081:80")))[1], "ready\n");
  deepEqual([place.ask("127.0.0.1", 8080), place.ask("127.0.0.1", 8081)], [ANN, BOB]);
  // A second one of the same name is none.
  const [child, said] = await publish(ANN, ...own(ANN, "8080:80"));
  deepEqual([said, await ended(child)], [REFUSED, 1]);
  equal(place.ask("127.0.0.1", 8080), ANN);
});

test("its caller cannot end it or change it, and when it is killed the ports go with it", { skip }, async () => {
  place.allow(...NETS, `${ANN} publish br0 8080`);
  const [child] = await publish(ANN, ...own(ANN, "8080:80"));
  const pid = child.pid ?? 0;
  match(place.root(`cat /proc/${pid}/cmdline`).out, /lxc-user-publish/);
  for (const signal of ["KILL", "STOP", "TERM", "HUP"]) equal(place.as(ANN, `kill -${signal} ${pid}`).code, 1, signal);
  equal(place.as(ANN, `cat /proc/${pid}/environ || ls /proc/${pid}/fd`).out, "");
  match(
    place.root(`grep -E '^(Uid|Gid|Groups|CapEff|CapPrm):' /proc/${pid}/status`).out,
    /^Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\s*\nCapPrm:\t0000000000001000\nCapEff:\t0000000000001000\n$/,
  );
  equal(place.ask("127.0.0.1", 8080), ANN);
  place.root(`kill -KILL ${pid}`);
  await ended(child);
  equal(place.root("nft list tables | grep -c publish").out, "0\n");
  // The next one takes what it left, and takes it away.
  const [next, said] = await publish(ANN, ...own(ANN, "8080:80"));
  equal(said, "ready\n");
  place.root(`kill -TERM ${next.pid}`);
  await ended(next);
  const [last] = await publish(ANN, ...own(ANN, "8080:80"));
  equal(await ended(last), 0);
});

test("files and folders that others than root can change are not used", { skip }, async () => {
  for (const file of ["/etc/lxc/lxc-usernet", "/etc/passwd", "/etc/group"]) {
    place.allow(...NETS, `${ANN} publish br0 8080`);
    equal(place.root(`chmod o+w ${file}`).code, 0);
    await refused(ANN, own(ANN, "8080:80"));
    place.root(`chmod 644 ${file}`);
  }
  place.root("chmod 666 /run/lxc/nics; chown 47181 /run/lxc/nics");
  await refused(ANN, own(ANN, "8080:80"));
  place.root("chmod 600 /run/lxc/nics; chown 0 /run/lxc/nics");
});

test("whatever its caller leaves it has no effect", { skip }, async () => {
  place.allow(...NETS, `${ANN} publish br0 8080`);
  const ways = [
    "umask 777; cd /proc",
    "trap '' CHLD PIPE TERM HUP",
    "export SCR_CYCLE_THRESHOLD=-1 PATH=. LD_PRELOAD=/x LD_LIBRARY_PATH=/x",
    "ulimit -n 20; ulimit -c unlimited",
    "exec 3<~ 4<~ 9<~",
  ];
  for (const way of ways) {
    const [child, said] = await run(
      ANN,
      "sh",
      "-c",
      `${way}; exec "$@"`,
      "sh",
      place.publisher,
      ...own(ANN, "8080:80"),
    );
    equal(said, "ready\n", way);
    equal(await ended(child), 0);
  }
  for (const input of ["< /dev/null", "<&-", "< /etc/passwd"]) {
    const kept = place.as(ANN, `"$PUBLISH" ${own(ANN, "8080:80").join(" ")} ${input} > ~/said; cat ~/said`);
    equal(kept.out, "ready\n", kept.err);
  }
  const mute = place.as(ANN, `sleep 1 | "$PUBLISH" ${own(ANN, "8080:80").join(" ")} >&- 2>&-`);
  deepEqual(mute, { code: 0, out: "", err: "" });
});

test("a limit that ends it half way leaves nothing", { skip }, () => {
  place.allow(...NETS, `${ANN} publish br0 8080`);
  const words = own(ANN, "10.97.0.1:8080:80").join(" ");
  for (const limit of [
    "-f 0",
    "-n 0",
    "-n 3",
    "-n 4",
    "-n 5",
    "-n 6",
    "-n 7",
    "-t 0",
    "-v 100",
    "-v 2000",
    "-d 0",
    "-p 0",
  ]) {
    const lines = place.nics();
    const ran = place.as(ANN, `ulimit ${limit}; exec $PUBLISH ${words} < /dev/null`);
    if (ran.code === 0) deepEqual(ran, { code: 0, out: "ready\n", err: "" }, limit);
    deepEqual([state(), place.nics()], ["0\n", lines], limit);
  }
});

test("words that are no request are answered with how to ask", { skip }, async () => {
  const usage = "Usage: lxc-user-publish LXCPATH NAME INDEX BRIDGE DEVICE PORTS...\n";
  await refused(ANN, ["/lxc", "c1"], usage);
  await refused(ANN, own(ANN, "8080"), usage);
  await refused(ANN, own(ANN), usage);
});

test("without the bit it says so", { skip }, () => {
  const copy = place.as(ANN, `cp $PUBLISH ~/copy && ~/copy ${own(ANN, "8080:80").join(" ")} < /dev/null`);
  equal(copy.code, 1);
  match(copy.err, /is not setuid root: chown root:root FILE && chmod 4755 FILE/);
});
