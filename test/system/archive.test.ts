// Containers from an archive of a root file system: lxc-create -t ARCHIVE, and lxc run ARCHIVE.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";

const place = new Place("archive");
const user = new OrdinaryUser({ name: "lxcts-unpacks", uid: 47_321, range: "1810000000:65536" });
const plain = join(place.folder, "root.tar");

before(async () => {
  if (skip !== false) return;
  await user.ready();
  place.create("model");
  const root = place.inside("model", ".");
  writeFileSync(join(root, "etc/os-release"), 'NAME="Debian"\nID=debian\n');
  writeFileSync(join(root, "etc/owned"), "x\n");
  const made = [
    `chown 7:8 etc/owned`,
    "chmod 640 etc/owned",
    "mknod dev/evil b 7 0",
    `setcap cap_net_raw+ep bin/busybox`,
  ];
  for (const command of made) equal(sh(`cd ${root} && ${command}`).code, 0, command);
  equal(sh(`tar --xattrs --xattrs-include='*' -C ${root} -cf ${plain} .`).code, 0);
  chmodSync(place.folder, 0o755);
});
after(() => {
  place.remove();
  user.remove();
});

function sh(command: string): Outcome {
  return outcomeOf(spawnSync("sh", ["-c", command], { encoding: "utf8" }));
}

function run(archive: string, ...command: string[]): Outcome {
  return outcomeOf(
    spawnSync(join(BIN, "lxc"), ["run", "-P", place.lxcpath, "--network=empty", archive, "--", ...command], {
      encoding: "utf8",
      cwd: place.folder,
      timeout: 60_000,
    }),
  );
}

function refused(archive: string, ...said: RegExp[]): void {
  const made = place.ours("lxc-create", "-n", "bad", "-t", archive, "-f", "/dev/null");
  equal(made.code, 1, archive);
  for (const words of said) match(made.err, words);
  deepEqual(readdirSync(place.lxcpath), ["model"], made.err);
}

for (const [packer, ending] of [
  ["gzip", "gz"],
  ["xz", "xz"],
  ["zstd", "zst"],
  ["bzip2", "bz2"],
  ["", ""],
] as const) {
  test(`a command runs in an archive that is packed by ${packer === "" ? "nothing" : packer}, and nothing is left`, {
    skip,
  }, () => {
    const archive = packer === "" ? plain : `${plain}.${ending}`;
    if (packer !== "") equal(sh(`${packer} -c ${plain} > ${archive}`).code, 0);
    // Its name is not looked at.
    const named = join(place.folder, `anything-${ending}`);
    equal(sh(`cp ${archive} ${named}`).code, 0);
    deepEqual(run(`./anything-${ending}`, "cat", "/etc/os-release"), {
      code: 0,
      out: 'NAME="Debian"\nID=debian\n',
      err: "",
    });
    deepEqual(readdirSync(place.lxcpath), ["model"]);
  });
}

test("owners, modes and capabilities come along, devices do not; the configuration is its distribution's", {
  skip,
}, () => {
  const made = place.ours("lxc-create", "-n", "whole", "-t", plain, "-f", "/dev/null");
  deepEqual([made.code, made.err], [0, ""]);
  const status = statSync(place.inside("whole", "etc/owned"));
  deepEqual([status.uid, status.gid, status.mode & 0o7777], [7, 8, 0o640]);
  equal(existsSync(place.inside("whole", "dev/evil")), false);
  match(sh(`getcap ${place.inside("whole", "bin/busybox")}`).out, /cap_net_raw=ep/);
  const config = readFileSync(join(place.lxcpath, "whole", "config"), "utf8");
  ok(config.includes(`# Template used to create this container: ${plain}\n`));
  match(config, /\nlxc\.rootfs\.path = dir:\S+\/whole\/rootfs\n/);
  if (existsSync("/usr/share/lxc/config/debian.common.conf"))
    match(config, /\nlxc\.include = \/usr\/share\/lxc\/config\/debian\.common\.conf\n/);
  match(config, /\nlxc\.uts\.name = whole\n/);
  equal(place.ours("lxc-start", "-n", "whole").code, 0);
  equal(place.ours("lxc-stop", "-n", "whole", "-k").code, 0);
  equal(place.ours("lxc-destroy", "-n", "whole").code, 0);
});

test("an ordinary user unpacks it as the container's root, also where that one may not come", { skip }, () => {
  equal(
    sh(
      `cp ${plain} ${user.home}/root.tar && chown ${user.wish.uid} ${user.home}/root.tar && chmod 600 ${user.home}/root.tar`,
    ).code,
    0,
  );
  const made = user.run("lxc-create -n mine -t ./root.tar -f /dev/null");
  deepEqual([made.code, made.err], [0, ""]);
  const owned = statSync(join(user.lxcpath, "mine/rootfs/etc/owned"));
  deepEqual([owned.uid, owned.gid], [1_810_000_007, 1_810_000_008]);
  const ran = user.run("lxc-run --network=empty ~/root.tar -- id -u");
  deepEqual([ran.code, ran.out], [0, "0\n"], ran.err);
  deepEqual(readdirSync(user.lxcpath), ["mine"]);
});

test("CVE-2026-23954, CVE-2026-33897: an archive writes nothing outside, by names or by links", { skip }, () => {
  const out = join(place.folder, "outside");
  mkdirSync(out);
  const tree = join(place.folder, "tree");
  mkdirSync(join(tree, "etc"), { recursive: true });
  symlinkSync(out, join(tree, "link"));
  symlinkSync("../../../outside", join(tree, "up"));
  writeFileSync(join(tree, "file"), "evil\n");
  const evil = join(place.folder, "evil.tar");
  const pack = [
    `tar -C ${tree} -cf ${evil} etc link up`,
    `tar -C ${tree} -rf ${evil} -P --transform='s,^file$,link/by-link,' file`,
    `tar -C ${tree} -rf ${evil} -P --transform='s,^file$,up/by-up,' file`,
    `tar -C ${tree} -rf ${evil} -P --transform='s,^file$,../../../outside/by-dots,' file`,
    `tar -C ${tree} -rf ${evil} -P --transform='s,^file$,${out}/by-path,' file`,
  ];
  for (const command of pack) equal(sh(command).code, 0, command);
  place.ours("lxc-create", "-n", "evil", "-t", evil, "-f", "/dev/null");
  deepEqual(readdirSync(out), []);
  place.ours("lxc-destroy", "-n", "evil");
});

test("what is no archive of a root file system is refused with why, and leaves nothing", { skip }, () => {
  const { folder } = place;
  sh(
    `cd ${folder} && mkdir -p sub/rootfs && tar -cf sub.tar -C sub rootfs && tar -cf empty.tar -T /dev/null && gzip -c root.tar | head -c 20000 > short`,
  );
  sh(
    `cd ${folder} && { head -c 100000 root.tar; head -c 100000 /dev/zero | tr '\\0' x; } > broken.tar && mkfifo pipe && echo text > text`,
  );
  refused(
    `${folder}/sub.tar`,
    /is no root file system: it has rootfs at its top\n/,
    /hint: it must have the folders of one/,
  );
  refused(`${folder}/empty.tar`, /bad template/);
  refused(`${folder}/short`, /short cannot be unpacked: /, /hint: see what is in it: tar -tf /);
  refused(`${folder}/broken.tar`, /broken\.tar cannot be unpacked: /);
  for (const name of ["pipe", "text", "none"])
    refused(`${folder}/${name}`, /bad template/, /an archive that tar can read/);
  const options = place.ours("lxc-create", "-n", "bad", "-t", plain, "-f", "/dev/null", "--", "--release=x");
  match(options.err, /an archive takes no options/);
  deepEqual(readdirSync(place.lxcpath), ["model"]);
});

test("however much tar has to say of an archive, the first of it is the reason", { skip }, () => {
  // Links to a file that is not there, each of which is a failure.
  const many = [
    "mkdir -p many/etc",
    "touch many/etc/first",
    "for i in $(seq 200); do ln many/etc/first many/etc/link$i; done",
  ];
  const pack = ["tar -cf many.tar -C many etc/first etc", "tar --delete -f many.tar etc/first"];
  equal(sh(`cd ${place.folder} && ${[...many, ...pack].join(" && ")}`).code, 0);
  refused(`${place.folder}/many.tar`, /many\.tar cannot be unpacked: .*: Cannot hard link to /);
});

test("a signal ends it, and takes back what was unpacked", { skip }, async () => {
  const words = ["-P", place.lxcpath, "-n", "slow", "-t", plain, "-f", "/dev/null"];
  const slow = place.script("tar", "cat > /dev/null; sleep 100");
  const script = `mount --bind ${slow} /usr/bin/tar && exec "$@"`;
  const child = spawn("unshare", ["--mount", "sh", "-c", script, "sh", join(BIN, "lxc-create"), ...words], {
    stdio: "ignore",
  });
  ok(await eventually(() => existsSync(join(place.lxcpath, "slow/rootfs"))));
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  equal(code, 130);
  deepEqual(readdirSync(place.lxcpath), ["model"]);
});
