// Filling a root file system from an archive of one, by tar(1): as the container's root, who may not write anywhere else.

import { LxcError } from "../../base/errors.ts";
import { baseName } from "../../base/path.ts";
import { tellProgress } from "../../base/progress.ts";
import { ENOENT, errnoText } from "../../kernel/abi/errno.ts";
import {
  AT_FDCWD,
  MFD_CLOEXEC,
  O_DIRECTORY,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  S_IFMT,
  S_IFREG,
} from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryBytes, tryNumbers } from "../../kernel/call.ts";
import { closeFd, exists, namesIn, openFile, statusOf, tryOpenAt } from "../../kernel/files.ts";
import { textOf } from "../../kernel/memory.ts";
import { shellCode } from "../../kernel/process.ts";
import type { Interrupts } from "../interrupts.ts";
import type { MappedRoot } from "../mapped-root.ts";
import { runProgram } from "./program.ts";

/** How archives begin, and the option of tar(1) for them. */
interface Packing {
  readonly at: number;
  readonly bytes: readonly number[];
  readonly option: string;
}

const PACKINGS: readonly Packing[] = [
  { at: 0, bytes: [0x1f, 0x8b], option: "--gzip" },
  { at: 0, bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], option: "--xz" },
  { at: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd], option: "--zstd" },
  { at: 0, bytes: [0x42, 0x5a, 0x68], option: "--bzip2" },
  // "ustar"
  { at: 257, bytes: [0x75, 0x73, 0x74, 0x61, 0x72], option: "--no-auto-compress" },
];
const HEAD_SIZE = 512;
const TARS: readonly string[] = ["/usr/bin/tar", "/bin/tar"];
const SEEK_CUR = 1;
const SEEK_END = 2;
const LONGEST_SAID = 4096;
const MEBIBYTE = 1024 * 1024;
/** One of them is in every root file system. */
const OF_A_ROOT: readonly string[] = ["bin", "sbin", "usr", "etc", "init"];

export interface ArchiveRun {
  readonly archive: string;
  readonly folder: string;
  /** Whose root it is unpacked as; undefined for the caller. */
  readonly mapped: MappedRoot | undefined;
  readonly environment: readonly string[];
  /** "create c1" */
  readonly doing: string;
}

/** The option of tar(1) for what begins like this; "" for what is no archive. */
export function packingOf(head: Uint8Array): string {
  for (const { at, bytes, option } of PACKINGS) {
    if (at + bytes.length > head.length) continue;
    let same = 0;
    while (same < bytes.length && head[at + same] === bytes[same]) same++;
    if (same === bytes.length) return option;
  }
  return "";
}

/** Whether `path` is a file that `unpack` can read. */
export function isArchive(path: string): boolean {
  // Not to wait for whoever writes into a pipe.
  const fd = tryOpenAt(AT_FDCWD, `${path}`, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return false;
  try {
    return (statusOf(fd, path).mode & S_IFMT) === S_IFREG && packingOf(headOf(fd, HEAD_SIZE)) !== "";
  } finally {
    closeFd(fd);
  }
}

/** What is at the beginning of the open file; a short file has a short one. */
function headOf(fd: number, mostBytes: number): Uint8Array {
  const bytes = new Uint8Array(mostBytes);
  const length = tryBytes(SYS.pread64, fd, bytes, bytes.length, 0);
  return bytes.subarray(0, Math.max(0, length));
}

/** Throws when it cannot all be unpacked, or is no root file system; and when a signal came. */
export function unpackArchive(run: ArchiveRun, interrupts: Interrupts): void {
  // The container's root need not be able to come to it.
  const archive = openFile(run.archive, O_RDONLY);
  const said = call("keep what tar says", "memfd_create", "said", MFD_CLOEXEC);
  try {
    const size = tryNumbers(SYS.lseek, archive, 0, SEEK_END);
    tryNumbers(SYS.lseek, archive, 0, 0);
    const path = TARS.find((each) => exists(`${each}`)) ?? "tar";
    const args = wordsFor(packingOf(headOf(archive, HEAD_SIZE)), run.folder);
    const { mapped, environment, doing } = run;
    const program = { path, mapped, args, environment, input: archive, output: said, doing };
    const outcome = runProgram(program, interrupts, () => tellHowFar(run.archive, archive, size));
    if (outcome.errno > 0) throw notRun(run, outcome.errno);
    if (shellCode(outcome.end) !== 0) throw notUnpacked(run, said);
    requireRoot(run);
  } finally {
    closeFd(archive);
    closeFd(said);
  }
}

/**
 * Devices are left out: what a container has of them is made when it starts. tar(1) itself neither leaves the folder by names
 * nor follows links that it has unpacked.
 */
function wordsFor(packing: string, folder: string): string[] {
  const words = ["--extract", "--file=-", packing, `--directory=${folder}`, "--numeric-owner", "--same-permissions"];
  return words.concat([
    "--same-owner",
    "--xattrs",
    "--xattrs-include=security.capability",
    "--xattrs-include=user.*",
    "--anchored",
    "--exclude=dev/*",
    "--exclude=./dev/*",
  ]);
}

/** tar shares our place in the file. */
function tellHowFar(name: string, archive: number, size: number): void {
  const at = tryNumbers(SYS.lseek, archive, 0, SEEK_CUR);
  const mebibytes = (bytes: number): number => Math.ceil(bytes / MEBIBYTE);
  tellProgress(`unpacking ${baseName(name)}: ${mebibytes(at)} of ${mebibytes(size)} MiB`);
}

function notRun(run: ArchiveRun, errno: number): LxcError {
  const hint = errno === ENOENT ? "install tar" : "";
  return new LxcError("not-found", `unpack ${run.archive}`, `tar cannot be run: ${errnoText(errno)}`, { errno, hint });
}

function notUnpacked(run: ArchiveRun, output: number): LxcError {
  const first = textOf(headOf(output, LONGEST_SAID)).split("\n")[0] ?? "";
  const lacks = first.includes("Cannot exec") || first.includes("Child died");
  return new LxcError("hook-failed", run.doing, `${run.archive} cannot be unpacked: ${first}`, {
    hint: lacks ? "install the program that it is packed with" : `see what is in it: tar -tf ${run.archive}`,
  });
}

function requireRoot(run: ArchiveRun): void {
  const folder = tryOpenAt(AT_FDCWD, run.folder, O_RDONLY | O_DIRECTORY);
  // Its root may keep it from us.
  if (folder < 0) return;
  const names = namesIn(folder, run.folder);
  closeFd(folder);
  if (OF_A_ROOT.some((name) => names.includes(name))) return;
  const found = names.length === 0 ? "nothing" : names.slice(0, 5).join(", ");
  throw new LxcError("config-invalid", run.doing, `${run.archive} is no root file system: it has ${found} at its top`, {
    hint: "it must have the folders of one at its top, such as bin, etc and usr",
  });
}
