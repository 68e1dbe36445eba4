// Becoming the one lxc-monitord of a container path: its fifo, under a lock, and its socket.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { MONITOR_FIFO, monitordFolderOf, monitordSocketOf } from "../container/paths.ts";
import { openRunFolder } from "../container/run-folder.ts";
import { EADDRINUSE, ENXIO } from "../kernel/abi/errno.ts";
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, S_IFIFO, S_IFMT } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryPath } from "../kernel/call.ts";
import { growPipe, makeFifo } from "../kernel/fifos.ts";
import { closeFd, type FileStatus, statusOf, tryOpenAt, tryStatusAt } from "../kernel/files.ts";
import { tryLock } from "../kernel/locks.ts";
import { effectiveUser } from "../kernel/process.ts";
import { tryListenAbstract } from "../kernel/sockets.ts";
import { pause } from "../kernel/waiting.ts";

/** Some thousand messages; no writer waits for room. */
const FIFO_SIZE = 1024 * 1024;
/** One that is just ending has given back its lock before its socket. */
const SOCKET_TRIES = 20;
const SOCKET_PAUSE_MS = 10;

/** What only the one lxc-monitord of a container path has. */
export interface MonitordClaim {
  /** The folder of the fifo. */
  readonly folder: number;
  /** Open for reading and writing, so that it has no end, and locked. */
  readonly fifo: number;
  readonly listening: number;
}

/** Undefined when another lxc-monitord, ours or LXC's, has `lxcpath` already. Throws when something else is in the way. */
export function claimMonitord(runDir: string, lxcpath: string): MonitordClaim | undefined {
  const folder = openRunFolder(runDir, monitordFolderOf("", `${lxcpath}`));
  let fifo = -1;
  try {
    fifo = lockedFifo(folder, joinPath(monitordFolderOf(runDir, `${lxcpath}`), MONITOR_FIFO));
    if (fifo < 0) return undefined;
    growPipe(fifo, FIFO_SIZE);
    return { folder, fifo, listening: listen(monitordSocketOf(lxcpath)) };
  } catch (caught) {
    if (fifo >= 0) removeFifo(folder, fifo);
    throw caught;
  } finally {
    if (fifo < 0) closeFd(folder);
  }
}

/** Nobody can connect from here on; then the fifo goes, and last the lock. */
export function releaseMonitord(claim: MonitordClaim): void {
  closeFd(claim.listening);
  removeFifo(claim.folder, claim.fifo);
  closeFd(claim.folder);
}

/** Opens and locks the fifo, which a dead lxc-monitord may have left; -1 when a living one has it. */
function lockedFifo(folder: number, path: string): number {
  for (;;) {
    makeFifo(folder, MONITOR_FIFO, 0o600);
    const fd = tryOpenAt(folder, MONITOR_FIFO, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 && fd !== -ENXIO) throw refused(`open ${path}`, "openat", fd);
    const mine = fd < 0 ? undefined : statusOf(fd, path);
    if (mine === undefined || !isOurs(mine)) {
      if (fd >= 0) closeFd(fd);
      throw inTheWay(path);
    }
    if (!tryLock(fd)) {
      closeFd(fd);
      return -1;
    }
    // One that ended meanwhile has removed the fifo that we have just locked.
    const there = tryStatusAt(folder, MONITOR_FIFO);
    if (there !== undefined && there.ino === mine.ino) return fd;
    closeFd(fd);
  }
}

/** Whoever else could write to it could tell lies to all who watch. */
function isOurs(status: FileStatus): boolean {
  return (status.mode & S_IFMT) === S_IFIFO && status.uid === effectiveUser() && (status.mode & 0o077) === 0;
}

function inTheWay(path: string): LxcError {
  return new LxcError("not-permitted", `use ${path}`, "it is not a fifo that only we can write to", {
    hint: `see who made it (ls -l ${path}), and remove it: rm ${path}`,
  });
}

function listen(name: string): number {
  for (let tries = 1; ; tries++) {
    const fd = tryListenAbstract(name);
    if (fd >= 0) return fd;
    if (tries === SOCKET_TRIES) {
      throw new LxcError("wrong-state", `listen on @${name}`, "another process does already", {
        errno: EADDRINUSE,
        hint: `it is no lxc-monitord of this user; find it with: ss -xlp | grep monitor-sock, or in /proc/net/unix`,
      });
    }
    pause(SOCKET_PAUSE_MS);
  }
}

/** Removes the fifo if it is still the one that we have locked, and gives back the lock. */
function removeFifo(folder: number, fifo: number): void {
  const there = tryStatusAt(folder, MONITOR_FIFO);
  if (there !== undefined && there.ino === statusOf(fifo, MONITOR_FIFO).ino) {
    tryPath(SYS.unlinkat, folder, MONITOR_FIFO, 0, 0);
  }
  closeFd(fifo);
}
