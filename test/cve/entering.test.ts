// Attacks on what enters a container, from inside: on its program, its descriptors, its working directory, its capabilities, its terminal.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { BIN, eventually, type Outcome, Place } from "../system/host.ts";
import { attack, compiled, Inside, MAPPED, sh, started, victimOf } from "./attack.ts";

const place = new Place("cve-enter");
after(() => place.remove());
// Containers with their own users come this way.
chmodSync(place.folder, 0o755);
chmodSync(place.lxcpath, 0o755);

/** A container with the hostile program, and a path in it as `/hostile`. */
function create(name: string, ...lines: readonly string[]): string {
  place.create(name, ...lines);
  copyFileSync(compiled(place, "hostile"), place.inside(name, "hostile"));
  return name;
}

function createMapped(name: string, ...lines: readonly string[]): string {
  const file = join(place.folder, "maps.conf");
  writeFileSync(file, `${MAPPED.join("\n")}\n`);
  const made = place.ours("lxc-create", "-n", name, "-t", "busybox", "-f", file);
  equal(made.code, 0, made.err);
  place.configure(name, ...lines);
  copyFileSync(compiled(place, "hostile"), place.inside(name, "hostile"));
  return name;
}

/** Our tools as a program of their own, so that it hurts nobody when the attack works. */
function ownTools(name: string): string {
  const folder = join(place.folder, name);
  mkdirSync(folder);
  copyFileSync(join(BIN, "../lxc"), join(folder, "lxc"));
  for (const tool of ["lxc-attach", "lxc-execute", "lxc-start"]) symlinkSync("lxc", join(folder, tool));
  return folder;
}

function isOverwritten(program: string): boolean {
  return readFileSync(program).subarray(0, 11).toString() === "OVERWRITTEN";
}

/** All programs of ours that it got hold of were out of its reach, and there were some. */
function equalCounts(said: string): void {
  const [, held = "", readOnly = ""] = /^held (\d+), read-only (\d+)$/m.exec(said) ?? [];
  equal(readOnly, held, said);
  ok(Number(held) > 0, said);
}

attack("2019-5736", "the runtime's own program", "what enters cannot be written to through /proc/PID/exe", async () => {
  const name = create("lxcts-cve-exe");
  const pid = started(place, name);
  // Weak: a program that joins the namespaces as it is, and takes a moment to execute another.
  const naive = join(place.folder, "naive-copy");
  copyFileSync(compiled(place, "naive"), naive);
  const first = new Inside(place, name, "/hostile", "programs", "1.2");
  await first.says("ready");
  equal(sh(`'${naive}' enter ${pid} / /bin/true`).code, 0);
  match(await first.end(), /overwritten/);
  equal(isOverwritten(naive), true);

  // Ours, executed by itself inside, where it waits; then many times as short as it can be.
  const tools = ownTools("tools");
  writeFileSync(place.inside(name, "again"), "#!/proc/self/exe wait\n", { mode: 0o755 });
  const second = new Inside(place, name, "/hostile", "programs", "1.2");
  await second.says("ready");
  const attach = `'${tools}/lxc-attach' -P '${place.lxcpath}' -n ${name} --`;
  sh(`timeout 1 ${attach} /again -n none -s RUNNING -t 1; for i in 1 2 3 4 5 6 7 8 9 10; do ${attach} /bin/true; done`);
  equalCounts(await second.end());
  equal(isOverwritten(join(tools, "lxc")), false);
});

attack("2019-5736", "the init of lxc-execute, and what runs a start hook", "process 1 cannot be written to", () => {
  const name = create("lxcts-cve-init");
  const tools = ownTools("tools-init");
  const words = `-P '${place.lxcpath}' -n ${name}`;
  // The weak program is that of the test above.
  const init = sh(`'${tools}/lxc-execute' ${words} -- /hostile programs 0.3`);
  match(init.out, /held 1, read-only 1$/m);
  const hooked = create("lxcts-cve-hook", "lxc.hook.start = /hook");
  const hook = "#!/bin/sh\nexec /hostile programs 0.3 > /said 2>&1\n";
  writeFileSync(place.inside(hooked, "hook"), hook, { mode: 0o755 });
  for (const how of ["lxc-execute", "lxc-start -F"]) {
    equal(sh(`'${tools}'/${how} -P '${place.lxcpath}' -n ${hooked} -- /bin/true`).code, 0);
    match(readFileSync(place.inside(hooked, "said"), "utf8"), /held 1, read-only 1$/m, how);
  }
  equal(isOverwritten(join(tools, "lxc")), false);
});

attack(
  "2019-5736",
  "a start in the process ids of another container",
  "that one cannot write to our program either",
  async () => {
    const name = create("lxcts-cve-pids");
    started(place, name);
    const other = create("lxcts-cve-joins");
    const tools = ownTools("tools-pids");
    // The weak program is that of the first test.
    const hostile = new Inside(place, name, "/hostile", "programs", "1.2");
    await hostile.says("ready");
    for (const how of ["lxc-execute", "lxc-start -F"]) {
      const words = `-P '${place.lxcpath}' -n ${other} --share-pid=${name} -- /bin/true`;
      const run = sh(`for i in 1 2 3 4 5 6; do '${tools}'/${how} ${words} || exit 1; done`);
      equal(run.code, 0, run.err);
    }
    equalCounts(await hostile.end());
    equal(isOverwritten(join(tools, "lxc")), false);
  },
);

attack(
  "2015-1334 2016-8649",
  "descriptors of lxc-attach",
  "nothing of the host is open in what comes inside",
  async () => {
    const secret = join(victimOf(place, "victim-fd"), "secret");
    for (const name of [create("lxcts-cve-fd"), createMapped("lxcts-cve-fdmap")]) {
      const pid = started(place, name);
      const hold = `exec 9< '${place.folder}'`;
      const first = new Inside(place, name, "/hostile", "descriptors", "0.7", secret);
      await first.says("ready");
      // Weak: a program that joins the namespaces with what its caller has open.
      sh(`${hold}; exec '${compiled(place, "naive")}' enter ${pid} / /bin/true`);
      // Even there the kernel keeps others' processes from a container's own users.
      if (name === "lxcts-cve-fd") match(await first.end(), /escaped by a descriptor/);
      const second = new Inside(place, name, "/hostile", "descriptors", "0.9", secret);
      await second.says("ready");
      const attach = `$B/lxc-attach -P '${place.lxcpath}' -n ${name} --`;
      sh(`${hold}; for i in 1 2 3 4 5 6 7 8 9 10; do ${attach} /bin/true; done; ${attach} /bin/sleep 0.2`);
      equal((await second.end()).trim(), "ready\nlooked at some");
    }
  },
);

attack(
  "2015-1334 2023-28642",
  "lxc-attach, by a /proc of the container's own",
  "what is read of a container comes from the host's /proc",
  async () => {
    const name = create("lxcts-cve-proc");
    const fake =
      "mkdir -p /fake/self/attr /fake/1/attr /fake/sys/kernel; for p in self 1; do : > /fake/$p/attr/exec; : > /fake/$p/attr/current; done";
    const caps =
      "printf 'CapBnd:\\tffffffffffffffff\\nNoNewPrivs:\\t0\\n' > /fake/1/status; cp /fake/1/status /fake/self/status";
    const pid = started(place, name, "/bin/sh", "-c", `${fake}; ${caps}; mount --bind /fake /proc; exec sleep 1000`);
    ok(await eventually(() => readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes("/fake /proc ")), "no mount");
    // Weak: what reads and writes the /proc that it finds inside.
    const naive = sh(
      `nsenter -t ${pid} -m sh -c 'sed -n 1p /proc/self/status; echo label > /proc/self/attr/exec && echo taken'`,
    );
    equal(naive.out, "CapBnd:\tffffffffffffffff\ntaken\n");
    const bounding = (text: string) => /CapBnd:\s+(\w+)/.exec(text)?.[1];
    writeFileSync(place.inside(name, "fake/self/attr/exec"), "");
    const real = bounding(readFileSync(`/proc/${pid}/status`, "utf8"));
    const script = "mkdir -p /mine; mount -t proc proc /mine; grep CapBnd /mine/self/status; umount /mine";
    const run = place.ours("lxc-attach", "-n", name, "--", "/bin/sh", "-c", script);
    equal(bounding(run.out), real, run.err);
    equal(statSync(place.inside(name, "fake/self/attr/exec")).size, 0);
  },
);

/** What the hostile program finds on a way up from where it is, and from what it has open. */
function way(run: Outcome): string {
  return `${run.out}${run.err}`.trim();
}

attack(
  "2024-21626",
  "the working directory and descriptors of the first process",
  "a link to /proc/self/fd/N leads nowhere",
  () => {
    const secret = join(victimOf(place, "victim-cwd"), "secret");
    const hold = `exec 7< '${place.folder}' 8< /etc`;
    for (const name of [create("lxcts-cve-cwd"), createMapped("lxcts-cve-cwdmap")]) {
      const pid = started(place, name);
      const link = place.inside(name, "work");
      symlinkSync("/proc/self/fd/7", link);
      // Weak: a program that joins the namespaces with what its caller has open, and enters the folder it was told.
      const naive = sh(`${hold}; exec '${compiled(place, "naive")}' enter ${pid} /work /hostile up '${secret}'`);
      match(naive.out, /escaped by the working directory\n(.*\n)*escaped by an own descriptor/);
      place.ours("lxc-stop", "-n", name, "-k");
      place.configure(name, "lxc.init.cwd = /work");
      for (let fd = 0; fd < 34; fd += name.endsWith("map") ? 3 : 1) {
        rmSync(link, { force: true });
        symlinkSync(`/proc/self/fd/${fd}`, link);
        const execute = sh(
          `${hold}; exec $B/lxc-execute -P '${place.lxcpath}' -n ${name} -- /hostile up '${secret}' < '${place.folder}'`,
        );
        match(way(execute), /^(lxc-execute: cannot start (.*\n?)*)?$/, `descriptor ${fd}`);
      }
      rmSync(link);
    }
  },
);

attack(
  "2024-21626",
  "start hooks",
  "what runs inside before init finds nothing of the host open, in itself and in process 1",
  () => {
    const secret = join(victimOf(place, "victim-hook"), "secret");
    // The weak program is that of the test above.
    for (const name of [create("lxcts-cve-hookfd"), createMapped("lxcts-cve-hookmap")]) {
      place.configure(name, "lxc.hook.start = /hook");
      const hook = `#!/bin/sh\nexec /hostile up '${secret}' > /tmp/said 2>&1\n`;
      writeFileSync(place.inside(name, "hook"), hook, { mode: 0o755 });
      for (const how of ["lxc-execute", "lxc-start -F", "lxc-start"]) {
        rmSync(place.inside(name, "tmp/said"), { force: true });
        const run = sh(`exec 7< '${place.folder}'; $B/${how} -P '${place.lxcpath}' -n ${name} -- /bin/true`);
        equal(run.code, 0, run.err);
        equal(readFileSync(place.inside(name, "tmp/said"), "utf8"), "", `${how} ${name}`);
      }
    }
  },
);

attack("2024-21626", "the working directory of lxc-attach", "the caller's folder is found inside or left out", () => {
  const secret = join(victimOf(place, "victim-attach"), "secret");
  const name = create("lxcts-cve-attachcwd");
  started(place, name);
  const folder = join(place.folder, "where");
  mkdirSync(folder);
  // The weak program is that of the test above. Inside, the caller's folder is a link to what he has open.
  for (let fd = 0; fd < 24; fd++) {
    const inside = place.inside(name, folder);
    rmSync(inside, { force: true });
    mkdirSync(join(inside, ".."), { recursive: true });
    symlinkSync(`/proc/self/fd/${fd}`, inside);
    const attach = `exec $B/lxc-attach -P '${place.lxcpath}' -n ${name} -- /hostile up '${secret}'`;
    const run = sh(`exec 7< '${place.folder}'; cd '${folder}'; ${attach} < '${place.folder}'`);
    equal(way(run), "", `descriptor ${fd}`);
  }
});

attack(
  "2022-29162 2022-24769 2022-27650",
  "inheritable capabilities",
  "neither a container nor what is attached inherits the caller's",
  () => {
    const name = create("lxcts-cve-caps");
    const pid = started(place, name);
    const show = "/bin/grep -E 'Cap(Inh|Amb)' /proc/self/status".replaceAll("'", '"');
    const all = "setpriv --inh-caps=+chown,+kill --ambient-caps=+chown,+kill";
    // Weak: what joins the namespaces with the capabilities that it has.
    match(sh(`${all} nsenter -t ${pid} -m -p ${show}`).out, /CapInh:\s+0*[1-9a-f]\w+\nCapAmb:\s+0*[1-9a-f]/);
    const none = /^CapInh:\s+0{16}\nCapAmb:\s+0{16}\n$/;
    match(sh(`${all} $B/lxc-attach -P '${place.lxcpath}' -n ${name} -- ${show}`).out, none);
    const other = create("lxcts-cve-caps2");
    match(sh(`${all} $B/lxc-execute -P '${place.lxcpath}' -n ${other} -- ${show}`).out, none);
    equal(sh(`${all} $B/lxc-start -P '${place.lxcpath}' -n ${other} -F -- /bin/sh -c '${show} > /said'`).code, 0);
    match(readFileSync(place.inside(other, "said"), "utf8"), none);
  },
);

attack("2026-30892", "the user of lxc-attach -u", "what is no number is refused, and is not root", () => {
  const name = create("lxcts-cve-user");
  started(place, name);
  const wrong = [
    "1000abc",
    "abc",
    "",
    " 0",
    "-1",
    "+0",
    "0x0",
    "0,0",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "1e3",
    "0\n",
  ];
  // Weak: a number is as many digits as there are.
  for (const text of ["abc", "", "0x0"]) {
    equal(sh(`'${compiled(place, "naive")}' setuid "$1"`, text).out, "0\n");
  }
  for (const option of ["-u", "-g"]) {
    for (const text of wrong) {
      const run = place.ours("lxc-attach", "-n", name, option, text, "--", "/bin/id", "-u");
      equal(run.out, "", `${option} ${JSON.stringify(text)}`);
      ok(run.code !== 0, `${option} ${JSON.stringify(text)}`);
    }
  }
  equal(place.ours("lxc-attach", "-n", name, "-u", "1000", "--", "/bin/id", "-u").out, "1000\n");
  const other = create("lxcts-cve-user2");
  for (const text of wrong) {
    const run = place.ours("lxc-execute", "-n", other, "-u", text, "--", "/bin/id", "-u");
    equal(run.out, "", `lxc-execute -u ${JSON.stringify(text)}`);
  }
});

attack(
  "2026-30892",
  "the container's user database",
  "lines that are nearly right name no user, and a pipe or a link holds up nobody",
  () => {
    const name = create("lxcts-cve-passwd");
    started(place, name);
    const shell = place.inside(name, "evil");
    writeFileSync(shell, "#!/bin/sh\necho evil\n", { mode: 0o755 });
    const lines = [
      "x:x:0x:0::/:/evil",
      "x:x::0::/:/evil",
      "x:x:+0:0::/:/evil",
      "x:x: 0:0::/:/evil",
      "x:x:0:0::/:/evil:",
      "x:x:00000000000:0::/:/evil",
      "x:x:4294967296:0::/:/evil",
    ];
    // Weak: a user's number is as many digits as there are.
    equal(sh(`printf '%s\\n' "$1" | awk -F: '$3 + 0 == 0 { print $7; exit }'`, lines[0] ?? "").out, "/evil\n");
    const passwd = place.inside(name, "etc/passwd");
    const attached = () =>
      spawnSync(join(BIN, "lxc-attach"), ["-P", place.lxcpath, "-n", name], {
        input: "echo fine\n",
        encoding: "utf8",
        timeout: 5000,
      });
    writeFileSync(passwd, `${lines.join("\n")}\nroot:x:0:0::/:/bin/sh\n`);
    equal(attached().stdout, "fine\n");
    rmSync(passwd);
    equal(sh(`mkfifo '${passwd}'`).code, 0);
    equal(attached().stdout, "fine\n");
    rmSync(passwd);
    writeFileSync(join(place.folder, "passwd"), "root:x:0:0::/:/evil\n");
    symlinkSync(`../../../../../../../../../..${place.folder}/passwd`, passwd);
    equal(attached().stdout, "fine\n");
  },
);

/** What a caller reads on his own terminal after `command` has run on it. */
async function readAfter(command: string): Promise<string> {
  const script = `stty -echo; ${command}; read -t 0.5 line && echo "got: $line" || echo got nothing`;
  // Its input stays open: the end of that would be typed as well.
  const caller = spawn("script", ["-qec", `bash -c '${script}'`, "/dev/null"], {
    timeout: 20_000,
    env: { ...process.env, B: BIN },
  });
  let screen = "";
  caller.stdout.on("data", (bytes: Buffer) => {
    screen += bytes.toString();
  });
  await once(caller, "close");
  return /got.*/.exec(screen)?.[0].trim() ?? screen;
}

attack(
  "2016-10124",
  "the caller's terminal",
  "what is typed on it from inside does not reach the caller's shell",
  async () => {
    const name = create("lxcts-cve-tty");
    const pid = started(place, name);
    const words = "/hostile type injected";
    // Weak: what joins the namespaces with the caller's terminal.
    equal(await readAfter(`nsenter -t ${pid} -m -p ${words}`), "got: injected");
    const at = `-P ${place.lxcpath} -n`;
    const others = [create("lxcts-cve-tty2"), create("lxcts-cve-tty3")];
    const ways = [`attach ${at} ${name}`, `start ${at} ${others[0]} -F`, `execute ${at} ${others[1]}`];
    const read = await Promise.all(ways.map((way) => readAfter(`$B/lxc-${way} -- ${words}`)));
    deepEqual(read, ["got nothing", "got nothing", "got nothing"]);
  },
);
