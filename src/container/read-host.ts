// Reading what lxc-checkconfig tells of a host: files of the kernel, programs(), and calls that change nothing.

import { joinPath } from "../base/path.ts";
import { lowerCase } from "../base/text.ts";
import { type CgroupLayout, readLayout, unifiedOf } from "../isolation/cgroup/layout.ts";
import { activeLsm } from "../isolation/lsm.ts";
import { AT_FDCWD, O_CLOEXEC, O_PATH, S_IFMT, S_IFREG } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryCall, tryNumbers, tryPath } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { closeFd, exists, isDirectory, listDirectory, statusOf, tryOpenAt, tryReadText } from "../kernel/files.ts";
import { type User, userIn } from "../kernel/passwd.ts";
import { effectiveUser } from "../kernel/process.ts";
import { mountPoints } from "./host-check-cgroups.ts";
import type { FoundConfig } from "./host-check-kernel.ts";
import {
  CONTROLLERS,
  DELEGATED,
  EVENTFD,
  type FoundProgram,
  HostFacts,
  MODULE_RULES,
  SECURITY_MODULES,
  SYSTEMD,
} from "./host-facts.ts";
import { findHelper, NIC_HELPER, PUBLISH_HELPER } from "./network/setuid-helpers.ts";

const X_OK = 1;
const W_OK = 2;
const S_ISUID = 0o4000;
const CAP_SETGID = 6;
const CAP_SETUID = 7;
/** struct vfs_cap_data of linux/capability.h: a magic word, then the permitted set's lower half. */
const PERMITTED_AT = 4;
const FILE_CAPABILITIES_SIZE = 24;
/** A user's PATH often lacks them, and what we run as root finds its programs() there. */
const ROOT_FOLDERS: readonly string[] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

function texts(): readonly string[] {
  return [
    "/etc/group",
    "/etc/lxc/lxc-usernet",
    "/etc/os-release",
    "/etc/subgid",
    "/etc/subuid",
    "/proc/cgroups",
    "/proc/filesystems",
    "/proc/modules",
    "/proc/self/mountinfo",
    "/proc/sys/fs/inotify/max_user_instances",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/kernel/keys/maxkeys",
    "/proc/sys/kernel/modules_disabled",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/kernel/seccomp/actions_avail",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/version",
  ];
}
function folders(): readonly string[] {
  return ["/lib/modules", "/proc/self/ns", "/proc/sys/fs/epoll", "/proc/sys/user", SYSTEMD, "/sys/module"];
}
function programs(): readonly string[] {
  return ["ip", "nft", "iptables", "dnsmasq", "xz", "zstd", "gpg", "criu", "apparmor_parser", "rsync"];
}

/** The running kernel's release; "" when /proc does not say. */
export function kernelRelease(): string {
  return (textOf("/proc/sys/kernel/osrelease") ?? "").trim();
}

/** Looks at this host. `path` is the PATH that programs() are searched in. */
export function readHost(found: FoundConfig, path: string): HostFacts {
  const host = new HostFacts();
  host.release = kernelRelease();
  host.config = found.config;
  host.isOfOtherKernel = found.isGiven;
  for (const file of texts()) put(host, file);
  for (const folder of folders()) putNames(host, folder);
  for (const module of host.lines("/sys/module")) host.put(`/sys/module/${module}`, "");
  for (const limit of host.lines("/proc/sys/user")) put(host, `/proc/sys/user/${limit}`);
  put(host, `/lib/modules/${host.release}/modules.builtin`);
  put(host, `/lib/modules/${host.release}/modules.dep`);
  host.put(SECURITY_MODULES, textOf("/sys/kernel/security/lsm") ?? lowerCase(activeLsm()));
  host.put(MODULE_RULES, moduleRules());
  readCgroups(host);
  askKernel(host);
  readUser(host);
  findPrograms(host, path);
  return host;
}

function put(host: HostFacts, path: string): void {
  const text = textOf(path);
  if (text !== undefined) host.put(path, text);
}

/** Undefined for what is not there, or not for us to read. */
function textOf(path: string): string | undefined {
  if (tryPath(SYS.faccessat, AT_FDCWD, path, 4, 0) < 0) return undefined;
  return tryReadText(path);
}

/** All that modprobe.d(5) reads, one after the other. */
function moduleRules(): string {
  let text = "";
  for (const folder of ["/lib/modprobe.d", "/usr/lib/modprobe.d", "/run/modprobe.d", "/etc/modprobe.d"]) {
    if (!isDirectory(folder)) continue;
    for (const name of listDirectory(folder)) {
      if (name.endsWith(".conf")) text += `${textOf(joinPath(folder, name)) ?? ""}\n`;
    }
  }
  return text;
}

function putNames(host: HostFacts, path: string): void {
  if (tryPath(SYS.faccessat, AT_FDCWD, path, 4, 0) === 0 && isDirectory(path)) {
    host.put(path, listDirectory(path).join("\n"));
  }
}

function readCgroups(host: HostFacts): void {
  for (const legacy of mountPoints(host, "cgroup").slice(0, 1)) put(host, joinPath(legacy, "cgroup.clone_children"));
  for (const unified of mountPoints(host, "cgroup2").slice(0, 1)) {
    host.put(CONTROLLERS, textOf(joinPath(unified, "cgroup.controllers")) ?? "");
  }
}

/** What an ordinary user's own cgroups may have. */
function readOwnCgroups(host: HostFacts): void {
  const own: string[] = [];
  host.hasOwnCgroup = false;
  const layout = readLayout(true);
  for (const hierarchy of layout.hierarchies) {
    const folder = joinPath(hierarchy.mountPoint, hierarchy.base);
    if (tryPath(SYS.faccessat, AT_FDCWD, folder, W_OK, 0) < 0) continue;
    host.hasOwnCgroup = true;
    own.push(...hierarchy.controllers);
  }
  if (host.hasOwnCgroup) host.put(DELEGATED, own.join(" "));
  readUserManager(host, layout, ownEnvironment().get("XDG_RUNTIME_DIR") ?? "");
}

/** Asked only where there is version 2 alone. `runtimeDirectory` is "" for the usual one. */
function readUserManager(host: HostFacts, layout: CgroupLayout, runtimeDirectory: string): void {
  const unified = unifiedOf(layout);
  const folder = runtimeDirectory === "" ? `/run/user/${host.uid}` : runtimeDirectory;
  host.hasUserManager = layout.kind === "unified" && (exists(`${folder}/bus`) || exists(`${folder}/systemd/private`));
  if (host.hasOwnCgroup || !host.hasUserManager || unified === undefined) return;
  const service = `user.slice/user-${host.uid}.slice/user@${host.uid}.service`;
  const controllers = textOf(joinPath(unified.mountPoint, `${service}/cgroup.controllers`));
  if (controllers !== undefined) host.put(DELEGATED, controllers.trim());
}

/** Has the facts be about `user`, as far as they can be seen from outside. */
export function lookAs(host: HostFacts, user: User): void {
  host.uid = user.uid;
  host.userName = user.name;
  host.hasOwnCgroup = user.uid === 0;
  host.isOtherUser = true;
  if (user.uid !== 0) readUserManager(host, readLayout(true), "");
}

function askKernel(host: HostFacts): void {
  const fd = tryNumbers(SYS.eventfd2, 0, O_CLOEXEC, 0);
  if (fd < 0) return;
  closeFd(fd);
  host.put(EVENTFD, "");
}

function readUser(host: HostFacts): void {
  host.uid = effectiveUser();
  host.userName = userIn(textOf("/etc/passwd") ?? "", host.uid)?.name ?? String(host.uid);
  if (host.uid !== 0) readOwnCgroups(host);
}

function findPrograms(host: HostFacts, path: string): void {
  const own = path.split(":");
  // These two are run by users, with their own PATH.
  host.programs.push(findProgram("newuidmap", own, CAP_SETUID), findProgram("newgidmap", own, CAP_SETGID));
  for (const name of [NIC_HELPER, PUBLISH_HELPER]) {
    const helper = findHelper(name);
    if (helper !== undefined) host.programs.push({ name, path: helper.path, isPrivileged: helper.isSetuidRoot });
  }
  for (const name of programs()) host.programs.push(findProgram(name, own.concat(ROOT_FOLDERS), -1));
}

/** Searches the folders() for a program; `capability` is what it needs of root, or -1. */
function findProgram(name: string, searched: readonly string[], capability: number): FoundProgram {
  for (const folder of searched) {
    const path = joinPath(folder, name);
    if (!folder.startsWith("/") || tryPath(SYS.faccessat, AT_FDCWD, path, X_OK, 0) < 0) continue;
    const fd = tryOpenAt(AT_FDCWD, path, O_PATH);
    if (fd < 0) continue;
    const status = statusOf(fd, path);
    closeFd(fd);
    if ((status.mode & S_IFMT) !== S_IFREG) continue;
    const isSetuid = (status.mode & S_ISUID) !== 0 && status.uid === 0;
    return { name, path, isPrivileged: isSetuid || (capability >= 0 && hasCapability(path, capability)) };
  }
  return { name, path: "", isPrivileged: false };
}

/** Whether the file gives that capability to whoever runs it (capabilities(7), "File capabilities"). */
function hasCapability(path: string, capability: number): boolean {
  const bytes = new Uint8Array(FILE_CAPABILITIES_SIZE);
  const length = tryCall(SYS.getxattr, path, "security.capability", bytes, bytes.length);
  return length > PERMITTED_AT && ((bytes[PERMITTED_AT] ?? 0) & (1 << capability)) !== 0;
}
