// lxc-top: once, again and again for a program, and on a terminal with keys.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";
import { closePtys, Pty } from "./pty.ts";

const place = new Place("top");
const TOOL = join(BIN, "lxc-top");
before(() => {
  if (skip !== false) return;
  for (const name of ["lxcts-topa", "lxcts-topb"]) {
    place.create(name);
    // Held open, the file is memory that stays.
    const hold = name === "lxcts-topb" ? "dd if=/dev/zero of=/dev/shm/x bs=1024 count=8192 2>/dev/null;" : "";
    equal(place.ours("lxc-start", "-n", name, "--", "/bin/sh", "-c", `${hold} touch /told; sleep 1000`).code, 0);
  }
});
after(() => {
  closePtys();
  place.remove();
});

const HEAD =
  "time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes";

test("the table is printed once, without a terminal, sorted as asked", { skip }, async () => {
  const names = (...options: string[]): string[] => {
    const { code, out, err } = place.ours("lxc-top", "--once", ...options);
    deepEqual([code, err], [0, ""]);
    return out.split("\n").map((line) => line.slice(0, 18).trim());
  };
  deepEqual(names(), ["Container", "Name", "lxcts-topa", "lxcts-topb", "TOTAL 2 of 2", ""]);
  deepEqual(names("-r").slice(2, 4), ["lxcts-topb", "lxcts-topa"]);
  ok(await eventually(() => names("-s", "m")[2] === "lxcts-topb"), names("-s", "m").join());
  equal(names("-s", "mem", "--reverse")[2], "lxcts-topa");
  const wide = place.ours("lxc-top", "--once", "--columns=pids,pressure").out.split("\n");
  match(wide[0] ?? "", / Pids +CPU +Mem +IO$/);
  match(wide[2] ?? "", / \d +\d+\.\d\d% +\d+\.\d\d% +\d+\.\d\d%$/);
});

test("what it prints is what the kernel counts", { skip }, () => {
  const found = JSON.parse(place.ours("lxc-top", "--once", "--format=json").out) as Record<string, unknown>[];
  deepEqual(
    found.map((one) => one["name"]),
    ["lxcts-topa", "lxcts-topb"],
  );
  const pids = Number(readFileSync("/sys/fs/cgroup/pids/lxc.payload.lxcts-topa/pids.current", "utf8"));
  equal(found[0]?.["processes"], pids);
  const cpu = Number(readFileSync("/sys/fs/cgroup/cpuacct/lxc.payload.lxcts-topa/cpuacct.usage", "utf8"));
  ok(Number(found[0]?.["cpu_ns"]) > 0 && Number(found[0]?.["cpu_ns"]) <= cpu);
  const csv = place.ours("lxc-top", "--once", "--format=csv").out.split("\n");
  equal(csv[0], HEAD);
  match(csv[1] ?? "", /^\d{13},lxcts-topa(,\d+){8}$/);
});

test("of more monitors than are asked at once each has its own answer, and one that gives none does no harm", {
  skip,
}, async () => {
  const lxcpath = join(place.folder, "many");
  const SILENT = 33;
  const servers: Server[] = [];
  try {
    for (let at = 0; at < 230; at++) {
      const body = Buffer.from(`/lxc.payload.lxcts-top${at % 2 === 0 ? "a" : "b"}\0`);
      const head = Buffer.alloc(16);
      head.writeInt32LE(body.length, 4);
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => (at === SILENT ? socket.destroy() : socket.write(Buffer.concat([head, body]))));
      });
      servers.push(server.listen(`\0${lxcpath}/lxcts-top${at}/command`));
      await once(server, "listening");
    }
    const top = spawn(TOOL, ["-P", lxcpath, "--once", "--format=json"], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    top.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = (await once(top, "close")) as [number];
    equal(code, 0);
    const memory = new Map<string, number | null>();
    for (const one of JSON.parse(said) as { name: string; memory_bytes: number | null }[])
      memory.set(one.name, one.memory_bytes);
    const held = Array.from({ length: 230 }, (_, at) => memory.get(`lxcts-top${at}`));
    const expected = held.map((_, at) => (at === SILENT ? null : at % 2 === 1));
    deepEqual(
      held.map((bytes) => (typeof bytes === "number" ? bytes > 8_000_000 : null)),
      expected,
    );
  } finally {
    for (const server of servers) server.close();
  }
});

test("a monitor that is stuck keeps nobody from seeing what its container uses", { skip }, async () => {
  ok(await eventually(() => place.ours("lxc-top", "--once").out.includes("lxcts-topa")));
  const monitor = monitorPid(place, "lxcts-topa");
  process.kill(monitor, "SIGSTOP");
  try {
    const began = Date.now();
    const { code, out, err } = place.ours("lxc-top", "--once", "--format=json");
    deepEqual([code, err], [0, ""]);
    ok(Date.now() - began < 4000, "it waited for the monitor");
    const found = JSON.parse(out) as Record<string, unknown>[];
    ok(Number(found[0]?.["memory_bytes"]) > 0, out);
  } finally {
    process.kill(monitor, "SIGCONT");
  }
});

test("of two containers with one name each is shown with what it uses itself", { skip }, async () => {
  const other = new Place("top2");
  try {
    other.create("lxcts-topa");
    const many = "sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & touch /told; wait";
    equal(other.ours("lxc-start", "-n", "lxcts-topa", "--", "/bin/sh", "-c", many).code, 0);
    const used = (from: Place): unknown =>
      (JSON.parse(from.ours("lxc-top", "--once", "--format=json").out) as Record<string, unknown>[])[0]?.["processes"];
    const kept = (folder: string): number =>
      Number(readFileSync(`/sys/fs/cgroup/pids/lxc.payload.${folder}/pids.current`, "utf8"));
    // Until touch has gone: it is one more of them for a moment.
    ok(await eventually(() => existsSync(other.inside("lxcts-topa", "told")) && kept("lxcts-topa-1") === 5));
    equal(used(other), 5);
    equal(used(place), kept("lxcts-topa"));
    ok(kept("lxcts-topa") < 5);
  } finally {
    other.remove();
  }
});

test("rows for a program come without a terminal, until it has enough", { skip }, async () => {
  const batch = spawn(TOOL, ["-P", place.lxcpath, "-b", "-d", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  batch.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  ok(await eventually(() => said.split("\n").length > 6), said);
  batch.kill();
  const lines = said.split("\n");
  equal(lines[0], HEAD);
  for (const line of lines.slice(1, 5)) match(line, /^\d{13},lxcts-top[ab](,\d+){8}$/);
  const piped = spawnSync("sh", ["-c", `${TOOL} -P ${place.lxcpath} -b -d 0 --format=ndjson | head -n 3`], {
    encoding: "utf8",
    timeout: 10_000,
  });
  deepEqual([piped.status, piped.stderr, piped.stdout.split("\n").length], [0, "", 4]);
  equal((JSON.parse(piped.stdout.split("\n")[0] ?? "") as Record<string, unknown>)["name"], "lxcts-topa");
});

test("on a terminal it redraws in place, follows the window and the keys, and leaves it as it was", {
  skip,
}, async () => {
  const pty = new Pty(`stty rows 20 cols 140; ${TOOL} -P ${place.lxcpath} -d 1; echo code=$?; sleep 100`);
  ok(await pty.shows("TOTAL 2 of 2"), pty.said);
  match(pty.said, /KMem +Pids\x1b\[0m/);
  ok(!pty.said.includes("\x1b[2J"), "it clears the screen");
  const before = pty.said.length;
  pty.type("r");
  ok(await eventually(() => /lxcts-topb[^\n]*\n[^\n]*lxcts-topa/.test(pty.said.slice(before))), pty.said.slice(before));
  const wide = pty.said.length;
  pty.resize("lxc-top", 4, 30);
  ok(await pty.shows("TOTAL 1 of 2", wide), pty.said.slice(wide));
  const narrow = pty.said.slice(pty.said.lastIndexOf("\x1b[H"));
  for (const line of narrow.split("\r\n")) ok(line.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, "").length <= 30, line);
  pty.type("q");
  ok(await pty.shows("code=0"), pty.said);
  ok(await eventually(() => pty.pidOf("sleep") > 0));
  match(
    spawnSync("stty", ["-F", `/proc/${pty.pidOf("sleep")}/fd/0`, "-a"], { encoding: "utf8" }).stdout,
    / icanon .* echo /s,
  );
});

test("a container that ends goes from the table, and one that begins comes", { skip }, async () => {
  const pty = new Pty(`stty cols 140; ${TOOL} -P ${place.lxcpath} -d 0`);
  ok(await pty.shows("TOTAL 2 of 2"), pty.said);
  equal(place.ours("lxc-stop", "-n", "lxcts-topa", "-k").code, 0);
  ok(await pty.shows("TOTAL 1 of 1"), pty.said);
  const from = pty.said.length;
  equal(place.ours("lxc-start", "-n", "lxcts-topa", "--", "/bin/sh", "-c", "sleep 1000").code, 0);
  ok(await pty.shows("TOTAL 2 of 2", from));
  pty.type("q");
  ok(await eventually(() => pty.hasEnded()));
});

test("without a terminal, and with words that mean nothing, it says what to do", { skip }, () => {
  match(place.ours("lxc-top").err, /^lxc-top: Failed to setup terminal\n {2}hint: print it once: lxc-top --once/);
  match(place.ours("lxc-top", "--once", "-s", "x").err, /^lxc-top: could not parse command line\n/);
  match(place.ours("lxc-top", "-d", "x").err, /^lxc-top: could not parse command line\n/);
  match(
    place.ours("lxc-top", "--once", "--columns=x").err,
    /there is no such column\n {2}hint: it is pids or pressure/,
  );
});
