// /run/lxc/nics: which user has which device. LXC's own lxc-user-nic reads and writes the same file, under the same lock.

import { LxcError } from "../../base/errors.ts";
import { type NicLine, nicLinesIn, nicText } from "../../container/network/nics.ts";
import {
  AT_FDCWD,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  S_IFMT,
  S_IFREG,
} from "../../kernel/abi/fs.ts";
import { call } from "../../kernel/call.ts";
import { closeFd, createAt, makeDirectory, openAt, readUpTo, statusOf, writeAll } from "../../kernel/files.ts";
import { waitForSharedLock } from "../../kernel/locks.ts";
import { bytesOfText } from "../../kernel/memory.ts";

const FOLDER = "/run/lxc";
const FILE = "nics";
const WHAT = `${FOLDER}/${FILE}`;
const LARGEST_BYTES = 4 * 1024 * 1024;

/** The file, ours alone until `close`. */
export class NicDatabase {
  readonly #fd: number;

  constructor() {
    const folder = openFolder();
    this.#fd = createAt(folder, FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    closeFd(folder);
    const status = statusOf(this.#fd, WHAT);
    if (status.uid !== 0 || (status.mode & S_IFMT) !== S_IFREG || status.nlink !== 1) throw notOurs(WHAT);
    waitForSharedLock(this.#fd, WHAT);
  }

  read(): NicLine[] {
    call(`read ${WHAT}`, "lseek", this.#fd, 0, 0);
    return nicLinesIn(new TextDecoder().decode(readUpTo(this.#fd, WHAT, LARGEST_BYTES)));
  }

  /** In place: LXC's program may wait for the lock of this very file. */
  write(lines: readonly NicLine[]): void {
    const bytes = bytesOfText(nicText(lines));
    call(`write ${WHAT}`, "lseek", this.#fd, 0, 0);
    writeAll(this.#fd, bytes, WHAT);
    call(`write ${WHAT}`, "ftruncate", this.#fd, bytes.length);
  }

  close(): void {
    closeFd(this.#fd);
  }
}

function openFolder(): number {
  makeDirectory(FOLDER, 0o755);
  const folder = openAt(AT_FDCWD, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const status = statusOf(folder, FOLDER);
  if (status.uid !== 0 || (status.mode & 0o022) !== 0) throw notOurs(FOLDER);
  return folder;
}

function notOurs(path: string): LxcError {
  return new LxcError("not-permitted", `use ${path}`, "it is not one that only root can change");
}
