// Removing a cgroup with all below it, waiting for processes that are just ending. Runs in the monitor and in tools.

import { Deadline } from "../../base/deadline.ts";
import { LxcError } from "../../base/errors.ts";
import { EBUSY, ENODEV, ENOENT, errnoText } from "../../kernel/abi/errno.ts";
import { DIRENT64_NAME_AT, dirent64, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from "../../kernel/abi/fs.ts";
import { call } from "../../kernel/call.ts";
import { closeFd, tryOpenAt, tryRemoveDirectoryAt } from "../../kernel/files.ts";
import { textOf } from "../../kernel/memory.ts";
import { pause } from "../../kernel/waiting.ts";

const DT_DIR = 4;
const LISTING_BYTES = 8192;
const PAUSE_MS = 2;

/**
 * Removes the cgroup `path` below `dir` and all cgroups below it, those the container made included. While a process
 * that is ending is still counted it tries again, for `timeoutMs`. Throws when the cgroup stays; one that is not there
 * is no failure.
 */
export function removeCgroup(dir: number, path: string, timeoutMs: number): void {
  // Most often it is empty: one call.
  let result = tryRemoveDirectoryAt(dir, path);
  if (result === -EBUSY) result = tryRemoveTree(dir, path);
  const deadline = new Deadline(timeoutMs);
  while (result === -EBUSY && !deadline.hasPassed()) {
    // Version 1 has no event for "empty", and on version 2 rmdir itself is the only complete test.
    pause(PAUSE_MS);
    result = tryRemoveTree(dir, path);
  }
  checkRemoved(path, result);
}

function checkRemoved(path: string, result: number): void {
  if (result === 0 || result === -ENOENT || result === -ENODEV) return;
  const reason = result === -EBUSY ? "processes still run in it" : `unlinkat: ${errnoText(-result)}`;
  throw new LxcError("syscall-failed", `remove the cgroup ${path}`, reason, {
    errno: -result,
    hint: `see which: find /sys/fs/cgroup -path '*/${path}*' -name cgroup.procs -exec cat {} +`,
  });
}

/** Depth first. Returns what the kernel said to the removal of `path` itself. */
function tryRemoveTree(dir: number, path: string): number {
  const fd = tryOpenAt(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd < 0) return fd;
  try {
    for (const child of foldersIn(fd, path)) tryRemoveTree(fd, child);
  } finally {
    closeFd(fd);
  }
  return tryRemoveDirectoryAt(dir, path);
}

/** The folders in the open folder `fd`: a cgroup has dozens of files, and none of them is worth a call of its own. */
export function foldersIn(fd: number, what: string): string[] {
  const names: string[] = [];
  const bytes = new Uint8Array(LISTING_BYTES);
  for (;;) {
    const length = call(`list ${what}`, "getdents64", fd, bytes, bytes.length);
    if (length === 0) return names;
    let at = 0;
    while (at + DIRENT64_NAME_AT < length) {
      const entry = bytes.subarray(at, length);
      const size = dirent64.reclen.get(entry);
      if (size === 0) return names;
      const name = textOf(entry.subarray(DIRENT64_NAME_AT, size));
      if (dirent64.type.get(entry) === DT_DIR && name !== "." && name !== "..") names.push(name);
      at += size;
    }
  }
}
