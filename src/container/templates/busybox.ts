// The built-in template `busybox`: a root file system of one static program and links to it, as LXC's lxc-busybox makes it.

import { joinPath } from "../../base/path.ts";
import { closeFd, isDirectory } from "../../kernel/files.ts";
import type { Interrupts } from "../interrupts.ts";
import type { Creation } from "../partial.ts";
import type { RootFileSystem } from "../storage/storage.ts";
import { DHCP_SCRIPT, FILES, FOLDERS } from "./busybox-files.ts";
import type { BusyboxOptions } from "./busybox-options.ts";
import { type Busybox, findBusybox } from "./busybox-program.ts";
import { Filling } from "./filling.ts";

/** The folders of the host that its programs need, bound into the container when both have them. */
const LIBRARIES: readonly string[] = ["lib", "usr/lib", "lib64", "usr/lib64"];

const FOLDER_MODE = 0o755;
/** `passwd` and `su` change users: the program they are links to is setuid, as in LXC. */
const PROGRAM_MODE = 0o6755;
const PROGRAM = "bin/busybox";

export interface BusyboxRequest {
  readonly name: string;
  readonly rootfs: RootFileSystem;
  readonly options: BusyboxOptions;
  /** The caller's PATH. */
  readonly path: string;
  /** What fails when it fails: "create c1". */
  readonly doing: string;
}

/** Fills the root file system. Throws at the first failure, leaving the rest to the caller; stops when a signal came. */
export function makeBusyboxRootfs(request: BusyboxRequest, creation: Creation, interrupts: Interrupts): void {
  const busybox = findBusybox(request.options.busyboxPath, request.path);
  const filling = new Filling(request.rootfs.folder, request.rootfs.isFresh, creation);
  try {
    for (const folder of FOLDERS) filling.makeFolder(folder, FOLDER_MODE);
    filling.setMode("tmp", 0o1777);
    interrupts.check(request.doing);
    filling.makeCopy(PROGRAM, busybox.fd, PROGRAM_MODE);
    interrupts.check(request.doing);
    makeLinks(filling, busybox);
    for (const file of FILES) filling.makeFile(file.path, file.text, file.mode);
    makeDhcpScript(filling, busybox.dhcpScript);
    interrupts.check(request.doing);
  } finally {
    filling.close();
    closeFd(busybox.fd);
  }
}

/**
 * Hard links, as `busybox --install` makes them: lxc-busybox makes symbolic ones, which cost an inode each, and on a
 * file system that has just lost many inodes most of the time of a creation.
 */
function makeLinks(filling: Filling, busybox: Busybox): void {
  filling.makeLink("sbin/init", PROGRAM, "../bin/busybox");
  for (const name of busybox.applets) filling.makeLink(`bin/${name}`, PROGRAM, "busybox");
}

function makeDhcpScript(filling: Filling, script: string): void {
  if (script === "") return;
  const parts = script.split("/");
  for (let count = 1; count < parts.length; count++) filling.makeFolder(parts.slice(0, count).join("/"), FOLDER_MODE);
  filling.makeFile(script, DHCP_SCRIPT, 0o755);
}

/** What it adds to the configuration of the container `name` whose root file system is filled. */
export function busyboxConfig(name: string, rootfs: string): string {
  return configLines(
    name,
    LIBRARIES.filter((folder) => isDirectory(`/${folder}`) && isDirectory(joinPath(rootfs, `${folder}`))),
  );
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
