// A time namespace for the process that calls (time_namespaces(7), Linux 5.6).

import { AT_FDCWD, O_RDONLY } from "../kernel/abi/fs.ts";
import { CLONE_NEWTIME } from "../kernel/abi/sched.ts";
import { refused } from "../kernel/call.ts";
import { closeFd, openAt, tryWriteAt } from "../kernel/files.ts";
import { join, unshare } from "../kernel/namespaces.ts";
import { type ClockOffset, offsetsText } from "./namespaces.ts";

/** Makes it, sets its clocks, and enters it: once somebody is in it the clocks are fixed. /proc must be the host's still. */
export function enterTimeNamespace(offsets: readonly ClockOffset[]): void {
  unshare(CLONE_NEWTIME, "time");
  if (offsets.length > 0) {
    const result = tryWriteAt(AT_FDCWD, "/proc/self/timens_offsets", offsetsText(offsets));
    if (result < 0) throw refused("set the clocks as lxc.time.offset says", "write", result);
  }
  const fd = openAt(AT_FDCWD, "/proc/self/ns/time_for_children", O_RDONLY);
  join(fd, CLONE_NEWTIME, "the new time namespace");
  closeFd(fd);
}
