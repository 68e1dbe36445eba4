// Who wants a network device: the user by number, with the names that /etc/lxc/lxc-usernet may have for it.
//
// Names come from /etc/passwd and /etc/group alone: a setuid program loads none of the libraries of nsswitch.conf.

import { LxcError } from "../../base/errors.ts";
import { AT_FDCWD, O_NOCTTY, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from "../../kernel/abi/fs.ts";
import { closeFd, type FileStatus, openAt, readUpTo, statusOf } from "../../kernel/files.ts";
import { groupsIn } from "../../kernel/groups.ts";
import { userIn } from "../../kernel/passwd.ts";

const LARGEST_FILE_BYTES = 16 * 1024 * 1024;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_OTHERS = 0o002;

export interface Caller {
  readonly uid: number;
  readonly name: string;
  readonly groups: readonly string[];
}

/** Throws when the user has no name that can stand in a line of words. */
export function callerOf(uid: number): Caller {
  const user = userIn(readTrusted("/etc/passwd"), uid);
  const name = user?.name ?? "";
  if (user === undefined || !isWord(name)) {
    throw new LxcError("not-found", `name user ${uid}`, "/etc/passwd has no such user", {
      hint: "users of a directory service need a line of their own in /etc/passwd",
    });
  }
  return { uid, name, groups: groupsIn(readTrusted("/etc/group"), name, user.gid).filter((group) => isWord(group)) };
}

function mayOthersWrite(status: FileStatus): boolean {
  const byGroup = status.gid !== 0 && (status.mode & WRITABLE_BY_GROUP) !== 0;
  return status.uid !== 0 || byGroup || (status.mode & WRITABLE_BY_OTHERS) !== 0;
}

/** Whether the line before, or another word, cannot be taken for this one. */
function isWord(name: string): boolean {
  if (name === "" || name.startsWith("@") || name.startsWith("#")) return false;
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) <= 32 || name.charCodeAt(i) === 127) return false;
  return true;
}

/** The text of a file that nobody but root may have written. */
export function readTrusted(path: string): string {
  const fd = openAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const status = statusOf(fd, path);
    if ((status.mode & S_IFMT) !== S_IFREG || mayOthersWrite(status)) {
      throw new LxcError("not-permitted", `read ${path}`, "it is no file, or one that others than root can change", {
        hint: `chown root:root ${path} && chmod go-w ${path}`,
      });
    }
    return new TextDecoder().decode(readUpTo(fd, path, LARGEST_FILE_BYTES));
  } finally {
    closeFd(fd);
  }
}
