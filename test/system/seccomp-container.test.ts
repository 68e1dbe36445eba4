// lxc.seccomp.*: the filter of a container, from its start hooks on and for what is attached later.

import { equal, match, ok } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("filter");
after(() => place.remove());

const SHIPPED = join(import.meta.dirname, "../../share/lxc/config");

function policy(name: string, ...lines: string[]): string {
  const file = join(place.folder, name);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return `lxc.seccomp.profile = ${file}`;
}

/** Denies making folders with an error that nothing else gives. */
const noFolders = policy("no-folders", "2", "denylist", "[all]", "mkdir errno 5", "mkdirat errno 5");
const TRY = "mkdir /tried && echo made || true";

function inside(name: string, script: string, ...lines: string[]): string {
  place.create(name, ...lines);
  const run = place.ours("lxc-start", "-n", name, "-F", "--", "/bin/sh", "-c", `exec >/out 2>&1; ${script}`);
  equal(run.err, "");
  equal(run.code, 0, run.err);
  return readFileSync(place.inside(name, "out"), "utf8").trim();
}

test("a call that the policy denies fails as it says, and others go on", { skip }, () => {
  match(
    inside("lxcts-filter1", `${TRY}; touch /touched && echo touched; grep Seccomp: /proc/self/status`, noFolders),
    /Input\/output error\ntouched\nSeccomp:\t2$/,
  );
  equal(inside("lxcts-filter2", `${TRY}; grep Seccomp: /proc/self/status`), "made\nSeccomp:\t0");
});

test("an allowlist kills what it does not list", { skip }, () => {
  const listed = policy("few", "2", "allowlist", "[all]", "read", "write", "execve");
  place.create("lxcts-filter3", listed);
  const run = place.ours("lxc-start", "-n", "lxcts-filter3", "-F", "--", "/bin/true");
  ok(run.code !== 0);
});

test("a policy that denies even the end of a process hangs nobody", { skip }, async () => {
  place.create("lxcts-filter0", policy("nothing", "2", "allowlist errno 1", "[all]", "read"));
  // The end of what it says is waited for: a first process that goes on as a copy of its monitor would hold it open.
  equal(place.ours("lxc-start", "-n", "lxcts-filter0").code, 0);
  equal(place.ours("lxc-wait", "-n", "lxcts-filter0", "-s", "STOPPED", "-t", "10").code, 0);
  ok(await eventually(() => place.leftovers("lxcts-filter0").length === 0));
});

test("the policies of LXC's distributions and the hardened one let a container run", { skip }, () => {
  for (const [index, file] of ["common.seccomp", "hardened.seccomp"].entries()) {
    const said = inside(
      `lxcts-filter4${index}`,
      "grep Seccomp: /proc/self/status; mkdir /made && echo made",
      `lxc.seccomp.profile = ${join(SHIPPED, file)}`,
    );
    equal(said, "Seccomp:\t2\nmade", file);
  }
});

test("lxc.seccomp.allow takes back what a policy denies", { skip }, () => {
  equal(inside("lxcts-filter5", TRY, noFolders, "lxc.seccomp.allow = mkdir mkdirat"), "made");
});

test("it holds for the start hook, and with the container's own users", { skip }, () => {
  place.create("lxcts-filter6", noFolders, "lxc.hook.start = /hook");
  writeFileSync(place.inside("lxcts-filter6", "hook"), "#!/bin/sh\nmkdir /by-hook 2>/said\nexit 0\n", { mode: 0o755 });
  equal(place.ours("lxc-start", "-n", "lxcts-filter6", "-F", "--", "/bin/true").code, 0);
  match(readFileSync(place.inside("lxcts-filter6", "said"), "utf8"), /Input\/output error/);
  const maps = ["lxc.idmap = u 0 1500000000 65536", "lxc.idmap = g 0 1500000000 65536"];
  const file = join(place.folder, "maps.conf");
  writeFileSync(file, `${maps.join("\n")}\n`);
  equal(place.ours("lxc-create", "-n", "lxcts-filter7", "-t", "busybox", "-f", file).code, 0);
  place.configure("lxcts-filter7", noFolders);
  const run = place.ours(
    "lxc-start",
    "-n",
    "lxcts-filter7",
    "-F",
    "--",
    "/bin/sh",
    "-c",
    `exec >/out 2>&1; id -u; ${TRY}`,
  );
  equal(run.err, "");
  match(readFileSync(place.inside("lxcts-filter7", "out"), "utf8"), /^0\n.*Input\/output error/);
});

test("it holds for one who may not load it without giving up privileges first", { skip }, () => {
  match(inside("lxcts-filter8", `id -u; ${TRY}`, noFolders, "lxc.no_new_privs = 1"), /^0\n.*Input\/output error/);
});

test("what is attached has the same filter, unless the security is to be left out", { skip }, () => {
  place.create("lxcts-filter9", noFolders);
  equal(place.ours("lxc-start", "-n", "lxcts-filter9").code, 0);
  const attach = (...options: string[]) => {
    const run = place.ours(
      "lxc-attach",
      "-n",
      "lxcts-filter9",
      ...options,
      "--",
      "/bin/sh",
      "-c",
      `grep Seccomp_filters /proc/self/status; ${TRY}`,
    );
    return run.out + run.err;
  };
  match(attach(), /^Seccomp_filters:\t1\n.*Input\/output error/);
  match(attach("--elevated-privileges=LSM"), /^Seccomp_filters:\t0\nmade/);
  equal(place.ours("lxc-stop", "-n", "lxcts-filter9", "-k").code, 0);
});

test("a policy that is wrong is told line by line, before anything is made", { skip }, () => {
  place.create("lxcts-filter10", policy("wrong", "2", "denylist", "[all]", "mkdir errno", "[x87]", "mount eperm 1"));
  const run = place.ours("lxc-start", "-n", "lxcts-filter10");
  equal(run.code, 1);
  match(run.err, /wrong:4:\d+: error: .*\n.*wrong:5:\d+: error: .*\n.*wrong:6:\d+: error: /);
  place.create("lxcts-filter11", "lxc.seccomp.profile = /no/such/policy");
  match(place.ours("lxc-start", "-n", "lxcts-filter11").err, /\/no\/such\/policy/);
});

test("calls for a proxy that is not there fail with ENOSYS, and the container goes on", { skip }, () => {
  const asks = policy("asks", "2", "denylist", "[all]", "mkdir notify", "mkdirat notify");
  const proxy = `lxc.seccomp.notify.proxy = unix:${place.folder}/no-proxy`;
  place.create("lxcts-filter12", asks, proxy);
  const script = `exec >/out 2>&1; ${TRY}; touch /touched && echo touched`;
  const run = place.ours("lxc-start", "-n", "lxcts-filter12", "-F", "--", "/bin/sh", "-c", script);
  equal(run.code, 0);
  match(run.err, /^lxc-start: warning: a system call fails with ENOSYS: .*no-proxy cannot be connected to/);
  match(readFileSync(place.inside("lxcts-filter12", "out"), "utf8"), /Function not implemented\ntouched\n$/);
  place.create("lxcts-filter13", asks);
  match(
    place.ours("lxc-start", "-n", "lxcts-filter13").err,
    /hands calls to a program, and none is named\n {2}hint: set lxc\.seccomp\.notify\.proxy/,
  );
});

/** A proxy that refuses every call with EACCES. */
async function proxyAt(address: string): Promise<ChildProcess> {
  const driver = "dist/drivers/seccomp";
  equal(spawnSync("sh", ["scripts/build.sh", "test/system/drivers/seccomp.ts", driver]).status, 0);
  const proxy = spawn(driver, ["proxy", address, "errno,errno"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(proxy.stdout, "data", { signal: AbortSignal.timeout(10_000) });
  return proxy;
}

test("the proxy decides for what is attached too, as long as that runs", { skip }, async () => {
  const name = "lxcts-filter16";
  const address = `@lxcts-filter-proxy-${process.pid}`;
  const proxy = await proxyAt(address);
  let asked = "";
  proxy.stdout?.on("data", (chunk) => {
    asked += String(chunk);
  });
  const asks = policy("asks-too", "2", "denylist", "[all]", "mkdir notify", "mkdirat notify");
  place.create(name, asks, `lxc.seccomp.notify.proxy = unix:${address}`, "lxc.seccomp.notify.cookie = spice");
  equal(place.ours("lxc-start", "-n", name).code, 0);
  const attached = (...options: string[]): string => {
    const script = `grep Seccomp_filters /proc/self/status; ${TRY}`;
    const run = place.ours("lxc-attach", "-n", name, ...options, "--", "/bin/sh", "-c", script);
    return run.out + run.err;
  };
  const listeners = (): number => {
    const pid = monitorPid(place, name);
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    return links.filter((link) => link.includes("seccomp notify")).length;
  };
  for (let round = 0; round < 2; round++) match(attached(), /^Seccomp_filters:\t1\nmkdir: .*Permission denied/);
  // As another user, too, who could not load it.
  match(attached("-u", "1", "-g", "1"), /^Seccomp_filters:\t1\nmkdir: .*Permission denied/);
  equal(await eventually(() => listeners() === 1), true);
  equal(await eventually(() => asked.split(", cookie spice 5\n").length === 4), true, asked);
  proxy.kill("SIGKILL");
  await once(proxy, "exit");
  match(attached(), /^Seccomp_filters:\t1\nmkdir: .*Function not implemented/);
  equal(place.ours("lxc-stop", "-n", name, "-k").code, 0);
});

test("behind a filter that is there already it is loaded only with lxc.seccomp.allow_nesting", { skip }, () => {
  const outer = join(place.folder, "outer.conf");
  const keep = "lxc.namespace.keep = user mnt pid uts ipc net cgroup";
  writeFileSync(outer, `${keep}\n${policy("outer", "2", "denylist", "[all]", "kexec_load errno 1")}\n`);
  const nested = (name: string, ...lines: string[]): string => {
    place.create(name, noFolders, ...lines);
    const start = join(import.meta.dirname, "../../dist/bin/lxc-start");
    const words = [start, "-P", place.lxcpath, "-n", name, "-F", "--", "/bin/sh", "-c", `exec >/out 2>&1; ${TRY}`];
    const run = place.ours("lxc-execute", "-n", "lxcts-filter-outer", "-f", outer, "--", ...words);
    return run.err + readFileSync(place.inside(name, "out"), "utf8");
  };
  match(nested("lxcts-filter14"), /is left out, for a filter confines us already.*\nmade/s);
  match(nested("lxcts-filter15", "lxc.seccomp.allow_nesting = 1"), /^mkdir: .*Input\/output error/);
});
