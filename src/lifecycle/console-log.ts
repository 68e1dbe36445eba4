// A file that keeps what the console says, no larger than it may become. Runs in the monitor.

import { LxcError, withHint } from "../base/errors.ts";
import { parentOf } from "../base/path.ts";
import { ELOOP, ENOENT, errnoText } from "../kernel/abi/errno.ts";
import {
  AT_FDCWD,
  O_APPEND,
  O_CREAT,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDWR,
  S_IFMT,
  S_IFREG,
  SEEK_END,
} from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryBytes, tryCall, tryNumbers } from "../kernel/call.ts";
import { closeFd, statusOf, tryCreateAt, tryReadLink } from "../kernel/files.ts";

const MODE = 0o600;
/** A pipe or a device that takes nothing at the moment holds up nobody: what it misses is lost. */
const FLAGS = O_RDWR | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK;

export interface ConsoleLogOptions {
  readonly path: string;
  /** The largest the file becomes; 0 for no limit. */
  readonly limitBytes: number;
  /** Whether a full file is kept, with `.1` after its name, or else emptied. */
  readonly rotates: boolean;
  /** Gets one sentence, once, when something is lost. */
  readonly warn: (text: string) => void;
}

/** Some of the bytes to write; `fresh` when the file begins anew before them. */
export interface Piece {
  readonly fresh: boolean;
  readonly start: number;
  readonly end: number;
}

/** Where `length` bytes go, after `used` bytes in a file of at most `limit` > 0: it is filled to its last byte, as in LXC. */
export function piecesOf(used: number, length: number, limit: number): Piece[] {
  const pieces: Piece[] = [];
  let fresh = used >= limit;
  let start = 0;
  while (start < length) {
    const end = Math.min(length, start + (fresh ? limit : limit - used));
    pieces.push({ fresh, start, end });
    start = end;
    fresh = true;
  }
  return pieces;
}

/** Nothing that happens to it stops the container: a file that cannot be written is a warning. */
export class ConsoleLog {
  readonly #options: ConsoleLogOptions;
  #fd = -1;
  #isLimited = false;
  #hasWarned = false;

  constructor(options: ConsoleLogOptions) {
    this.#options = options;
  }

  /** Opens the file, or makes it for its owner alone; what is in it stays. Throws when it cannot. */
  open(): void {
    const fd = this.#tryOpen();
    if (fd < 0) throw openRefused(this.#options.path, fd);
    this.adopt(fd);
  }

  /** Writes to `fd`, which is now ours, instead of opening the path. */
  adopt(fd: number): void {
    this.#fd = fd;
    // As in LXC a limit is for files alone.
    const isFile = (statusOf(fd, this.#options.path).mode & S_IFMT) === S_IFREG;
    this.#isLimited = isFile && this.#options.limitBytes > 0;
  }

  /** How large it is now. Others may have emptied it, so it is asked each time. */
  sizeBytes(): number {
    return Math.max(0, tryNumbers(SYS.lseek, this.#fd, 0, SEEK_END));
  }

  write(bytes: Uint8Array): void {
    if (this.#fd < 0) return;
    if (!this.#isLimited) {
      this.#put(bytes);
      return;
    }
    for (const piece of piecesOf(this.sizeBytes(), bytes.length, this.#options.limitBytes)) {
      if (piece.fresh) this.#beginAnew();
      this.#put(bytes.subarray(piece.start, piece.end));
    }
  }

  /** Puts `bytes` in place of all that is in the file. */
  replace(bytes: Uint8Array): void {
    if (this.#fd < 0) return;
    tryNumbers(SYS.ftruncate, this.#fd, 0, 0);
    this.#put(bytes);
  }

  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }

  /**
   * Never through a link: the monitor is root, it empties and renames the file, and more than root may write to folders
   * such as /var/log.
   */
  #tryOpen(): number {
    return tryCreateAt(AT_FDCWD, this.#options.path, FLAGS | O_NOFOLLOW, MODE);
  }

  #beginAnew(): void {
    if (!this.#options.rotates || !this.#tryRotate()) tryNumbers(SYS.ftruncate, this.#fd, 0, 0);
  }

  /** When it cannot be renamed, or no new one be made, the old one is emptied: the limit holds either way. */
  #tryRotate(): boolean {
    const { path } = this.#options;
    const renamed = tryCall(SYS.renameat2, AT_FDCWD, path, AT_FDCWD, `${path}.1`, 0);
    // Somebody else has moved it away already.
    if (renamed < 0 && renamed !== -ENOENT) {
      this.#warnOnce(`cannot rename the console's log ${path}: ${errnoText(-renamed)}; it is emptied when it is full`);
      return false;
    }
    const fd = this.#tryOpen();
    if (fd < 0) {
      this.#warnOnce(`cannot make the console's log ${path} anew: ${errnoText(-fd)}`);
      return false;
    }
    closeFd(this.#fd);
    this.#fd = fd;
    return true;
  }

  #put(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const wrote = tryBytes(SYS.write, this.#fd, at === 0 ? bytes : bytes.subarray(at), bytes.length - at, 0);
      if (wrote <= 0) {
        this.#warnOnce(`cannot write what the console says to ${this.#options.path}: ${errnoText(-wrote)}; it is lost`);
        return;
      }
      at += wrote;
    }
  }

  #warnOnce(text: string): void {
    if (!this.#hasWarned) this.#options.warn(text);
    this.#hasWarned = true;
  }
}

function openRefused(path: string, result: number): LxcError {
  const doing = `open ${path}, as lxc.console.logfile says`;
  const error = refused(doing, "openat", result);
  if (result === -ENOENT) return withHint(error, `make its folder: mkdir -p ${parentOf(path)}`);
  if (result !== -ELOOP) return error;
  return new LxcError("not-permitted", doing, "it is a symbolic link, which somebody else may have put there", {
    errno: ELOOP,
    hint: `name the file itself: lxc.console.logfile = ${tryReadLink(path) ?? "…"}`,
  });
}
