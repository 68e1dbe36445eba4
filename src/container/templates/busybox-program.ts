// Finding a static busybox on the host, and asking it what it can do.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { elfHeader, PT_INTERP, programHeader } from "../../kernel/abi/elf.ts";
import { AT_FDCWD, MFD_CLOEXEC, O_RDONLY, SEEK_SET } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryBytes, tryNumbers, tryPath } from "../../kernel/call.ts";
import { closeFd, readAll, tryOpenAt } from "../../kernel/files.ts";
import { cloneProcess, exitNow, tryExecFd, waitForEnd } from "../../kernel/process.ts";

const X_OK = 1;

/** Where LXC's template looks after PATH. */
const USUAL_FOLDERS: readonly string[] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** The host's busybox, open. */
export interface Busybox {
  readonly fd: number;
  /** The commands it can be, itself not among them. */
  readonly applets: readonly string[];
  /** Where its udhcpc looks for a script, without a slash in front; "" when it has no udhcpc. */
  readonly dhcpScript: string;
}

/** Opens the busybox at `given`, or the first static one in `path` when that is "". Throws with what to install. */
export function findBusybox(given: string, path: string): Busybox {
  const candidates = given !== "" ? [given] : candidatesIn(path);
  let problem = given !== "" ? `there is no program ${given}` : "there is no busybox in PATH";
  for (let i = 0; i < candidates.length; i++) {
    const file = candidates[i]!;
    const fd = tryPath(SYS.faccessat, AT_FDCWD, file, X_OK, 0) === 0 ? tryOpenAt(AT_FDCWD, file, O_RDONLY) : -1;
    if (fd < 0) continue;
    if (isStatic(fd)) return describedBusybox(fd);
    problem = `${file} is not a static program, and would not run in the container`;
    closeFd(fd);
  }
  throw new LxcError("not-found", "use the template busybox", problem, { hint: "apt-get install busybox-static" });
}

function candidatesIn(path: string): string[] {
  const files: string[] = [];
  for (const folder of path.split(":").concat(USUAL_FOLDERS)) {
    const file = joinPath(folder, "busybox");
    if (folder.startsWith("/") && !files.includes(file)) files.push(file);
  }
  return files;
}

/** Whether the program needs no other file to run: a 64-bit ELF file without an interpreter. */
function isStatic(fd: number): boolean {
  const head = new Uint8Array(1024);
  const length = tryBytes(SYS.read, fd, head, head.length, 0);
  tryNumbers(SYS.lseek, fd, 0, 0);
  return isStaticElf(head.subarray(0, Math.max(length, 0)));
}

/** The same for the first bytes of a file. Pure. */
export function isStaticElf(head: Uint8Array): boolean {
  if (head.length < elfHeader.size || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return false;
  const start = elfHeader.phoff.get(head);
  const size = elfHeader.phentsize.get(head);
  const count = elfHeader.phnum.get(head);
  for (let i = 0; i < count; i++) {
    const at = start + i * size;
    if (at + programHeader.size > head.length) return false;
    if (programHeader.type.get(head.subarray(at)) === PT_INTERP) return false;
  }
  return count > 0;
}

/** Both questions are asked at once, and then both answers read. */
function describedBusybox(fd: number): Busybox {
  const list = ask(fd, ["busybox", "--list"]);
  const help = ask(fd, ["busybox", "udhcpc", "--help"]);
  const listed = answer(list);
  const dhcpScript = dhcpScriptIn(answer(help));
  const applets: string[] = [];
  for (const name of listed.split("\n")) {
    // As in LXC's template, and never a path.
    if (name !== "" && !name.includes("busybox") && !name.includes("/")) applets.push(name);
  }
  if (applets.length === 0)
    throw new LxcError("not-found", "use the template busybox", "busybox --list names no command", {
      hint: "apt-get install busybox-static",
    });
  return { fd, applets, dhcpScript };
}

interface Question {
  readonly pid: number;
  /** A file in memory: the program writes hundreds of small pieces, and a pipe would wake us for each. */
  readonly said: number;
}

function ask(program: number, args: readonly string[]): Question {
  const said = call("make a file in memory", "memfd_create", "busybox", MFD_CLOEXEC);
  const child = cloneProcess(0, -1);
  if (child.pid === 0) {
    for (let fd = 1; fd <= 2; fd++) tryNumbers(SYS.dup3, said, fd, 0);
    tryExecFd(program, args, ["PATH=/bin"]);
    exitNow(127);
  }
  closeFd(child.pidfd);
  return { pid: child.pid, said };
}

function answer(question: Question): string {
  waitForEnd(question.pid);
  call("read what busybox says", "lseek", question.said, 0, SEEK_SET);
  const text = new TextDecoder().decode(readAll(question.said, "what busybox says"));
  closeFd(question.said);
  return text;
}

/** The path in the line `-s PROG  Run PROG at DHCP events (default /etc/udhcpc/default.script)` of the help. Pure. */
export function dhcpScriptIn(help: string): string {
  for (const line of help.split("\n")) {
    if (!line.includes("-s") || !line.includes("Run PROG")) continue;
    const from = line.indexOf("/");
    const to = line.indexOf(")", from);
    const path = from < 0 || to < 0 ? "" : line.slice(from + 1, to);
    return path.split("/").includes("..") ? "" : path;
  }
  return "";
}
