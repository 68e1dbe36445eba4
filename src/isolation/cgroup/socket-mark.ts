// On a container's cgroup stands which command socket answers for it: who has seen the sockets need not ask 200 monitors where their containers are. Runs in the monitor and in lxc-top.

import { joinPath } from "../../base/path.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryCall } from "../../kernel/call.ts";
import { bytesOfText, cString } from "../../kernel/memory.ts";
import { type CgroupLayout, hierarchyOf } from "./layout.ts";

/** Only for root of the host: no container writes it, and its own root does not see it. */
const ATTRIBUTE = cString("trusted.lxc.command");
/** In digits. */
const LONGEST = 20;

/**
 * Notes the inode of the socket on the cgroup at `path` of the main hierarchy, as the monitor tells it. Without effect for those who may not: their
 * monitors are asked.
 */
export function markSocket(layout: CgroupLayout, path: string | undefined, inode: number): void {
  const main = hierarchyOf(layout, "");
  if (main === undefined || path === undefined) return;
  const value = bytesOfText(String(inode));
  tryCall(SYS.setxattr, joinPath(main.mountPoint, path.slice(1)), ATTRIBUTE, value, value.length, 0);
}

/** Whether the socket with this inode, as /proc/net/unix shows it, answers for the cgroup at `path`. */
export function isMarked(path: string, inode: string): boolean {
  const value = new Uint8Array(LONGEST);
  const length = tryCall(SYS.getxattr, path, ATTRIBUTE, value, LONGEST);
  if (length !== inode.length) return false;
  for (let i = 0; i < length; i++) if (value[i]! !== inode.charCodeAt(i)) return false;
  return true;
}
