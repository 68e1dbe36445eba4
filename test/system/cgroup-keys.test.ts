// The keys about cgroups in whole containers: where processes are, beside LXC's own; devices that change; pressure.
import { deepEqual, equal, match } from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { BIN, eventually, Place, skipWithoutRoot } from "./host.ts";

const isHybrid = existsSync("/sys/fs/cgroup/memory") && existsSync("/sys/fs/cgroup/unified");
const skip = skipWithoutRoot !== false ? skipWithoutRoot : isHybrid ? false : "needs cgroups of both versions";
const noLxc = spawnSync("/usr/bin/lxc-start", ["--version"]).status === 0 ? skip : "LXC's own tools are not installed";

const place = new Place("cgkeys");
after(() => place.remove());

/** The paths of a process in all hierarchies, each once. */
function placesOf(pid: number | string): string[] {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  return [...new Set(lines.map((line) => line.split(":")[2] ?? ""))];
}

function parentOf(pid: string): string {
  return /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
}

/** What is left at `path` in any hierarchy. */
function left(path: string): string[] {
  return readdirSync("/sys/fs/cgroup")
    .map((name) => join("/sys/fs/cgroup", name, path))
    .filter((folder) => existsSync(folder));
}

function removePlace(path: string): void {
  for (const folder of left(path)) execFileSync("find", [folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
}

const keys = (name: string) => [
  `lxc.cgroup.dir.monitor = ${name}/deep/mon`,
  `lxc.cgroup.dir.monitor.pivot = ${name}-end`,
  `lxc.cgroup.dir.container = ${name}/pay`,
  "lxc.cgroup.dir.container.inner = in",
  "lxc.cgroup.memory.limit_in_bytes = 64M",
];

for (const family of ["ours", "theirs"] as const) {
  test(`monitor, first process and limits are where the keys say, by ${family === "ours" ? "our tools" : "LXC's"}`, {
    skip: family === "ours" ? skip : noLxc,
  }, async () => {
    const name = `lxcts-keys-${family}`;
    place.create(name, ...keys(name));
    try {
      const started = place[family]("lxc-start", "-n", name);
      deepEqual([started.code, started.err], [0, ""]);
      const pid = place[family]("lxc-info", "-n", name, "-pH").out.trim();
      deepEqual(placesOf(pid), [`/${name}/pay/in`]);
      deepEqual(placesOf(parentOf(pid)), [`/${name}/deep/mon`]);
      const limit = (folder: string) => readFileSync(`/sys/fs/cgroup/memory/${folder}/memory.limit_in_bytes`, "utf8");
      equal(limit(`${name}/pay`), "67108864\n");
      equal(limit(`${name}/pay/in`), "9223372036854771712\n");
      equal(place[family]("lxc-stop", "-n", name, "-k").code, 0);
      // LXC's monitor is in its cgroup a moment longer than its container; ours removes what it has made above, too.
      equal(await eventually(() => left(`${name}-end/lxc.pivot`).length === 10), true);
      if (family === "ours") equal(await eventually(() => left(name).length === 0), true);
    } finally {
      place[family]("lxc-stop", "-n", name, "-k");
      await eventually(() => left(`${name}/deep/mon`).length === 0);
      removePlace(name);
      removePlace(`${name}-end`);
    }
  });
}

test("lxc.cgroup.dir is where both cgroups are", { skip }, async () => {
  const name = "lxcts-keys-dir";
  place.create(name, `lxc.cgroup.dir = ${name}/deep`);
  try {
    equal(place.ours("lxc-start", "-n", name).err, "");
    const pid = place.ours("lxc-info", "-n", name, "-pH").out.trim();
    deepEqual(placesOf(pid), [`/${name}/deep/lxc.payload.${name}`]);
    deepEqual(placesOf(parentOf(pid)).includes(`/${name}/deep/lxc.monitor.${name}`), true);
  } finally {
    place.ours("lxc-stop", "-n", name, "-k");
    equal(await eventually(() => left(name).length === 0), true);
  }
});

test("with lxc.cgroup.relative its cgroups are below those of the caller", { skip }, () => {
  const name = "lxcts-keys-relative";
  place.create(name, "lxc.cgroup.relative = 1");
  const script = `mkdir /sys/fs/cgroup/memory/${name} && echo $$ > /sys/fs/cgroup/memory/${name}/tasks && $B/lxc-start -P $P -n ${name}
    sed -n 's/.*:memory://p' /proc/$($B/lxc-info -P $P -n ${name} -pH)/cgroup
    $B/lxc-stop -P $P -n ${name} -k
    echo $$ > /sys/fs/cgroup/memory/tasks`;
  const env = { ...process.env, B: BIN, P: place.lxcpath };
  try {
    const run = spawnSync("sh", ["-c", script], { encoding: "utf8", timeout: 60_000, env });
    deepEqual([run.stdout, run.stderr], [`/${name}/lxc.payload.${name}\n`, ""]);
  } finally {
    removePlace(name);
  }
});

test("lxc-attach goes into the inner cgroup, whose limits it cannot change", { skip }, async () => {
  const name = "lxcts-keys-attach";
  place.create(name, ...keys(name));
  try {
    equal(place.ours("lxc-start", "-n", name).code, 0);
    const attached = spawn(join(BIN, "lxc-attach"), ["-P", place.lxcpath, "-n", name, "--", "/bin/sleep", "77"]);
    const sleeper = () => spawnSync("pgrep", ["-f", "^/bin/sleep 77$"], { encoding: "utf8" }).stdout.trim();
    equal(await eventually(() => sleeper() !== ""), true);
    deepEqual(
      placesOf(sleeper()).map((path) => path.replace(/\/\.lxc$/, "")),
      [`/${name}/pay/in`],
    );
    attached.kill("SIGKILL");
    const script = `mkdir -p /tmp/m && mount -t cgroup -o memory c /tmp/m && echo -1 > /tmp/m/memory.limit_in_bytes && echo raised
      dd if=/dev/zero of=/dev/null bs=128M count=1`;
    const raised = place.ours("lxc-attach", "-n", name, "--", "/bin/sh", "-c", script);
    deepEqual([raised.out, raised.code], ["raised\n", 137]);
  } finally {
    place.ours("lxc-stop", "-n", name, "-k");
    await eventually(() => left(name).length === 0);
    removePlace(`${name}-end`);
  }
});

test("in the foreground the caller is the monitor, and is where its key says", { skip }, async () => {
  const name = "lxcts-keys-front";
  place.create(name, ...keys(name));
  const front = spawn(join(BIN, "lxc-start"), ["-P", place.lxcpath, "-n", name, "-F"], { stdio: "ignore" });
  const ended = new Promise((done) => front.on("exit", done));
  try {
    equal(await eventually(() => place.state(name) === "RUNNING"), true);
    deepEqual(placesOf(front.pid ?? 0), [`/${name}/deep/mon`]);
    equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
    equal(await ended, 137);
    deepEqual(left(name), []);
    equal(left(`${name}-end/lxc.pivot`).length, 10);
  } finally {
    front.kill("SIGKILL");
    removePlace(`${name}-end`);
  }
});

/** Runs `script` where /etc/lxc/lxc.conf has these lines; $B are the tools, $P the container path. */
function withSystemConfig(lines: readonly string[], script: string): string {
  const own = join(place.folder, "lxc.conf");
  writeFileSync(own, `${lines.join("\n")}\n`);
  const view = `mount --make-rprivate / && mount -t tmpfs t /etc/lxc && cp ${own} /etc/lxc/lxc.conf && ${script}`;
  const env = { ...process.env, B: BIN, P: place.lxcpath };
  return spawnSync("unshare", ["--mount", "sh", "-c", view], { encoding: "utf8", timeout: 60_000, env }).stdout;
}

test("lxc.cgroup.pattern and lxc.cgroup.use of the host have their effect", { skip }, async () => {
  place.create("lxcts-keys-host");
  const script = `$B/lxc-start -P $P -n lxcts-keys-host && cat /proc/$($B/lxc-info -P $P -n lxcts-keys-host -pH)/cgroup
    $B/lxc-stop -P $P -n lxcts-keys-host -k`;
  const lines = ["lxc.cgroup.pattern = lxcts-boxes/%n", "lxc.cgroup.use = memory,pids"];
  const placed = withSystemConfig(lines, script).split("\n");
  deepEqual(
    placed.filter((line) => line.includes("lxcts")).map((line) => line.replace(/^\d+:/, "")),
    ["pids", "memory", ""].map((controller) => `${controller}:/lxcts-boxes/lxcts-keys-host/payload`),
  );
  equal(await eventually(() => left("lxcts-boxes").length === 0), true);
});

const TRY = "for d in null zero full; do (true < /dev/$d) 2>&- && printf $d.; done; echo";
const RULES = [
  "devices.deny = a",
  "devices.allow = c 1:3 rwm",
  "devices.allow = c 5:* rwm",
  "devices.allow = c 136:* rwm",
];

test("device rules of version 1 that are changed count at once", { skip }, () => {
  const name = "lxcts-keys-dev1";
  place.create(name, ...RULES.map((rule) => `lxc.cgroup.${rule}`));
  equal(place.ours("lxc-start", "-n", name).code, 0);
  const attempt = () => place.ours("lxc-attach", "-n", name, "--", "/bin/sh", "-c", TRY).out;
  const change = (...words: string[]) => {
    const done = place.ours("lxc-config", ...words);
    deepEqual([done.code, done.err], [0, ""]);
  };
  const key = "lxc.cgroup.devices.allow";
  const kept = ["c 5:* rwm", "c 136:* rwm"];
  try {
    equal(attempt(), "null.\n");
    change("set", name, key, "c 1:3 rwm", "c 1:5 r", ...kept);
    equal(attempt(), "null.zero.\n");
    change("set", name, key, "c 1:7 r", ...kept);
    equal(attempt(), "full.\n");
    change("unset", name, "lxc.cgroup.devices.deny");
    change("unset", name, key);
    equal(attempt(), "null.zero.full.\n");
  } finally {
    place.ours("lxc-stop", "-n", name, "-k");
  }
});

/** Runs `script` where cgroups look like those of a host with version 2 alone; $B are our tools, $P the container path. */
function withUnified(script: string): string[] {
  const view = `mount --make-rprivate / && umount -R /sys/fs/cgroup && mount -t cgroup2 c /sys/fs/cgroup && ${script}`;
  const env = { ...process.env, B: BIN, P: place.lxcpath };
  const run = spawnSync("unshare", ["--mount", "sh", "-c", view], { encoding: "utf8", timeout: 60_000, env });
  return (run.stdout + run.stderr).trim().split("\n");
}

test("device rules that are a program count at once when they are changed, by our tool and by LXC's", {
  skip: noLxc,
}, () => {
  const name = "lxcts-keys-dev2";
  place.create(name, ...RULES.map((rule) => `lxc.cgroup2.${rule}`));
  const lines = withUnified(`$B/lxc-start -P $P -n ${name} || exit 1
    try() { $B/lxc-attach -P $P -n ${name} -- /bin/sh -c '${TRY}'; }
    try
    $B/lxc-config -P $P set ${name} lxc.cgroup2.devices.allow 'c 1:3 rwm' 'c 1:5 r' 'c 5:* rwm' 'c 136:* rwm'; try
    /usr/bin/lxc-cgroup -P $P -n ${name} devices.allow 'c 1:7 r'; try
    /usr/bin/lxc-cgroup -P $P -n ${name} devices.deny 'c 1:3 rwm'; try
    $B/lxc-config -P $P unset ${name} lxc.cgroup2.devices.deny; $B/lxc-config -P $P unset ${name} lxc.cgroup2.devices.allow; try
    $B/lxc-stop -P $P -n ${name} -k`);
  deepEqual(lines, ["null.", "null.zero.", "null.zero.full.", "zero.full.", "null.zero.full."]);
});

/** As the user of user-manager.sh: a container of their own, whose root they are themselves. $B are our tools. */
const USERS_CONTAINER = `P=$XDG_RUNTIME_DIR/containers R=$P/c1/rootfs
mkdir -p $R/bin $R/sbin $R/proc $R/sys $R/dev $R/etc
cp /bin/busybox $R/bin/busybox
for name in sh sleep cat; do ln -s busybox $R/bin/$name; done
printf '#!/bin/sh\\nwhile :; do sleep 1; done\\n' > $R/sbin/init
chmod +x $R/sbin/init
cat > $P/c1/config <<END
lxc.rootfs.path = dir:$R
lxc.uts.name = c1
lxc.idmap = u 0 $(id -u) 1
lxc.idmap = g 0 $(id -g) 1
lxc.net.0.type = empty
lxc.mount.auto = proc:rw
lxc.tty.max = 0
lxc.pty.max = 1
lxc.console.path = none
END
tool() { name=$1; shift; $B/$name -P $P -n c1 "$@"; }
tool lxc-start || exit 1
init=$(tool lxc-info -pH)
sed -n s/^0:://p /proc/$init/cgroup "/proc/$(sed -n 's/^PPid:.//p' /proc/$init/status)/cgroup"
tool lxc-attach -- /bin/sh -c 'while read -r line; do case $line in 0::*) echo "\${line#0::}";; esac; done < /proc/self/cgroup'
systemctl --user is-active lxc-c1-0.scope
tool lxc-stop -k
left=100
while systemctl --user --quiet is-active lxc-c1-0.scope && [ $left -gt 0 ]; do sleep 0.05; left=$((left - 1)); done
systemctl --user is-active lxc-c1-0.scope || true
`;

test("a container of an ordinary user is in a scope that their service manager makes for it", {
  skip: skip !== false || existsSync("/usr/lib/systemd/systemd") ? skip : "needs systemd's service manager",
}, () => {
  const name = "lxcts-keys-scope";
  execFileSync("chmod", ["o+x", ".", "dist", "dist/bin"]);
  const script = join(place.folder, "users-container");
  writeFileSync(script, USERS_CONTAINER.replaceAll("$B", BIN));
  execFileSync("chmod", ["o+rx", place.folder, script]);
  const words = ["--mount", "sh", "test/system/user-manager.sh", name, "sh", script];
  const run = spawnSync("unshare", words, { encoding: "utf8", timeout: 60_000 });
  const scope = `/${name}/manager/app.slice/lxc-c1-0.scope`;
  deepEqual(
    [run.stdout.trim().split("\n"), run.stderr],
    [[`${scope}/lxc.payload.c1`, `${scope}/lxc.monitor.c1`, "/", "active", "inactive"], ""],
  );
});

test("lxc-info tells the pressure in JSON, and its table is LXC's", { skip }, () => {
  const name = "lxcts-keys-psi";
  place.create(name);
  equal(place.ours("lxc-start", "-n", name).code, 0);
  try {
    const { pressure } = JSON.parse(place.ours("lxc-info", "-n", name, "--format=json").out) as {
      pressure: Record<string, { some: Record<string, number>; full: Record<string, number> }>;
    };
    deepEqual(Object.keys(pressure), ["cpu", "memory", "io"]);
    deepEqual(Object.keys(pressure["memory"]?.some ?? {}), ["avg10", "avg60", "avg300", "total_us"]);
    equal(Number.isFinite(pressure["cpu"]?.full["total_us"]), true);
    equal(place.ours("lxc-info", "-n", name).out.includes("ressure"), false);
    place.ours("lxc-stop", "-n", name, "-k");
    match(place.ours("lxc-info", "-n", name, "--format=json").out, /"pressure":\{"cpu":null,"memory":null,"io":null\}/);
  } finally {
    place.ours("lxc-stop", "-n", name, "-k");
  }
});
