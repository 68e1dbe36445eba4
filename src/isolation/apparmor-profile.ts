// The AppArmor profile that is written for one container (apparmor.d(5)). Pure.
//
// A rule that denies always wins, so what begins with `deny` holds whatever lxc.apparmor.raw adds.

import { LxcError } from "../base/errors.ts";
import { anyOf, patternsBut } from "./apparmor-globs.ts";
import { denialsForOldParsers } from "./apparmor-old-parsers.ts";
import { isMadeOf } from "./apparmor-words.ts";

export interface ProfileWish {
  readonly name: string;
  /** The policy namespace of its own, whose profiles count in addition; "" for none. */
  readonly namespace: string;
  /** Whether the container's root is that of the host. */
  readonly isPrivileged: boolean;
  /** Whether it may have containers of its own. */
  readonly mayNest: boolean;
  readonly hasCgroupNamespaces: boolean;
  /** Names of the only capabilities; undefined for all but `dropped`. */
  readonly kept: readonly string[] | undefined;
  readonly dropped: readonly string[];
  /** Lines of the administrator's, as they are. */
  readonly raw: readonly string[];
}

const PROPAGATIONS: readonly string[] = ["slave", "shared", "private", "unbindable"];
const REMOUNT_OPTIONS: readonly string[] = ["silent", "nodev", "nosuid", "noexec"];
/** A word that parsers before version 4 do not know. */
const NEW_OPTION = "nosymfollow";
/** Below /proc/sys: those of IPC, UTS and network namespaces; /proc/sys/fs has rules of its own. */
const OWN_PARAMETERS: readonly string[] = [
  "fs/**",
  "kernel/domainname",
  "kernel/hostname",
  "kernel/msg*",
  "kernel/sem*",
  "kernel/shm*",
  "net/**",
];
const ACCESS_TIMES: readonly string[] = ["", "noatime", "relatime", "strictatime"];

/**
 * The text of the profile, in words of `dialect`: old ones are all that parsers before AppArmor 4 know. Throws for names
 * that would end the string they stand in.
 */
export function profileText(wish: ProfileWish, dialect: "new" | "old"): string {
  const name = quoted(wish.name);
  const lines = placeVariables().concat([`profile ${name} flags=(attach_disconnected,mediate_deleted) {`]);
  lines.push(...capabilityRules(wish));
  lines.push(...processRules());
  lines.push(...fileRules(wish));
  lines.push(...systemMounts(wish));
  lines.push(...mountRules(dialect));
  if (dialect === "old" && wish.isPrivileged && !wish.mayNest) lines.push(...denialsForOldParsers(wish.raw));
  if (wish.namespace !== "") lines.push(...namespaceRules(wish.namespace));
  if (wish.mayNest) lines.push(...nestingRules(wish.namespace === "" ? name : ""));
  if (!wish.isPrivileged) lines.push(...userNamespaceRules());
  if (wish.raw.length > 0) lines.push("", "  # lxc.apparmor.raw");
  for (const line of wish.raw) lines.push(`  ${line}`);
  return `${lines.join("\n")}\n}\n`;
}

/** Whether a name means itself in a profile, in a label, and as a folder of securityfs. */
export function isPlainName(name: string): boolean {
  return isMadeOf(name, "._+=~<>/@-") && !name.includes("//");
}

function quoted(name: string): string {
  if (isPlainName(name)) return `"${name}"`;
  throw new LxcError("bug", "write an AppArmor profile", `"${name}" is no plain name for it`);
}

/** What is mediated at all, and is allowed unless something below says otherwise. */
function capabilityRules(wish: ProfileWish): string[] {
  const lines = ["  # What is not denied below. Capabilities are bounded as lxc.cap says, here once more."];
  lines.push("  file,", "  network,", "  dbus,", "  umount,");
  if (wish.kept === undefined) lines.push("  capability,");
  for (const name of wish.kept ?? []) lines.push(`  capability ${name},`);
  for (const name of wish.dropped) lines.push(`  deny capability ${name},`);
  return lines;
}

function processRules(): string[] {
  return [
    "",
    "  # Processes act upon each other inside; from outside only who may do so by his own profile.",
    "  signal (receive),",
    "  signal peer=@{profile_name},",
    "  ptrace (readby, tracedby),",
    "  ptrace peer=@{profile_name},",
    "  unix (receive),",
    "  unix peer=(label=@{profile_name}),",
  ];
}

/** Files of the kernel that are the host's, too. A container without containers may write to even fewer. */
function fileRules(wish: ProfileWish): string[] {
  const lines = ["", "  # The host's memory, hardware, debugging and firmware."];
  for (const path of ["/proc/kcore", "/proc/sysrq-trigger", "/proc/acpi/**"]) lines.push(deny(path, "rwklx"));
  lines.push(deny("/proc/bus/**", "wklx"));
  for (const folder of ["debug", "tracing"]) lines.push(deny(`/sys/kernel/${folder}/{,**}`, "rwklx"));
  lines.push(deny("/sys/firmware/efi/efivars/**", "rwklx"));
  lines.push(
    "",
    "  # Limits and handlers of all file systems; programs for other formats only where they are the container's.",
  );
  for (const path of patternsBut("/proc/sys/fs", ["binfmt_misc/**"])) lines.push(deny(path, "wklx"));
  if (wish.isPrivileged) lines.push(deny("/proc/sys/fs/binfmt_misc/{,**}", "wklx"));
  if (wish.mayNest) return lines;
  lines.push("", "  # Parameters of the kernel but for those of the container's own namespaces.");
  for (const path of patternsBut("/proc/sys", OWN_PARAMETERS)) lines.push(deny(path, "wklx"));
  lines.push("", "  # Devices and parts of the kernel but for cgroups, network devices, and policies of its own.");
  const own = wish.namespace === "" ? "kernel/**" : "kernel/security/apparmor/**";
  const parts = ["class/net/**", "devices/virtual/net/**", "fs/cgroup/**", own];
  for (const path of patternsBut("/sys", parts)) lines.push(deny(path, "wklx"));
  if (wish.namespace === "") lines.push(deny("/sys/k*{,/**}", "rwklx"));
  return lines;
}

function deny(path: string, access: string): string {
  return `  deny ${path} ${access},`;
}

/** File systems that show a container nothing but what is its own, or what the rules above keep it from. */
function systemMounts(wish: ProfileWish): string[] {
  const lines = ["", "  # File systems of its own, anywhere; those of the kernel, where every system has them."];
  for (const type of ["tmpfs", "hugetlbfs", "mqueue", "fuse", "fuse.*"]) lines.push(`  mount fstype=${type},`);
  const places: readonly (readonly [string, string])[] = [
    ["proc", "/proc/"],
    ["binfmt_misc", "/proc/sys/fs/binfmt_misc/"],
    ["sysfs", "/sys/"],
    ["fusectl", "/sys/fs/fuse/connections/"],
    ["securityfs", "/sys/kernel/security/"],
    ["debugfs", "/sys/kernel/debug/"],
    ["efivarfs", "/sys/firmware/efi/efivars/"],
  ];
  for (const [type, place] of places) lines.push(`  mount fstype=${type} -> ${place},`);
  if (wish.hasCgroupNamespaces)
    for (const type of ["cgroup", "cgroup2"]) lines.push(`  mount fstype=${type} -> /sys/fs/cgroup/**,`);
  return lines;
}

/** Places that mounts may come from. */
function placeVariables(): string[] {
  return [
    "# All but /proc, /sys, and /dev as a whole.",
    `@{PLACES}=${anyOf(patternsBut("", ["proc/**", "sys/**", "dev/.lxc/**"]))}`,
    "# All but /proc, /sys and /dev.",
    `@{TREES}=${anyOf(patternsBut("", ["proc/**", "sys/**", "dev/**"]))}`,
    "",
  ];
}

/** Mounts that are there already. Those of /proc, /sys and /dev never come to another place, where no rule knows them. */
function mountRules(dialect: "new" | "old"): string[] {
  const lines = ["", "  # How mounts spread."];
  lines.push(...propagationRules());
  lines.push("", "  # Copies of mounts, and mounts moved.");
  for (const way of ["bind", "move"]) lines.push(`  mount options=(rw, ${way}) @{PLACES},`);
  lines.push("  mount options=(rw, rbind) @{TREES},");
  lines.push("", "  # What may be written becomes read-only.");
  for (const options of remountOptions(dialect)) lines.push(`  mount options=(${options}) -> @{PLACES},`);
  lines.push("  mount options=(rw, nosuid, nodev, noexec, remount) -> /sys/,");
  lines.push("  mount options=(ro, nosuid, nodev, noexec, remount, strictatime) -> /sys/fs/cgroup/,");
  lines.push("", "  # Every shutdown tries this; it is not worth a line in the log.");
  for (const options of ["ro, remount", "ro, remount, silent"]) lines.push(`  deny mount options=(${options}) -> /,`);
  return lines;
}

/** Busybox asks the kernel to be silent, whatever it mounts. */
function propagationRules(): string[] {
  const lines: string[] = [];
  for (const kind of PROPAGATIONS)
    for (const way of [`make-${kind}`, `make-r${kind}`, `silent, make-${kind}`, `silent, make-r${kind}`])
      lines.push(`  mount options=(rw, ${way}) -> /{,**},`);
  return lines;
}

/** A rule is for exactly its options: every way to have some of them. */
function remountOptions(dialect: "new" | "old"): string[] {
  let sets = ["ro, remount, bind"];
  const options = dialect === "new" ? REMOUNT_OPTIONS.concat([NEW_OPTION]) : REMOUNT_OPTIONS;
  for (const option of options) sets = sets.concat(sets.map((set) => `${set}, ${option}`));
  const all: string[] = [];
  for (const set of sets) for (const time of ACCESS_TIMES) all.push(time === "" ? set : `${set}, ${time}`);
  return all;
}

/** Programs inside may be confined by the namespace's profiles, on top of this one. */
function namespaceRules(namespace: string): string[] {
  const name = quoted(namespace).slice(1, -1);
  return [
    "",
    "  # Profiles of its own, in its own namespace of policies.",
    `  change_profile -> ":${name}:*",`,
    `  change_profile -> ":${name}://*",`,
  ];
}

/**
 * lxc.apparmor.allow_nesting: a container mounts what it likes for its own containers. The paths of a procfs or sysfs that is
 * mounted nowhere begin at `/` for AppArmor, so that no rule for /sys may stand in the way of theirs (runc issue 4968).
 */
function nestingRules(ownName: string): string[] {
  const lines = ["", "  # Containers inside. Two mounts are there for the kernel to see, and for nobody to use."];
  lines.push("  mount,", "  pivot_root,", "  ptrace,", "  signal,");
  for (const what of ["proc", "sys"]) lines.push(deny(`/dev/.lxc/${what}/**`, "rw"));
  if (ownName !== "") lines.push(`  change_profile -> ${ownName},`);
  return lines;
}

/** What the kernel allows the root of a user namespace is safe for the host, however it is put together. */
function userNamespaceRules(): string[] {
  return [
    "",
    "  # Mounts in a user namespace, which all stay within it.",
    "  pivot_root,",
    "  mount fstype=binfmt_misc,",
    "  mount options=(rw, bind),",
    "  mount options=(rw, rbind),",
    "  mount options=(ro, remount),",
  ];
}
