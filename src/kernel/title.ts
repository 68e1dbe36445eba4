// What `ps` shows as the command line of this process.

import { AT_FDCWD, O_WRONLY } from "./abi/fs.ts";
import { PR_SET_MM, PR_SET_MM_MAP, prctlMmMap } from "./abi/prctl.ts";
import { SYS } from "./abi/syscalls.ts";
import { tryBytes, tryCall, tryNumbers } from "./call.ts";
import { closeFd, tryOpenAt, tryReadText } from "./files.ts";
import { cString, Pins } from "./memory.ts";

/** Fields of /proc/self/stat, counted from 1 as proc_pid_stat(5) does. */
const START_CODE = 26;
const ARG_START = 48;
const ENV_END = 51;
/** The first after the name, which may hold anything. */
const FIRST_FIELD = 3;
/**
 * The kernel shows arguments only where they are anonymous memory, which the heap that comes with our executable is not
 * (scripts/image.ts). An array as large as this has a mapping of its own, of which one page is used (shim/memory.c).
 */
const OWN_MAPPING = 256 * 1024;

/**
 * Shows `title` instead of the arguments this process was started with. The result holds the text: it must live as long
 * as the process. A kernel without CONFIG_CHECKPOINT_RESTORE shows as much of it as arguments and environment had room for.
 */
export function setProcessTitle(title: string): Pins {
  const pins = new Pins();
  const fields = statFields(tryReadText("/proc/self/stat") ?? "");
  if (fields.length <= ENV_END - FIRST_FIELD) return pins;
  const text = cString(title);
  const shown = new Uint8Array(OWN_MAPPING);
  shown.set(text);
  if (tryMoveArguments(fields, shown.subarray(0, text.length), pins) < 0) writeOverArguments(fields, text);
  return pins;
}

/** Has the kernel look for the arguments where `text` is. */
function tryMoveArguments(fields: readonly string[], text: Uint8Array, pins: Pins): number {
  const map = new Uint8Array(prctlMmMap.size);
  prctlMmMap.startCode.put(map, fieldAt(fields, START_CODE));
  prctlMmMap.endCode.put(map, fieldAt(fields, START_CODE + 1));
  prctlMmMap.startStack.put(map, fieldAt(fields, START_CODE + 2));
  prctlMmMap.startData.put(map, fieldAt(fields, 45));
  prctlMmMap.endData.put(map, fieldAt(fields, 46));
  prctlMmMap.startBrk.put(map, fieldAt(fields, 47));
  prctlMmMap.brk.put(map, currentBreak());
  prctlMmMap.envStart.put(map, fieldAt(fields, 50));
  prctlMmMap.envEnd.put(map, fieldAt(fields, ENV_END));
  prctlMmMap.exeFd.put(map, 0xffffffff);
  pins.point(map, prctlMmMap.argStart, text);
  prctlMmMap.argEnd.put(map, prctlMmMap.argStart.get(map) + text.length);
  return tryCall(SYS.prctl, PR_SET_MM, PR_SET_MM_MAP, map, map.length, 0);
}

/**
 * Puts `text` where the arguments are. Behind them is the environment, which we have read; the kernel shows that too once
 * the last byte of the arguments is not NUL.
 */
function writeOverArguments(fields: readonly string[], text: Uint8Array): void {
  const begin = fieldAt(fields, ARG_START);
  const room = fieldAt(fields, ARG_START + 3) - begin;
  if (room <= 0) return;
  const bytes = new Uint8Array(room);
  bytes.set(text.length > room ? text.subarray(0, room) : text);
  bytes[room - 1] = 0;
  const fd = tryOpenAt(AT_FDCWD, "/proc/self/mem", O_WRONLY);
  if (fd < 0) return;
  if (tryNumbers(SYS.lseek, fd, begin, 0) === begin) tryBytes(SYS.write, fd, bytes, bytes.length, 0);
  closeFd(fd);
}

/** Those after the name. */
function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** By its number; there are so many. */
function fieldAt(fields: readonly string[], number: number): number {
  return Number(fields[number - FIRST_FIELD]!);
}

function currentBreak(): number {
  return tryNumbers(SYS.brk, 0, 0, 0);
}
