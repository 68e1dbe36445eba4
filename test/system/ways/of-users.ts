// Ways in which an ordinary user is refused: the container c1 is the user's own.

import type { Way } from "./way.ts";

export const ofUsers: readonly Way[] = [
  {
    way: "a range of ids that is not the user's",
    broken: "sed -i 's/^lxc.idmap = u .*/lxc.idmap = u 0 1 65536/' .local/share/lxc/c1/config",
    code: "not-permitted",
    guilty: "lxc.idmap",
  },
  {
    way: "a limit without a cgroup of the user's",
    run: "lxc-start -n c1 -s lxc.cgroup.pids.max=10",
    code: "not-permitted",
    guilty: "lxc.cgroup.pids.max",
  },
  {
    way: "a process limit above the user's",
    run: "lxc-start -n c1 -s lxc.prlimit.nofile=2000000",
    code: "syscall-failed",
    errno: 1,
    guilty: "lxc.prlimit.nofile",
  },
  {
    way: "a root file system that is not the user's",
    run: "lxc-start -n c1 -s lxc.rootfs.path=dir:/root",
    code: "syscall-failed",
    errno: 13,
    guilty: "dev",
  },
  {
    way: "a network that only root can make",
    run: "lxc-start -n c1 -s lxc.net.0.type=macvlan -s lxc.net.0.link=lo",
    code: "unsupported",
    guilty: "lxc.net.0.type",
  },
  {
    way: "a configuration that the user may not read",
    run: "lxc-start -n c1 -f /etc/shadow",
    code: "syscall-failed",
    errno: 13,
    guilty: "/etc/shadow",
  },
  {
    way: "a container path that is not the user's",
    run: "lxc-create -P /lxcts-none -n c2 -t busybox",
    code: "syscall-failed",
    errno: 13,
    guilty: "/lxcts-none",
  },
];
