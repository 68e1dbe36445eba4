import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { checkHost, isVisible } from "./host-check.ts";
import { KernelConfig } from "./host-check-kernel.ts";
import { HostFacts, SECURITY_MODULES, SYSTEMD } from "./host-facts.ts";

const NAMESPACES = "cgroup\nipc\nmnt\nnet\npid\ntime\nuser\nuts";

/** A host of today, with version 2 alone, Debian and nothing missing but what a test takes away. */
function goodHost(): HostFacts {
  const host = new HostFacts();
  host.release = "6.1.0-18-amd64";
  host.put("/etc/os-release", 'PRETTY_NAME="Debian"\nID=debian\n');
  host.put("/proc/self/ns", NAMESPACES);
  host.put("/proc/filesystems", "nodev\tcgroup2\nnodev\tfuse\nnodev\toverlay\n");
  host.put("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t9\t1\nmemory\t0\t9\t1\n");
  host.put("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n");
  host.put("cgroup.controllers", "cpuset cpu io memory pids\n");
  host.put("/proc/sys/user", "max_user_namespaces\nmax_inotify_watches");
  host.put("/proc/sys/user/max_user_namespaces", "63000\n");
  host.put("/etc/subuid", "root:100000:65536\n");
  host.put("/etc/subgid", "root:100000:65536\n");
  host.put(SECURITY_MODULES, "lockdown,capability,apparmor");
  for (const name of ["newuidmap", "newgidmap"])
    host.programs.push({ name, path: `/usr/bin/${name}`, isPrivileged: true });
  return host;
}

/** `status, detail; fix` of one item. */
function said(host: HostFacts, item: string): string {
  const found = checkHost(host).filter((each) => each.item === item);
  return found.map(({ status, detail, fix }) => `${status}, ${detail}; ${fix}`).join("\n");
}

const changes: readonly (readonly [string, string, (host: HostFacts) => void, string])[] = [
  [
    "a namespace that is not shown is not there",
    "User namespace",
    (host) => host.put("/proc/self/ns", "ipc\npid"),
    "missing, ; boot a kernel with CONFIG_USER_NS=y",
  ],
  [
    "LXC calls three of them required",
    "Pid namespace",
    (host) => host.put("/proc/self/ns", "ipc"),
    "required, ; boot a kernel with CONFIG_PID_NS=y",
  ],
  [
    "a limit of 0 is a namespace that nobody may make",
    "max_user_namespaces",
    (host) => host.put("/proc/sys/user/max_user_namespaces", "0\n"),
    "missing, max_user_namespaces is 0; sysctl -w user.max_user_namespaces=15000, and for every boot the line user.max_user_namespaces = 15000 in /etc/sysctl.d/90-lxc.conf",
  ],
  [
    "a program that is not there names its package",
    "newuidmap",
    (host) => host.programs.splice(0, 1),
    "missing, newuidmap is not installed; apt-get install uidmap",
  ],
  [
    "the package has another name in Fedora",
    "newuidmap",
    (host) => {
      host.programs.splice(0, 1);
      host.put("/etc/os-release", 'ID="rocky"\nID_LIKE="rhel centos fedora"');
    },
    "missing, newuidmap is not installed; dnf install shadow-utils",
  ],
  [
    "without a known distribution both are named",
    "newuidmap",
    (host) => {
      host.programs.splice(0, 1);
      host.put("/etc/os-release", "ID=guix");
    },
    "missing, newuidmap is not installed; install the package with newuidmap: uidmap in Debian, shadow-utils in Fedora",
  ],
  [
    "a map program without rights is useless",
    "newuidmap",
    (host) => host.programs.splice(0, 1, { name: "newuidmap", path: "/bin/newuidmap", isPrivileged: false }),
    "missing, /bin/newuidmap is not setuid-root, and has no cap_setuid; chown root /bin/newuidmap && chmod u+s /bin/newuidmap",
  ],
  [
    "a controller can be switched off at boot",
    "Cgroup memory controller",
    (host) => {
      host.put("/proc/cgroups", "memory\t0\t1\t0\n");
      host.put("cgroup.controllers", "cpu");
    },
    "missing, switched off when the kernel was booted; boot without cgroup_disable=memory, or with cgroup_enable=memory; on a Raspberry Pi, in cmdline.txt",
  ],
  ["version 2 shows its controllers itself", "Cgroup io controller", () => {}, "enabled, ; "],
  ["what cannot be known is not called missing", "CONFIG_FHANDLE", () => {}, "unknown, ; "],
  [
    "device control of version 2 is a program",
    "Cgroup device",
    (host) => {
      host.config = new KernelConfig("CONFIG_CGROUP_BPF=y\n");
    },
    "enabled, ; ",
  ],
  [
    "an option that is not set is missing",
    "Veth pair device",
    (host) => {
      host.config = new KernelConfig("CONFIG_NET=y\n# CONFIG_VETH is not set\n");
    },
    "missing, ; boot a kernel with CONFIG_VETH=y or =m",
  ],
  [
    "a module is loaded or not",
    "Veth pair device",
    (host) => {
      host.config = new KernelConfig("CONFIG_VETH=m\n");
      host.put("/proc/modules", "veth 32768 0 - Live 0x0\n");
    },
    "enabled, loaded; ",
  ],
  [
    "a similar name is another module",
    "Vlan",
    (host) => {
      host.config = new KernelConfig("CONFIG_VLAN_8021Q=m\n");
      host.put("/proc/modules", "x8021q 1 0 - Live 0x0\n");
    },
    "enabled, not loaded; ",
  ],
  [
    "without a configuration the lists of modules tell",
    "Macvlan",
    (host) => host.put("/lib/modules/6.1.0-18-amd64/modules.dep", "kernel/drivers/net/macvlan.ko.xz:\n"),
    "enabled, ; ",
  ],
  [
    "and what is in none of them is missing",
    "Vlan",
    (host) => host.put("/lib/modules/6.1.0-18-amd64/modules.dep", "kernel/drivers/net/macvlan.ko.xz:\n"),
    "missing, ; boot a kernel with CONFIG_VLAN_8021Q=y or =m",
  ],
  [
    "after an update of the kernel its modules are gone",
    "Macvlan",
    (host) => {
      host.config = new KernelConfig("CONFIG_MACVLAN=m\n");
      host.put("/lib/modules", "6.1.0-20-amd64");
    },
    "missing, the modules of the running kernel 6.1.0-18-amd64 are gone from /lib/modules; reboot into the kernel whose modules are installed",
  ],
  [
    "Ubuntu restricts namespaces by AppArmor",
    "User namespaces without root",
    (host) => host.put("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"),
    "missing, AppArmor allows them only to programs whose profile says so; give the programs an AppArmor profile with the rule userns, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, and for every boot the line kernel.apparmor_restrict_unprivileged_userns = 0 in /etc/sysctl.d/90-lxc.conf",
  ],
  [
    "a user without ids gets those after the others'",
    "Ids of ann in /etc/subuid",
    (host) => {
      host.uid = 1000;
      host.userName = "ann";
    },
    "missing, there is no range; usermod --add-subuids 165536-231071 ann",
  ],
  [
    "ids may be given by number",
    "Ids of ann in /etc/subuid",
    (host) => {
      host.uid = 1000;
      host.userName = "ann";
      host.put("/etc/subuid", "1000:5:9\n");
    },
    "enabled, 9 from 5 on; ",
  ],
  [
    "a plain user needs a cgroup",
    "Cgroup of the user's own",
    (host) => {
      host.uid = 1000;
      host.userName = "ann";
      host.hasOwnCgroup = false;
    },
    "missing, containers run without limits, and nothing is counted; have root make cgroups that belong to ann, and start it there",
  ],
  [
    "and systemd has one for who is logged in, or stays without that",
    "Cgroup of the user's own",
    (host) => {
      host.uid = 1000;
      host.userName = "ann";
      host.hasOwnCgroup = false;
      host.put(SYSTEMD, "");
    },
    "missing, containers run without limits, and nothing is counted; loginctl enable-linger ann",
  ],
  [
    "whose service manager makes them for containers",
    "Cgroup of the user's own",
    (host) => {
      host.uid = 1000;
      host.hasOwnCgroup = false;
      host.hasUserManager = true;
    },
    "enabled, the user's service manager makes one for each container; ",
  ],
  [
    "of somebody else it cannot be known without systemd",
    "Cgroup of the user's own",
    (host) => {
      host.uid = 1000;
      host.hasOwnCgroup = false;
      host.isOtherUser = true;
    },
    "unknown, ; ",
  ],
  [
    "either security module will do",
    "Security module",
    (host) => host.put(SECURITY_MODULES, "lockdown,selinux"),
    "enabled, selinux; ",
  ],
  [
    "one that is there but not on is named",
    "Security module",
    (host) => {
      host.put(SECURITY_MODULES, "");
      host.config = new KernelConfig("CONFIG_SECURITY_APPARMOR=y\n");
    },
    "missing, apparmor is in the kernel, but not on; boot with apparmor=1 security=apparmor",
  ],
  [
    "an old kernel cannot mount as we do",
    "Mounts by descriptor",
    (host) => {
      host.release = "5.10.0-28-amd64";
    },
    "required, this is Linux 5.10.0-28-amd64; boot Linux 5.12 or newer",
  ],
  [
    "one firewall is enough",
    "nft or iptables",
    (host) => host.programs.push({ name: "iptables", path: "/sbin/iptables", isPrivileged: false }),
    "enabled, /sbin/iptables; ",
  ],
  [
    "no cgroups at all is the end",
    "Cgroup hierarchy",
    (host) => host.put("/proc/self/mountinfo", ""),
    "required, no cgroups are mounted; mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with systemd, or install cgroupfs-mount",
  ],
];

for (const [name, item, change, wanted] of changes) {
  test(name, () => {
    const host = goodHost();
    change(host);
    equal(said(host, item), wanted);
  });
}

test("a configuration that was named is asked alone", () => {
  const host = goodHost();
  host.config = new KernelConfig("# Linux/x86 4.9.0 Kernel Configuration\nCONFIG_NAMESPACES=y\n");
  host.isOfOtherKernel = true;
  deepEqual(
    ["Namespaces", "Uts namespace", "User namespace", "Cgroups", "Mounts by descriptor"].map(
      (item) => said(host, item).split(",")[0],
    ),
    ["enabled", "", "missing", "missing", "required"],
  );
});

test("version 1 without freezer and systemd says so, as in LXC", () => {
  const host = goodHost();
  host.put("/proc/self/mountinfo", "1 2 0:3 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
  host.put("/sys/fs/cgroup/cpu/cgroup.clone_children", "0\n");
  match(said(host, "Cgroup v1 systemd controller"), /^missing, ; mkdir /);
  match(said(host, "Cgroup v1 freezer controller"), /^missing, ; mkdir /);
  equal(said(host, "Cgroup v1 clone_children flag"), "enabled, ; ");
  deepEqual(checkHost(host).find((each) => each.item === "Cgroup v1 mount points")?.places, ["/sys/fs/cgroup/cpu"]);
});

test("the sections are those of LXC first, and each item is there once", () => {
  const checked = checkHost(goodHost());
  deepEqual([...new Set(checked.map((each) => each.section))].slice(0, 4), [
    "Namespaces",
    "Control groups",
    "Misc",
    "Checkpoint/Restore",
  ]);
  equal(new Set(checked.map((each) => each.item)).size, checked.length);
});

test("whatever is missing has a fix, a list of places apart", () => {
  for (const { status, fix, isList } of checkHost(new HostFacts())) {
    if (!isList) equal(fix !== "", status === "missing" || status === "required");
  }
});

test("what a program can do is what is said, and nothing that was found in a user's own folder is made setuid", () => {
  const steps = (path: string) => {
    const host = goodHost();
    host.programs.splice(0, 1, { name: "newuidmap", path, isPrivileged: false });
    return checkHost(host)
      .find((each) => each.item === "newuidmap")
      ?.steps.map(({ words }) => words);
  };
  deepEqual(steps("/usr/bin/newuidmap"), [
    ["chown", "root", "/usr/bin/newuidmap"],
    ["chmod", "u+s", "/usr/bin/newuidmap"],
  ]);
  deepEqual(steps("/home/ann/bin/newuidmap"), []);
});

test("a host of which nothing can be read is not visible", () => {
  deepEqual([isVisible(new HostFacts()), isVisible(goodHost())], [false, true]);
});
