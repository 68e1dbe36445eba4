// Attacks on what runs on the host for a container: configuration, hooks, locks, logs, the monitor's socket.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after } from "node:test";
import { eventually, monitorPid, Place } from "../system/host.ts";
import { apart, attack, namesIn, sh, started, victimOf } from "./attack.ts";

const place = new Place("cve-host");
after(() => place.remove());

const mark = join(place.folder, "mark");

/** Whether something has left the mark; it is gone afterwards. */
function isMarked(): boolean {
  const found = existsSync(mark);
  rmSync(mark, { force: true });
  return found;
}

attack("2026-23953", "values with a newline", "none becomes a line of a configuration", () => {
  const hook = place.script("marks", `: > '${mark}'`);
  const line = `lxc.hook.pre-start = ${hook}`;
  const name = "lxcts-cve-newline";
  place.create(name);
  const start = (...options: readonly string[]) =>
    place.ours("lxc-start", "-n", name, "-F", ...options, "--", "/bin/true");
  const config = join(place.lxcpath, name, "config");
  const before = readFileSync(config, "utf8");
  // Weak: what writes a value as it is.
  writeFileSync(config, `${before}lxc.environment = A=x\n${line}\n`);
  equal(start().code, 0);
  equal(isMarked(), true);
  writeFileSync(config, before);
  for (const end of ["\n", "\r\n", "\r"]) {
    for (const key of ["lxc.environment", "lxc.uts.name", "lxc.init.cmd", "lxc.sysctl.kernel.msgmax"]) {
      notEqual(place.ours("lxc-config", "set", name, key, `A=x${end}${line}`).code, 0, key);
      notEqual(place.ours("lxc-config", "set", name, `${key} = A=x${end}${line}`, "x").code, 0, key);
      place.ours("lxc-config", "set", "--append", name, key, `A=x${end}${line}`);
      start("-s", `${key}=A=x${end}${line}`);
      place.ours("lxc-execute", "-n", name, "-s", `${key}=A=x${end}${line}`, "--", "/bin/true");
    }
  }
  equal(readFileSync(config, "utf8"), before);
  equal(start().code, 0);
  equal(isMarked(), false);
});

attack("2026-23953", "names and arguments with a newline", "lxc-create writes none into a configuration", () => {
  // The weak set-up is that of the test above.
  const line = "lxc.hook.pre-start = false";
  const template = `${place.script("template", "exit 0")}\n${line}`;
  writeFileSync(template, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  const path = `${place.lxcpath}\n${line}`;
  mkdirSync(path, { recursive: true });
  const create = (...words: readonly string[]) => sh('$B/lxc-create "$@" -f /dev/null', ...words);
  const here = ["-P", place.lxcpath];
  const busybox = ["-t", "busybox"];
  create(...here, "-n", `lxcts-cve-n1\n${line}`, ...busybox);
  create(...here, "-n", "lxcts-cve-n2", "-t", "none", "--", `--x\n${line}`);
  create(...here, "-n", "lxcts-cve-n3", "-t", template);
  create(...here, "-n", "lxcts-cve-n4", "-t", place.script("plain", "exit 0"), "--", `x\n${line}`, `y\r${line}`);
  create(...here, "-n", "lxcts-cve-n5", "-B", "dir", "--dir", `${place.folder}/d\n${line}`, ...busybox);
  create("-P", path, "-n", "lxcts-cve-n6", ...busybox);
  const written = sh('find "$1" -name config', place.folder)
    .out.split("\n")
    .filter((file) => file.endsWith("config"));
  const configs = sh(`find "$1" -name config -exec grep -l '^lxc.hook' {} +`, place.folder).out;
  equal(configs, "");
  ok(written.length >= 2);
});

attack(
  "2026-62867",
  "a container's name in the words of a hook",
  "a name is one word for the shell, and no option",
  () => {
    const name = `lxcts-cve-$(touch ${mark.replaceAll("/", "\\057")})'; touch mark; '`;
    // Weak: a shell that is given the name as it is.
    sh(`cd '${place.folder}'; sh -c "exec true $1"`, "lxcts'; touch mark; '");
    sh(`cd '${place.folder}'; sh -c "true $1"`, "lxcts; touch mark");
    equal(isMarked(), true);
    const hook = place.script("says", `printf '%s' "$1" > '${place.folder}/said'`);
    for (const evil of [
      "lxcts-cve;touch mark",
      "lxcts-cve'; touch mark; '",
      "lxcts-cve$(touch mark)",
      "lxcts-cve`touch mark`",
      name,
    ]) {
      if (evil.includes("/")) continue;
      const made = place.ours("lxc-create", "-n", evil, "-t", "busybox", "-f", "/dev/null");
      if (made.code !== 0) continue;
      place.configure(evil, `lxc.hook.pre-start = ${hook}`, "lxc.uts.name = plain");
      sh(`cd '${place.folder}'; $B/lxc-start -P "$1" -n "$2" -F -- /bin/true`, place.lxcpath, evil);
      equal(readFileSync(join(place.folder, "said"), "utf8"), evil);
      equal(isMarked(), false, evil);
      place.ours("lxc-destroy", "-n", evil);
    }
  },
);

attack(
  "2025-23266 2025-23267",
  "the environment of hooks",
  "what programs load for the container they do not load on the host",
  async () => {
    const library = join(place.folder, "preload.so");
    const source = join(import.meta.dirname, "programs/preload.c");
    equal(sh(`gcc -shared -fPIC -DMARK='"${mark}"' -o '${library}' '${source}'`).err, "");
    const rest = place.script("rest", `:`);
    const evil = place.script("evil", `: > '${mark}'`);
    const bash = `#!/bin/bash\nexit 0\n`;
    const hook = join(place.folder, "bash-hook");
    writeFileSync(hook, bash, { mode: 0o755 });
    const variables = [`LD_PRELOAD=${library}`, `LD_AUDIT=${library}`, `BASH_ENV=${evil}`];
    // Weak: a hook that runs with the container's environment.
    for (const variable of variables.filter((each) => !each.includes("AUDIT"))) {
      sh('exec env -i "$1" "$2"', variable, hook);
      equal(isMarked(), true, variable);
    }
    const types = ["pre-start", "pre-mount", "mount", "autodev", "start-host", "stop", "post-stop"];
    const hooks = types.flatMap((type) => [`lxc.hook.${type} = ${rest}`, `lxc.hook.${type} = ${hook}`]);
    for (const [index, variable] of variables.entries()) {
      const name = `lxcts-cve-env${index}`;
      place.create(name, ...hooks, `lxc.environment = ${variable}`);
      const run = place.ours("lxc-execute", "-n", name, "--", "/bin/busybox", "env");
      match(run.out, new RegExp(`^${variable}$`, "m"));
      equal(isMarked(), false, variable);
      if (variable.includes("AUDIT")) continue;
      // The key for hooks says what it does.
      place.configure(name, "lxc.environment =", `lxc.environment.hooks = ${variable}`);
      const meant = place.ours("lxc-execute", "-n", name, "--", "/bin/busybox", "env");
      equal(meant.out.includes(variable), false);
      equal(isMarked(), true, variable);
    }
    equal(await eventually(() => place.leftovers("lxcts-cve-env").length === 0), true);
  },
);

attack("2015-1331", "the lock directory", "a lock is made through no link", () => {
  const victim = victimOf(place, "victim-lock");
  const create = (tool: string, name: string, link: string) =>
    apart(
      `mount -t tmpfs lxcts /run/lxc || exit 9; ${link}; ${tool} -P '${place.lxcpath}' -n ${name} -t none -f /dev/null`,
    );
  const folder = `ln -s '${victim}' /run/lxc/lock`;
  // Weak: LXC 5.0.2 itself.
  create("/usr/bin/lxc-create", "lxcts-cve-lock0", folder);
  notEqual(namesIn(victim).join(), "secret");
  for (const name of namesIn(victim)) if (name !== "secret") rmSync(join(victim, name), { recursive: true });
  create("$B/lxc-create", "lxcts-cve-lock1", folder);
  const below = `mkdir -p '/run/lxc/lock${place.lxcpath}'; ln -s`;
  create(
    "$B/lxc-create",
    "lxcts-cve-lock2",
    `${below} '${victim}/new' '/run/lxc/lock${place.lxcpath}/.lxcts-cve-lock2'`,
  );
  create(
    "$B/lxc-create",
    "lxcts-cve-lock3",
    `${below} '${victim}/secret' '/run/lxc/lock${place.lxcpath}/.lxcts-cve-lock3'`,
  );
  const above = place.lxcpath.slice(0, place.lxcpath.lastIndexOf("/"));
  create(
    "$B/lxc-create",
    "lxcts-cve-lock4",
    `mkdir -p '/run/lxc/lock${above}'; ln -s '${victim}' '/run/lxc/lock${place.lxcpath}'`,
  );
  deepEqual(namesIn(victim), ["secret"]);
  equal(readFileSync(join(victim, "secret"), "utf8"), "untouched\n");
});

attack(
  "2025-24965",
  "the console's log and the configuration, replaced by a link",
  "neither is written through it",
  async () => {
    const victim = victimOf(place, "victim-log");
    const secret = join(victim, "secret");
    const name = "lxcts-cve-log";
    const log = join(place.folder, "console.log");
    place.create(name, `lxc.console.logfile = ${log}`);
    symlinkSync(secret, log);
    // Weak: what opens it by its path.
    writeFileSync(log, "");
    equal(readFileSync(secret, "utf8"), "");
    writeFileSync(secret, "untouched\n");
    match(place.ours("lxc-start", "-n", name).err, /it is a symbolic link/);
    rmSync(log);
    symlinkSync(join(victim, "rotated"), `${log}.1`);
    place.configure(name, "lxc.console.size = 4096", "lxc.console.rotate = 1");
    started(place, name, "/bin/sh", "-c", "head -c 20000 /dev/zero | tr '\\0' x; exec sleep 1000");
    equal(await eventually(() => existsSync(`${log}.1`)), true);
    equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
    const config = join(place.lxcpath, name, "config");
    writeFileSync(secret, readFileSync(config, "utf8"));
    const before = readFileSync(secret, "utf8");
    rmSync(config);
    symlinkSync(secret, config);
    notEqual(place.ours("lxc-config", "set", name, "lxc.uts.name", "evil").code, 0);
    equal(readFileSync(secret, "utf8"), before);
    deepEqual(namesIn(victim), ["secret"]);
  },
);

const LENGTHS = [0, 1, 3, 7, 8, 23, 24, 32, 80, 96, 4096, 8191, 8192, 8193, 0x7fffffff, -1, -0x80000000];
const COMMANDS = 27;
const STOP = 2;

/** A request as LXC's clients send it, with a body that need not be of the length it claims. */
function requestOf(command: number, length: number, body: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(command, 0);
  head.writeInt32LE(length, 4);
  // For those that take a number, a state and a terminal among them.
  head.writeInt32LE(2, 8);
  return Buffer.concat([head, body]);
}

/** Sends it, and waits for the end of the connection, whatever that is. */
async function throwAt(name: string, bytes: Buffer): Promise<void> {
  const socket = connect(`\0${place.lxcpath}/${name}/command`);
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => {});
  socket.resume();
  socket.end(bytes);
  const timer = setTimeout(() => socket.destroy(), 500);
  await closed;
  clearTimeout(timer);
}

attack(
  "lxc#4701 lxc#4702",
  "the monitor's socket: all 27 commands, wrong lengths and texts",
  "the monitor and its container live on",
  async () => {
    const weak = "lxcts-cve-socket0";
    place.create(weak);
    equal(place.theirs("lxc-start", "-n", weak, "--", "/bin/sleep", "1000").code, 0);
    // Weak: LXC 5.0.2's monitor, asked for the value of a key without a name.
    await throwAt(weak, requestOf(7, 0, Buffer.alloc(0)));
    equal(await eventually(() => place.theirs("lxc-info", "-n", weak, "-sH").out === "STOPPED\n"), true);
    const name = "lxcts-cve-socket";
    place.create(name);
    const pid = started(place, name);
    const monitor = monitorPid(place, name);
    const open = () => readdirSync(`/proc/${monitor}/fd`).length;
    await throwAt(name, requestOf(3, 0, Buffer.alloc(0)));
    const before = open();
    for (let command = -1; command <= COMMANDS; command++) {
      const bodies = LENGTHS.flatMap((length) => {
        const size = Math.min(Math.max(length, 0), 9000);
        const filled = [Buffer.alloc(size, 65), Buffer.alloc(size, 255), Buffer.alloc(size)];
        return filled.concat([Buffer.alloc(Math.max(size - 1, 0), 65)]).map((body) => requestOf(command, length, body));
      });
      // To stop it as it is meant to be stopped is no attack.
      const wrong =
        command === STOP ? bodies.filter((bytes) => !LENGTHS.slice(0, 13).includes(bytes.readInt32LE(4))) : bodies;
      await Promise.all(wrong.map((bytes) => throwAt(name, bytes)));
    }
    await Promise.all([0, 1, 4, 15].map((size) => throwAt(name, Buffer.alloc(size))));
    equal(place.ours("lxc-unfreeze", "-n", name).code, 0);
    equal(place.state(name), "RUNNING");
    equal(place.ours("lxc-info", "-n", name, "-pH").out, `${pid}\n`);
    equal(monitorPid(place, name), monitor);
    equal(await eventually(() => open() <= before + 1, 10_000), true, `${before} descriptors, then ${open()}`);
  },
);

attack("2019-14271", "libraries of the container", "what enters a container loads none of its files", () => {
  const interpreterOf = (path: string) =>
    spawnSync("readelf", ["-l", path], { encoding: "utf8" }).stdout.includes("INTERP");
  // Weak: LXC 5.0.2's own program, whose C library loads others for names of users and hosts.
  equal(interpreterOf("/usr/bin/lxc-attach"), true);
  equal(interpreterOf(join(import.meta.dirname, "../../dist/lxc")), false);
});
