// Every command of the socket, right, nearly right and wrong, at the monitor of a container that runs.

import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { Random } from "../fuzz/random.ts";
import { eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("cmdfuzz");
const NAME = "lxcts-cmdfuzz";
const COMMANDS = 27;
const STOP = 2;
const SERVE_STATE_CLIENTS = 12;
/** Comes with a byte that carries a descriptor. */
const ADD_LISTENER = 13;

before(() => {
  if (skip !== false) return;
  place.create(NAME, "lxc.console.buffer.size = auto", "lxc.tty.max = 4");
  equal(place.ours("lxc-start", "-n", NAME).err, "");
});
after(() => place.remove());

/** Sends `bytes`, and returns what comes until the other side closes or `patienceMs` pass. */
async function exchange(bytes: Buffer, patienceMs: number): Promise<Buffer> {
  const socket = connect(`\0${place.lxcpath}/${NAME}/command`);
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write(bytes);
  const timer = setTimeout(() => socket.destroy(), patienceMs);
  await closed;
  clearTimeout(timer);
  return Buffer.concat(parts);
}

function request(command: number, length: number, value: bigint, body: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(command, 0);
  head.writeInt32LE(length, 4);
  head.writeBigUInt64LE(value, 8);
  return Buffer.concat([head, body]);
}

test("each command without a body is answered, or refused by a number, and STOP is all that ends it", {
  skip,
}, async () => {
  const silent: number[] = [];
  for (let command = 0; command <= COMMANDS + 1; command++) {
    if (command === STOP) continue;
    const byte = Buffer.alloc(command === ADD_LISTENER ? 1 : 0);
    const answer = await exchange(request(command, 0, 0n, byte), 1000);
    if (answer.length < 16) silent.push(command);
    else ok(answer.readInt32LE(0) <= 0 || command === 10, `${command}: ${answer.readInt32LE(0)}`);
    if (command === SERVE_STATE_CLIENTS) await exchange(request(command, 0, 2n, Buffer.alloc(0)), 1000);
  }
  // LXC has no answer that brings no descriptor for a terminal that is taken; the console is free, so it is one.
  deepEqual(silent, []);
  equal(place.state(NAME), "RUNNING");
});

/** One request: right in form, or with a length, a number or bytes that nobody sends. */
function oneOf(random: Random): Buffer {
  const commands = [...Array(COMMANDS + 3).keys()].filter(
    (command) => command !== STOP && command !== SERVE_STATE_CLIENTS,
  );
  const command = random.below(12) === 0 ? random.below(2 ** 31) + 64 : (commands[random.below(commands.length)] ?? 0);
  const body = Buffer.alloc(random.below(160));
  for (let at = 0; at < body.length; at++) body[at] = random.below(3) === 0 ? 0 : random.below(256);
  const keys = ["lxc.uts.name\0", "lxc.net.0.type\0", "memory\0", "freezer\0", "\0", "lxc.", "../../x\0"];
  const text = Buffer.from(keys[random.below(keys.length)] ?? "");
  const sent = random.below(2) === 0 ? text : body;
  const lengths = [sent.length, sent.length, sent.length + 1, 0, 8192, 8193, -1, 0x7fffffff, -0x80000000];
  const values = [0n, 1n, 4n, 0xffffffffn, 2n ** 63n, 2n ** 64n - 1n];
  const whole = request(
    command,
    lengths[random.below(lengths.length)] ?? 0,
    values[random.below(values.length)] ?? 0n,
    sent,
  );
  return random.below(6) === 0 ? whole.subarray(0, random.below(whole.length)) : whole;
}

test("1500 requests of every command, right and wrong, leave monitor and container as they were", {
  skip,
  timeout: 120_000,
}, async (t) => {
  const seed = 20261126;
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const monitor = monitorPid(place, NAME);
  const open = () => readdirSync(`/proc/${monitor}/fd`).length;
  const memoryKb = () =>
    Number(/Private_Dirty: +(\d+)/.exec(readFileSync(`/proc/${monitor}/smaps_rollup`, "utf8"))?.[1]);
  await exchange(request(3, 0, 0n, Buffer.alloc(0)), 1000);
  const [files, memory] = [open(), memoryKb()];
  for (let round = 0; round < 75; round++) {
    await Promise.all(Array.from({ length: 20 }, () => exchange(oneOf(random), 100)));
  }
  ok(await eventually(() => open() <= files + 1, 10_000), `${open()} descriptors, before ${files}`);
  ok(memoryKb() - memory <= 400, `${memoryKb()} kB, before ${memory}`);
  equal(place.ours("lxc-unfreeze", "-n", NAME).code, 0);
  equal(place.state(NAME), "RUNNING");
  equal(place.ours("lxc-attach", "-n", NAME, "--", "echo", "still here").out, "still here\n");
  equal(monitorPid(place, NAME), monitor);
});

test("clients that wait for a state do not take the descriptors that others need", {
  skip,
  timeout: 60_000,
}, async () => {
  const mask = Buffer.alloc(32);
  // Only STOPPED.
  mask.writeInt32LE(1, 0);
  const sockets: Socket[] = [];
  for (let count = 0; count < 600; count++) {
    const socket = connect(`\0${place.lxcpath}/${NAME}/command`);
    socket.on("error", () => {});
    socket.write(request(10, mask.length, 0n, mask));
    const [answer] = (await once(socket, "data")) as [Buffer];
    // MAX_STATE: it waits; -EBUSY: there are enough of them.
    equal(answer.readInt32LE(0), count < 400 ? 8 : -16);
    sockets.push(socket);
  }
  equal(place.state(NAME), "RUNNING");
  equal(place.ours("lxc-attach", "-n", NAME, "--", "echo", "room").out, "room\n");
  for (const socket of sockets) socket.destroy();
  equal(place.ours("lxc-stop", "-n", NAME, "-k").code, 0);
});
