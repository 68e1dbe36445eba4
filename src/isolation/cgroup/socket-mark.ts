// On a container's cgroup stands which command socket answers for it: who has seen the sockets need not ask 200 monitors where their containers are. Runs in the monitor and in lxc-top.

import { tryCall } from "../../kernel/call.ts";
import { bytesOfText, cString } from "../../kernel/memory.ts";

/** Only for root of the host: no container writes it, and its own root does not see it. */
const ATTRIBUTE = cString("trusted.lxc.command");
/** In digits. */
const LONGEST = 20;

/** Notes the inode of the socket on the cgroup at `path`. Without effect for those who may not: their monitors are asked. */
export function markSocket(path: string, inode: number): void {
  const value = bytesOfText(String(inode));
  tryCall("setxattr", path, ATTRIBUTE, value, value.length, 0);
}

/** Whether the socket with this inode, as /proc/net/unix shows it, answers for the cgroup at `path`. */
export function isMarked(path: string, inode: string): boolean {
  const value = new Uint8Array(LONGEST);
  const length = tryCall("getxattr", path, ATTRIBUTE, value, LONGEST);
  if (length !== inode.length) return false;
  for (let i = 0; i < length; i++) if (value[i]! !== inode.charCodeAt(i)) return false;
  return true;
}
