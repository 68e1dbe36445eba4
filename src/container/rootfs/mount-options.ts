// The option words of fstab(5), split into what mount(2) wants: flags, how events spread, and the file system's own data.

import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_BIND,
  MS_DIRSYNC,
  MS_LAZYTIME,
  MS_MANDLOCK,
  MS_MOVE,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_NOSYMFOLLOW,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_RELATIME,
  MS_REMOUNT,
  MS_SHARED,
  MS_SLAVE,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
  MS_UNBINDABLE,
} from "../../kernel/abi/mount.ts";

export interface MountOptions {
  /** MS_* but for those that say how events spread. */
  readonly flags: number;
  /** MS_SHARED and the like, with MS_REC; 0 when nothing was said. */
  readonly propagation: number;
  /** What is left, with commas: for the file system itself. */
  readonly data: string;
}

interface Word {
  readonly set: number;
  readonly clear: number;
}

const WORDS: Readonly<Record<string, Word>> = {
  async: { set: 0, clear: MS_SYNCHRONOUS },
  atime: { set: 0, clear: MS_NOATIME },
  bind: { set: MS_BIND, clear: 0 },
  defaults: { set: 0, clear: 0 },
  dev: { set: 0, clear: MS_NODEV },
  diratime: { set: 0, clear: MS_NODIRATIME },
  dirsync: { set: MS_DIRSYNC, clear: 0 },
  exec: { set: 0, clear: MS_NOEXEC },
  lazytime: { set: MS_LAZYTIME, clear: 0 },
  mand: { set: MS_MANDLOCK, clear: 0 },
  move: { set: MS_MOVE, clear: 0 },
  noatime: { set: MS_NOATIME, clear: 0 },
  nodev: { set: MS_NODEV, clear: 0 },
  nodiratime: { set: MS_NODIRATIME, clear: 0 },
  noexec: { set: MS_NOEXEC, clear: 0 },
  nomand: { set: 0, clear: MS_MANDLOCK },
  norelatime: { set: 0, clear: MS_RELATIME },
  nostrictatime: { set: 0, clear: MS_STRICTATIME },
  nosuid: { set: MS_NOSUID, clear: 0 },
  nosymfollow: { set: MS_NOSYMFOLLOW, clear: 0 },
  rbind: { set: MS_BIND | MS_REC, clear: 0 },
  relatime: { set: MS_RELATIME, clear: 0 },
  remount: { set: MS_REMOUNT, clear: 0 },
  ro: { set: MS_RDONLY, clear: 0 },
  rw: { set: 0, clear: MS_RDONLY },
  strictatime: { set: MS_STRICTATIME, clear: 0 },
  suid: { set: 0, clear: MS_NOSUID },
  sync: { set: MS_SYNCHRONOUS, clear: 0 },
};

const SPREADING: Readonly<Record<string, number>> = {
  private: MS_PRIVATE,
  shared: MS_SHARED,
  slave: MS_SLAVE,
  unbindable: MS_UNBINDABLE,
  rprivate: MS_PRIVATE | MS_REC,
  rshared: MS_SHARED | MS_REC,
  rslave: MS_SLAVE | MS_REC,
  runbindable: MS_UNBINDABLE | MS_REC,
};

/** Later words win over earlier ones; a word nobody knows is data for the file system, as in LXC. */
export function splitOptions(words: readonly string[]): MountOptions {
  let flags = 0;
  let propagation = 0;
  const data: string[] = [];
  for (const word of words) {
    const known = WORDS[word];
    const spreads = SPREADING[word];
    // Under Node every record has words such as toString, too, and they are no numbers.
    if (known !== undefined && known.set >= 0) flags = (flags | known.set) & ~known.clear;
    else if (spreads !== undefined && spreads > 0) propagation |= spreads;
    else if (word !== "") data.push(word);
  }
  return { flags, propagation, data: data.join(",") };
}

/** What mount_setattr(2) must set and clear on a bind mount to mean MS_* `flags`. */
export interface AttributeChange {
  readonly set: number;
  readonly clear: number;
}

export function attributesFor(flags: number): AttributeChange {
  let set = 0;
  if ((flags & MS_RDONLY) !== 0) set |= MOUNT_ATTR_RDONLY;
  if ((flags & MS_NOSUID) !== 0) set |= MOUNT_ATTR_NOSUID;
  if ((flags & MS_NODEV) !== 0) set |= MOUNT_ATTR_NODEV;
  if ((flags & MS_NOEXEC) !== 0) set |= MOUNT_ATTR_NOEXEC;
  if ((flags & MS_NODIRATIME) !== 0) set |= MOUNT_ATTR_NODIRATIME;
  if ((flags & MS_NOSYMFOLLOW) !== 0) set |= MOUNT_ATTR_NOSYMFOLLOW;
  if ((flags & MS_NOATIME) !== 0) set |= MOUNT_ATTR_NOATIME;
  else if ((flags & MS_STRICTATIME) !== 0) set |= MOUNT_ATTR_STRICTATIME;
  const saysWhen = (flags & (MS_NOATIME | MS_STRICTATIME | MS_RELATIME)) !== 0;
  return { set, clear: saysWhen ? MOUNT_ATTR__ATIME : 0 };
}
