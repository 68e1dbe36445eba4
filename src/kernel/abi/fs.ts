// Files, from asm-generic/fcntl.h, linux/stat.h, linux/openat2.h, linux/dirent.h and linux/magic.h.

import { Layout } from "./struct.ts";

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_EMPTY_PATH = 0x1000;
export const AT_RECURSIVE = 0x8000;

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
export const RESOLVE_IN_ROOT = 0x10;

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

export const F_GETFD = 1;
export const F_DUPFD_CLOEXEC = 1030;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_OFD_SETLK = 37;
export const F_OFD_SETLKW = 38;
export const F_ADD_SEALS = 1033;
export const F_GET_SEALS = 1034;
export const F_SETPIPE_SZ = 1031;
export const F_SEAL_SEAL = 1;
export const F_SEAL_SHRINK = 2;
export const F_SEAL_GROW = 4;
export const F_SEAL_WRITE = 8;
export const FD_CLOEXEC = 1;
export const F_RDLCK = 0;
export const F_WRLCK = 1;
export const F_UNLCK = 2;

export const SEEK_SET = 0;
export const SEEK_END = 2;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;

export const FICLONE = 0x40049409;

export const MFD_CLOEXEC = 1;
export const MFD_ALLOW_SEALING = 2;
export const MFD_EXEC = 16;

export const CLOSE_RANGE_CLOEXEC = 4;
export const RENAME_NOREPLACE = 1;

export const CGROUP_SUPER_MAGIC = 0x27e0eb;
export const CGROUP2_SUPER_MAGIC = 0x63677270;
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
export const NFS_SUPER_MAGIC = 0x6969;
export const PROC_SUPER_MAGIC = 0x9fa0;
export const DEVPTS_SUPER_MAGIC = 0x1cd1;

export const STATX_BASIC_STATS = 0x7ff;
export const STATX_MNT_ID = 0x1000;
export const STATX_ATTR_MOUNT_ROOT = 0x2000;

export const ST_RDONLY = 1;

const x = new Layout();
export const statx = {
  mask: x.u32(),
  blksize: x.u32(),
  attributes: x.u64(),
  nlink: x.u32(),
  uid: x.u32(),
  gid: x.u32(),
  mode: x.u16(),
  spare: x.u16(),
  ino: x.u64(),
  sizeBytes: x.u64(),
  blocks: x.u64(),
  attributesMask: x.u64(),
  // Each is a timespec, with nothing behind its nanoseconds.
  atime: x.bytes(16),
  btime: x.bytes(16),
  ctime: x.bytes(16),
  mtime: x.bytes(16),
  rdevMajor: x.u32(),
  rdevMinor: x.u32(),
  devMajor: x.u32(),
  devMinor: x.u32(),
  mntId: x.u64(),
  rest: x.bytes(104),
  size: x.size(),
};

const how = new Layout();
export const openHow = { flags: how.u64(), mode: how.u64(), resolve: how.u64(), size: how.size() };

/** The fixed part of a `linux_dirent64`; the name follows it. */
const entry = new Layout();
export const dirent64 = { ino: entry.u64(), off: entry.u64(), reclen: entry.u16(), type: entry.u8() };
export const DIRENT64_NAME_AT = 19;

const lock = new Layout();
export const flock = {
  type: lock.u16(),
  whence: lock.u16(),
  start: lock.u64(),
  len: lock.u64(),
  pid: lock.i32(),
  size: lock.size(),
};

const fs = new Layout();
export const statfs = {
  type: fs.u64(),
  rest: fs.bytes(72),
  flags: fs.u64(),
  spare: fs.bytes(32),
  size: fs.size(),
};
