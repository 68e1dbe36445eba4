// A scope from a user's service manager: asked of a real one, and of a bus that misbehaves.
import { deepEqual, equal, match } from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { DbusReader, DbusWriter, decodeMessage, messageLength } from "../../src/kernel/dbus.ts";

const DRIVER = resolve("dist/drivers/user-scope");
const SYSTEMD = "/usr/lib/systemd/systemd";
const isRoot = process.getuid?.() === 0;
const noManager = !isRoot
  ? "needs root"
  : !existsSync(SYSTEMD) || !existsSync("/sys/fs/cgroup/unified")
    ? `needs ${SYSTEMD}, and cgroup version 2 at /sys/fs/cgroup/unified`
    : false;

const folder = mkdtempSync(join(tmpdir(), "lxcts-bus-"));

before(() => execFileSync("sh", ["scripts/build.sh", "test/system/drivers/user-scope.ts", DRIVER]));
after(() => rmSync(folder, { recursive: true }));

/** One script as a user with a manager, where the driver is $D; its lines, without those of version 1 in /proc/self/cgroup. */
function withManager(name: string, script: string): string[] {
  execFileSync("chmod", ["o+x", ".", "dist"]);
  const result = spawnSync(
    "unshare",
    ["--mount", "sh", "test/system/user-manager.sh", name, "sh", "-c", `D=${DRIVER}; ${script}`],
    { encoding: "utf8", timeout: 60000 },
  );
  equal(result.status, 0, result.stderr);
  equal(existsSync(`/sys/fs/cgroup/unified/${name}`), false);
  return result.stdout
    .trim()
    .split("\n")
    .filter((line) => !/^(in )?[1-9]\d*:/.test(line));
}

test("a user in a cgroup that is not theirs gets a scope, which they own, by the bus", { skip: noManager }, () => {
  const script = `$D enter 'my box'; systemctl --user is-active dbus.service
    sh -c 'grep :: /proc/self/cgroup'
    # The manager lets go of a scope a moment after its last process.
    for i in 1 2 3 4 5 6 7 8 9; do left=$(systemctl --user list-units 'lxc-*' --no-legend); [ -z "$left" ] && break; sleep 0.2; done
    printf %s "$left"`;
  deepEqual(withManager("lxcts-scope1", script), [
    "scope lxc-my\\x20box-0.scope ",
    "0::/lxcts-scope1/manager/app.slice/lxc-my\\x20box-0.scope",
    "active",
    "0::/lxcts-scope1/session",
  ]);
});

test("one without a bus asks the manager itself, and one whose bus is broken too", { skip: noManager }, () => {
  const without = withManager(
    "lxcts-scope2",
    "systemctl --user stop dbus.socket dbus.service 2>&1; rm -f $XDG_RUNTIME_DIR/bus; $D enter c1",
  );
  deepEqual(without, ["scope lxc-c1-0.scope ", "0::/lxcts-scope2/manager/app.slice/lxc-c1-0.scope"]);
});

test("a name that is taken gets another number", { skip: noManager }, () => {
  const script = `systemd-run --user --quiet --scope --unit=lxc-c1-0.scope sleep 2 &
    until systemctl --user is-active --quiet lxc-c1-0.scope; do sleep 0.05; done; $D ask c1; kill $!`;
  match(withManager("lxcts-scope3", script).join("\n"), /^pid \d+\nscope lxc-c1-1.scope$/);
});

test("who is alone in a delegated cgroup already needs no scope", { skip: noManager }, () => {
  const script = "systemd-run --user --quiet --scope -p Delegate=yes --unit=own.scope $D enter c1";
  deepEqual(withManager("lxcts-scope4", script), ["scope  ", "0::/lxcts-scope4/manager/app.slice/own.scope"]);
});

test("a program is put into a container's cgroup in a scope by the manager", { skip: noManager }, () => {
  const own = "/sys/fs/cgroup/lxcts-scope5/manager/app.slice/lxc-c1-0.scope";
  const holder = `mkdir ${own}/pay && echo $$ > ${own}/pay/cgroup.procs && touch $XDG_RUNTIME_DIR/ready && sleep 5`;
  const script = `echo '${holder}' > $XDG_RUNTIME_DIR/holder
    systemd-run --user --quiet --scope -p Delegate=yes --unit=lxc-c1-0.scope sh $XDG_RUNTIME_DIR/holder &
    until [ -e $XDG_RUNTIME_DIR/ready ]; do sleep 0.05; done; $D attach lxc-c1-0.scope /pay`;
  const lines = withManager("lxcts-scope5", script);
  deepEqual(lines, ["0::/lxcts-scope5/manager/app.slice/lxc-c1-0.scope/pay"]);
});

/** How a bus of the test behaves; without a word it does what is asked of it. */
interface Behaviour {
  readonly accepts?: boolean;
  /** Sends byte by byte. */
  readonly slowly?: boolean;
  /** How a scope is answered: an error's name, or how its job ends. */
  readonly error?: (unit: string) => string;
  readonly result?: string;
  /** Sent as it is in place of an answer to StartTransientUnit. */
  readonly raw?: Uint8Array;
  readonly hangsUp?: boolean;
}

interface Seen {
  readonly calls: string[];
  readonly units: string[];
  pid: number;
}

const MANAGER = "org.freedesktop.systemd1.Manager";

/** A message of our own making, with the header fields by number. */
function message(
  type: number,
  fields: readonly (readonly [number, string, string | number])[],
  body: Uint8Array,
): Uint8Array {
  const head = new DbusWriter().byte(108).byte(type).byte(1).byte(1).number(body.length).number(77);
  head.array(8, (writer) => {
    for (const [code, kind, value] of fields) {
      writer.align(8).byte(code).signature(kind);
      if (kind === "u") writer.number(Number(value));
      else if (kind === "g") writer.signature(String(value));
      else writer.text(String(value));
    }
  });
  const front = head.align(8).bytes();
  return Uint8Array.from([...front, ...body]);
}

function jobRemoved(job: string, unit: string, result: string): Uint8Array {
  const body = new DbusWriter().number(1).text(job).text(unit).text(result).bytes();
  const fields = [
    [1, "o", "/org/freedesktop/systemd1"],
    [2, "s", MANAGER],
    [3, "s", "JobRemoved"],
    [8, "g", "uoss"],
  ] as const;
  return message(4, fields, body);
}

function answersTo(bytes: Uint8Array, seen: Seen, how: Behaviour): Uint8Array[] {
  const call = decodeMessage(bytes);
  const serial = call.serial;
  seen.calls.push(`${call.destination} ${call.member}`);
  if (call.member === "Hello")
    return [
      message(
        2,
        [
          [5, "u", serial],
          [8, "g", "s"],
        ],
        new DbusWriter().text(":1.7").bytes(),
      ),
    ];
  if (call.member === "AddMatch") return [message(2, [[5, "u", serial]], new Uint8Array(0))];
  const reader = new DbusReader(call.body);
  const unit = reader.text();
  seen.units.push(unit);
  seen.pid = pidIn(call.body);
  if (how.raw !== undefined) return [how.raw];
  const error = how.error?.(unit) ?? "";
  if (error !== "") {
    const body = new DbusWriter().text("no, thank you").bytes();
    return [
      message(
        3,
        [
          [4, "s", error],
          [5, "u", serial],
          [8, "g", "s"],
        ],
        body,
      ),
    ];
  }
  const job = "/org/freedesktop/systemd1/job/9";
  const answer = message(
    2,
    [
      [5, "u", serial],
      [8, "g", "o"],
    ],
    new DbusWriter().text(job).bytes(),
  );
  // The end of another job comes first, and that of ours before the answer to the call.
  return [jobRemoved("/other/8", "other.scope", "failed"), jobRemoved(job, unit, how.result ?? "done"), answer];
}

function pidIn(body: Uint8Array): number {
  const text = Buffer.from(body).toString("latin1");
  const at = text.indexOf("PIDs\0\x02au\0") + 9;
  return Buffer.from(body).readUInt32LE(Math.ceil(at / 4) * 4 + 4);
}

async function send(socket: Socket, bytes: Uint8Array, slowly: boolean): Promise<void> {
  if (!slowly) socket.write(bytes);
  else
    for (const byte of bytes) await new Promise((done) => socket.write(Uint8Array.of(byte), () => setImmediate(done)));
}

async function serve(socket: Socket, seen: Seen, how: Behaviour): Promise<void> {
  let received = Buffer.alloc(0);
  let isLoggedIn = false;
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    const end = received.indexOf("\r\n");
    if (!isLoggedIn && end >= 0) {
      seen.calls.push(received.subarray(0, end).toString("latin1"));
      received = received.subarray(end + 2);
      await send(
        socket,
        Buffer.from(how.accepts === false ? "REJECTED EXTERNAL\r\n" : "OK 0123abcd\r\n"),
        how.slowly === true,
      );
      isLoggedIn = true;
    }
    if (received.subarray(0, 7).toString() === "BEGIN\r\n") received = received.subarray(7);
    while (received.length >= 16 && received[0] === 108) {
      const length = messageLength(received.subarray(0, 16));
      if (received.length < length) break;
      if (how.hangsUp === true) return void socket.destroy();
      for (const bytes of answersTo(received.subarray(0, length), seen, how))
        await send(socket, bytes, how.slowly === true);
      received = received.subarray(length);
    }
  }
}

/** Runs the driver against such a bus. */
async function withBus(how: Behaviour): Promise<{ lines: string[]; seen: Seen }> {
  const directory = mkdtempSync(join(folder, "run-"));
  const seen: Seen = { calls: [], units: [], pid: 0 };
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket, seen, how).catch(() => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(join(directory, "bus"), done));
  const child = spawn(DRIVER, ["ask", "c1"], { env: { ...process.env, XDG_RUNTIME_DIR: directory } });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise((done) => child.on("close", done));
  await new Promise((done) => server.close(done));
  return { lines: output.trim().split("\n"), seen };
}

test("what is said to a bus, and in which order", async () => {
  const { lines, seen } = await withBus({});
  const uid = Buffer.from(String(process.geteuid?.() ?? 0)).toString("hex");
  deepEqual(seen.calls, [
    `\0AUTH EXTERNAL ${uid}`,
    "org.freedesktop.DBus Hello",
    "org.freedesktop.DBus AddMatch",
    "org.freedesktop.systemd1 StartTransientUnit",
  ]);
  deepEqual(lines, [`pid ${seen.pid}`, "scope lxc-c1-0.scope"]);
});

test("what comes byte by byte is understood as well", async () => {
  deepEqual((await withBus({ slowly: true })).lines[1], "scope lxc-c1-0.scope");
});

test("names that are taken are passed over", async () => {
  const error = (unit: string) => (unit === "lxc-c1-3.scope" ? "" : "org.freedesktop.systemd1.UnitExists");
  const { lines, seen } = await withBus({ error });
  deepEqual([lines[1], seen.units.length], ["scope lxc-c1-3.scope", 4]);
});

test("what goes wrong is told in the manager's words", async () => {
  const tell = async (how: Behaviour) => (await withBus(how)).lines.slice(1);
  deepEqual(await tell({ error: () => "org.freedesktop.DBus.Error.ServiceUnknown" }), [
    "cannot start lxc-c1-0.scope: org.freedesktop.DBus.Error.ServiceUnknown: no, thank you",
  ]);
  deepEqual(await tell({ result: "timeout" }), [
    "cannot start lxc-c1-0.scope: systemd says timeout",
    "  hint: see journalctl --user -u lxc-c1-0.scope",
  ]);
  deepEqual(await tell({ accepts: false }), ["cannot log in to the message bus: it answered REJECTED EXTERNAL"]);
  deepEqual(await tell({ hangsUp: true }), ["cannot hear from the message bus: read: broken pipe (EPIPE)"]);
});

test("bytes that are no message end the conversation, not the program", async () => {
  const wrong = [
    Uint8Array.from({ length: 64 }, () => 255),
    Uint8Array.from([108, 2, 1, 1, 255, 255, 255, 127, 1, 0, 0, 0, 0, 0, 0, 0]),
    message(
      2,
      [
        [5, "u", 3],
        [8, "y", "x"],
      ],
      new Uint8Array(0),
    ),
    Uint8Array.from([108, 2, 1, 1, 4, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 5, 200, 117, 0, 3, 0, 0, 0, 1, 2, 3, 4]),
  ];
  for (const raw of wrong) match((await withBus({ raw })).lines[1] ?? "", /^cannot read a message of D-Bus: /);
});

test("without a bus there is no scope, and the reason", () => {
  const directory = join(folder, "empty");
  mkdirSync(directory);
  const result = spawnSync(DRIVER, ["ask", "c1"], { env: { XDG_RUNTIME_DIR: directory }, encoding: "utf8" });
  deepEqual(result.stdout.trim().split("\n").slice(1), [
    `cannot reach the user's systemd: nobody listens on ${directory}/bus`,
    "  hint: log in by a real session, or once: loginctl enable-linger; and set XDG_RUNTIME_DIR",
  ]);
});
