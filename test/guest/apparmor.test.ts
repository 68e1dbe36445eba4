// AppArmor on a kernel that enforces it: what containers may do under which profile, and what is told when it was too little.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { before, test } from "node:test";
import { type Container, create, withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "uml", lsm: "apparmor" });

// The kernel writes down no more than ten denials in 5 s unless it is told to.
before(() => guest.said("echo 0 > /proc/sys/kernel/printk_ratelimit"));

const SECRET = "lxc.apparmor.raw = deny /root/secret rw,";
const GENERATED = "lxc.apparmor.profile = generated";
/** So that it is AppArmor that says no, and not a read-only mount. */
const WRITABLE = "lxc.mount.auto = proc:rw sys:rw";

/** The label of a container's process, as the host sees it. */
async function labelOf(container: Container): Promise<string> {
  return guest.said(`cat /proc/${await container.tool("lxc-info", "-pH")}/attr/current`);
}

/** Whether each line of shell failed inside: 0 or 1. */
async function statusesInside(container: Container, lines: readonly string[]): Promise<Record<string, number>> {
  const script = lines.map((line) => `(${line}) > /dev/null 2>&1; [ $? = 0 ]; echo $?`).join("\n");
  const { stdout } = await container.inside(script);
  const statuses = stdout.trim().split("\n");
  return Object.fromEntries(lines.map((line, i) => [line, Number(statuses[i])]));
}

function all(lines: readonly string[], status: number): Record<string, number> {
  return Object.fromEntries(lines.map((line) => [line, status]));
}

/** Names of profiles and namespaces that are loaded for containers. */
async function loaded(name: string): Promise<string> {
  const folders = "/sys/kernel/security/apparmor/policy/namespaces";
  return guest.said(
    `sed -n '/^lxc-${name}_/p' /sys/kernel/security/apparmor/profiles; cd ${folders} && find . -name 'lxc-${name}_*' -maxdepth 1`,
  );
}

const FORBIDDEN: readonly string[] = [
  "echo h > /proc/sysrq-trigger",
  "echo 1 > /proc/sys/kernel/sysrq",
  "echo x > /proc/sys/kernel/core_pattern",
  "echo 1 > /proc/sys/vm/drop_caches",
  "head -c 1 /proc/kcore",
  "echo > /sys/kernel/security/apparmor/../yama/x",
  "echo 1 > /sys/module/printk/parameters/time",
  "mount -t ext4 /dev/zero /mnt",
  "mount -o bind /proc /mnt",
  "mount -o bind /sys/kernel /mnt",
  "mount -o rbind /dev /mnt",
  "mount --move /proc /mnt",
  "mount -o remount,rw,bind /sys",
];
const ALLOWED: readonly string[] = [
  "echo inner > /proc/sys/kernel/hostname",
  "echo 1 > /proc/sys/net/ipv4/ip_forward",
  "echo 64000 > /proc/sys/kernel/msgmax",
  "echo -5 > /proc/self/oom_score_adj",
  "mount -t tmpfs tmpfs /mnt",
  "mkdir /mnt/a /mnt/b",
  "mount -o bind /mnt/a /mnt/b",
  "mount -o remount,ro,bind,nosuid,nodev /mnt/b",
  "mount --make-rprivate /",
  "umount /mnt/b",
  "sleep 100 & kill $!",
  "touch /root/file",
];

test("a generated profile keeps a container from the host's kernel, and lets it do its own things", async () => {
  await withContainer(guest, "made", [GENERATED, WRITABLE, SECRET], async (container) => {
    await container.inside("mkdir -p /mnt");
    equal(await labelOf(container), "lxc-made_</var/lib/lxc>//&:lxc-made_<-var-lib-lxc>:unconfined (enforce)");
    deepEqual(await statusesInside(container, ALLOWED), all(ALLOWED, 0));
    deepEqual(await statusesInside(container, FORBIDDEN), all(FORBIDDEN, 1));
    deepEqual(await statusesInside(container, ["touch /root/secret", "touch /root/secret2"]), {
      "touch /root/secret": 1,
      "touch /root/secret2": 0,
    });
    equal(await loaded("made"), "lxc-made_</var/lib/lxc> (enforce)\n./lxc-made_<-var-lib-lxc>");
  });
  equal(await loaded("made"), "");
});

test("without a profile the same is possible: it is the profile that forbids it", async () => {
  await withContainer(guest, "free", ["lxc.apparmor.profile = unconfined", WRITABLE], async (container) => {
    await container.inside("mkdir -p /mnt");
    equal(await labelOf(container), "unconfined");
    const lines = ["echo 1 > /proc/sys/kernel/sysrq", "mount -o bind /proc /mnt", "head -c 1 /proc/kcore"];
    deepEqual(await statusesInside(container, lines), all(lines, 0));
  });
});

test("containers inside need lxc.apparmor.allow_nesting, which mounts for the kernel what nobody may use", async () => {
  const lines = ["mount -t proc proc /mnt", "mount -o bind /proc /mnt", "umount /mnt"];
  await withContainer(guest, "flat", [GENERATED], async (container) => {
    await container.inside("mkdir -p /mnt");
    deepEqual(await statusesInside(container, [...lines.slice(0, 2), "ls /dev/.lxc"]), {
      ...all(lines.slice(0, 2), 1),
      "ls /dev/.lxc": 1,
    });
  });
  await withContainer(guest, "nested", [GENERATED, "lxc.apparmor.allow_nesting = 1"], async (container) => {
    await container.inside("mkdir -p /mnt");
    deepEqual(await statusesInside(container, lines), all(lines, 0));
    const types = await container.inside("grep ' /dev/.lxc/' /proc/mounts | cut -d ' ' -f 2,3");
    equal(types.stdout, "/dev/.lxc/proc proc\n/dev/.lxc/sys sysfs\n");
    const uses = [
      "cat /dev/.lxc/proc/version",
      "echo 1 > /dev/.lxc/proc/sys/kernel/sysrq",
      "echo h > /proc/sysrq-trigger",
    ];
    deepEqual(await statusesInside(container, uses), all(uses, 1));
  });
});

test("a container with users of its own mounts in its user namespace as it likes, and no more", async () => {
  const own = [
    "lxc.idmap = u 0 100000 65536",
    "lxc.idmap = g 0 100000 65536",
    "lxc.rootfs.options = idmap=container",
    "lxc.mount.entry =",
  ];
  await withContainer(guest, "users", [GENERATED, SECRET, ...own], async (container) => {
    await container.inside("mkdir -p /mnt");
    match(await labelOf(container), /^lxc-users_<.*\(enforce\)$/);
    const allowed = ["mount -t tmpfs tmpfs /mnt", "mount -o rbind /dev /mnt", "touch /root/a"];
    deepEqual(await statusesInside(container, allowed), all(allowed, 0));
    const forbidden = ["touch /root/secret", "echo h > /proc/sysrq-trigger"];
    deepEqual(await statusesInside(container, forbidden), all(forbidden, 1));
  });
});

test("without the key it has LXC's default profile, by name another one, and unchanged the starter's", async () => {
  await withContainer(guest, "default", [], async (container) => {
    equal(await labelOf(container), "lxc-container-default-cgns (enforce)");
  });
  await withContainer(
    guest,
    "named",
    ["lxc.apparmor.profile = lxc-container-default-with-mounting"],
    async (container) => {
      equal(await labelOf(container), "lxc-container-default-with-mounting (enforce)");
    },
  );
  await guest.said(
    "echo 'profile starter flags=(attach_disconnected) { file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, change_profile, }' | apparmor_parser -r",
  );
  const container = await create(guest, "same", ["lxc.apparmor.profile = unchanged"]);
  await guest.said("aa-exec -p starter -- lxc-start -n same");
  equal(await labelOf(container), "starter (enforce)");
  await guest.said("lxc-stop -n same -k; lxc-destroy -n same");
});

test("lxc-attach gives the container's label to what it runs, by a procfs of its own", async () => {
  await withContainer(guest, "entered", [GENERATED], async (container) => {
    const label = await labelOf(container);
    await guest.said("lxc-attach -n entered -- sleep 1000 > /dev/null 2>&1 &");
    const pid = await guest.said("until pid=$(pgrep -f '^sleep 1000'); do :; done; echo $pid");
    equal(await guest.said(`cat /proc/${pid}/attr/current`), label);
    equal(
      await guest.said(
        "lxc-attach -n entered --elevated-privileges=LSM -- sh -c 'mkdir -p /mnt; mount -t proc p /mnt && echo out'",
      ),
      "out",
    );
  });
});

test("lxc-attach --context takes another profile than the container's, and one that is not loaded is told", async () => {
  await withContainer(guest, "relabelled", [GENERATED], async (container) => {
    const own = await labelOf(container);
    const attach = (label: string): string =>
      `lxc-attach -n relabelled --context='${label}' -- cat /proc/self/attr/current`;
    equal(await guest.said(attach("lxc-container-default-cgns")), "lxc-container-default-cgns (enforce)");
    ok(own !== "lxc-container-default-cgns (enforce)");
    const missing = await guest.exec(attach("no-such-profile"));
    equal(missing.status, 1);
    match(missing.stderr, /no-such-profile/);
  });
});

test("lxc-execute runs its own init under the profile", async () => {
  await create(guest, "once", [GENERATED]);
  const label = await guest.exec(
    "lxc-execute -n once -- sh -c 'cat /proc/1/attr/apparmor/current; mount -t proc p /root'",
  );
  ok(label.status !== 0);
  match(label.stderr, /\nlxc-execute: warning: cannot mount p on \/root\/ .*: AppArmor denied it to mount/);
  equal(await loaded("once"), "");
  await guest.said("lxc-destroy -n once");
});

test("a start that was denied something says what, and the line that allows it; with that line it starts", async () => {
  const container = await create(guest, "denied", [GENERATED, "lxc.hook.start = /hook"]);
  await guest.said(
    "printf '#!/bin/sh\\nmount -t proc proc /root\\n' > /var/lib/lxc/denied/rootfs/hook; chmod +x /var/lib/lxc/denied/rootfs/hook",
  );
  const failed = await guest.exec("lxc-start -n denied");
  equal(failed.status, 1);
  match(
    failed.stderr,
    /\n {2}because: cannot mount proc on \/root\/ \(rw, silent\): AppArmor denied it to mount \(profile lxc-denied_<\/var\/lib\/lxc>\)\n/,
  );
  const hint = /\n {2}hint: add (lxc\.apparmor\.raw = mount .*)\n/.exec(failed.stderr)?.[1] ?? "";
  ok(hint !== "", failed.stderr);
  equal(await loaded("denied"), "");
  await guest.said(`echo '${hint}' >> /var/lib/lxc/denied/config`);
  await container.tool("lxc-start");
  await guest.said("lxc-stop -n denied -k; lxc-destroy -n denied");
});

test("an init that its profile lets do too little to live leaves the reason with whoever started it", async () => {
  await guest.said("echo 'profile tight { capability, signal, ptrace, unix, }' | apparmor_parser -r");
  await create(guest, "killed", ["lxc.apparmor.profile = tight", "lxc.init.cmd = /bin/cat /etc/passwd"]);
  const failed = await guest.exec("lxc-start -n killed -F");
  ok(failed.status !== 0);
  match(
    failed.stderr,
    /cannot open \/etc\/passwd: AppArmor denied it to cat \(profile tight\); add to the profile tight: \/etc\/passwd r,/,
  );
  await guest.said("lxc-destroy -n killed");
});

test("what keeps a profile from being loaded is said before anything of the container is made", async () => {
  const before = await guest.traces();
  await create(guest, "wrong", [GENERATED, "lxc.apparmor.raw = mountt fstype=ext4,"]);
  const start = async (): Promise<string> => (await guest.exec("lxc-start -n wrong")).stderr;
  match(
    await start(),
    /cannot load the AppArmor profile \S+: .*syntax error.*\n {2}hint: correct the lines of lxc.apparmor.raw/s,
  );
  await guest.said("sed -i '/raw/d' /var/lib/lxc/wrong/config; mv /sbin/apparmor_parser /root/parser");
  match(await start(), /there is no apparmor_parser\n {2}hint: install the package apparmor/);
  await guest.said(
    "mv /root/parser /sbin/apparmor_parser; echo 'lxc.apparmor.profile = nowhere' >> /var/lib/lxc/wrong/config",
  );
  match(await start(), /the AppArmor profile nowhere: no profile of that name is loaded\n {2}hint: load the file/);
  await guest.said("apparmor_parser -R /etc/apparmor.d/lxc-containers; sed -i '/apparmor/d' /var/lib/lxc/wrong/config");
  match(
    await start(),
    /default-cgns: no profile of that name.*\n {2}hint: load it: apparmor_parser -r -W \/etc\/apparmor.d\/lxc-containers/,
  );
  equal(await loaded("wrong"), "");
  await guest.said("lxc-destroy -n wrong; apparmor_parser -r /etc/apparmor.d/lxc-containers");
  deepEqual(await guest.tracesOnce(before), before);
});

test("a name that would be a rule, a label or a folder is hashed", async () => {
  await guest.said("mkdir '/var/lib/lxc/a\" b:{c}'");
  await guest.said(
    `cd '/var/lib/lxc/a" b:{c}' && lxc-create -P "$PWD" -n odd -t busybox -f /dev/null && echo '${GENERATED}' >> odd/config && lxc-start -P "$PWD" -n odd`,
  );
  const pid = await guest.said(`lxc-info -P '/var/lib/lxc/a" b:{c}' -n odd -pH`);
  match(await guest.said(`cat /proc/${pid}/attr/current`), /^([0-9a-f]{16})\/\/&:\1:unconfined \(enforce\)$/);
  await guest.said(`lxc-stop -P '/var/lib/lxc/a" b:{c}' -n odd -k; rm -r '/var/lib/lxc/a" b:{c}'`);
});

test("the shipped profiles load, and a confined lxc-start starts containers in its own way", async () => {
  await guest.said(
    "apparmor_parser -r -b /lxc-ts/share/apparmor /lxc-ts/share/apparmor/lxc-containers /lxc-ts/share/apparmor/usr.bin.lxc-start",
  );
  await guest.said("mv /usr/bin/lxc-start /root/lxc-start.debian; cp /lxc-ts/dist/lxc /usr/bin/lxc-start");
  const container = await create(guest, "shipped", [WRITABLE]);
  for (const [profile, label] of [
    ["", "lxc-container-default-cgns (enforce)"],
    ["generated", "lxc-shipped_</var/lib/lxc>//&:lxc-shipped_<-var-lib-lxc>:unconfined (enforce)"],
  ]) {
    await guest.said(
      `echo 'lxc.apparmor.profile = ${profile}' >> /var/lib/lxc/shipped/config; /usr/bin/lxc-start -n shipped`,
    );
    const monitor = await guest.said("cat /sys/fs/cgroup/lxc.monitor.shipped/cgroup.procs");
    equal(await guest.said(`cat /proc/${monitor}/attr/current`), "/usr/bin/lxc-start (enforce)");
    equal(await labelOf(container), label);
    const forbidden = ["echo 1 > /proc/sys/kernel/sysrq", "mount -t proc proc /root"];
    deepEqual(await statusesInside(container, forbidden), all(forbidden, 1));
    await guest.said("lxc-stop -n shipped -k");
  }
  await guest.said(
    "lxc-destroy -n shipped; mv /root/lxc-start.debian /usr/bin/lxc-start; apparmor_parser -R -b /lxc-ts/share/apparmor /lxc-ts/share/apparmor/usr.bin.lxc-start",
  );
});
