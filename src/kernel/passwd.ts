// The user database of a root file system that its container may have written: read without leaving it, parsed strictly.

import { O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from "./abi/fs.ts";
import { closeFd, readAll, statusOf } from "./files.ts";
import { tryOpenInside } from "./resolve.ts";

const LARGEST_FILE_BYTES = 4 * 1024 * 1024;
const FIELDS = 7;

/** A user of passwd(5). */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Empty for the default. */
  readonly shell: string;
}

/** The user `uid` of the root file system behind the folder `root`; undefined when it has none, or no readable database. */
export function userInside(root: number, uid: number): User | undefined {
  // Without O_NONBLOCK a pipe of that name would keep us waiting.
  const fd = tryOpenInside(root, "etc/passwd", O_RDONLY | O_NONBLOCK);
  if (fd < 0) return undefined;
  try {
    const status = statusOf(fd, "etc/passwd in the container");
    if ((status.mode & S_IFMT) !== S_IFREG || status.sizeBytes > LARGEST_FILE_BYTES) return undefined;
    return userIn(new TextDecoder().decode(readAll(fd, "etc/passwd in the container")), uid);
  } finally {
    closeFd(fd);
  }
}

/** The first user with that number. A line that is not exactly as passwd(5) says is no user (CVE-2026-30892). */
export function userIn(text: string, uid: number): User | undefined {
  for (const line of text.split("\n")) {
    const user = userFrom(line);
    if (user !== undefined && user.uid === uid) return user;
  }
  return undefined;
}

function userFrom(line: string): User | undefined {
  const fields = line.split(":");
  if (fields.length !== FIELDS) return undefined;
  const [name = "", , uidText = "", gidText = "", , home = "", shell = ""] = fields;
  const uid = idIn(uidText);
  const gid = idIn(gidText);
  if (name === "" || uid === undefined || gid === undefined) return undefined;
  return { name, uid, gid, home, shell };
}

/** Digits only, and less than 2^32 - 1, which the kernel takes for "no change". */
function idIn(text: string): number | undefined {
  if (text === "" || text.length > 10) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value < 4294967295 ? value : undefined;
}
