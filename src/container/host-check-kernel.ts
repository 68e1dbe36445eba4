// The configuration a kernel was built with: where it is, and what it says.

import { AT_FDCWD, O_CLOEXEC, O_RDONLY, O_WRONLY } from "../kernel/abi/fs.ts";
import { fdPair } from "../kernel/abi/socket.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, tryNumbers } from "../kernel/call.ts";
import { closeFd, isDirectory, readAll, tryOpenAt } from "../kernel/files.ts";
import { cloneProcess, exitNow, waitForEnd } from "../kernel/process.ts";
import { tryExecSearching } from "../kernel/program-search.ts";

/** Where LXC looks first, and where a kernel with CONFIG_IKCONFIG_PROC shows its own. */
export const PROC_CONFIG = "/proc/config.gz";

/** The options of a kernel. Pure. */
export class KernelConfig {
  /** Such as 6.1.0, from the file's first lines; "" when they do not say. */
  readonly release: string;
  readonly #values = new Map<string, string>();

  constructor(text: string) {
    let release = "";
    for (const line of text.split("\n")) {
      const equals = line.indexOf("=");
      if (equals > 0 && line.startsWith("CONFIG_")) this.#values.set(line.slice(0, equals), line.slice(equals + 1));
      else if (release === "" && line.endsWith(" Kernel Configuration")) release = releaseIn(line);
    }
    this.release = release;
  }

  /** `y`, `m` for a module, or "" for neither. */
  value(option: string): string {
    const value = this.#values.get(option) ?? "";
    return value === "y" || value === "m" ? value : "";
  }

  /** Whether it is a configuration at all. */
  isEmpty(): boolean {
    return this.#values.size === 0;
  }
}

/** The version in a line such as `# Linux/x86 6.1.0 Kernel Configuration`. */
function releaseIn(line: string): string {
  const words = line.split(" ");
  return words[words.length - 3] ?? "";
}

/** The numbers that a version begins with; 0 where there are none. */
export function versionOf(release: string): readonly number[] {
  const [major = "", minor = ""] = release.split(".");
  return [leadingNumber(major), leadingNumber(minor)];
}

function leadingNumber(text: string): number {
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}

/** Where the configuration of the kernel `release` may be: what needs no other program to be read comes first. */
export function configPaths(release: string): string[] {
  return [
    `/boot/config-${release}`,
    `/lib/modules/${release}/config`,
    `/usr/lib/modules/${release}/config`,
    `/lib/modules/${release}/build/.config`,
    PROC_CONFIG,
  ];
}

/** What was found of a kernel's configuration. */
export interface FoundConfig {
  /** "" when there is none that could be read. */
  readonly path: string;
  readonly config: KernelConfig | undefined;
  /** Whether it is the one that the caller named. */
  readonly isGiven: boolean;
  /** The packed one that could not be read, for want of gzip. */
  readonly packed: string;
}

/** Reads the configuration in `given`, the value of $CONFIG, or else that of the running kernel. */
export function findKernelConfig(given: string, release: string, environment: readonly string[]): FoundConfig {
  let packed = "";
  for (const path of given === "" ? configPaths(release) : [given, ...configPaths(release)]) {
    const bytes = readOrNothing(path);
    if (bytes.length === 0) continue;
    const isPlain = !isPacked(bytes);
    const plain = isPlain ? bytes : tryUnpack(path, environment);
    if (!isPlain && plain.length === 0) packed = path;
    const config = new KernelConfig(new TextDecoder().decode(plain));
    if (!config.isEmpty()) return { path, config, isGiven: path === given, packed: "" };
  }
  return { path: "", config: undefined, isGiven: false, packed };
}

/** No bytes for what is not there, or not for us to read. */
function readOrNothing(path: string): Uint8Array {
  if (isDirectory(path)) return new Uint8Array(0);
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd < 0) return new Uint8Array(0);
  try {
    return readAll(fd, path);
  } finally {
    closeFd(fd);
  }
}

/** Whether it begins as gzip's files do (RFC 1952, 2.3.1). */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What a packed file holds, by gzip itself; no bytes when there is no gzip, or it says no. */
function tryUnpack(path: string, environment: readonly string[]): Uint8Array {
  const pair = new Uint8Array(fdPair.size);
  call("make a pipe", "pipe2", pair, O_CLOEXEC);
  const reading = fdPair.left.get(pair);
  const writing = fdPair.right.get(pair);
  const child = cloneProcess(0, -1);
  if (child.pid === 0) becomeGzip(path, writing, environment);
  closeFd(writing);
  const bytes = readAll(reading, path);
  closeFd(reading);
  closeFd(child.pidfd);
  const end = waitForEnd(child.pid);
  return end.code === 0 && end.signal === 0 ? bytes : new Uint8Array(0);
}

/** Runs in the new process. gzip reads its standard input, for by name it wants a name that ends in .gz. */
function becomeGzip(path: string, output: number, environment: readonly string[]): void {
  tryNumbers(SYS.dup2, tryOpenAt(AT_FDCWD, path, O_RDONLY), 0, 0);
  tryNumbers(SYS.dup2, output, 1, 0);
  tryNumbers(SYS.dup2, tryOpenAt(AT_FDCWD, "/dev/null", O_WRONLY), 2, 0);
  tryExecSearching(["gzip", "-dc"], environment);
  exitNow(127);
}
