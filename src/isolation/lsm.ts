// Which security module confines processes here, and how a process asks for a label of it.

import { LxcError } from "../base/errors.ts";
import { ENOENT } from "../kernel/abi/errno.ts";
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_WRONLY,
  openHow,
  PROC_SUPER_MAGIC,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_XDEV,
  statfs,
} from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryBytes, tryCall } from "../kernel/call.ts";
import { closeFd, exists, openAt, tryReadText } from "../kernel/files.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { makeFileSystem } from "../kernel/mounts.ts";

export type Lsm = "AppArmor" | "SELinux" | "";

/** Empty when neither is on. As in LXC, AppArmor comes first where both are. */
export function activeLsm(): Lsm {
  if ((tryReadText("/sys/module/apparmor/parameters/enabled") ?? "").startsWith("Y")) return "AppArmor";
  return exists("/sys/fs/selinux/enforce") ? "SELinux" : "";
}

/** Files of this process that take labels, open for writing; -1 for those that its module does not have. */
export interface LabelFiles {
  readonly lsm: Lsm;
  /** Takes the label of the next program that this process, or a child of it, becomes. */
  readonly program: number;
  /** Takes that of keyrings it makes from now on; of SELinux only. */
  readonly keys: number;
}

/**
 * Opens them in a procfs of our own that is mounted nowhere, so that nothing can stand over them (CVE-2019-16884,
 * CVE-2019-19921, CVE-2023-28642, CVE-2025-52881). To be called by the process that writes, before anything of a
 * container's is mounted; without a module it does nothing.
 */
export function openLabelFiles(lsm: Lsm): LabelFiles {
  if (lsm === "") return { lsm, program: -1, keys: -1 };
  const proc = openProc();
  try {
    if (lsm === "SELinux") {
      const program = openAttribute(proc, "self/attr/exec");
      return { lsm, program, keys: openAttribute(proc, "self/attr/keycreate") };
    }
    // AppArmor has a folder of its own since Linux 5.8.
    const own = tryOpenAttribute(proc, "self/attr/apparmor/exec");
    return { lsm, program: own === -ENOENT ? openAttribute(proc, "self/attr/exec") : checked(own), keys: -1 };
  } finally {
    closeFd(proc);
  }
}

export function closeLabelFiles(files: LabelFiles): void {
  if (files.program >= 0) closeFd(files.program);
  if (files.keys >= 0) closeFd(files.keys);
}

/** Asks for `label` for the next program; empty asks for nothing. Returns 0 or -errno. */
export function tryLabelProgram(files: LabelFiles, label: string): number {
  if (label === "" || files.program < 0) return 0;
  return tryWrite(files.program, files.lsm === "AppArmor" ? `exec ${label}` : label);
}

/** The same for new keyrings. */
export function tryLabelKeys(files: LabelFiles, label: string): number {
  return label === "" || files.keys < 0 ? 0 : tryWrite(files.keys, label);
}

/** The kernel takes a label in one write or not at all. */
function tryWrite(fd: number, text: string): number {
  const bytes = bytesOfText(text);
  return Math.min(tryBytes(SYS.write, fd, bytes, bytes.length, 0), 0);
}

/** In a user namespace whose /proc is covered in part the kernel makes no other one: then that of the host has to do. */
function openProc(): number {
  try {
    return makeFileSystem("proc", "proc", 0, []);
  } catch (caught) {
    if (!(caught instanceof LxcError)) throw caught;
    return openAt(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
  }
}

function openAttribute(proc: number, path: string): number {
  return checked(tryOpenAttribute(proc, path));
}

/** Not across a mount: one over the file would take the label, and say that all is well. */
function tryOpenAttribute(proc: number, path: string): number {
  const how = new Uint8Array(openHow.size);
  openHow.flags.put(how, O_WRONLY | O_CLOEXEC);
  openHow.resolve.put(how, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
  return tryCall(SYS.openat2, proc, path, how, how.length);
}

function checked(fd: number): number {
  if (fd < 0) throw refused("open the file that takes our security label", "openat2", fd);
  const system = new Uint8Array(statfs.size);
  if (tryBytes(SYS.fstatfs, fd, system, 0, 0) >= 0 && statfs.type.get(system) === PROC_SUPER_MAGIC) return fd;
  closeFd(fd);
  throw new LxcError("not-permitted", "take a security label", "the file that takes it is not of procfs", {
    hint: "see what is mounted over /proc: findmnt -R /proc",
  });
}
