// Copying the few files beside the root file system that a configuration names: hooks and an fstab.

import { LxcError } from "../base/errors.ts";
import { bytesOfLetters } from "../base/latin1.ts";
import { baseName, below, parentOf } from "../base/path.ts";
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_PATH, O_RDONLY, O_WRONLY, S_IFMT, S_IFREG, statx } from "../kernel/abi/fs.ts";
import { refused } from "../kernel/call.ts";
import { copyContents } from "../kernel/copy.ts";
import { AttributeCopier, tryStatx } from "../kernel/file-attributes.ts";
import { closeFd, createAt, createFile, openDirectory, openFile, tryStatusAt, writeAll } from "../kernel/files.ts";
import { textOf } from "../kernel/memory.ts";
import { makeDirectoryBelow, openBelow } from "../kernel/resolve.ts";
import type { FileCopy } from "./copy-config.ts";

export interface CopyFolders {
  /** That of the source. */
  readonly source: string;
  /** That of the copy, by its final name. */
  readonly directory: string;
  /** Where the copy's files are now. */
  readonly folder: string;
}

/** Copies one file with its attributes. What is there already came with the root file system. */
export function copyNamedFile(file: FileCopy, folders: CopyFolders): void {
  const from = textOf(bytesOfLetters(file.from));
  const rest = below(folders.directory, textOf(bytesOfLetters(file.to))) ?? "";
  const folder = openDirectory(folders.folder);
  const parent = rest.includes("/") ? makeDirectoryBelow(folder, parentOf(rest), 0o755) : folder;
  const pin = pinFile(from, folders.source);
  try {
    if (tryStatusAt(parent, baseName(rest)) === undefined) copyPinned(pin, parent, baseName(rest), from);
  } finally {
    closeFd(pin);
    if (parent !== folder) closeFd(parent);
    closeFd(folder);
  }
}

/** Opened as O_PATH. In the source's folder no link is followed, for some of what is there is the container's. */
function pinFile(path: string, source: string): number {
  const rest = below(source, path);
  if (rest === undefined) return openFile(path, O_PATH);
  const folder = openDirectory(source);
  try {
    return openBelow(folder, rest, O_PATH);
  } finally {
    closeFd(folder);
  }
}

function copyPinned(pin: number, parent: number, name: string, what: string): void {
  const status = new Uint8Array(statx.size);
  const result = tryStatx(pin, status);
  if (result < 0) throw refused(`look at ${what}`, "statx", result);
  if ((statx.mode.get(status) & S_IFMT) !== S_IFREG) {
    throw new LxcError("config-invalid", `copy ${what}`, "it is no regular file", {
      hint: "correct lxc.hook.* and lxc.mount.fstab in the source's configuration",
    });
  }
  const from = openFile(`/proc/self/fd/${pin}`, O_RDONLY);
  const to = createAt(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    copyContents(from, to, what);
    const attributes = new AttributeCopier();
    attributes.toOpen(from, status, to, what);
  } finally {
    closeFd(to);
    closeFd(from);
  }
}

/** Makes a new file. Throws when something of that name is there. */
export function createBytes(path: string, bytes: Uint8Array, mode: number): void {
  const fd = createFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    writeAll(fd, bytes, path);
  } finally {
    closeFd(fd);
  }
}
