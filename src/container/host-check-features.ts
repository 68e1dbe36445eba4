// The features of a kernel that lxc-checkconfig looks for: by what the running kernel shows, else by how it was built. Pure.

import { kernelFix } from "./host-check-fixes.ts";
import {
  byHand,
  type Checked,
  EVENTFD,
  enabled,
  type HostFacts,
  missing,
  required,
  unknown,
  wordsOf,
} from "./host-facts.ts";

/** How the running kernel shows that it has a feature. */
interface Sign {
  readonly kind: "namespace" | "path" | "file-system" | "none";
  /** The namespace, the path or the file system. */
  readonly what: string;
}

interface Feature {
  readonly item: string;
  readonly option: string;
  /** Whether no container starts without it, as LXC sees it. */
  readonly isNeeded: boolean;
  /** The module's name, for what may be built as one. */
  readonly module: string;
  readonly sign: Sign;
}

function builtIn(item: string, option: string, kind: Sign["kind"], what: string): Feature {
  return { item, option, isNeeded: false, module: "", sign: { kind, what } };
}

function needed(item: string, option: string, kind: Sign["kind"], what: string): Feature {
  return { item, option, isNeeded: true, module: "", sign: { kind, what } };
}

function modular(item: string, option: string, module: string): Feature {
  return { item, option, isNeeded: false, module, sign: { kind: "path", what: `/sys/module/${module}` } };
}

/** As LXC names and orders them, with two more at the end. */
function namespaceFeatures(): readonly Feature[] {
  return [
    needed("Namespaces", "CONFIG_NAMESPACES", "path", "/proc/self/ns"),
    builtIn("Utsname namespace", "CONFIG_UTS_NS", "namespace", "uts"),
    needed("Ipc namespace", "CONFIG_IPC_NS", "namespace", "ipc"),
    needed("Pid namespace", "CONFIG_PID_NS", "namespace", "pid"),
    builtIn("User namespace", "CONFIG_USER_NS", "namespace", "user"),
    builtIn("Network namespace", "CONFIG_NET_NS", "namespace", "net"),
    builtIn("Time namespace", "CONFIG_TIME_NS", "namespace", "time"),
  ];
}

function miscFeatures(): readonly Feature[] {
  return [
    modular("Veth pair device", "CONFIG_VETH", "veth"),
    modular("Macvlan", "CONFIG_MACVLAN", "macvlan"),
    modular("Vlan", "CONFIG_VLAN_8021Q", "8021q"),
    modular("Bridges", "CONFIG_BRIDGE", "bridge"),
    modular("Advanced netfilter", "CONFIG_NETFILTER_ADVANCED", "nf_tables"),
    modular("CONFIG_IP_NF_TARGET_MASQUERADE", "CONFIG_IP_NF_TARGET_MASQUERADE", "xt_MASQUERADE"),
    modular("CONFIG_IP6_NF_TARGET_MASQUERADE", "CONFIG_IP6_NF_TARGET_MASQUERADE", "xt_MASQUERADE"),
    modular("CONFIG_NETFILTER_XT_TARGET_CHECKSUM", "CONFIG_NETFILTER_XT_TARGET_CHECKSUM", "xt_CHECKSUM"),
    modular("CONFIG_NETFILTER_XT_MATCH_COMMENT", "CONFIG_NETFILTER_XT_MATCH_COMMENT", "xt_comment"),
    fileSystem("FUSE (for use with lxcfs)", "CONFIG_FUSE_FS", "fuse"),
  ];
}

function checkpointFeatures(): readonly Feature[] {
  return [
    builtIn("checkpoint restore", "CONFIG_CHECKPOINT_RESTORE", "path", "/proc/sys/kernel/ns_last_pid"),
    builtIn("CONFIG_FHANDLE", "CONFIG_FHANDLE", "none", ""),
    builtIn("CONFIG_EVENTFD", "CONFIG_EVENTFD", "path", EVENTFD),
    builtIn("CONFIG_EPOLL", "CONFIG_EPOLL", "path", "/proc/sys/fs/epoll"),
    modular("CONFIG_UNIX_DIAG", "CONFIG_UNIX_DIAG", "unix_diag"),
    modular("CONFIG_INET_DIAG", "CONFIG_INET_DIAG", "inet_diag"),
    modular("CONFIG_PACKET_DIAG", "CONFIG_PACKET_DIAG", "af_packet_diag"),
    modular("CONFIG_NETLINK_DIAG", "CONFIG_NETLINK_DIAG", "netlink_diag"),
  ];
}

function storageFeatures(): readonly Feature[] {
  return [
    fileSystem("Overlay", "CONFIG_OVERLAY_FS", "overlay"),
    modular("Loop devices", "CONFIG_BLK_DEV_LOOP", "loop"),
  ];
}

function securityFeatures(): readonly Feature[] {
  return [builtIn("Seccomp", "CONFIG_SECCOMP_FILTER", "path", "/proc/sys/kernel/seccomp/actions_avail")];
}

function fileSystem(item: string, option: string, type: string): Feature {
  return { item, option, isNeeded: false, module: type, sign: { kind: "file-system", what: type } };
}

export function checkNamespaceFeatures(host: HostFacts): Checked[] {
  return checkEach(host, "Namespaces", namespaceFeatures());
}

export function checkMisc(host: HostFacts): Checked[] {
  return checkEach(host, "Misc", miscFeatures());
}

export function checkCheckpoint(host: HostFacts): Checked[] {
  const section = "Checkpoint/Restore";
  // Part of every kernel since 2.6.33.
  return checkEach(host, section, checkpointFeatures()).concat([enabled(section, "File capabilities", "")]);
}

export function checkStorageFeatures(host: HostFacts, section: string): Checked[] {
  return checkEach(host, section, storageFeatures());
}

export function checkSecurityFeatures(host: HostFacts, section: string): Checked[] {
  return checkEach(host, section, securityFeatures());
}

function checkEach(host: HostFacts, section: string, features: readonly Feature[]): Checked[] {
  return features.map((feature) => check(host, section, feature));
}

function check(host: HostFacts, section: string, feature: Feature): Checked {
  const { item, option, module } = feature;
  const built = host.config?.value(option) ?? "";
  if (!host.isOfOtherKernel) {
    if (isShown(host, feature.sign)) return enabled(section, item, moduleState(host, module, built));
    if (built === "m" && isStranded(host)) return stranded(host, section, item);
  }
  if (built !== "") return enabled(section, item, moduleState(host, module, built));
  if (host.config === undefined) return byModules(host, section, feature);
  return lacking(section, feature);
}

/** Without any configuration, the lists of modules say what there is of what may be one. */
function byModules(host: HostFacts, section: string, feature: Feature): Checked {
  const { item, module } = feature;
  const lists = host.lines(modulesPath(host, "modules.builtin")).concat(host.lines(modulesPath(host, "modules.dep")));
  if (module === "" || lists.length === 0) {
    // What the kernel always shows when it has it is not there when it is not shown.
    const isTold = feature.sign.kind === "namespace" && host.has("/proc/self/ns");
    return isTold ? lacking(section, feature) : unknown(section, item);
  }
  const isThere = lists.some((line) => moduleIn(line) === module);
  return isThere ? enabled(section, item, moduleState(host, module, "m")) : lacking(section, feature);
}

function lacking(section: string, feature: Feature): Checked {
  const { item, option, isNeeded, module } = feature;
  const fix = kernelFix(option, module !== "");
  return isNeeded ? required(section, item, "", fix) : missing(section, item, "", fix);
}

function isShown(host: HostFacts, sign: Sign): boolean {
  switch (sign.kind) {
    case "namespace":
      return host.lines("/proc/self/ns").includes(sign.what);
    case "path":
      return host.has(sign.what);
    case "file-system":
      return host.hasWord("/proc/filesystems", sign.what);
    default:
      return false;
  }
}

/** As in LXC, where modules can be loaded at all. */
function moduleState(host: HostFacts, module: string, built: string): string {
  if (module === "" || host.isOfOtherKernel || !host.has("/proc/modules")) return "";
  if (built === "y") return "built in";
  const isLoaded = host.lines("/proc/modules").some((line) => (wordsOf(line)[0] ?? "") === module);
  return isLoaded ? "loaded" : "not loaded";
}

/** Whether modules are on the disk, and none of them for the running kernel. */
function isStranded(host: HostFacts): boolean {
  const releases = host.lines("/lib/modules");
  return releases.length > 0 && !releases.includes(host.release);
}

function stranded(host: HostFacts, section: string, item: string): Checked {
  const detail = `the modules of the running kernel ${host.release} are gone from /lib/modules`;
  return missing(section, item, detail, byHand("reboot into the kernel whose modules are installed"));
}

function modulesPath(host: HostFacts, name: string): string {
  return `/lib/modules/${host.release}/${name}`;
}

/** The module of a line such as `kernel/net/8021q/8021q.ko.xz: kernel/net/802/garp.ko.xz`. */
function moduleIn(line: string): string {
  const end = line.indexOf(".ko");
  const name = line.slice(0, Math.max(end, 0));
  return name.slice(name.lastIndexOf("/") + 1);
}
