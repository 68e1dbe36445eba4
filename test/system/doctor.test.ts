// lxc-doctor on the real kernel: what it says stops a user does so, and after its --fix the user starts a container.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { rootBeside } from "./beside-user.ts";
import { BIN, eventually, type Outcome, outcomeOf, skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const user = new OrdinaryUser({ name: "lxcts-patient", uid: 47_115, range: "" });
const other = new OrdinaryUser({ name: "lxcts-owner", uid: 47_116, range: "1730000000:65536" });
before(async () => {
  await user.ready();
  await other.ready();
});
after(async () => {
  for (const each of [user, other]) {
    await eventually(() => each.processes().length === 0);
    each.remove();
  }
});

interface Check {
  readonly id: string;
  readonly weight: string;
  readonly what: string;
  readonly detail: string;
  readonly fix: string;
  readonly commands: readonly string[];
  readonly automatic: boolean;
}

interface Report {
  readonly user: string;
  readonly uid: number;
  readonly container: string;
  readonly stopped: boolean;
  readonly checks: readonly Check[];
  readonly fixed: readonly { readonly command: string; readonly done: boolean; readonly said: string }[];
}

function reportOf(run: Outcome): Report {
  ok(run.code === 0 || run.code === 1, run.err);
  const report = JSON.parse(run.out) as Report;
  equal(run.code === 1, report.stopped);
  return report;
}

/** The ids of what stops. */
function stopping(report: Report): string[] {
  return report.checks.filter((check) => check.weight === "stops").map((check) => check.id);
}

test("root can start containers here, and the JSON has its fields", { skip }, () => {
  const report = reportOf(rootBeside(user, "lxc-doctor --format=json"));
  deepEqual([report.user, report.uid, report.container, stopping(report)], ["root", 0, "", []]);
  deepEqual(Object.keys(report), ["user", "uid", "container", "stopped", "checks", "fixed"]);
  for (const check of report.checks) {
    deepEqual(Object.keys(check), ["id", "weight", "what", "detail", "fix", "commands", "automatic"]);
    if (check.weight === "stops" || check.weight === "limits") match(check.fix, /./, check.id);
  }
});

test("a user without ids is told what stops, and what to type", { skip }, () => {
  const told = user.run("lxc-doctor");
  equal(told.code, 1);
  match(
    told.out,
    /^--- Stops containers ---\n {2}Ids of lxcts-patient in \/etc\/subuid: there is no range\n {4}fix: sudo usermod --add-subuids (\d+)-(\d+) lxcts-patient\n/,
  );
  match(
    told.out,
    /\n2 things stop containers of lxcts-patient; \d+ checks are fine\.\nTo put 2 of these right: sudo lxc-doctor --fix --user=lxcts-patient\n$/,
  );
  equal(told.out.includes("\x1b"), false);
  deepEqual(stopping(reportOf(user.run("lxc-doctor --format=json"))), ["subuid", "subgid"]);
  // It is true.
  equal(user.run("lxc-create -n c1 -t busybox").code, 1);
});

test("as an ordinary user --fix says how to have it done, and --user is for root", { skip }, () => {
  const fix = user.run("lxc-doctor --fix");
  deepEqual([fix.code, fix.out], [1, ""]);
  match(fix.err, /it takes root to change this host\n {2}hint: sudo lxc-doctor --fix --user=lxcts-patient\n/);
  const root = user.run("lxc-doctor --user=root");
  match(root.err, /only root can see what another user can\n {2}hint: sudo lxc-doctor --user=root\n/);
  match(rootBeside(user, "lxc-doctor --user=lxcts-nobody").err, /there is no such user in \/etc\/passwd/);
  equal(rootBeside(user, "grep -c lxcts-patient /etc/subuid").out, "0\n");
});

test("after --fix the same user makes and starts a container", { skip }, async () => {
  const fixed = rootBeside(user, "lxc-doctor --fix --user=lxcts-patient");
  equal(fixed.code, 0, fixed.out + fixed.err);
  match(
    fixed.out,
    /^# usermod --add-subuids \d+-\d+ lxcts-patient\n {2}done\n# usermod --add-subgids \d+-\d+ lxcts-patient\n {2}done\n\n/,
  );
  match(fixed.out, /\nNothing stops containers of lxcts-patient; /);
  deepEqual(stopping(reportOf(user.run("lxc-doctor --format=json"))), []);
  const lines = rootBeside(user, "grep -h lxcts-patient /etc/subuid /etc/subgid").out;
  match(lines, /^lxcts-patient:(\d+):65536\nlxcts-patient:(\d+):65536\n$/);

  equal(user.run("lxc-create -n c1 -t busybox").code, 0);
  equal(user.run("lxc-doctor c1").code, 0);
  const started = user.run("lxc-start -n c1");
  equal(started.code, 0, started.err);
  equal(user.run("lxc-attach -n c1 -- id -u").out, "0\n");
  equal(user.run("lxc-stop -n c1 -k").code, 0);
  ok(await eventually(() => user.processes().length === 0), "a process stayed");
  equal(user.run("lxc-destroy -n c1").code, 0);
  // There is nothing left to do.
  equal(rootBeside(user, "lxc-doctor --fix --user=lxcts-patient").out.includes("# "), false);
});

test("a newuidmap without rights stops, and is repaired where it is", { skip }, () => {
  const folder = dirname(other.home);
  const copy = (name: string): string =>
    `cp /usr/bin/${name} ${folder}/${name} && chmod 755 ${folder}/${name} && mount --bind ${folder}/${name} /usr/bin/${name}`;
  equal(rootBeside(other, `${copy("newuidmap")} && ${copy("newgidmap")}`).code, 0);
  equal(other.run("lxc-create -n failed -t busybox").code, 1);
  const report = reportOf(other.run("lxc-doctor --format=json"));
  deepEqual(stopping(report), ["newuidmap", "newgidmap"]);
  deepEqual(report.checks[0]?.commands, ["chown root /usr/bin/newuidmap", "chmod u+s /usr/bin/newuidmap"]);

  const fixed = reportOf(rootBeside(other, "lxc-doctor --fix --user=lxcts-owner --format=json"));
  deepEqual(
    fixed.fixed.map(({ command, done }) => `${command} ${done}`),
    ["newuidmap", "newgidmap"].flatMap((name) => [
      `chown root /usr/bin/${name} true`,
      `chmod u+s /usr/bin/${name} true`,
    ]),
  );
  deepEqual(stopping(fixed), []);
  equal(other.run("lxc-create -n c1 -t busybox").code, 0);
});

/** Lines to add to a good configuration, and the ids of what then stops. */
const configurations: readonly (readonly [string, string, readonly string[]])[] = [
  ["nothing", "", []],
  ["an empty network", "lxc.net.0.type = empty", []],
  ["ids of nobody", "lxc.idmap = u 65536 1740000000 10", ["container-subuid"]],
  ["ids of the host", "lxc.idmap = g 65536 0 10", ["container-subgid"]],
  ["a wrong line", "lxc.tty.max = many", ["config-error"]],
  ["a network of the host", "lxc.net.0.type = veth", ["network-user"]],
  ["no root file system", "lxc.rootfs.path = dir:/nonexistent/rootfs", ["rootfs"]],
];

for (const [name, line, wanted] of configurations) {
  test(`it says of a container with ${name} what a start does`, { skip }, () => {
    const config = join(other.lxcpath, "c1/config");
    equal(other.run(`cp ${config} ~/good && echo '${line}' >> ${config}`).code, 0);
    try {
      const report = reportOf(other.run("lxc-doctor c1 --format=json"));
      deepEqual([report.container, stopping(report)], ["c1", wanted]);
      const started = other.run("lxc-start -n c1 && lxc-stop -n c1 -k");
      equal(started.code === 0, wanted.length === 0, started.err);
      // Root sees the same from outside.
      deepEqual(stopping(reportOf(rootBeside(other, "lxc-doctor c1 --user=lxcts-owner --format=json"))), wanted);
    } finally {
      other.run(`cp ~/good ${config}`);
    }
  });
}

test("a closed home is advice, and limits that do not hold are told", { skip }, () => {
  const config = join(other.lxcpath, "c1/config");
  equal(other.run(`echo 'lxc.limit.memory = 32M' >> ${config}`).code, 0);
  const checks = reportOf(other.run("lxc-doctor c1 --format=json")).checks;
  const way = checks.find((check) => check.id === "rootfs-way");
  deepEqual([way?.weight, way?.automatic], ["advice", false]);
  match(way?.detail ?? "", new RegExp(`may not pass through ${other.home}`));
  const limits = checks.filter((check) => check.id === "limits");
  deepEqual(
    limits.map((check) => check.what),
    ["lxc.limit.memory: not in force, for lxcts-owner has no cgroup"],
  );
  equal(checks.find((check) => check.id === "cgroup-delegation")?.weight, "limits");
  other.delegate();
  const delegated = reportOf(other.runDelegated("lxc-doctor c1 --format=json")).checks;
  deepEqual(
    delegated.filter((check) => check.id === "limits" || check.id === "cgroup-delegation").map((check) => check.weight),
    ["fine"],
  );
  equal(delegated.find((check) => check.id === "cgroup-controllers")?.weight, "fine");
});

test("a kernel parameter is set now and for every boot", { skip }, () => {
  const etc = mkdtempSync(join(tmpdir(), "lxcts-sysctl-"));
  try {
    cpSync("/etc", etc, { recursive: true, verbatimSymlinks: true });
    // The limits of a user namespace are its own.
    const script = `mount --bind ${etc} /etc && echo 0 > /proc/sys/user/max_user_namespaces || exit 9
      ${BIN}/lxc-doctor --fix --format=json; cat /proc/sys/user/max_user_namespaces /etc/sysctl.d/90-lxc.conf`;
    const words = ["-U", "-r", "-m", "--propagation", "private", "sh", "-c", script];
    const run = outcomeOf(spawnSync("unshare", words, { encoding: "utf8", timeout: 60_000 }));
    const [json = "", ...rest] = run.out.split("\n");
    deepEqual(rest, ["15000", "user.max_user_namespaces = 15000", ""], run.err);
    const report = JSON.parse(json) as Report;
    equal(report.checks.find((check) => check.id === "max-user-namespaces")?.weight, "fine");
    deepEqual(
      report.fixed.map(({ command, done }) => `${command} ${done}`),
      [
        "sysctl -w user.max_user_namespaces=15000 true",
        "printf '%s\\n' 'user.max_user_namespaces = 15000' >> /etc/sysctl.d/90-lxc.conf true",
      ],
    );
  } finally {
    rmSync(etc, { recursive: true });
  }
});

const SYSTEMD = "/usr/lib/systemd/systemd";
const noManager =
  skip !== false
    ? skip
    : !existsSync(SYSTEMD) || !existsSync("/sys/fs/cgroup/unified")
      ? `needs ${SYSTEMD}, and cgroup version 2 at /sys/fs/cgroup/unified`
      : false;

test("whoever has a service manager gets cgroups from it, and without it the fix is to keep one", {
  skip: noManager,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "lxcts-manager-"));
  try {
    chmodSync(folder, 0o755);
    copyFileSync(join(BIN, "../lxc"), join(folder, "lxc"));
    const script = `${folder}/lxc doctor --format=json; XDG_RUNTIME_DIR=/nowhere ${folder}/lxc doctor --format=json; :`;
    const words = ["--mount", "sh", "test/system/user-manager.sh", "lxcts-doctor", "sh", "-c", script];
    const run = outcomeOf(spawnSync("unshare", words, { encoding: "utf8", timeout: 60_000 }));
    equal(run.code, 0, run.err);
    const found = run.out
      .trim()
      .split("\n")
      .map((json) => (JSON.parse(json) as Report).checks.find((check) => check.id === "cgroup-delegation"));
    deepEqual(
      found.map((check) => [check?.weight, check?.detail, check?.commands]),
      [
        ["fine", "the user's service manager makes one for each container", []],
        ["limits", "containers run without limits, and nothing is counted", ["loginctl enable-linger lxcts-user"]],
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a container that is not there is no container", { skip }, () => {
  const run = user.run("lxc-doctor nosuch");
  deepEqual([run.code, run.out], [1, ""]);
  match(run.err, /^lxc-doctor: Container nosuch does not exist\n/);
});
