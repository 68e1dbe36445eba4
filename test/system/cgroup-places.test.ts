// Where cgroups go and whose they are, for real: named places, delegation, ordinary users, and devices that change while a program runs.
import { deepEqual, equal, match } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, test } from "node:test";

const DRIVER = resolve("dist/drivers/cgroup-places");
const USER = "54321";
const isRoot = process.getuid?.() === 0;
const cgroups = readFileSync("/proc/1/cgroup", "utf8");

function skip(...controllers: readonly string[]): string | false {
  if (!isRoot) return "needs root";
  const missing = controllers.filter((controller) => !cgroups.includes(`:${controller}:`));
  return missing.length > 0 && `this host has no version 1 ${missing.join(", ")}`;
}

function run(program: string, words: readonly string[]): string[] {
  const result = spawnSync(program, words, { encoding: "utf8", timeout: 20000 });
  return (result.stdout + result.stderr).trim().split("\n");
}

function drive(...words: readonly string[]): string[] {
  return run(DRIVER, words);
}

/** Where a line of the driver's says that a process is: one path when it is the same in all hierarchies. */
function places(line: string | undefined): string[] {
  const words = (line ?? "").split(" ").slice(1);
  return [...new Set(words.map((word) => word.split(":")[2] ?? ""))];
}

const hierarchies = () => readdirSync("/sys/fs/cgroup").map((name) => join("/sys/fs/cgroup", name));

/** What is left at `path` in any hierarchy. */
function left(path: string): string[] {
  return hierarchies()
    .map((hierarchy) => join(hierarchy, path))
    .filter((folder) => existsSync(folder));
}

/** Removes what LXC too leaves: a place that was named for the end. */
function removePlace(path: string): void {
  for (const folder of left(path)) execFileSync("find", [folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
}

before(() => {
  if (isRoot) execFileSync("sh", ["scripts/build.sh", "test/system/drivers/cgroup-places.ts", DRIVER]);
});

for (const how of ["life", "foreground"]) {
  const who = how === "life" ? "a daemon's monitor" : "a monitor in the foreground";
  test(`${who} is where its keys say, also in the end; limits are outside of the inner cgroup`, {
    skip: skip("memory", "cpuset"),
  }, () => {
    const name = `lxcts-${how}`;
    const keys = [`monitor=${name}/a/mon`, `container=${name}/pay`, "inner=in", `pivot=${name}-end/here`];
    try {
      const lines = drive(how, `name=${name}`, ...keys);
      deepEqual(lines.slice(0, 4).map(places), [
        [`/${name}/a/mon`],
        [`/${name}/pay/in`],
        [""],
        [`/${name}-end/here/lxc.pivot`],
      ]);
      equal(lines[2], `limits /${name}/pay /${name}/pay`);
      if (how === "foreground") equal(lines[4], "same true");
      deepEqual(left(name), []);
    } finally {
      removePlace(`${name}-end`);
    }
  });
}

test("a monitor in the foreground that nobody has placed stays where it is", { skip: skip("memory") }, () => {
  const lines = drive("foreground", "name=lxcts-stays");
  const own = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n").join(" ");
  deepEqual(lines, [
    `monitor ${own}`,
    lines[1] ?? "",
    "limits /lxc.payload.lxcts-stays /lxc.payload.lxcts-stays",
    `after ${own}`,
    "same true",
  ]);
  deepEqual(places(lines[1]), ["/lxc.payload.lxcts-stays"]);
});

test("the host's pattern and its list of controllers count, as in LXC", { skip: skip("memory", "pids", "cpu") }, () => {
  const lines = drive("life", "name=lxcts-pattern", "pattern=lxcts-boxes/%n", "use=pids,memory");
  const own = places(`x ${readFileSync("/proc/self/cgroup", "utf8").trim().split("\n").join(" ")}`);
  const used = (line: string | undefined) =>
    (line ?? "").split(" ").filter((word) => /:(pids|memory|):/.test(word) && word.endsWith("lxcts-pattern/payload"));
  equal(used(lines[1]).length, 3);
  deepEqual(
    places(lines[1]).filter((place) => !own.includes(place) && place !== "/"),
    ["/lxcts-boxes/lxcts-pattern/payload"],
  );
  match(lines[0] ?? "", /0::\/lxcts-boxes\/lxcts-pattern\/monitor/);
  deepEqual(left("lxcts-boxes"), []);
});

test("a cgroup of somebody else in a folder of ours keeps the folder, and no more", { skip: skip("memory") }, () => {
  const theirs = "/sys/fs/cgroup/memory/lxcts-shared/theirs";
  mkdirSync(theirs, { recursive: true });
  try {
    drive("life", "name=lxcts-shared1", "monitor=lxcts-shared/b/mon", "container=lxcts-shared/c/pay");
    deepEqual(left("lxcts-shared"), ["/sys/fs/cgroup/memory/lxcts-shared"]);
    deepEqual(
      readdirSync("/sys/fs/cgroup/memory/lxcts-shared", { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name),
      ["theirs"],
    );
  } finally {
    removePlace("lxcts-shared");
  }
});

test("an empty folder on the way that was there before stays, and one that we made does not", {
  skip: skip("memory"),
}, () => {
  mkdirSync("/sys/fs/cgroup/memory/lxcts-before");
  try {
    drive("life", "name=x", "monitor=lxcts-before/b/mon", "container=lxcts-before/c/pay");
    deepEqual(left("lxcts-before"), ["/sys/fs/cgroup/memory/lxcts-before"]);
    deepEqual(left("lxcts-before/b").concat(left("lxcts-before/c")), []);
  } finally {
    removePlace("lxcts-before");
  }
});

test("a place for the end that is inside of what is removed is refused before anything is made", {
  skip: skip("memory"),
}, () => {
  deepEqual(drive("life", "name=x", "monitor=lxcts-m", "container=lxcts-c", "pivot=lxcts-c/end"), [
    "cannot use lxcts-c/end as lxc.cgroup.dir.monitor.pivot: it is inside of lxcts-c",
    "  hint: give it a place of its own: a cgroup with a process in it cannot be removed",
  ]);
  deepEqual(left("lxcts-m"), []);
});

/** Inside, with a cgroup file system of its own: raises the limit that it sees, then takes more than the limit outside allows. */
const RAISE = `mount --make-rprivate / && mount -t tmpfs t /mnt && mkdir /mnt/m && mount -t cgroup -o memory c /mnt/m || exit 9
grep -qx $$ /mnt/m/cgroup.procs || exit 8
echo -1 > /mnt/m/memory.limit_in_bytes || exit 7
exec head -c 64M /dev/zero | tail -c 64M | wc -c`;

for (const inner of ["", "in"]) {
  const what = inner === "" ? "without an inner cgroup it can, in version 1" : "with an inner cgroup";
  test(`the container ${inner === "" ? "may raise" : "cannot raise"} its own limits: ${what}`, {
    skip: skip("memory"),
  }, () => {
    const keys = ["monitor=lxcts-raise-m", "container=lxcts-raise", `inner=${inner}`, "isolated=1"];
    const limit = "limit=v1.memory.limit_in_bytes:33554432";
    const lines = drive("run", "name=x", ...keys, limit, "--", "/bin/sh", "-c", RAISE);
    deepEqual(lines.includes(String(64 << 20)), inner === "");
    deepEqual(left("lxcts-raise"), []);
  });
}

/** Numbers of the owners, and the mode, of the folder and of files in it. */
function owners(folder: string): string {
  return `stat -c '%u:%g %a %n' ${folder} ${folder}/* | grep -v '^0:0' | sed s,${folder},.,`;
}

test("what is delegated belongs to the container's root: folder and processes, no limits", {
  skip: skip("memory"),
}, () => {
  const delegated = ["owner=100000:200000", "container=lxcts-owner", "monitor=lxcts-owner-m", "inner=in"];
  const script = (h: string) =>
    `${owners(`/sys/fs/cgroup/${h}/lxcts-owner/in`)}; ${owners(`/sys/fs/cgroup/${h}/lxcts-owner`)}`;
  const of = (h: string) =>
    drive("run", "name=x", ...delegated, "--", "/bin/sh", "-c", script(h)).filter((line) => line.startsWith("100000"));
  deepEqual(of("memory"), [
    "100000:200000 755 .",
    "100000:200000 644 ./cgroup.procs",
    "100000:200000 644 ./tasks",
    "100000:200000 755 ./in",
  ]);
  deepEqual(of("unified"), [
    "100000:200000 755 .",
    "100000:200000 644 ./cgroup.procs",
    "100000:200000 644 ./cgroup.subtree_control",
    "100000:200000 644 ./cgroup.threads",
    "100000:200000 755 ./in",
  ]);
});

test("a user who starts it keeps the cgroups, and the container's root has them by its group", {
  skip: skip("memory"),
}, () => {
  const lines = drive(
    "run",
    "name=lxcts-keeper",
    "owner=100000:200000",
    "keeper=1000",
    "--",
    "/bin/sh",
    "-c",
    owners("/sys/fs/cgroup/memory/lxc.payload.lxcts-keeper"),
  );
  deepEqual(
    lines.filter((line) => line.startsWith("1000")),
    ["1000:200000 775 .", "1000:200000 664 ./cgroup.procs", "1000:200000 664 ./tasks"],
  );
});

test("whoever has a delegated cgroup may divide it, and cannot change its limits", { skip: skip("memory") }, () => {
  const folder = "/sys/fs/cgroup/memory/lxc.payload.lxcts-divide";
  const script = `cd ${folder}; mkdir part && echo 0 > part/tasks && cat /proc/self/cgroup | grep -o part
    echo 1 > memory.limit_in_bytes; echo 0 > tasks; rmdir part`;
  const asThem = ["setpriv", "--reuid", "100000", "--regid", "200000", "--clear-groups", "/bin/sh", "-c", script];
  const lines = drive("run", "name=lxcts-divide", "owner=100000:200000", "--", "/usr/bin/env", ...asThem);
  equal(lines.includes("part"), true);
  equal(
    lines.some((line) => line.includes("memory.limit_in_bytes: Permission denied")),
    true,
  );
  equal(lines.at(-1)?.startsWith("end 0 0") || lines.includes("end 0 0 pressure true"), true);
});

/** Runs the driver as an ordinary user, in a cgroup named `name` that is the user's in these hierarchies alone. */
function asUser(name: string, delegated: readonly string[], words: readonly string[]): string[] {
  const folders = delegated.map((hierarchy) => `/sys/fs/cgroup/${hierarchy}/${name}`);
  try {
    for (const folder of folders) {
      mkdirSync(folder);
      for (const file of [".", "cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control"]) {
        if (existsSync(join(folder, file))) execFileSync("chown", [`${USER}:${USER}`, join(folder, file)]);
      }
    }
    const enter = folders.map((folder) => `echo $$ > ${folder}/cgroup.procs && `).join("");
    const become = `${enter}exec setpriv --reuid ${USER} --regid ${USER} --clear-groups -- "$@"`;
    return run("sh", ["-c", become, "sh", DRIVER, ...words]);
  } finally {
    for (const folder of folders) execFileSync("rmdir", [folder]);
  }
}

test("an ordinary user has limits in the hierarchies that are delegated to them, and is told of the others", {
  skip: skip("memory", "pids", "cpu"),
}, () => {
  execFileSync("chmod", ["o+x", "."]);
  const limits = ["limit=v1.memory.limit_in_bytes:33554432", "limit=v1.pids.max:9"];
  const name = "lxcts-cguser";
  const script = `cat /sys/fs/cgroup/memory/${name}/lxc.payload.c1/memory.limit_in_bytes; cat /proc/self/cgroup`;
  const words = ["run", "name=c1", ...limits, "--", "/bin/sh", "-c", script];
  const lines = asUser(name, ["memory", "pids", "unified"], words);
  equal(lines.includes("33554432"), true);
  deepEqual(
    lines.filter((line) => line.includes(name) && /^\d+:/.test(line)).map((line) => line.replace(/^\d+:/, "")),
    [`pids:/${name}/lxc.payload.c1`, `memory:/${name}/lxc.payload.c1`, `:/${name}/lxc.payload.c1`],
  );
  match(
    lines[0] ?? "",
    /^warning nothing limits name=systemd .*cpu: we may not make cgroups in \/sys\/fs\/cgroup\/systemd and \d more \(permission denied \(EACCES\)\); have root make a cgroup/,
  );
});

test("an ordinary user's limit in a hierarchy that is not delegated is refused", {
  skip: skip("memory", "cpu"),
}, () => {
  const words = ["run", "name=c1", "limit=v1.cpu.shares:2", "--", "/bin/true"];
  match(
    asUser("lxcts-cguser2", ["memory"], words)[0] ?? "",
    /^cannot apply v1.cpu.shares.*: we may not make a cgroup in/,
  );
});

test("an ordinary user to whom nothing is delegated runs without cgroups, and is told", {
  skip: skip("memory"),
}, () => {
  const lines = asUser("lxcts-cguser3", [], ["run", "name=c1", "--", "/bin/true"]);
  match(lines[0] ?? "", /^warning no limit holds and nothing is counted: we may not make cgroups in .* and 9 more/);
  equal(lines[1], "empty true");
});

/** In a mount namespace where cgroups look like those of a host with version 2 alone: there device rules are a program. */
function driveUnified(...words: readonly string[]): string[] {
  const view = "mount --make-rprivate / && umount -R /sys/fs/cgroup && mount -t cgroup2 c /sys/fs/cgroup";
  return run("unshare", ["--mount", "sh", "-c", `${view} && exec "$@"`, "sh", DRIVER, ...words]);
}

const TRY = ["--", "/bin/sh", "-c", "for d in null zero full; do (true < /dev/$d) 2>&- && printf $d.; done; echo"];

test("device rules change while the container runs: added, reset, and taken away", { skip: skip() }, () => {
  const changes = ["then=allow c 1:5 r", "then=deny a;allow c 1:7 r", "then=allow a", "then=deny c 1:3 r"];
  deepEqual(driveUnified("devices", "name=lxcts-live", "rule=deny a", "rule=allow c 1:3 rwm", ...changes, ...TRY), [
    "null.",
    "null.zero.",
    "full.",
    "null.zero.full.",
    "zero.full.",
  ]);
});

test("without rules everything is allowed, and a first rule that allows something changes nothing", {
  skip: skip(),
}, () => {
  deepEqual(driveUnified("devices", "name=lxcts-live2", "then=allow c 1:5 r", "then=deny c 1:5 r", ...TRY), [
    "null.zero.full.",
    "null.zero.full.",
    "null.full.",
  ]);
});

test("there is no moment without rules while they are replaced", { skip: skip() }, () => {
  const fast = `exec 2>&-; i=0; while [ $i -lt 60000 ]; do
    true < /dev/null || exit 3
    true < /dev/random && exit 4
    i=$((i+1))
  done`;
  const lines = driveUnified("swap", "name=lxcts-swap", "count=2000", "--", "/bin/sh", "-c", fast);
  equal(lines.at(-1), "end 0 0");
});
