// lxc-user-nic, setuid root, as ordinary users call it: what it gives, and what it refuses.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { eventually, type Outcome, skipWithoutRoot as skip } from "./host.ts";
import { NicPlace } from "./nic-place.ts";

const ANN = "lxcts-ann";
const BOB = "lxcts-bob";
const FAR = "lxcts-far";
const users = [
  { name: ANN, uid: 47_131, ids: 0 },
  { name: BOB, uid: 47_132, ids: 0 },
  { name: FAR, uid: 1_900_047_133, ids: 0 },
];
const REFUSED = "lxc-user-nic: this is not allowed, or something that it needs is not there\n";
const QUOTA = "lxc-user-nic: Quota reached\n";

const place = new NicPlace("nic", users);
let ann = 0;
before(async () => {
  if (skip !== false) return;
  place.addToGroup("lxcts-staff", 47_139, ANN, BOB);
  await place.ready();
  ann = await place.namespaceOf(ANN);
});
beforeEach(() => {
  if (skip !== false) return;
  place.root(
    "for d in $(ls /sys/class/net); do case $d in veth*) ip link delete $d ;; esac; done; rm -f /run/lxc/nics",
  );
  place.root(`rm -f ${place.folder}/ovs.*`);
});
after(() => place.remove());

function create(user: string, pid: number | string, bridge = "br0", ...rest: string[]): Outcome {
  return place.as(user, `$NIC create / c1 ${pid} veth ${bridge} ${rest.join(" ")}`);
}

function refused(outcome: Outcome, text = REFUSED): void {
  deepEqual(outcome, { code: 1, out: "", err: text });
}

/** Nothing has been made. */
function nothing(): void {
  deepEqual([place.devices(), place.nics()], [[], []]);
}

test("a device: its line, its name inside, MTU and bridge, and addresses of its own", { skip }, () => {
  place.allow(`${ANN} veth br0 2`);
  const made = create(ANN, ann, "br0", "web0");
  equal(made.code, 0, made.err);
  const [, inside = "", host = "", hostIndex = ""] = /^web0:(\d+):(veth47131_\w{4}):(\d+)\n$/.exec(made.out) ?? [
    made.out,
  ];
  deepEqual(place.nics(), [`${ANN} veth br0 ${host}`]);
  const there = JSON.parse(place.root(`nsenter -t ${ann} -n ip -j link show web0`).out)[0];
  const here = JSON.parse(place.root(`ip -j -d link show ${host}`).out)[0];
  deepEqual([there.ifindex, there.mtu, there.operstate], [Number(inside), 1400, "DOWN"]);
  deepEqual([here.ifindex, here.mtu, here.master], [Number(hostIndex), 1400, "br0"]);
  ok(here.flags.includes("UP"));
  match(here.address, /^fe:/);
  equal(place.root(`cat /proc/sys/net/ipv6/conf/${host}/disable_ipv6`).out, "1\n");
  match(create(ANN, ann).out, /^eth0:\d+:veth47131_\w{4}:\d+\n$/);
  equal(place.root("stat -c '%a %u:%g' /run/lxc/nics").out, "600 0:0\n");
  refused(create(ANN, ann), QUOTA);
});

test("nobody gets a device that no line of the file allows", { skip }, () => {
  refused(create(ANN, ann, "br1"), QUOTA);
  for (const lines of [
    [`${BOB} veth br0 2`],
    [`#${ANN} veth br0 2`],
    [`${ANN} veth br0`],
    [`${ANN} veth br00 2`],
    [],
  ]) {
    place.allow(...lines, `${ANN}x veth br0 1`, `@${ANN}x veth br0 1`, "lxcts-staff veth br0 1", `${ANN} veth br0 0`);
    refused(create(ANN, ann), QUOTA);
  }
  place.root("rm /etc/lxc/lxc-usernet");
  refused(create(ANN, ann));
  nothing();
});

test("a file that others than root can change says nothing", { skip }, () => {
  for (const file of ["/etc/lxc/lxc-usernet", "/etc/passwd", "/etc/group"]) {
    for (const change of [
      `chown ${ANN} ${file}`,
      `chgrp lxcts-staff ${file}; chmod g+w ${file}`,
      `chmod o+w ${file}`,
    ]) {
      place.allow(`${ANN} veth br0 2`);
      equal(place.root(change).code, 0);
      refused(create(ANN, ann));
      equal(place.root(`chown root:root ${file}; chmod 644 ${file}`).code, 0);
    }
  }
  nothing();
});

test("several lines, of the user and of its groups, are used in their order", { skip }, () => {
  place.allow(`${ANN} veth br0 1`, "@lxcts-staff veth br0 2", `${ANN} veth br0 2`);
  for (let i = 0; i < 4; i++) equal(create(ANN, ann).code, 0);
  refused(create(ANN, ann), QUOTA);
  deepEqual(
    place.nics().map((line) => line.split(" ")[0]),
    [ANN, "@lxcts-staff", "@lxcts-staff", ANN],
  );
});

test("what a group may have is shared by its members", { skip }, async () => {
  place.allow("@lxcts-staff veth br0 2");
  const bob = await place.namespaceOf(BOB);
  equal(create(ANN, ann).code, 0);
  equal(create(BOB, bob).code, 0);
  refused(create(ANN, ann), QUOTA);
  refused(create(BOB, bob), QUOTA);
});

test("a device that is gone counts no longer, and only its line goes", { skip }, async () => {
  place.allow(`${ANN} veth br0 1`, `${BOB} veth br0 1`);
  const bob = await place.namespaceOf(BOB);
  equal(create(BOB, bob).code, 0);
  const other = await place.namespaceOf(ANN);
  equal(create(ANN, other).code, 0);
  place.end(other);
  ok(await eventually(() => place.devices().length === 1));
  const made = create(ANN, ann);
  equal(made.code, 0, made.err);
  deepEqual(place.nics(), [
    `${BOB} veth br0 ${place.nics()[0]?.split(" ")[3]}`,
    `${ANN} veth br0 ${made.out.split(":")[2]}`,
  ]);
});

test("32 at once, of whom 10 may: 10 have one", { skip }, () => {
  place.allow(`${ANN} veth br0 10`);
  const run = place.as(ANN, `for i in $(seq 32); do $NIC create / c1 ${ann} veth br0 & done; wait`);
  equal(run.out.trim().split("\n").length, 10, run.err);
  equal(run.err, QUOTA.repeat(22));
  deepEqual(place.nics().length, 10);
  deepEqual(
    place
      .nics()
      .map((line) => line.split(" ")[3])
      .toSorted(),
    place.devices().toSorted(),
  );
});

test("a device is given back, and with it its place", { skip }, () => {
  place.allow(`${ANN} veth br0 1`);
  const host = create(ANN, ann).out.split(":")[2];
  const remove = (user: string, bridge: string, device?: string): Outcome =>
    place.as(user, `$NIC delete / c1 /proc/${ann}/ns/net veth ${bridge} ${device}`);
  refused(remove(ANN, "br1", host));
  refused(remove(ANN, "br0", "br0"));
  refused(remove(ANN, "br0", `${host}x`));
  equal(place.devices().length, 1);
  deepEqual(remove(ANN, "br0", host), { code: 0, out: "", err: "" });
  nothing();
  equal(create(ANN, ann).code, 0);
});

test("a network without a bridge has a line of its own", { skip }, () => {
  place.allow(`${ANN} veth none 1`);
  const made = create(ANN, ann, "none");
  equal(made.code, 0, made.err);
  equal(place.root(`ip -j link show ${made.out.split(":")[2]}`).out.includes("master"), false);
});

test("users with numbers of more than six digits have devices, too", { skip }, async () => {
  place.allow(`${FAR} veth br0 1`);
  const made = create(FAR, await place.namespaceOf(FAR));
  match(made.out, /^eth0:\d+:veth\w{6}-\w{4}:\d+\n$/, made.err);
});

test("a bridge that is none, or a name that is taken inside, leaves nothing", { skip }, () => {
  place.allow(`${ANN} veth br9 1`, `${ANN} veth br0 9`);
  refused(create(ANN, ann, "br9"));
  refused(create(ANN, ann, "br0", "lo"));
  nothing();
});

test("CVE-2017-5985: only a network namespace of the caller's own is given a device", { skip }, async () => {
  place.allow(`${ANN} veth br0 9`);
  const bob = await place.namespaceOf(BOB);
  // Its process, but in the host's network, which it may look at.
  const within = await place.namespaceOf(ANN, "-U");
  const before = place.root("ls /sys/class/net").out;
  for (const pid of [1, process.pid, bob, within, 4_194_303, 0]) refused(create(ANN, pid));
  equal(place.root("ls /sys/class/net").out, before);
  equal(place.root(`nsenter -t ${bob} -n ip -br link show type veth`).out, "");
  nothing();
});

test("CVE-2018-6556: no path of the caller's is opened", { skip }, () => {
  place.allow(`${ANN} veth br0 1`);
  place.as(ANN, "mkfifo ~/pipe; ln -s /root ~/link");
  const host = create(ANN, ann).out.split(":")[2];
  const home = place.homeOf(ANN);
  for (const path of [
    "/root/.profile",
    `${home}/pipe`,
    `/proc/${ann}/cwd`,
    `/proc/self/ns/net`,
    `${home}/link/x`,
    "/dev/ptmx",
  ]) {
    const trace = `${place.folder}/trace`;
    const words = `${place.helper} delete / c1 ${path} veth br0 ${host}`;
    const calls = "open,openat,openat2,readlink,readlinkat,stat,statx,newfstatat,access,faccessat,faccessat2,connect";
    const run = place.root(
      `strace -f -u ${ANN} -e trace=${calls} -o ${trace} ${words}; grep -c /dev/null ${trace}; grep -c -F '${path}' ${trace}`,
    );
    equal(run.out, "1\n0\n", path);
    notEqual(run.err, "");
  }
  // A descriptor that is open on something else, a pipe among them, is none of a namespace.
  const kept = place.as(ANN, `exec 7<>~/pipe; $NIC delete / c1 /proc/$$/fd/7 veth br0 ${host}`);
  refused(kept);
  equal(place.devices().length, 1);
});

test("CVE-2022-47952: nothing can be found out by asking, for all that is refused is said alike", { skip }, () => {
  place.allow(`${ANN} veth br0 1`);
  const host = create(ANN, ann).out.split(":")[2];
  place.root("mkdir -m 700 -p /run/secret; touch /run/secret/there");
  const paths = ["/run/secret/there", "/run/secret/gone", "/run/secret", "/run/gone", "/proc/1/root/run/secret/there"];
  const said = paths.map((path) => place.as(ANN, `$NIC delete / c1 ${path} veth br0 ${host}`));
  for (const outcome of said) deepEqual(outcome, said[0]);
  const processes = ["/proc/1/ns/net", "/proc/1/fd/0", "/proc/1/fd/999", "/proc/4194303/ns/net"];
  for (const path of processes) refused(place.as(ANN, `$NIC delete / c1 ${path} veth br0 ${host}`));
  // The right namespace, but by a descriptor that the caller may not look at.
  const held = `exec 7< /proc/${ann}/ns/net; setpriv --reuid=47131 --regid=47131 --clear-groups ${place.helper} delete / c1 /proc/$$/fd/7 veth br0 ${host}`;
  refused(place.root(held));
  equal(place.devices().length, 1);
});

test("CVE-2026-39402: a port of Open vSwitch is taken away by its owner only", { skip }, async () => {
  place.allow(`${ANN} veth ovs0 2`, `${BOB} veth ovs0 2`);
  const bob = await place.namespaceOf(BOB);
  const host = create(BOB, bob, "ovs0").out.split(":")[2] ?? "";
  match(host, /^veth47132_/);
  equal(create(ANN, ann, "ovs0").code, 0);
  const log = (): string => place.root(`cat ${place.folder}/ovs.log`).out;
  const added = log();
  match(added, new RegExp(`^--timeout=30 add-port ovs0 ${host}\n`));
  refused(place.as(ANN, `$NIC delete / c1 /proc/${ann}/ns/net veth ovs0 ${host}`));
  refused(place.as(ANN, `$NIC delete / c1 /proc/${bob}/ns/net veth ovs0 ${host}`));
  equal(log(), added);
  // Neither the caller's PATH nor anything else of its environment is the program's.
  const removed = place.as(BOB, `PATH=/tmp:$PATH LD_PRELOAD=x $NIC delete / c1 /proc/${bob}/ns/net veth ovs0 ${host}`);
  deepEqual(removed, { code: 0, out: "", err: "" });
  equal(log(), `${added}--timeout=30 --if-exists del-port ovs0 ${host}\n`);
  const environment = place.root(`cat ${place.folder}/ovs.env`).out;
  deepEqual(
    environment.split("\n").filter((line) => !/^(PWD=.*|SHLVL=.*|_=.*|)$/.test(line)),
    [],
  );
  deepEqual(place.devices().length, 1);
});

test("of a group's devices one belongs to the member that it is named after", { skip }, async () => {
  place.allow("@lxcts-staff veth ovs0 2");
  const bob = await place.namespaceOf(BOB);
  const host = create(BOB, bob, "ovs0").out.split(":")[2] ?? "";
  refused(place.as(ANN, `$NIC delete / c1 /proc/${ann}/ns/net veth ovs0 ${host}`));
  equal(place.as(BOB, `$NIC delete / c1 /proc/${bob}/ns/net veth ovs0 ${host}`).code, 0);
});

test("a process that has taken the number of another one is not taken for it", { skip }, () => {
  place.allow(`${ANN} veth br0 9`);
  const become = "setpriv --reuid=47131 --regid=47131 --clear-groups";
  // The helper has opened the folder of the process, and waits before it looks into it.
  const script = `
    ${become} unshare -Urn sleep 100 & pid=$!
    until grep -q sleep /proc/$pid/cmdline; do :; done
    strace -f -qq -o /dev/null -u ${ANN} -e trace=openat -e inject=openat:delay_enter=400000:when=3 ${place.helper} create / c1 $pid veth br0 & helper=$!
    until [ -n "$(find /proc/[0-9]*/fd -lname /proc/$pid 2> /dev/null)" ]; do :; done
    kill -9 $pid; wait $pid
    echo $((pid - 1)) > /proc/sys/kernel/ns_last_pid
    ${become} unshare -Urn sleep 100 & echo "again $(($! == pid))"
    wait $helper; echo "code $?"; kill -9 %1 %3 2> /dev/null`;
  const run = place.root(`unshare --pid --fork --mount-proc sh -c '${script}' 2>&1`);
  match(run.out, /again 1\n/);
  match(run.out, /code 1\n/);
  nothing();
});

test("a database that is a link, or another's, is not used", { skip }, () => {
  place.allow(`${ANN} veth br0 9`);
  place.root("echo precious > /run/precious");
  for (const made of [
    "ln -s /run/precious /run/lxc/nics",
    "ln /run/precious /run/lxc/nics",
    "mkfifo /run/lxc/nics",
    "mkdir /run/lxc/nics",
    "touch /run/lxc/nics; chown 47131 /run/lxc/nics",
    "chmod 777 /run/lxc",
    "chown 47131 /run/lxc",
    "mv /run/lxc /run/there; ln -s /run/there /run/lxc",
  ]) {
    place.root(`rm -rf /run/lxc /run/there; mkdir /run/lxc; ${made}`);
    refused(create(ANN, ann));
    deepEqual(place.devices(), [], made);
  }
  equal(place.root("cat /run/precious").out, "precious\n");
  place.root("rm -rf /run/lxc /run/there");
  // The folder is made where it is missing.
  equal(create(ANN, ann).code, 0);
  equal(place.root("stat -c '%a %u:%g' /run/lxc").out, "755 0:0\n");
});

test("whatever its caller leaves it has no effect", { skip }, () => {
  place.allow(`${ANN} veth br0 99`);
  const ways = [
    "umask 777; cd /proc",
    "trap '' CHLD PIPE TERM HUP",
    "export SCR_CYCLE_THRESHOLD=-1 LC_ALL=xx TZ=:/root/x PATH=. IFS=x LD_PRELOAD=/x LD_LIBRARY_PATH=/x",
    `export BIG=${"x".repeat(120_000)}; export MORE=$BIG AND=$BIG`,
    "exec 3<~ 4<~ 9<~",
  ];
  for (const way of ways) {
    const run = place.as(ANN, `${way}; exec "$NIC" create / c1 ${ann} veth br0`);
    match(run.out, /^eth\d+:\d+:veth47131_\w{4}:\d+\n$/, `${way}: ${run.err}`);
  }
  place.allow(`${ANN} veth br0 99`, `${ANN} veth ovs0 1`);
  const waiting = place.as(ANN, `env --ignore-signal=CHLD $NIC create / c1 ${ann} veth ovs0`);
  equal(waiting.code, 0, waiting.err);
  place.root(`ip link delete ${waiting.out.split(":")[2]}`);
  // Without descriptors of its own the database is none of the standard ones.
  equal(place.as(ANN, `$NIC create / c1 ${ann} veth br0 <&- >&- 2>&-`).code, 0);
  equal(place.nics().length, ways.length + 1);
  for (const line of place.nics()) match(line, /^lxcts-ann veth br0 veth47131_\w{4}$/);
  equal(place.as(ANN, `bash -c "exec -a '' $NIC create / c1 ${ann} veth br0"`).code, 0);
  equal(place.root("stat -c '%a' /run/lxc/nics").out, "600\n");
});

test("a program of ours that has more rights than its caller has no environment", { skip }, () => {
  const driver = join(place.folder, "environment");
  const made = "dist/drivers/environment";
  const built = spawnSync("sh", ["scripts/build.sh", "test/system/drivers/environment.ts", made], { encoding: "utf8" });
  equal(built.status, 0, built.stderr);
  copyFileSync(made, driver);
  chmodSync(driver, 0o755);
  notEqual(place.as(ANN, driver).out, "0 1\n");
  chmodSync(driver, 0o4755);
  equal(place.as(ANN, driver).out, "0 1\n");
});

test("limits of its caller end it before it has begun, or are lifted", { skip }, () => {
  place.allow(`${ANN} veth br0 99`);
  equal(create(ANN, ann).code, 0);
  const limits = [
    "-f 0",
    "-n 0",
    "-n 3",
    "-n 4",
    "-n 5",
    "-n 6",
    "-n 7",
    "-t 0",
    "-t 1",
    "-v 100",
    "-v 2000",
    "-d 0",
    "-s 64",
    "-p 0",
  ];
  for (const limit of limits) {
    const before = place.nics();
    const run = place.as(ANN, `ulimit ${limit}; exec $NIC create / c1 ${ann} veth br0`);
    const made = run.code === 0 ? 1 : 0;
    deepEqual(place.nics().slice(0, before.length), before, limit);
    deepEqual(place.devices().length, before.length + made, limit);
  }
  // Half of a database would be a way round a limit of devices.
  place.root("rm /run/lxc/nics");
  place.allow("@lxcts-staff veth br0 1", `${ANN} veth br0 99`);
  for (let i = 0; i < 8; i++) equal(create(ANN, ann).code, 0);
  place.root(`ip link delete ${place.nics()[0]?.split(" ")[3]}`);
  place.as(ANN, `prlimit --fsize=150 $NIC create / c1 ${ann} veth br0`);
  for (const line of place.nics()) match(line, /^(lxcts-ann|@lxcts-staff) veth br0 veth47131_\w{4}$/);
});

test("without the rights of root it says what it lacks, and makes nothing", { skip }, () => {
  place.allow(`${ANN} veth br0 9`);
  const run = place.as(ANN, `cp $NIC ~/nic; chmod 4755 ~/nic; ~/nic create / c1 ${ann} veth br0`);
  equal(run.code, 1);
  match(run.err, /^lxc-user-nic: it is not setuid root: /);
  match(place.as(ANN, `setpriv --no-new-privs $NIC create / c1 ${ann} veth br0`).err, /it is not setuid root/);
  nothing();
});

test("thousands of random words end in a refusal, and nothing is made", { skip }, () => {
  place.allow(`${ANN} veth br0 99`);
  const random = randomFrom(7);
  const pieces = [
    "create",
    "delete",
    "veth",
    "br0",
    "none",
    "/",
    "c1",
    "1",
    String(ann),
    `/proc/${ann}/ns/net`,
    `/proc/1/ns/net`,
  ];
  const odd = [
    "",
    "%d",
    "eth%d",
    "%s%n",
    "-1",
    "../..",
    "\n",
    "a b",
    "\u00ff\u00fe",
    "x".repeat(5000),
    "999999999999",
    "--help",
    "@",
    "#",
    "eth0",
  ];
  const words: string[] = [];
  for (let run = 0; run < 2500; run++) {
    const line: string[] = [];
    for (let i = 0; i < 7; i++)
      line.push(random(3) > 0 ? (pieces[random(pieces.length)] ?? "") : (odd[random(odd.length)] ?? ""));
    // What would be right is left out.
    if (line[0] === "create" && line[3] === String(ann)) line[3] = "0";
    words.push(...line);
  }
  writeFileSync(join(place.folder, "words"), words.map((word) => `${word}\0`).join(""));
  // 123: each ended with a code of its own; 125 would be a signal.
  const run = place.as(
    ANN,
    `xargs -0 -n 7 -P 2 $NIC < ${place.folder}/words 2>&1 > /dev/null | sort -u; exit \${PIPESTATUS:-0}`,
  );
  const said = run.out.split("\n").filter((line) => line !== "");
  deepEqual(said, [...new Set([REFUSED.trim(), ...usageLines()])].toSorted());
  equal(place.as(ANN, `xargs -0 -n 7 -P 2 $NIC < ${place.folder}/words > /dev/null 2>&1`).code, 123);
  nothing();
});

test("random contents of its database end in a refusal or in a database that is right", { skip }, () => {
  place.allow(`${ANN} veth br0 1`);
  const random = randomFrom(11);
  const pieces = [
    ANN,
    BOB,
    "veth",
    "br0",
    " ",
    " ",
    " ",
    "\n",
    "\n",
    "\0",
    "#",
    "@",
    "ovs0",
    "veth47131_aaaa",
    "x".repeat(300),
    "\u00ff",
  ];
  let script = "";
  for (let run = 0; run < 120; run++) {
    let text = "";
    for (let i = random(60); i > 0; i--) text += pieces[random(pieces.length)];
    // This one is there, and fills what is allowed.
    text += `\n${ANN} veth br0 ovs1\n${run % 2 === 0 ? "tail" : ""}`;
    writeFileSync(join(place.folder, `nics-${run}`), text);
    script += `cat ${place.folder}/nics-${run} > /run/lxc/nics; setpriv --reuid=47131 --regid=47131 --clear-groups ${place.helper} create / c1 ${ann} veth br0; echo $?\n`;
  }
  const run = place.root(`mkdir -p /run/lxc; touch /run/lxc/nics; ${script}`);
  equal(run.out, "1\n".repeat(120));
  equal(run.err, QUOTA.repeat(120));
  deepEqual(place.devices(), []);
  place.root("sed -i '/ovs1/d' /run/lxc/nics");
  equal(create(ANN, ann).code, 0);
  deepEqual(
    place.nics().filter((line) => !/^lxcts-ann veth br0 (veth47131_\w{4}|ovs1)$/.test(line)),
    [],
  );
});

function usageLines(): string[] {
  return place
    .as(ANN, "$NIC")
    .err.split("\n")
    .filter((line) => line !== "");
}

/** Numbers below `most`, always the same ones. */
function randomFrom(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % most;
  };
}
