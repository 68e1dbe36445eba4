// Reading the first program of a container, below its root file system, for lxc-doctor. Opens nothing but plain files.

import { below, normalPath } from "../base/path.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY, S_IFMT, S_IFREG } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeAll, closeFd, isDirectory, listDirectory, statusOf, tryOpenAt } from "../kernel/files.ts";
import { machineName } from "../kernel/machine.ts";
import { tryOpenInside } from "../kernel/resolve.ts";
import type { Config } from "./config/schema.ts";
import { type InitFacts, interpreterIn } from "./doctor-init.ts";
import { rootFolders, writtenFolder } from "./rootfs/layers.ts";

const DEFAULT_INIT = "/sbin/init";
const HEAD_BYTES = 65536;
const EMULATORS = "/proc/sys/fs/binfmt_misc";
const ALWAYS_THERE = 2;

/** Undefined when there is no root file system that can be looked into, or the program is mounted from elsewhere. */
export function readInit(config: Config): InitFacts | undefined {
  const place = config.rootfsPath.value;
  if (place === undefined) return undefined;
  const path = firstWord(config.initCmd.value ?? DEFAULT_INIT);
  const roots: number[] = [];
  const folders = [writtenFolder(place)].concat(rootFolders(place));
  for (let i = 0; i < folders.length; i++) {
    const folder = folders[i]!;
    const fd = tryOpenAt(AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) roots.push(fd);
  }
  try {
    return roots.length === 0 || isMounted(config, path) ? undefined : initIn(config, roots, path);
  } finally {
    closeAll(roots);
  }
}

function firstWord(command: string): string {
  const word = command.trim().split(" ")[0] ?? "";
  return normalPath(word.startsWith("/") ? word : `/${word}`);
}

/** Whether something is mounted over it, so that what is below does not count. */
function isMounted(config: Config, path: string): boolean {
  if (config.mountFstab.value !== undefined) return true;
  const targets = config.mountEntry.values.map((entry) => entry.target);
  for (const share of config.mountShare.values) targets.push(share.target);
  return targets.some((target) => {
    const whole = normalPath(`/${target}`);
    // On most distributions /lib is /usr/lib.
    return below(whole, path) !== undefined || below(whole, `/usr${path}`) !== undefined;
  });
}

function initIn(config: Config, roots: readonly number[], path: string): InitFacts {
  const machine = machineName();
  const hasEmulators = isDirectory(EMULATORS) && listDirectory(EMULATORS).length > ALWAYS_THERE;
  const found = firstOf(roots, path);
  if (found < 0) {
    const head = new Uint8Array(0);
    return { path, isThere: false, isExecutable: false, head, hasInterpreter: false, machine, hasEmulators };
  }
  try {
    const status = statusOf(found, path);
    const isPlain = (status.mode & S_IFMT) === S_IFREG;
    const head = isPlain ? headOf(found) : new Uint8Array(0);
    const interpreter = interpreterIn(head);
    const hasInterpreter =
      interpreter === "" || isMounted(config, normalPath(`/${interpreter}`)) || isThere(roots, interpreter);
    const isExecutable = isPlain && (status.mode & 0o111) !== 0;
    return { path, isThere: true, isExecutable, head, hasInterpreter, machine, hasEmulators };
  } finally {
    closeFd(found);
  }
}

/** As O_PATH, in the first of the layers that has it; negative when none has. */
function firstOf(roots: readonly number[], path: string): number {
  let found = -1;
  for (const root of roots) if (found < 0) found = tryOpenInside(root, path.slice(1), O_PATH);
  return found;
}

function isThere(roots: readonly number[], path: string): boolean {
  const fd = firstOf(roots, path.startsWith("/") ? path : `/${path}`);
  if (fd >= 0) closeFd(fd);
  return fd >= 0;
}

function headOf(found: number): Uint8Array {
  const fd = tryOpenAt(AT_FDCWD, `/proc/self/fd/${found}`, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return new Uint8Array(0);
  const bytes = new Uint8Array(HEAD_BYTES);
  const length = tryBytes(SYS.read, fd, bytes, bytes.length, 0);
  closeFd(fd);
  return bytes.slice(0, Math.max(0, length));
}
