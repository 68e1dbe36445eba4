// scripts/install.sh into a folder of its own: what is there then works, and goes again without a trace.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Outcome, outcomeOf, skipWithoutRoot } from "./host.ts";

const folder = mkdtempSync(join(tmpdir(), "lxcts-install-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function install(destdir: string, ...words: string[]): Outcome {
  const script = join(import.meta.dirname, "../../scripts/install.sh");
  return outcomeOf(spawnSync("sh", [script, "--destdir", destdir, ...words], { encoding: "utf8" }));
}

function filesIn(destdir: string): string[] {
  const names = readdirSync(destdir, { recursive: true, encoding: "utf8" });
  return names.filter((name) => !statSync(join(destdir, name)).isDirectory()).toSorted();
}

test("what is installed runs, is listed, and is gone when uninstalled", () => {
  const destdir = join(folder, "whole");
  const made = install(destdir);
  equal(made.code, 0, made.err);
  for (const name of ["lxc-user-nic", "lxc-user-publish"]) {
    const helper = statSync(join(destdir, "usr/libexec/lxc", name));
    deepEqual([helper.mode & 0o7777, helper.uid], process.getuid?.() === 0 ? [0o4755, 0] : [0o755, process.getuid?.()]);
    match(made.out, new RegExp(`\ninstalled \\S+/${name}[,;]`));
  }
  match(made.out, /^installed \S+\/usr\/bin\/lxc, \d+ links to it, and \d+ files in \S+\ninstalled \S+default\.conf\n/);
  const listed = readFileSync(join(destdir, "usr/share/lxc-ts/manifest"), "utf8").trim().split("\n");
  deepEqual(
    listed.filter((path) => !path.endsWith("/")).toSorted(),
    filesIn(destdir).map((name) => `/${name}`),
  );
  mkdirSync(join(folder, "containers/c1"), { recursive: true });
  writeFileSync(join(folder, "containers/c1/config"), "");
  const ls = spawnSync(join(destdir, "usr/bin/lxc-ls"), ["-P", join(folder, "containers"), "-1"], { encoding: "utf8" });
  equal(ls.stdout, "c1\n");
  equal(install(destdir, "--uninstall").code, 0);
  deepEqual(readdirSync(destdir), []);
});

test("another prefix is where the configuration files look for each other", () => {
  const destdir = join(folder, "local");
  equal(install(destdir, "--prefix", "/usr/local").code, 0);
  match(
    readFileSync(join(destdir, "usr/local/share/lxc/config/debian.common.conf"), "utf8"),
    /^lxc\.include = \/usr\/local\/share\/lxc\/config\/common\.conf$/m,
  );
  const units = join(destdir, "usr/local/lib/systemd/system");
  deepEqual(readdirSync(units).toSorted(), ["lxc-monitord.service", "lxc-net.service", "lxc.service", "lxc@.service"]);
  const started = spawnSync(
    "sh",
    ["-c", `sed -n 's/^Exec[A-Za-z]*=//p' ${units}/*; tail -n 1 ${destdir}/usr/local/share/lxc/sysvinit/lxc`],
    {
      encoding: "utf8",
    },
  ).stdout;
  deepEqual(started.trim().split("\n"), [
    "/usr/local/libexec/lxc/lxc-monitord --daemon",
    "/usr/local/libexec/lxc/lxc-net start",
    "/usr/local/libexec/lxc/lxc-net stop",
    "/usr/local/libexec/lxc/lxc-net reload",
    "/usr/local/libexec/lxc/lxc-containers start",
    "/usr/local/libexec/lxc/lxc-containers stop",
    "/usr/local/bin/lxc-start -F -n %i",
    "/usr/local/bin/lxc-stop -n %i",
    'exec /usr/local/libexec/lxc/lxc-containers "$@"',
  ]);
  // They lead to the one executable.
  const usage = spawnSync(join(destdir, "usr/local/libexec/lxc/lxc-containers"), { encoding: "utf8" });
  match(usage.stderr, /^lxc-containers: Usage: lxc-containers \{start\|stop\|/);
  equal(install(destdir, "--prefix", "/usr/local", "--uninstall").code, 0);
  deepEqual(readdirSync(destdir), []);
});

test("a file that is not ours is named, and stays unless --replace is given", () => {
  const destdir = join(folder, "foreign");
  const foreign = join(destdir, "usr/bin/lxc-ls");
  mkdirSync(join(destdir, "usr/bin"), { recursive: true });
  writeFileSync(foreign, "theirs");
  const refused = install(destdir);
  equal(refused.code, 1);
  match(refused.err, new RegExp(`^install: these are in the way, and not ours; .*\n  ${foreign}\n$`));
  deepEqual(filesIn(destdir), ["usr/bin/lxc-ls"]);
  equal(install(destdir, "--replace").code, 0);
  writeFileSync(join(destdir, "usr/bin/other"), "theirs");
  equal(install(destdir, "--uninstall").code, 0);
  deepEqual(readdirSync(destdir, { recursive: true, encoding: "utf8" }).toSorted(), [
    "usr",
    "usr/bin",
    "usr/bin/other",
  ]);
});

test("an upgrade takes away what is no longer shipped, and leaves a changed default.conf alone", () => {
  const destdir = join(folder, "upgrade");
  equal(install(destdir).code, 0);
  writeFileSync(join(destdir, "usr/bin/lxc-old"), "");
  appendFileSync(join(destdir, "usr/share/lxc-ts/manifest"), "/usr/bin/lxc-old\n");
  appendFileSync(join(destdir, "etc/lxc/default.conf"), "lxc.start.auto = 1\n");
  equal(install(destdir).code, 0);
  equal(existsSync(join(destdir, "usr/bin/lxc-old")), false);
  match(install(destdir, "--uninstall").out, /kept \S+\/etc\/lxc\/default\.conf, which is not ours, or no longer\n$/);
  deepEqual(filesIn(destdir), ["etc/lxc/default.conf"]);
  match(readFileSync(join(destdir, "etc/lxc/default.conf"), "utf8"), /lxc\.start\.auto = 1\n$/);
});

test("with nothing to uninstall it says so", () => {
  const said = install(join(folder, "empty"), "--uninstall");
  deepEqual([said.code, said.out], [1, ""]);
  match(said.err, /^install: there is nothing to uninstall: no /);
});

const made =
  skipWithoutRoot === false
    ? spawnSync("sh", [join(import.meta.dirname, "debian.sh")], { encoding: "utf8" })
    : undefined;
const skip =
  skipWithoutRoot !== false
    ? skipWithoutRoot
    : made?.status === 0
      ? false
      : `there is no Debian: ${made?.stderr.trim()}`;

test("systemd finds nothing wrong with the units", { skip }, () => {
  const destdir = join(folder, "debian");
  equal(spawnSync("cp", ["-a", made?.stdout.trim() ?? "", destdir]).status, 0);
  equal(install(destdir).code, 0);
  const units = ["lxc.service", "lxc@c1.service", "lxc-monitord.service", "lxc-net.service"];
  const verified = outcomeOf(
    spawnSync("chroot", [destdir, "systemd-analyze", "verify", "--man=no", ...units], { encoding: "utf8" }),
  );
  deepEqual(verified, { code: 0, out: "", err: "" });
});
