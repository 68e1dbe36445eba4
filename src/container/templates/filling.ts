// Putting folders, files and links into a root file system, below an open folder, and nothing over what is there.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { EEXIST } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_WRONLY } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { refused, tryCall, tryNumbers, tryPath } from "../../kernel/call.ts";
import { copyContents } from "../../kernel/copy.ts";
import { closeFd, openAt, tryCreateAt, tryOpenAt, writeAll } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import type { Creation } from "../partial.ts";

/** A root file system that is being filled. What is made in a folder of somebody else is noted piece by piece. */
export class Filling {
  readonly #root: number;
  readonly #folder: string;
  readonly #creation: Creation;
  readonly #isFresh: boolean;

  /** `isFresh` says that `folder` was empty, so that all in it is ours. */
  constructor(folder: string, isFresh: boolean, creation: Creation) {
    this.#root = openAt(AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    this.#folder = folder;
    this.#isFresh = isFresh;
    this.#creation = creation;
  }

  close(): void {
    closeFd(this.#root);
  }

  /** Makes one folder; one that is there is kept. */
  makeFolder(path: string, mode: number): void {
    const result = tryPath(SYS.mkdirat, this.#root, path, mode, 0);
    if (result === 0) this.#note(path);
    else if (result !== -EEXIST || !this.hasFolder(path)) throw this.#refusal(path, "mkdirat", result);
  }

  /** Whether there is a folder, not a link to one. */
  hasFolder(path: string): boolean {
    const fd = tryOpenAt(this.#root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (fd >= 0) closeFd(fd);
    return fd >= 0;
  }

  makeFile(path: string, text: string, mode: number): void {
    const fd = this.#openNew(path, mode);
    try {
      if (text !== "") writeAll(fd, bytesOfText(text), path);
    } finally {
      closeFd(fd);
    }
  }

  /** Copies the program `from`, an open file. */
  makeCopy(path: string, from: number, mode: number): void {
    const fd = this.#openNew(path, mode);
    try {
      copyContents(from, fd, `${path} into the container`);
      // Writing takes the setuid bit away from all but root.
      const result = tryNumbers(SYS.fchmod, fd, mode, 0);
      if (result < 0) throw this.#refusal(path, "fchmod", result);
    } finally {
      closeFd(fd);
    }
  }

  /** Another name for the file `target`: a hard link, or where there can be none a symbolic one with the text `text`. */
  makeLink(path: string, target: string, text: string): void {
    let result = tryCall(SYS.linkat, this.#root, target, this.#root, path, 0);
    if (result < 0 && result !== -EEXIST) result = tryCall(SYS.symlinkat, text, this.#root, path);
    if (result < 0) throw this.#refusal(path, "linkat", result);
    this.#note(path);
  }

  setMode(path: string, mode: number): void {
    const result = tryPath(SYS.fchmodat, this.#root, path, mode, 0);
    if (result < 0) throw this.#refusal(path, "fchmodat", result);
  }

  #openNew(path: string, mode: number): number {
    const fd = tryCreateAt(this.#root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (fd < 0) throw this.#refusal(path, "openat", fd);
    this.#note(path);
    return fd;
  }

  #note(path: string): void {
    if (!this.#isFresh) this.#creation.record("tree", joinPath(this.#folder, path));
  }

  #refusal(path: string, name: "mkdirat" | "openat" | "linkat" | "fchmod" | "fchmodat", result: number): LxcError {
    const whole = joinPath(this.#folder, path);
    if (result !== -EEXIST) return refused(`make ${whole}`, name, result);
    return new LxcError("wrong-state", `make ${whole}`, "something of that name is there already", {
      errno: EEXIST,
      hint: "nothing is written over; give --dir a new or an empty folder",
    });
  }
}
