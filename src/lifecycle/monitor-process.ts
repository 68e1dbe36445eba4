// Finding the process that listens on a container's command socket, when it does not answer. Runs in lxc-stop.

import { wholeNumberIn } from "../base/text.ts";
import { listDirectory, tryReadLink, tryReadText } from "../kernel/files.ts";

const LISTENS = " 00010000 ";

/**
 * The pid of the process that listens on the abstract name `socket`; undefined when we cannot see one. It is found by what it has open,
 * not by its title or by what the kernel noted when the socket was bound: neither proves anything.
 */
export function monitorPidOf(socket: string): number | undefined {
  const inode = listenerInode(tryReadText("/proc/net/unix") ?? "", socket);
  if (inode === undefined) return undefined;
  for (const name of listDirectory("/proc")) {
    const pid = wholeNumberIn(name);
    if (pid !== undefined && hasOpen(pid, `socket:[${inode}]`)) return pid;
  }
  return undefined;
}

/** The inode of the listening socket with this abstract name, in the text of /proc/net/unix. */
export function listenerInode(table: string, socket: string): string | undefined {
  for (const line of table.split("\n")) {
    if (!line.endsWith(` @${socket}`) || !line.includes(LISTENS)) continue;
    const before = line.slice(0, line.indexOf(" @")).trimEnd();
    return before.slice(before.lastIndexOf(" ") + 1);
  }
  return undefined;
}

function hasOpen(pid: number, what: string): boolean {
  for (const fd of openOf(pid)) if (tryReadLink(`/proc/${pid}/fd/${fd}`) === what) return true;
  return false;
}

/** A process may end while it is looked at. */
function openOf(pid: number): string[] {
  try {
    return listDirectory(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

/** The children of `pid` that are the first of a pid namespace of their own. */
export function firstProcessesOf(pid: number): number[] {
  const found: number[] = [];
  const children = tryReadText(`/proc/${pid}/task/${pid}/children`) ?? "";
  for (const word of children.split(" ")) {
    const child = wholeNumberIn(word.trim());
    if (child !== undefined && isFirst(tryReadText(`/proc/${child}/status`) ?? "")) found.push(child);
  }
  return found;
}

/** Whether the process with this /proc/PID/status is number 1 of a pid namespace below ours. */
export function isFirst(status: string): boolean {
  const at = status.indexOf("NSpid:");
  if (at < 0) return false;
  const end = status.indexOf("\n", at);
  const pids = status
    .slice(at + "NSpid:".length, end < 0 ? status.length : end)
    .trim()
    .split("\t");
  return pids.length > 1 && pids[pids.length - 1] === "1";
}
