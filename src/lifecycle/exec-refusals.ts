// Why a container's first program cannot be run. Runs in its first process, which sees the container's files and nothing else.

import { LxcError } from "../base/errors.ts";
import { EACCES, ELOOP, ENOENT, ENOEXEC } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_NONBLOCK, O_PATH, O_RDONLY, S_IFDIR, S_IFMT } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryBytes } from "../kernel/call.ts";
import { closeFd, statusOf, tryOpenAt } from "../kernel/files.ts";
import { machineName } from "../kernel/machine.ts";
import { HEAD_BYTES, machineWords, type ProgramHead, programHead } from "../kernel/program-head.ts";

/** `result` is what execve(2) said of `program`, a path or a name that was searched in PATH. */
export function initRefused(program: string, result: number): LxcError {
  const error = refused(`run ${program} in the container`, "execve", result);
  return new LxcError(error.code, error.doing, error.reason, {
    errno: error.errno,
    hint: program.includes("/") ? hintFor(program, -result, error.hint) : hintForName(program, error.hint),
  });
}

function hintForName(program: string, usual: string): string {
  return usual === "" ? "" : `put ${program} into a folder of the container's PATH, or write its whole path`;
}

/** The number alone tells neither what is missing nor what is in the way. */
function hintFor(program: string, errno: number, usual: string): string {
  if (errno === ENOENT) return missing(program);
  if (errno === EACCES) return inTheWay(program);
  if (errno === ENOEXEC) return noProgram(program, headOf(program));
  return errno === ELOOP ? `links of ${program} lead to each other: put the program itself there` : usual;
}

function missing(program: string): string {
  const { interpreter } = headOf(program);
  if (interpreter !== "") {
    // The interpreter may be there and lack its own loader.
    const loader = headOf(interpreter).interpreter;
    const lacking = loader === "" ? `${interpreter}, which runs it,` : `${loader}, which runs its ${interpreter},`;
    return `${program} is there; put ${lacking} into the root file system`;
  }
  return `put ${program} into the root file system, or name another program with lxc.init.cmd or after --`;
}

function inTheWay(program: string): string {
  const fd = tryOpenAt(AT_FDCWD, `${program}`, O_PATH);
  if (fd < 0) return `let the container's user pass through the folders of ${program}: chmod o+x`;
  const { mode } = statusOf(fd, program);
  closeFd(fd);
  if ((mode & S_IFMT) === S_IFDIR) return `${program} is a folder: name a program with lxc.init.cmd or after --`;
  if ((mode & 0o111) === 0) return `make ${program} executable in the root file system: chmod +x`;
  return `mount the root file system without noexec; see lxc.rootfs.options, and findmnt -T on the host`;
}

function noProgram(program: string, head: ProgramHead): string {
  if (head.kind === "empty") return `${program} is empty: put the program there again`;
  if (head.kind === "other") return `write #!/bin/sh into the first line of ${program}, if it is a script`;
  const machine = machineWords(head.machine);
  const built = machine === "" ? "another architecture" : machine;
  return `${program} is built for ${built}, and this is ${machineName()}: take a root file system for that, or install qemu-user-static`;
}

/** A file that cannot be read says nothing. */
function headOf(path: string): ProgramHead {
  const fd = tryOpenAt(AT_FDCWD, `${path}`, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return { kind: "other", interpreter: "", machine: -1 };
  const bytes = new Uint8Array(HEAD_BYTES);
  const got = tryBytes(SYS.read, fd, bytes, bytes.length, 0);
  closeFd(fd);
  return programHead(bytes.subarray(0, Math.max(got, 0)));
}
