// The built-in template `busybox`: a root file system of one static program and links to it, as LXC's lxc-busybox makes it.

import { AT_FDCWD, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_WRONLY } from "../../kernel/abi/fs.ts";
import { call, tryCall } from "../../kernel/call.ts";
import { copyContents } from "../../kernel/copy.ts";
import { closeFd, isDirectory, openAt, tryOpenAt, writeAll } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import type { Interrupts } from "../interrupts.ts";
import { DHCP_SCRIPT, FILES, FOLDERS } from "./busybox-files.ts";
import { type BusyboxOptions, busyboxOptionsFrom } from "./busybox-options.ts";
import { type Busybox, findBusybox } from "./busybox-program.ts";

/** The folders of the host that its programs need, bound into the container when both have them. */
const LIBRARIES: readonly string[] = ["lib", "usr/lib", "lib64", "usr/lib64"];

const PROGRAM_MODE = 0o6755;

export interface BusyboxRequest {
  readonly name: string;
  /** The folder to fill; it is there. */
  readonly rootfs: string;
  readonly args: readonly string[];
  /** The caller's PATH. */
  readonly path: string;
  /** What fails when it fails: "create c1". */
  readonly doing: string;
}

/** What the template made of its options. */
export interface BusyboxResult {
  /** To be added to the container's configuration. */
  readonly config: string;
  readonly options: BusyboxOptions;
}

/** Fills `rootfs`. Throws at the first failure, leaving the rest to the caller; stops when a signal came. */
export function makeBusyboxRootfs(request: BusyboxRequest, interrupts: Interrupts): BusyboxResult {
  const options = busyboxOptionsFrom(request.args);
  const busybox = findBusybox(options.busyboxPath, request.path);
  const root = openAt(AT_FDCWD, request.rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    makeFolders(root, FOLDERS);
    interrupts.check(request.doing);
    copyProgram(busybox.fd, root);
    interrupts.check(request.doing);
    makeLinks(root, busybox);
    for (const file of FILES) makeFile(root, file.path, file.text, file.mode);
    makeDhcpScript(root, busybox.dhcpScript);
    interrupts.check(request.doing);
    return { config: configLines(request.name, librariesIn(root)), options };
  } finally {
    closeFd(root);
    closeFd(busybox.fd);
  }
}

/** Folders that are there are kept, as in LXC. */
function makeFolders(root: number, folders: readonly string[]): void {
  for (const folder of folders) tryMakeFolder(root, folder);
  call("make tmp open to all", "fchmodat", root, "tmp", 0o1777);
}

function tryMakeFolder(root: number, folder: string): void {
  const result = tryCall("mkdirat", root, folder, 0o755);
  if (result === 0 || isFolder(root, folder)) return;
  call(`make the folder ${folder} in the container`, "mkdirat", root, folder, 0o755);
}

function isFolder(root: number, folder: string): boolean {
  const fd = tryOpenAt(root, folder, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (fd >= 0) closeFd(fd);
  return fd >= 0;
}

/** `passwd` and `su` change users: the program they are links to is setuid, as in LXC. */
function copyProgram(from: number, root: number): void {
  const to = openAt(root, "bin/busybox", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PROGRAM_MODE);
  try {
    copyContents(from, to, "busybox into the container");
    // Writing takes the setuid bit away from all but root.
    call("make busybox setuid in the container", "fchmod", to, PROGRAM_MODE);
  } finally {
    closeFd(to);
  }
  call("make sbin/init in the container", "linkat", root, "bin/busybox", root, "sbin/init", 0);
}

function makeLinks(root: number, busybox: Busybox): void {
  const bin = openAt(root, "bin", O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    for (const name of busybox.applets) call(`make the link bin/${name}`, "symlinkat", "busybox", bin, name);
  } finally {
    closeFd(bin);
  }
}

function makeFile(root: number, path: string, text: string, mode: number): void {
  const fd = openAt(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    if (text !== "") writeAll(fd, bytesOfText(text), path);
  } finally {
    closeFd(fd);
  }
}

function makeDhcpScript(root: number, script: string): void {
  if (script === "") return;
  const parts = script.split("/");
  for (let count = 1; count < parts.length; count++) tryMakeFolder(root, parts.slice(0, count).join("/"));
  makeFile(root, script, DHCP_SCRIPT, 0o755);
}

function librariesIn(root: number): string[] {
  return LIBRARIES.filter((folder) => isDirectory(`/${folder}`) && isFolder(root, folder));
}

/** What lxc-busybox adds to the configuration, with host folders bound for programs that are not static. Pure. */
export function configLines(name: string, libraries: readonly string[]): string {
  const lines = [
    "lxc.signal.halt = SIGUSR1",
    "lxc.signal.reboot = SIGTERM",
    `lxc.uts.name = "${name}"`,
    "lxc.autodev = 1",
    "lxc.tty.max = 5",
    "lxc.pty.max = 1",
    "lxc.cap.drop = sys_module mac_admin mac_override sys_time",
    "",
    "# When using LXC with apparmor, uncomment the next line to run unconfined:",
    "#lxc.apparmor.profile = unconfined",
    "",
    "lxc.mount.auto = cgroup:mixed proc:mixed sys:ro",
    "lxc.mount.entry = shm dev/shm tmpfs defaults,create=dir 0 0",
    "lxc.mount.entry = mqueue dev/mqueue mqueue defaults,optional,create=dir 0 0",
  ];
  for (const folder of libraries) lines.push(`lxc.mount.entry = /${folder} ${folder} none ro,bind 0 0`);
  lines.push("lxc.mount.entry = /sys/kernel/security sys/kernel/security none ro,bind,optional 0 0", "");
  return lines.join("\n");
}

/** What `lxc-create -t busybox -h` prints. */
export function busyboxHelp(): string {
  return [
    "busybox: a small root file system made of one static program",
    "",
    "Options :",
    "  -h, --help               print this help and make nothing",
    "      --busybox-path=FILE  the static busybox to copy (default: the first one in PATH)",
    "      --mapped-uid=UID     give the container's configuration to this user",
    "      --mapped-gid=GID     give the container's configuration to this group",
    "",
    "lxc-create adds --path, --name and --rootfs by itself.",
    "",
  ].join("\n");
}
