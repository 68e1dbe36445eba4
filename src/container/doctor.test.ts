import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { ConfigDocument } from "./config/document.ts";
import { NO_VARIABLES } from "./config/keys.ts";
import { readConfig } from "./config/load.ts";
import { diagnose, isStopped } from "./doctor.ts";
import { type DoctorCheck, isFixable, sorted } from "./doctor-checks.ts";
import type { ContainerFacts } from "./doctor-container.ts";
import { buildYearIn } from "./doctor-host.ts";
import { uncovered } from "./doctor-ids.ts";
import { idOf } from "./doctor-weights.ts";
import { checkHost } from "./host-check.ts";
import { DELEGATED, HostFacts, MODULE_RULES, SECURITY_MODULES, SYSTEMD } from "./host-facts.ts";

/** A host of today where ann, an ordinary user, lacks nothing but what a test takes away. */
function annsHost(): HostFacts {
  const host = new HostFacts();
  host.release = "6.1.0-18-amd64";
  host.uid = 1000;
  host.userName = "ann";
  host.put(SYSTEMD, "system");
  host.put("/etc/os-release", "ID=debian\n");
  host.put("/proc/self/ns", "cgroup\nipc\nmnt\nnet\npid\ntime\nuser\nuts");
  host.put("/proc/filesystems", "nodev\tcgroup2\nnodev\tfuse\nnodev\toverlay\n");
  host.put("/proc/cgroups", "cpu\t0\t9\t1\nmemory\t0\t9\t1\n");
  host.put(
    "/proc/self/mountinfo",
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 22 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n40 22 0:31 / /srv rw - btrfs /dev/sdb rw\n",
  );
  host.put("cgroup.controllers", "cpuset cpu io memory pids\n");
  host.put(DELEGATED, "cpu io memory pids");
  host.put("/proc/sys/fs/inotify/max_user_instances", "1024\n");
  host.put("/proc/sys/kernel/keys/maxkeys", "2000\n");
  host.put("/proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2027-02-01)\n");
  host.put("/etc/subuid", "bob:100000:65536\nann:165536:65536\n");
  host.put("/etc/subgid", "bob:100000:65536\nann:165536:65536\n");
  host.put(SECURITY_MODULES, "lockdown,capability");
  for (const name of ["newuidmap", "newgidmap", "nft", "dnsmasq", "xz"])
    host.programs.push({ name, path: `/usr/bin/${name}`, isPrivileged: true });
  return host;
}

const IDMAP = ["lxc.idmap = u 0 165536 65536", "lxc.idmap = g 0 165536 65536"];
const HOME = "/home/ann/.local/share/lxc/c1";

function containerOf(lines: readonly string[], change: Partial<ContainerFacts> = {}): ContainerFacts {
  const text = `${["lxc.uts.name = c1", `lxc.rootfs.path = dir:${HOME}/rootfs`, ...lines].join("\n")}\n`;
  const folders = ["/", "/home", "/home/ann", "/home/ann/.local"].map((path) => {
    const isHome = path === "/home/ann";
    return { path, mode: isHome ? 0o40700 : 0o40755, uid: isHome ? 1000 : 0, gid: isHome ? 1000 : 0, hasAcl: false };
  });
  return {
    name: "c1",
    read: readConfig(new ConfigDocument(text), `${HOME}/config`, () => [], NO_VARIABLES),
    gid: 1000,
    rootfs: { path: `${HOME}/rootfs`, isThere: true, uid: 165536, gid: 165536, folders },
    links: ["lo"],
    limits: [],
    ...change,
  };
}

function line({ id, weight, what, detail, fix }: DoctorCheck): string {
  return `${id} ${weight}: ${what}: ${detail}; ${fix}`;
}

/** What is said of one id. */
function said(host: HostFacts, container: ContainerFacts | undefined, id: string): string {
  const checks = diagnose(host, container, []).filter((check) => check.id === id);
  return checks.map(line).join("\n");
}

test("nothing stops ann on a host of today", () => {
  const checks = diagnose(annsHost(), containerOf(IDMAP), []);
  const heavy = checks.filter((check) => check.weight === "stops" || check.weight === "limits");
  deepEqual([isStopped(checks), heavy.map(line)], [false, []]);
});

test("every line of lxc-checkconfig has a weight, so that none is lost", () => {
  for (const change of [() => {}, (host: HostFacts) => host.put("/proc/self/mountinfo", "")]) {
    const host = annsHost();
    change(host);
    for (const name of ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]) {
      host.put("/proc/sys/user", `${host.text("/proc/sys/user")}\nmax_${name}_namespaces`);
    }
    host.put(SECURITY_MODULES, "apparmor");
    for (const checked of checkHost(host)) equal(idOf(checked.item) === "", false, checked.item);
  }
});

const hostChanges: readonly (readonly [string, string, (host: HostFacts) => void, string])[] = [
  [
    "without a range no container of ann's starts",
    "subuid",
    (host) => host.put("/etc/subuid", "bob:100000:65536\n"),
    "subuid stops: Ids of ann in /etc/subuid: there is no range; usermod --add-subuids 165536-231071 ann",
  ],
  [
    "root's containers need no range",
    "subuid",
    (host) => {
      host.uid = 0;
      host.userName = "root";
    },
    "subuid advice: Ids of root in /etc/subuid: there is no range; usermod --add-subuids 231072-296607 root",
  ],
  [
    "a switched off kernel parameter stops ann",
    "unprivileged-user-namespaces",
    (host) => host.put("/proc/sys/kernel/unprivileged_userns_clone", "0\n"),
    "unprivileged-user-namespaces stops: User namespaces without root: kernel.unprivileged_userns_clone is 0; sysctl -w kernel.unprivileged_userns_clone=1, and for every boot the line kernel.unprivileged_userns_clone = 1 in /etc/sysctl.d/90-lxc.conf",
  ],
  [
    "an old kernel stops everybody",
    "kernel-version",
    (host) => {
      host.release = "5.10.0-28-amd64";
    },
    "kernel-version stops: Mounts by descriptor: this is Linux 5.10.0-28-amd64; boot Linux 5.12 or newer",
  ],
  [
    "controllers that are not delegated are named",
    "cgroup-controllers",
    (host) => {
      host.hasUserManager = true;
      host.put(DELEGATED, "memory pids");
    },
    "cgroup-controllers limits: Controllers of the user's cgroups: cpu, io are missing: such limits of a container do not hold; write [Service] and Delegate=cpu cpuset io memory pids into /etc/systemd/system/user@.service.d/delegate.conf, then systemctl daemon-reload; it counts when ann logs in again",
  ],
  [
    "few instances of inotify are few for many containers",
    "inotify-instances",
    (host) => host.put("/proc/sys/fs/inotify/max_user_instances", "128\n"),
    "inotify-instances advice: fs.inotify.max_user_instances: 128 is few for many containers; sysctl -w fs.inotify.max_user_instances=1024, and for every boot the line fs.inotify.max_user_instances = 1024 in /etc/sysctl.d/90-lxc.conf",
  ],
];

for (const [name, id, change, wanted] of hostChanges) {
  test(name, () => {
    const host = annsHost();
    change(host);
    equal(said(host, undefined, id), wanted);
  });
}

function holes(version: string, ...more: readonly (readonly [string, string])[]): string {
  const host = annsHost();
  host.put("/proc/sys/kernel/version", version);
  host.put("/lib/modules/6.1.0-18-amd64/modules.dep", "kernel/net/ipv4/esp4.ko.xz:\nkernel/net/rxrpc/rxrpc.ko: a.ko\n");
  for (const [path, text] of more) host.put(path, text);
  const check = diagnose(host, undefined, []).find((each) => each.id === "dirty-frag");
  return `${check?.weight}: ${check?.detail}`;
}

test("modules with holes are told of by how old the kernel is, unless nobody can load them", () => {
  match(
    holes("#1 SMP Debian 6.1.76-1 (2024-02-01)"),
    /^limits: esp4, rxrpc can be .* this kernel of 2024 lacks the fixes/,
  );
  match(holes("#66-Ubuntu SMP Fri Aug 28 13:56:20 UTC 2026"), /^advice: esp4, rxrpc can be loaded .* make sure/);
  equal(holes("#1 SMP (2027-01-02)"), "fine: this kernel was built in 2027");
  equal(holes("#1 (2024-01-01)", ["/proc/sys/kernel/modules_disabled", "1\n"]), "fine: none can be loaded");
  const rules = "install esp4 /bin/false\ninstall rxrpc /usr/bin/false\n";
  equal(holes("#1 (2024-01-01)", [MODULE_RULES, rules]), "fine: none can be loaded");
  match(holes("#1 (2024-01-01)", [MODULE_RULES, rules], ["/sys/module/esp4", ""]), /^limits: esp4 can be loaded/);
  equal(buildYearIn("#1 SMP PREEMPT_DYNAMIC @0"), 0);
});

const containerChanges: readonly (readonly [string, string, ContainerFacts, string])[] = [
  [
    "a home that is closed is no trouble for us, and advice for LXC's own tools",
    "rootfs-way",
    containerOf(IDMAP),
    "rootfs-way advice: Way to the root file system: the container's root may not pass through /home/ann: lxc-ts does without, LXC's own tools do not; setfacl -m u:165536:x /home/ann; or chmod o+x for everybody",
  ],
  [
    "ids of another user are not offered",
    "container-subuid",
    containerOf(["lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 165536 65536"]),
    "container-subuid stops: lxc.idmap, by /etc/subuid: 100000-165535 are not ann's to give; change lxc.idmap to ids within 165536-231071: these ids are another's, or the host's own",
  ],
  [
    "nor are those of the host's own users",
    "container-subuid",
    containerOf(["lxc.idmap = u 0 0 10", "lxc.idmap = g 0 165536 65536"]),
    "container-subuid stops: lxc.idmap, by /etc/subuid: 0-9 are not ann's to give; change lxc.idmap to ids within 165536-231071: these ids are another's, or the host's own",
  ],
  [
    "the range that is missing is said exactly",
    "container-subgid",
    containerOf(["lxc.idmap = u 0 165536 65536", "lxc.idmap = g 0 165536 70000"]),
    "container-subgid stops: lxc.idmap, by /etc/subgid: 231072-235535 are not ann's to give; usermod --add-subgids 231072-235535 ann; or change lxc.idmap to ids within 165536-231071",
  ],
  [
    "ann may map herself",
    "container-subuid",
    containerOf(["lxc.idmap = u 0 165536 1000", "lxc.idmap = u 1000 1000 1", "lxc.idmap = g 0 165536 65536"]),
    "container-subuid fine: lxc.idmap, by /etc/subuid: ; ",
  ],
  [
    "a root file system of nobody's cannot be changed inside",
    "rootfs-owner",
    containerOf(IDMAP, {
      rootfs: { path: `${HOME}/rootfs`, isThere: true, uid: 0, gid: 0, folders: [] },
    }),
    `rootfs-owner limits: Owner of root file system ${HOME}/rootfs: user 0 is nobody inside, so that its files cannot be changed there; set lxc.rootfs.options = idmap=container, or have root change the owners of all files in it`,
  ],
  [
    "mapped owners need a file system that has them",
    "rootfs-shift",
    containerOf([...IDMAP, "lxc.rootfs.options = idmap=container"]),
    "rootfs-shift fine: Mapped owners of the root file system: ext4; ",
  ],
  [
    "without a root file system nothing starts",
    "rootfs",
    containerOf(IDMAP, { rootfs: { path: "/gone", isThere: false, uid: 0, gid: 0, folders: [] } }),
    "rootfs stops: Root file system /gone: there is no such folder; correct lxc.rootfs.path, or create the container anew",
  ],
  [
    "a wrong line stops this one container",
    "config-error",
    containerOf([...IDMAP, "lxc.tty.max = many"]),
    `config-error stops: ${HOME}/config:5:15: lxc.tty.max: expected a whole number from 0 to 4294967295, not "many": ; `,
  ],
  [
    "a bridge that is not there stops it",
    "network-link",
    containerOf([...IDMAP, "lxc.net.0.type = veth", "lxc.net.0.link = lxcbr0"]),
    "network-link stops: lxc.net.0.link: there is no network device lxcbr0; lxc-net start",
  ],
  [
    "a limit that does not hold is told as the start tells it",
    "limits",
    containerOf(IDMAP, { limits: [{ isRefused: true, problem: "cannot apply it", hint: "enable it" }] }),
    "limits stops: cannot apply it: ; enable it",
  ],
];

for (const [name, id, container, wanted] of containerChanges) {
  test(name, () => {
    equal(said(annsHost(), container, id), wanted);
  });
}

test("a key that needs what the kernel lacks stops the container, and once only", () => {
  const host = annsHost();
  host.put("/proc/self/ns", "cgroup\nipc\nmnt\nnet\npid\nuser\nuts");
  const container = containerOf([...IDMAP, "lxc.time.offset.boot = 1h"]);
  equal(
    said(host, container, "time-namespace"),
    "time-namespace stops: Time namespace: ; boot a kernel with CONFIG_TIME_NS=y",
  );
  equal(said(host, undefined, "time-namespace"), "");
});

test("old kernels have no mapped owners on new file systems", () => {
  const host = annsHost();
  host.release = "5.13.0";
  const there = containerOf([...IDMAP, "lxc.rootfs.options = idmap=container"]);
  const container = { ...there, rootfs: { ...there.rootfs, path: "/srv/c1" } };
  match(said(host, container, "rootfs-shift"), /^rootfs-shift stops: .*btrfs cannot have them before Linux 5\.15/);
});

test("what is covered by several ranges is covered, and gaps are found", () => {
  const ranges = [
    { first: 30, count: 10 },
    { first: 10, count: 10 },
    { first: 20, count: 5 },
  ];
  deepEqual(uncovered({ first: 10, count: 15 }, ranges), []);
  deepEqual(uncovered({ first: 5, count: 40 }, ranges), [
    { first: 5, count: 5 },
    { first: 25, count: 5 },
    { first: 40, count: 5 },
  ]);
  deepEqual(uncovered({ first: 100, count: 2 }, ranges), [{ first: 100, count: 2 }]);
});

test("the heaviest comes first, and a lighter word on the same thing is left out", () => {
  const check = (id: string, weight: DoctorCheck["weight"], what: string): DoctorCheck => {
    return { id, weight, what, detail: "", fix: "", steps: [] };
  };
  const checks = [
    check("a", "advice", "x"),
    check("b", "stops", "y"),
    check("a", "stops", "x"),
    check("a", "fine", "z"),
  ];
  deepEqual(
    sorted(checks).map(({ id, weight, what }) => `${id} ${weight} ${what}`),
    ["b stops y", "a stops x", "a fine z"],
  );
});

test("an ordinary user has networks where lxc-user-nic is setuid root and a line of lxc-usernet allows it", () => {
  const veth = containerOf([...IDMAP, "lxc.net.0.type = veth", "lxc.net.0.link = br0"], { links: ["br0"] });
  const host = annsHost();
  const start = "network-user stops: lxc.net.0.type = veth: ";
  equal(
    said(host, veth, "network-user"),
    `${start}lxc-user-nic is not installed; install it, or use empty for lxc.net.0.type`,
  );
  host.programs.push({ name: "lxc-user-nic", path: "/usr/libexec/lxc/lxc-user-nic", isPrivileged: false });
  match(said(host, veth, "network-user"), /is not setuid root; as root: chown root:root \S+ && chmod 4755 \S+$/);
  host.programs.pop();
  host.programs.push({ name: "lxc-user-nic", path: "/usr/libexec/lxc/lxc-user-nic", isPrivileged: true });
  host.put("/etc/lxc/lxc-usernet", "bob veth br0 10\nann veth br1 10\nann veth br0 0\n");
  equal(
    said(host, veth, "network-user"),
    `${start}/etc/lxc/lxc-usernet allows ann no device there; add this line to it: ann veth br0 10`,
  );
  host.put("/etc/lxc/lxc-usernet", "@staff veth br0 1\n");
  host.put("/etc/group", "staff:x:50:ann\n");
  match(said(host, veth, "network-user"), /^network-user fine: /);
});

test("an ordinary user has ports where lxc-user-publish is setuid root and a line of lxc-usernet allows them", () => {
  const lines = [...IDMAP, "lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.publish = 8080:80"];
  const web = containerOf(lines, { links: ["br0"] });
  const host = annsHost();
  const start = "network-ports stops: lxc.net.0.publish: ";
  equal(
    said(host, web, "network-ports"),
    `${start}lxc-user-publish is not installed; install it, or take lxc.net.0.publish out`,
  );
  host.programs.push({ name: "lxc-user-publish", path: "/usr/libexec/lxc/lxc-user-publish", isPrivileged: false });
  match(said(host, web, "network-ports"), /is not setuid root; as root: chown root:root \S+ && chmod 4755 \S+$/);
  host.programs.pop();
  host.programs.push({ name: "lxc-user-publish", path: "/usr/libexec/lxc/lxc-user-publish", isPrivileged: true });
  host.put("/etc/lxc/lxc-usernet", "bob publish br0 8080\nann publish br0 8080/udp\nann publish br1 8080\n");
  equal(
    said(host, web, "network-ports"),
    `${start}/etc/lxc/lxc-usernet lets ann not publish 8080:80/tcp there; add this line to it: ann publish br0 8080/tcp`,
  );
  host.put("/etc/lxc/lxc-usernet", "ann publish br0 8000-8099\n");
  match(said(host, web, "network-ports"), /^network-ports fine: /);
  host.uid = 0;
  equal(said(host, web, "network-ports"), "");
});

test("a program puts right what needs no judgement: no ids that a configuration asks for, and no advice", () => {
  const host = annsHost();
  host.put("/etc/subuid", "");
  host.put("/proc/sys/fs/inotify/max_user_instances", "128\n");
  const checks = diagnose(host, containerOf(IDMAP), []).filter((check) => check.fix !== "");
  deepEqual(
    checks.filter(isFixable).map((check) => check.id),
    ["subuid"],
  );
  equal(
    checks.some((check) => check.id === "container-subuid"),
    true,
  );
});
