// The title of a container's monitor, by which it is found where its command socket cannot be reached.

import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { listDirectory, tryReadTextAt } from "../kernel/files.ts";
import { currentPid } from "../kernel/process.ts";
import type { Container } from "./container.ts";

/** What `ps` shows for it, as in LXC. */
export function monitorTitleOf(container: Container): string {
  return `[lxc monitor] ${container.lxcpath} ${container.name}`;
}

/** The process of the container's monitor, LXC's or ours, in whatever network namespace it is; 0 when there is none. */
export function findMonitor(container: Container): number {
  const title = `${monitorTitleOf(container)}\0`;
  const own = String(currentPid());
  for (const name of listDirectory("/proc")) {
    const first = name.charCodeAt(0);
    // The monitor of an ephemeral container destroys it, and is not in its own way.
    if (first < 48 || first > 57 || name === own) continue;
    // One that ended since, or that is hidden from us, is none that we could name.
    if ((tryCommandLine(name) ?? "").startsWith(title)) return parseInt(name, 10);
  }
  return 0;
}

function tryCommandLine(pid: string): string | undefined {
  try {
    return tryReadTextAt(AT_FDCWD, `/proc/${pid}/cmdline`);
  } catch {
    return undefined;
  }
}
