// The lock of one container against other tools. Held by whoever makes, changes or removes it.

import { O_CREAT, O_NOFOLLOW, O_RDWR } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryPath } from "../kernel/call.ts";
import { closeFd, createAt, statusOf, tryStatusAt } from "../kernel/files.ts";
import { waitForLock } from "../kernel/locks.ts";
import type { Container } from "./container.ts";
import { lockDirectoryOf, lockFileOf } from "./paths.ts";
import { openRunFolder } from "./run-folder.ts";

/**
 * Waits for the container's lock, as LXC's tools take it, and calls `run` while holding it. The lock file is removed
 * afterwards, so that no lock outlives its use; LXC leaves it.
 */
export function withContainerLock(runDir: string, container: Container, run: () => void): void {
  const directory = openRunFolder(runDir, lockDirectoryOf("", container));
  try {
    const lock = lockIn(directory, `.${container.name}`, lockFileOf(runDir, container));
    try {
      run();
    } finally {
      // Removed while it is held: whoever waits for it sees that it is gone, and takes a new one.
      tryPath(SYS.unlinkat, directory, `.${container.name}`, 0, 0);
      closeFd(lock);
    }
  } finally {
    closeFd(directory);
  }
}

/** Opens and locks the file `name` below a folder, anew as long as its last owner removed it before we got the lock. */
export function lockIn(directory: number, name: string, path: string): number {
  for (;;) {
    const fd = createAt(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      waitForLock(fd, path);
      const mine = statusOf(fd, path);
      const there = tryStatusAt(directory, name);
      if (there !== undefined && there.ino === mine.ino && mine.nlink > 0) return fd;
    } catch (caught) {
      closeFd(fd);
      throw caught;
    }
    closeFd(fd);
  }
}
