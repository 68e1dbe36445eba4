// Ways to break a container by what its configuration says: the file, networks, limits, isolation.

import type { Way } from "./way.ts";

const VETH = "lxc.net.0.type = veth\nlxc.net.0.flags = up\n";
const IDS = "lxc.idmap = u 0 1600000000 65536\nlxc.idmap = g 0 1600000000 65536";
const POLICY = "lxc.seccomp.profile = $DIR/policy";

const files: readonly Way[] = [
  { way: "no configuration", broken: "rm $C/config", code: "not-found", guilty: "PATH" },
  {
    way: "the configuration is a folder",
    broken: "rm $C/config; mkdir $C/config",
    code: "syscall-failed",
    errno: 21,
    guilty: "PATH/c1/config",
  },
  {
    way: "the configuration is a link to itself",
    broken: "ln -sf config $C/config",
    code: "syscall-failed",
    errno: 40,
    guilty: "PATH/c1/config",
  },
  { way: "a misspelt key", lines: "lxc.uts.nam = x", code: "config-invalid", guilty: "lxc.uts.nam" },
  { way: "a line without =", lines: "lxc.uts.name x", code: "config-invalid", guilty: "lxc.uts.name x" },
  { way: "a value that cannot be", lines: "lxc.start.auto = maybe", code: "config-invalid", guilty: "lxc.start.auto" },
  { way: "a key from before LXC 3", lines: "lxc.utsname = x", code: "config-invalid", guilty: "lxc.utsname" },
  {
    way: "two keys that exclude each other",
    lines: "lxc.cap.keep = kill\nlxc.cap.drop = kill",
    code: "config-invalid",
    guilty: "lxc.cap.drop",
  },
  {
    way: "an included file that is missing",
    lines: "lxc.include = $DIR/none.conf",
    code: "config-invalid",
    guilty: "/tmp/x/none.conf",
  },
  {
    way: "a file that includes itself",
    lines: "lxc.include = $C/config",
    code: "config-invalid",
    guilty: "PATH/c1/config",
  },
  { way: "an architecture that is none", lines: "lxc.arch = vax", code: "config-invalid", guilty: "lxc.arch" },
  {
    way: "a signal that is none",
    lines: "lxc.signal.halt = SIGFOO",
    code: "config-invalid",
    guilty: "lxc.signal.halt",
  },
  {
    way: "a time offset that is none",
    lines: "lxc.time.offset.boot = soon",
    code: "config-invalid",
    guilty: "lxc.time.offset.boot",
  },
  {
    way: "a variable without a value",
    lines: "lxc.environment = NOVALUE",
    code: "config-invalid",
    guilty: "lxc.environment",
  },
];

const networks: readonly Way[] = [
  {
    way: "a bridge that is missing",
    lines: `${VETH}lxc.net.0.link = lxctsnone0`,
    code: "not-found",
    guilty: "lxc.net.0.link = lxctsnone0",
  },
  {
    way: "a device that is no bridge",
    lines: `${VETH}lxc.net.0.link = lo`,
    code: "unsupported",
    guilty: "lxc.net.0.link = lo",
  },
  {
    way: "a name on the host that is taken",
    apart: "ip link add lxctstaken type veth peer name lxctsother",
    lines: `${VETH}lxc.net.0.veth.pair = lxctstaken`,
    code: "wrong-state",
    errno: 17,
    guilty: "lxctstaken",
  },
  {
    way: "two devices of one name",
    lines: `${VETH}lxc.net.0.name = eth0\nlxc.net.1.type = veth\nlxc.net.1.name = eth0`,
    code: "config-invalid",
    guilty: "lxc.net.1.name",
  },
  {
    way: "a device that is called lo",
    lines: `${VETH}lxc.net.0.name = lo`,
    code: "config-invalid",
    guilty: "lxc.net.0.name = lo",
  },
  {
    way: "an address that is none",
    lines: `${VETH}lxc.net.0.ipv4.address = 10.0.0.300/24`,
    code: "config-invalid",
    guilty: "lxc.net.0.ipv4.address",
  },
  {
    way: "one address twice",
    lines: `${VETH}lxc.net.0.ipv4.address = 10.0.0.2/24\nlxc.net.0.ipv4.address = 10.0.0.2/24`,
    code: "syscall-failed",
    errno: 17,
    guilty: "10.0.0.2/24",
  },
  {
    way: "a gateway without an address",
    lines: `${VETH}lxc.net.0.ipv4.gateway = 10.0.0.1`,
    code: "config-invalid",
    guilty: "lxc.net.0.ipv4.gateway",
  },
  {
    way: "a gateway of a bridge that is not named",
    lines: `${VETH}lxc.net.0.ipv4.address = 10.0.0.2/24\nlxc.net.0.ipv4.gateway = auto`,
    code: "config-invalid",
    guilty: "lxc.net.0.ipv4.gateway",
  },
  {
    way: "a multicast hardware address",
    lines: `${VETH}lxc.net.0.hwaddr = 01:00:5e:00:00:01`,
    code: "config-invalid",
    guilty: "lxc.net.0.hwaddr",
  },
  {
    way: "packets that are too small",
    lines: `${VETH}lxc.net.0.mtu = 10`,
    code: "config-invalid",
    errno: 22,
    guilty: "lxc.net.0.mtu = 10",
  },
  {
    way: "a network script that fails",
    broken: 'printf "#!/bin/sh\\necho no wire; exit 4\\n" > $DIR/up; chmod 755 $DIR/up',
    lines: `${VETH}lxc.net.0.script.up = $DIR/up`,
    code: "hook-failed",
    guilty: "lxc.net.0.script.up",
  },
  {
    way: "a network script that is missing",
    lines: `${VETH}lxc.net.0.script.up = $DIR/none`,
    code: "hook-failed",
    guilty: "/tmp/x/none",
  },
];

const limits: readonly Way[] = [
  {
    way: "a controller that is none",
    lines: "lxc.cgroup2.nosuch.max = 1",
    code: "unsupported",
    guilty: "lxc.cgroup2.nosuch.max",
  },
  {
    way: "a file that a controller does not have",
    lines: "lxc.cgroup.pids.nosuch = 1",
    code: "syscall-failed",
    errno: 2,
    guilty: "lxc.cgroup.pids.nosuch",
  },
  {
    way: "a limit that is no number",
    lines: "lxc.cgroup.pids.max = many",
    code: "syscall-failed",
    errno: 22,
    guilty: "lxc.cgroup.pids.max = many",
  },
  {
    way: "a processor that is not there",
    lines: "lxc.cgroup.cpuset.cpus = 900",
    code: "syscall-failed",
    errno: 34,
    guilty: "lxc.cgroup.cpuset.cpus",
  },
  {
    way: "too little memory",
    lines: "lxc.cgroup.memory.limit_in_bytes = 4K",
    code: "wrong-state",
    guilty: "lxc.cgroup.memory.limit_in_bytes = 4K",
  },
  {
    way: "too few processes",
    lines: "lxc.cgroup.pids.max = 1\nlxc.hook.mount = /bin/true",
    code: "syscall-failed",
    errno: 11,
    guilty: "lxc.cgroup.pids.max = 1",
  },
  { way: "a size that is none", lines: "lxc.limit.memory = lots", code: "config-invalid", guilty: "lxc.limit.memory" },
  {
    way: "a device rule that is none",
    lines: "lxc.cgroup.devices.allow = q 1:2 rw",
    code: "config-invalid",
    guilty: "lxc.cgroup.devices.allow",
  },
  {
    way: "a cgroup outside of the tree",
    lines: "lxc.cgroup.dir = ../x",
    code: "config-invalid",
    guilty: "lxc.cgroup.dir",
  },
  {
    way: "cgroups are mounted read-only",
    apart:
      "for m in /sys/fs/cgroup/*; do if mountpoint -q $m; then mount -o remount,bind,ro $m; fi; done; mount -o remount,bind,ro /sys/fs/cgroup",
    run: "lxc-start -n $NAME -F -- /bin/true",
    exit: 0,
    code: "warning",
    guilty: "/sys/fs/cgroup",
  },
  {
    way: "no cgroups are mounted, and there is a limit",
    apart: "umount -l -R /sys/fs/cgroup",
    lines: "lxc.cgroup.pids.max = 10",
    run: "lxc-start -n $NAME -F -- /bin/true",
    exit: 0,
    code: "warning",
    guilty: "lxc.cgroup.pids.max",
  },
  {
    way: "a process limit that is none",
    lines: "lxc.prlimit.nofoo = 10",
    code: "config-invalid",
    guilty: "lxc.prlimit.nofoo",
  },
  {
    way: "more open files than the kernel allows",
    lines: "lxc.prlimit.nofile = 2000000000",
    code: "syscall-failed",
    errno: 1,
    guilty: "lxc.prlimit.nofile",
  },
  {
    way: "a soft limit above the hard one",
    lines: "lxc.prlimit.nofile = 100:10",
    code: "syscall-failed",
    errno: 22,
    guilty: "lxc.prlimit.nofile",
  },
];

const isolation: readonly Way[] = [
  {
    way: "id ranges that overlap",
    lines: "lxc.idmap = u 0 1600000000 1000\nlxc.idmap = u 500 1700000000 1000\nlxc.idmap = g 0 1600000000 65536",
    code: "config-invalid",
    guilty: "lxc.idmap",
  },
  { way: "an id map that is none", lines: "lxc.idmap = u 0 xyz 1000", code: "config-invalid", guilty: "lxc.idmap" },
  {
    way: "an id map without root",
    lines: "lxc.idmap = u 1 1600000000 1000\nlxc.idmap = g 1 1600000000 1000",
    code: "syscall-failed",
    errno: 22,
    guilty: "group 0",
  },
  {
    way: "an id map beyond all ids",
    lines: "lxc.idmap = u 0 4294967000 65536\nlxc.idmap = g 0 1600000000 65536",
    code: "syscall-failed",
    errno: 22,
    guilty: "4294967000",
  },
  {
    way: "an init.uid that is not mapped",
    lines: `${IDS}\nlxc.init.uid = 70000`,
    broken: "chmod 755 $DIR/..; chown -R 1600000000 $ROOTFS",
    code: "syscall-failed",
    errno: 22,
    guilty: "user 70000",
  },
  { way: "a capability that is none", lines: "lxc.cap.drop = sys_foo", code: "config-invalid", guilty: "sys_foo" },
  {
    way: "a seccomp policy that is missing",
    lines: "lxc.seccomp.profile = $DIR/none",
    code: "not-found",
    errno: 2,
    guilty: "/tmp/x/none",
  },
  {
    way: "a line of a seccomp policy that is none",
    lines: POLICY,
    broken: 'printf "2\\nallowlist\\n[all]\\nread nonsense 5\\n" > $DIR/policy',
    code: "config-invalid",
    guilty: "nonsense",
  },
  {
    way: "a seccomp policy that asks nobody",
    lines: POLICY,
    broken: 'printf "2\\ndenylist\\n[all]\\nmknod notify\\n" > $DIR/policy',
    code: "config-invalid",
    guilty: "/tmp/x/policy",
  },
  {
    way: "a kernel parameter that is none",
    lines: "lxc.sysctl.net.nothing.here = 1",
    code: "syscall-failed",
    errno: 2,
    guilty: "lxc.sysctl.net.nothing.here",
  },
  {
    way: "a value that a kernel parameter does not take",
    lines: "lxc.sysctl.net.ipv4.ip_forward = abc",
    code: "syscall-failed",
    errno: 22,
    guilty: "lxc.sysctl.net.ipv4.ip_forward",
  },
  {
    way: "a kernel parameter that is the host's",
    lines: "lxc.sysctl.kernel.version = abc",
    code: "syscall-failed",
    errno: 13,
    guilty: "lxc.sysctl.kernel.version",
  },
  {
    way: "a file of a process that is none",
    lines: "lxc.proc.nothing = 1",
    code: "syscall-failed",
    errno: 2,
    guilty: "lxc.proc.nothing",
  },
  {
    way: "a value that a file of a process does not take",
    lines: "lxc.proc.oom_score_adj = 99999",
    code: "syscall-failed",
    errno: 22,
    guilty: "lxc.proc.oom_score_adj",
  },
  {
    way: "a namespace that is none",
    lines: "lxc.namespace.clone = foo",
    code: "config-invalid",
    guilty: "lxc.namespace.clone",
  },
  {
    way: "a share with a container that does not run",
    lines: "lxc.namespace.share.net = lxcts-none",
    code: "wrong-state",
    guilty: "lxcts-none",
  },
  {
    way: "a share with a process that is not there",
    lines: "lxc.namespace.share.ipc = 999999999",
    code: "syscall-failed",
    errno: 2,
    guilty: "999999999",
  },
  {
    way: "a share of another kind of namespace",
    lines: "lxc.namespace.share.net = /proc/self/ns/mnt",
    code: "config-invalid",
    errno: 22,
    guilty: "/proc/self/ns/mnt",
  },
];

export const ofConfigurations: readonly Way[] = [...files, ...networks, ...limits, ...isolation];
