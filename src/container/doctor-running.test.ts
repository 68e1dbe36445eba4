import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { checkInit, type InitFacts, interpreterIn } from "./doctor-init.ts";
import { checkRunning, lastErrorIn, listensOn, type RunFacts } from "./doctor-running.ts";

const veth = { key: "lxc.net.0", type: "veth", link: "br0", isLinkUp: true, goesUp: true, hasAddress: false };
const well: RunFacts = {
  name: "c1",
  place: "",
  state: "RUNNING",
  logFile: "/var/log/lxc/c1.log",
  logLines: [],
  networks: [veth],
  devices: [{ name: "eth0", isUp: true, addresses: ["10.0.3.2"] }],
  hasDefaultRoute: true,
  hasDhcpServer: true,
  forwards: true,
  oomKills: 0,
  tasks: 3,
  mostTasks: undefined,
  refusedForks: 0,
  denials: [],
};

function said(change: Partial<RunFacts>): string[] {
  return checkRunning({ ...well, ...change })
    .filter((check) => check.weight !== "fine")
    .map((check) => `${check.weight} ${check.id}: ${check.detail}; ${check.fix}`);
}

test("of one that is well nothing is said", () => {
  deepEqual(said({}), []);
  deepEqual(said({ state: "STOPPED", devices: undefined }), []);
});

test("each thing that keeps it from an address or out of the world is told, with what to do", () => {
  const eth0 = { name: "eth0", isUp: true, addresses: [] };
  const cases: (readonly [Partial<RunFacts>, RegExp])[] = [
    [{ networks: [{ ...veth, isLinkUp: false }] }, /^limits network-link-down: br0 is down; ip link set br0 up$/],
    [{ networks: [{ ...veth, goesUp: false }] }, /^limits network-flags: .*; set lxc.net.0.flags = up$/],
    [{ devices: [] }, /^limits network-device: it has no device; /],
    [
      { devices: [{ ...eth0, isUp: false }] },
      /^limits network-device-down: it is down; lxc-attach c1 -- ip link set eth0 up$/,
    ],
    [{ devices: [eth0] }, /^limits network-address: it has no address; a DHCP server is there: .* udhcpc -i eth0/],
    [
      { devices: [eth0], hasDhcpServer: false },
      /no address; nothing here answers DHCP: lxc-net start; or set lxc.net.0.ipv4.address$/,
    ],
    [{ hasDefaultRoute: false }, /^limits network-route: it has no default route; set lxc.net.0.ipv4.gateway = auto/],
    [{ forwards: false }, /^limits network-forward: .*; sysctl -w net.ipv4.ip_forward=1$/],
    [{ networks: [{ ...veth, type: "empty", link: "" }] }, /^advice network-none: its configuration gives it none; /],
  ];
  for (const [change, pattern] of cases) {
    const lines = said(change);
    equal(lines.length, 1, lines.join("\n"));
    match(lines[0] ?? "", pattern);
  }
  deepEqual(said({ networks: [{ ...veth, type: "none" }], devices: [] }), []);
});

test("limits that were reached, denials, and states that are none to be in are told", () => {
  deepEqual(
    [
      said({ oomKills: 2 }),
      said({ tasks: 20, mostTasks: 20 }),
      said({ tasks: 19, mostTasks: 20 }),
      said({ tasks: 19, mostTasks: 20, refusedForks: 1 }),
      said({ denials: [{ what: "cannot mount x", fix: "add a rule" }] }),
      said({ state: "FROZEN", place: " -P /p" }),
      said({ state: "STUCK" }),
    ].map((lines) => lines.map((line) => line.split(": ")[0])),
    [
      ["limits memory-limit"],
      ["limits pids-limit"],
      [],
      ["limits pids-limit"],
      ["limits denial"],
      ["limits state"],
      ["limits state"],
    ],
  );
  match(said({ state: "FROZEN", place: " -P /p" })[0] ?? "", /lxc-unfreeze c1 -P \/p$/);
});

const HEAD = "lxc-start c1 20261126070000.123";

test("the last error of a log is found with what stands below it, and shown without its signs", () => {
  const log = [
    `${HEAD} ERROR    cli - a:b:1 - first`,
    `${HEAD} ERROR    cli - a:b:2 - cannot start c1: it failed`,
    "  because: no \x1b[31mroom",
    "  hint: make room",
    `${HEAD} INFO     lxc - a:b:3 - something else`,
    "",
  ].join("\n");
  deepEqual(lastErrorIn(log, 6), ["cannot start c1: it failed", "because: no \x1b[31mroom", "hint: make room"]);
  deepEqual(
    [lastErrorIn(log, 1), lastErrorIn("no log ERROR - at - all", 6), lastErrorIn("", 6)],
    [["cannot start c1: it failed"], [], []],
  );
  match(
    said({ state: "STOPPED", devices: undefined, logLines: lastErrorIn(log, 6) })[0] ?? "",
    /because: no \\x1b\[31mroom; hint: make room; read \/var\/log\/lxc\/c1.log$/,
  );
});

test("who answers DHCP is known by its port", () => {
  const table = "  sl  local_address rem_address\n  12: 00000000:0043 00000000:0000 07 00000000\n";
  deepEqual([listensOn(table, 67), listensOn(table, 68), listensOn("", 67)], [true, false, false]);
});

/** A 64-bit ELF for `machine`, whose only program header is that of its interpreter. */
function elf(machine: number, interpreter: string): Uint8Array {
  const bytes = Buffer.alloc(200);
  bytes.set([127, 69, 76, 70, 2, 1, 1]);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(interpreter === "" ? 0 : 1, 56);
  bytes.writeUInt32LE(3, 64);
  bytes.writeBigUInt64LE(120n, 72);
  bytes.writeBigUInt64LE(BigInt(interpreter.length + 1), 96);
  bytes.write(interpreter, 120);
  return new Uint8Array(bytes);
}

const init: InitFacts = {
  path: "/sbin/init",
  isThere: true,
  isExecutable: true,
  head: elf(62, "/lib64/ld.so"),
  hasInterpreter: true,
  machine: "x86_64",
  hasEmulators: false,
};

function verdict(change: Partial<InitFacts>): string {
  const check = checkInit({ ...init, ...change })[0];
  return `${check?.weight} ${check?.id}: ${check?.detail}`;
}

test("a first program must be there, executable, for this machine, and have what starts it", () => {
  const script = new TextEncoder().encode("#!/bin/bash -e\necho\n");
  deepEqual(
    [
      verdict({}),
      verdict({ isThere: false }),
      verdict({ isExecutable: false }),
      verdict({ head: elf(183, "") }),
      verdict({ head: elf(183, ""), hasEmulators: true }),
      verdict({ head: elf(3, "") }),
      verdict({ hasInterpreter: false }),
      verdict({ head: script, hasInterpreter: false }),
      verdict({ head: new TextEncoder().encode("echo hello\n") }),
    ],
    [
      "fine init: ",
      "stops init: there is no such file in the root file system",
      "stops init: it is not executable",
      "stops init-machine: it is for arm64, and this is x86_64",
      "unknown init-machine: it is for arm64, and this is x86_64",
      "fine init: ",
      'stops init-interpreter: it needs "/lib64/ld.so", which is not in the root file system',
      'stops init-interpreter: it needs "/bin/bash", which is not in the root file system',
      "stops init-format: it is neither a program nor a script that begins with #!",
    ],
  );
});

test("a broken header names no interpreter, whatever it says", () => {
  const whole = elf(62, "/lib64/ld.so");
  for (let length = 0; length < whole.length; length++) interpreterIn(whole.slice(0, length));
  for (let at = 0; at < 130; at++) {
    const broken = whole.slice();
    broken[at] = 255;
    interpreterIn(broken);
  }
  equal(interpreterIn(whole.slice(0, 125)), "");
  equal(interpreterIn(whole), "/lib64/ld.so");
});
