// 127.0.0.1 leads to a container only if the kernel lets such addresses out by the container's bridge, and then it would let
// them in as well: a guard keeps them out. Runs in the monitor, and in tools that look after one that was killed.

import { AT_FDCWD, O_CREAT, O_NOFOLLOW, O_RDWR } from "../../kernel/abi/fs.ts";
import { NFPROTO_INET } from "../../kernel/abi/netfilter.ts";
import {
  closeFd,
  createFile,
  exists,
  listDirectory,
  makeDirectories,
  removeFile,
  tryReadLink,
  tryReadText,
  tryWriteAt,
  writeText,
} from "../../kernel/files.ts";
import { waitForSharedLock } from "../../kernel/locks.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { commitNft, listRules, listTables, openNftables, tableRemoval } from "../../kernel/nftables.ts";
import { guardRequests, guardTableOf, LIST_CHAIN, TABLE_PREFIX } from "./published.ts";

/** Whose devices let 127.0.0.0/8 through because of us, a file each. */
const GUARDED = "/run/lxc/loopback";
const RUN_FOLDER = "/run/lxc";
/** Held between a look for what is there and what is made or removed. */
const LOCK = "/run/lxc/publish.lock";

/** Under the lock. False where somebody else has switched that on: then it is none of our business. */
export function guardLoopback(socket: NetlinkSocket, device: string): boolean {
  const setting = settingOf(device);
  const isOn = (tryReadText(setting) ?? "").trim() !== "0";
  const mark = markOfGuard(device);
  if (isOn && !exists(mark)) return false;
  makeDirectories(GUARDED, 0o755);
  if (!isOn) writeText(mark, "", 0o644);
  commitNft(socket, guardRequests(device));
  tryWriteAt(AT_FDCWD, setting, "1");
  return true;
}

/** What monitors that were killed have left: nobody needs it any more. */
export function removeLeftGuards(): void {
  if (!exists(GUARDED)) return;
  const devices: string[] = [];
  const suffix = markOfGuard("").slice(GUARDED.length + 1);
  for (const file of listDirectory(GUARDED)) {
    if (file.endsWith(suffix)) devices.push(file.slice(0, file.length - suffix.length));
  }
  const socket = openNftables();
  try {
    withPublishLock(() => removeGuards(socket, devices));
  } finally {
    socket.close();
  }
}

/** Of those of `devices` that no container's table speaks of. First the setting, then the guard, which a firewall may have removed. */
export function removeGuards(socket: NetlinkSocket, devices: readonly string[]): void {
  const tables = listTables(socket).map((table) => table.name);
  const needed: string[] = [];
  for (const { table, chain, comment } of listRules(socket, NFPROTO_INET)) {
    if (chain === LIST_CHAIN && table.startsWith(TABLE_PREFIX)) needed.push(comment);
  }
  for (const device of devices) {
    const guard = guardTableOf(device);
    if (needed.includes(guard)) continue;
    tryWriteAt(AT_FDCWD, settingOf(device), "0");
    if (tables.includes(guard)) commitNft(socket, [tableRemoval(guard)]);
    removeFile(markOfGuard(device));
  }
}

/** The file that says that it was us who switched the setting on; another network namespace may have a device of that name. */
function markOfGuard(device: string): string {
  return `${GUARDED}/${device}@${tryReadLink("/proc/self/ns/net") ?? ""}`;
}

function settingOf(device: string): string {
  return `/proc/sys/net/ipv4/conf/${device}/route_localnet`;
}

export function withPublishLock(run: () => void): void {
  makeDirectories(RUN_FOLDER, 0o755);
  const fd = createFile(LOCK, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    waitForSharedLock(fd, LOCK);
    run();
  } finally {
    closeFd(fd);
  }
}
