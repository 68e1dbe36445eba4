// Which disk a file system is on. Runs in the caller of a start.

import { AT_EMPTY_PATH, AT_FDCWD, O_PATH, S_IFBLK, S_IFMT, STATX_BASIC_STATS, STATX_MNT_ID, statx } from "./abi/fs.ts";
import { call } from "./call.ts";
import { closeFd, exists, openFile, tryOpenAt, tryReadText } from "./files.ts";
import { mountIn } from "./mount-table.ts";

export interface BlockDevice {
  readonly major: number;
  readonly minor: number;
}

/**
 * The whole disk that holds the file system of `path`; undefined when there is no single one, as for tmpfs, overlay,
 * zfs and what comes by network. Of a btrfs on several disks it is the one that was named when it was mounted.
 * Throws when `path` is not there.
 */
export function blockDeviceOf(path: string): BlockDevice | undefined {
  const bytes = statusBytes(openFile(path, O_PATH), path);
  const major = statx.devMajor.get(bytes);
  if (major > 0) return wholeDisk({ major, minor: statx.devMinor.get(bytes) });
  // A number that the kernel made up, since the file system has no disk or is more than one tree on it.
  const source = sourceOfMount(tryReadText("/proc/self/mountinfo") ?? "", statx.mntId.get(bytes));
  const device = source.startsWith("/") ? deviceAt(source) : undefined;
  return device === undefined ? undefined : wholeDisk(device);
}

/** What the mount number `id` has as its source in the text of /proc/self/mountinfo; "" when it is not there. */
export function sourceOfMount(mountinfo: string, id: number): string {
  for (const line of mountinfo.split("\n")) {
    if (!line.startsWith(`${id} `)) continue;
    return mountIn(line)?.source ?? "";
  }
  return "";
}

function statusBytes(fd: number, path: string): Uint8Array {
  const bytes = new Uint8Array(statx.size);
  try {
    call(`look at ${path}`, "statx", fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, bytes);
  } finally {
    closeFd(fd);
  }
  return bytes;
}

/** The block device that the node at `path` is. */
function deviceAt(path: string): BlockDevice | undefined {
  const fd = tryOpenAt(AT_FDCWD, path, O_PATH);
  if (fd < 0) return undefined;
  const bytes = statusBytes(fd, path);
  if ((statx.mode.get(bytes) & S_IFMT) !== S_IFBLK) return undefined;
  return { major: statx.rdevMajor.get(bytes), minor: statx.rdevMinor.get(bytes) };
}

/** The disk that a partition is on; any other device itself. Limits are for whole disks only. */
function wholeDisk(device: BlockDevice): BlockDevice {
  const folder = `/sys/dev/block/${device.major}:${device.minor}`;
  if (!exists(`${folder}/partition`)) return device;
  return deviceNumberIn(tryReadText(`${folder}/../dev`) ?? "") ?? device;
}

/** `8:0` and a newline, as in the file dev of a device. */
export function deviceNumberIn(text: string): BlockDevice | undefined {
  const parts = text.trim().split(":");
  const major = parseInt(parts[0] ?? "", 10);
  const minor = parseInt(parts[1] ?? "", 10);
  return major >= 0 && minor >= 0 ? { major, minor } : undefined;
}
