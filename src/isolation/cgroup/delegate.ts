// Giving a container's root its own cgroups. Runs in root's monitor, or in a process that is in the container's user namespace.

import { ENOENT } from "../../kernel/abi/errno.ts";
import { AT_EMPTY_PATH } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { refused, tryCall } from "../../kernel/call.ts";
import { tryReadText } from "../../kernel/files.ts";

/** A cgroup that processes of the container are in. */
export interface CgroupFolder {
  /** O_PATH is enough. */
  readonly fd: number;
  readonly version: number;
}

/** Numbers as they are where `delegateCgroup` runs. */
export interface CgroupOwner {
  /** The container's root. */
  readonly uid: number;
  readonly gid: number;
  /**
   * Who starts the container. Root keeps nothing. A user keeps what it needs to let others in and to remove all of it,
   * and the container's root gets its part as their group (as in LXC).
   */
  readonly keeper: number;
}

/** Where the kernel says which files whoever a cgroup is delegated to may write, since Linux 4.15. */
const DELEGATED = "/sys/kernel/cgroup/delegate";
const WITHOUT_ANSWER: readonly string[] = ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control"];
const VERSION_1: readonly string[] = ["cgroup.procs", "tasks"];
const SHARED_FOLDER_MODE = 0o775;
const SHARED_FILE_MODE = 0o664;

/** The files of a version 2 cgroup that belong to whoever it is delegated to. */
export function delegatedFiles(): readonly string[] {
  return delegatedIn(tryReadText(DELEGATED));
}

/** The same, from what the kernel says; undefined for a kernel that does not say. */
export function delegatedIn(text: string | undefined): readonly string[] {
  const files = (text ?? "").split("\n").filter((file): boolean => file !== "" && !file.includes("/"));
  return files.length === 0 ? WITHOUT_ANSWER : files;
}

/**
 * Gives `folder` and the files that belong to it to the container's root; everything else, the limits first of all, stays
 * as it is. `files` are those of `delegatedFiles`. Goes by the open folder alone. Throws when the kernel refuses.
 */
export function delegateCgroup(folder: CgroupFolder, owner: CgroupOwner, files: readonly string[]): void {
  give(folder.fd, "", owner, SHARED_FOLDER_MODE);
  for (const file of folder.version === 2 ? files : VERSION_1) give(folder.fd, file, owner, SHARED_FILE_MODE);
}

/** A file that this cgroup does not have, such as one of a controller, is no failure. */
function give(dir: number, file: string, owner: CgroupOwner, sharedMode: number): void {
  const what = file === "" ? "a cgroup" : file;
  const isShared = owner.keeper !== 0;
  const changed = tryCall(SYS.fchownat, dir, file, isShared ? owner.keeper : owner.uid, owner.gid, AT_EMPTY_PATH);
  if (changed === -ENOENT) return;
  if (changed < 0) throw refused(`give ${what} to the container's root`, "fchownat", changed);
  if (!isShared) return;
  // An O_PATH folder has no fchmod, and `.` in it is the folder itself.
  const result = tryCall(SYS.fchmodat, dir, file === "" ? "." : file, sharedMode);
  if (result < 0) throw refused(`let the container's root write to ${what}`, "fchmodat", result);
}
