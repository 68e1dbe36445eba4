// What each line of lxc-checkconfig weighs for containers of root and of ordinary users. Pure.

import { type DoctorCheck, type Weight, weighed } from "./doctor-checks.ts";
import type { Checked, HostFacts } from "./host-facts.ts";

/** `fine` leaves it out: nothing that containers need without asking for it. */
interface Row {
  readonly item: string;
  readonly id: string;
  readonly forRoot: Weight;
  readonly forUser: Weight;
}

function row(item: string, id: string, forRoot: Weight, forUser: Weight): Row {
  return { item, id, forRoot, forUser };
}

/** The same for both. */
function always(item: string, id: string, weight: Weight): Row {
  return row(item, id, weight, weight);
}

function rows(): readonly Row[] {
  return namespaceRows().concat(cgroupRows(), kernelRows(), programRows());
}

function namespaceRows(): Row[] {
  return [
    always("Namespaces", "namespaces", "stops"),
    always("Utsname namespace", "uts-namespace", "stops"),
    always("Ipc namespace", "ipc-namespace", "stops"),
    always("Pid namespace", "pid-namespace", "stops"),
    row("User namespace", "user-namespace", "limits", "stops"),
    // The maps of root's containers we write ourselves.
    row("newuidmap", "newuidmap", "fine", "stops"),
    row("newgidmap", "newgidmap", "fine", "stops"),
    always("Network namespace", "network-namespace", "stops"),
    always("Time namespace", "time-namespace", "fine"),
    row("max_user_namespaces", "max-user-namespaces", "limits", "stops"),
    always("max_mnt_namespaces", "max-mnt-namespaces", "stops"),
    always("max_pid_namespaces", "max-pid-namespaces", "stops"),
    always("max_ipc_namespaces", "max-ipc-namespaces", "stops"),
    always("max_uts_namespaces", "max-uts-namespaces", "stops"),
    always("max_net_namespaces", "max-net-namespaces", "stops"),
    always("max_cgroup_namespaces", "max-cgroup-namespaces", "limits"),
    always("max_time_namespaces", "max-time-namespaces", "fine"),
    row("User namespaces without root", "unprivileged-user-namespaces", "fine", "stops"),
  ];
}

function cgroupRows(): Row[] {
  return [
    always("Cgroups", "cgroups", "limits"),
    always("Cgroup namespace", "cgroup-namespace", "limits"),
    always("Cgroup hierarchy", "cgroup-hierarchy", "limits"),
    always("Cgroup v1 mount points", "cgroup-v1", "fine"),
    always("Cgroup v2 mount points", "cgroup-v2", "fine"),
    always("Cgroup v1 systemd controller", "cgroup-v1-systemd", "advice"),
    always("Cgroup v1 freezer controller", "cgroup-v1-freezer", "limits"),
    always("Cgroup v1 clone_children flag", "cgroup-v1-clone-children", "fine"),
    always("Cgroup device", "cgroup-device", "limits"),
    always("Cgroup sched", "cgroup-cpu", "limits"),
    always("Cgroup cpu account", "cgroup-cpuacct", "limits"),
    always("Cgroup memory controller", "cgroup-memory", "limits"),
    always("Cgroup cpuset", "cgroup-cpuset", "limits"),
    always("Cgroup pids controller", "cgroup-pids", "limits"),
    always("Cgroup io controller", "cgroup-io", "limits"),
    always("Cgroup of the user's own", "cgroup-delegation", "limits"),
  ];
}

function kernelRows(): Row[] {
  return [
    always("Mounts by descriptor", "kernel-version", "stops"),
    always("Seccomp", "seccomp", "limits"),
    always("Security module", "security-module", "advice"),
    always("Veth pair device", "veth", "advice"),
    always("Bridges", "bridge", "advice"),
    always("Macvlan", "macvlan", "fine"),
    always("Vlan", "vlan", "fine"),
    always("Advanced netfilter", "netfilter", "fine"),
    always("CONFIG_IP_NF_TARGET_MASQUERADE", "masquerade", "fine"),
    always("CONFIG_IP6_NF_TARGET_MASQUERADE", "masquerade6", "fine"),
    always("CONFIG_NETFILTER_XT_TARGET_CHECKSUM", "checksum", "fine"),
    always("CONFIG_NETFILTER_XT_MATCH_COMMENT", "comment", "fine"),
    always("FUSE (for use with lxcfs)", "fuse", "fine"),
    always("Overlay", "overlay", "fine"),
    always("Loop devices", "loop", "fine"),
    always("checkpoint restore", "checkpoint", "fine"),
    always("CONFIG_FHANDLE", "fhandle", "fine"),
    always("CONFIG_EVENTFD", "eventfd", "fine"),
    always("CONFIG_EPOLL", "epoll", "stops"),
    always("CONFIG_UNIX_DIAG", "unix-diag", "fine"),
    always("CONFIG_INET_DIAG", "inet-diag", "fine"),
    always("CONFIG_PACKET_DIAG", "packet-diag", "fine"),
    always("CONFIG_NETLINK_DIAG", "netlink-diag", "fine"),
    always("File capabilities", "file-capabilities", "fine"),
  ];
}

function programRows(): Row[] {
  return [
    always("nft or iptables", "firewall", "advice"),
    always("ip", "program-ip", "fine"),
    always("dnsmasq", "program-dnsmasq", "advice"),
    always("xz", "program-xz", "advice"),
    always("zstd", "program-zstd", "fine"),
    always("gpg", "program-gpg", "fine"),
    always("criu", "program-criu", "fine"),
    always("rsync", "program-rsync", "fine"),
    always("apparmor_parser", "program-apparmor-parser", "limits"),
  ];
}

/** Undefined for an item that nobody has weighed. */
function rowFor(item: string): Row | undefined {
  // These have the user's name in the middle.
  if (item.startsWith("Ids of ") && item.endsWith("subuid")) return row(item, "subuid", "advice", "stops");
  if (item.startsWith("Ids of ") && item.endsWith("subgid")) return row(item, "subgid", "advice", "stops");
  return rows().find((each): boolean => each.item === item);
}

/** The lines of lxc-checkconfig that matter for the user. */
export function weigh(host: HostFacts, checked: readonly Checked[]): DoctorCheck[] {
  const checks: DoctorCheck[] = [];
  for (const line of checked) {
    const known = rowFor(line.item);
    const weight = known === undefined ? "fine" : host.uid === 0 ? known.forRoot : known.forUser;
    if (known !== undefined && weight !== "fine") checks.push(weighed(known.id, weight, line));
  }
  return checks;
}

/** The id of a line of lxc-checkconfig; "" when nobody has weighed it. */
export function idOf(item: string): string {
  return rowFor(item)?.id ?? "";
}
