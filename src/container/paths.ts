// Where things are on the host, as LXC names them.

import { joinPath } from "../base/path.ts";
import type { Environment } from "../kernel/environment.ts";
import { bytesOfText } from "../kernel/memory.ts";
import type { Container } from "./container.ts";

/** Where the mount point for root file systems of containers is made when `lxc.rootfs.mount` does not say. */
export const ROOTFS_MOUNT = "/usr/lib/x86_64-linux-gnu/lxc/rootfs";

/** A C string of 108 bytes with a NUL in front, of which LXC keeps one more in reserve. */
const LONGEST_SOCKET_NAME = 105;

/** The folder for what lasts until the next boot: /run for root, and otherwise the user's own. */
export function runDirectory(uid: number, environment: Environment): string {
  if (uid === 0) return "/run";
  const own = environment.get("XDG_RUNTIME_DIR") ?? "";
  return own !== "" ? own : joinPath(environment.get("HOME") ?? "/", ".cache/lxc/run");
}

/** The folder of a container's lock, and the lock in it, as in LXC. */
export function lockDirectoryOf(runDir: string, container: Container): string {
  return joinPath(joinPath(runDir, "lxc/lock"), container.lxcpath);
}

export function lockFileOf(runDir: string, container: Container): string {
  return joinPath(lockDirectoryOf(runDir, container), `.${container.name}`);
}

/** The abstract name a running container's monitor listens on; hashed when it would not fit, as in LXC. */
export function commandSocketOf(container: Container): string {
  const plain = `${container.lxcpath}/${container.name}`;
  const name = `${plain}/command`;
  if (bytesOfText(name).length <= LONGEST_SOCKET_NAME) return name;
  return `lxc/${fnv1a64(bytesOfText(plain))}/command`;
}

/** Where lxc-monitord has what is its own, and reads what monitors tell it, as in LXC. */
export function monitordFolderOf(runDir: string, lxcpath: string): string {
  return joinPath(joinPath(runDir, "lxc"), lxcpath);
}

/** The name of the fifo in that folder. */
export const MONITOR_FIFO = "monitor-fifo";

/**
 * The abstract name on which lxc-monitord tells of all containers of `lxcpath`, as in LXC: its hash, and as much of the path
 * as there is room for. LXC's own lxc-monitord does not work where the path is longer.
 */
export function monitordSocketOf(lxcpath: string): string {
  let name = `lxc/${fnv1a64(bytesOfText(`lxc/${lxcpath}/monitor-sock`))}/${lxcpath}`;
  while (bytesOfText(name).length > LONGEST_SOCKET_NAME) name = name.slice(0, -1);
  return name;
}

/** The 64-bit FNV-1a hash as 16 hexadecimal digits (draft-eastlake-fnv). */
export function fnv1a64(bytes: Uint8Array): string {
  // Four limbs of 16 bits, the lowest first: products stay exact.
  let limbs = [0x2325, 0x8422, 0x9ce4, 0xcbf2];
  for (const byte of bytes) {
    const mixed = [((limbs[0] ?? 0) ^ byte) >>> 0, limbs[1] ?? 0, limbs[2] ?? 0, limbs[3] ?? 0];
    limbs = timesPrime(mixed);
  }
  return limbs
    .map((limb) => hex16(limb))
    .toReversed()
    .join("");
}

/** Times 2^40 + 0x1b3, modulo 2^64. */
function timesPrime(limbs: readonly number[]): number[] {
  const product: number[] = [];
  let carry = 0;
  for (let i = 0; i < 4; i++) {
    const high = i === 2 ? (limbs[0] ?? 0) * 256 : i === 3 ? (limbs[1] ?? 0) * 256 : 0;
    const sum = (limbs[i] ?? 0) * 0x1b3 + high + carry;
    product.push(sum % 65536);
    carry = Math.floor(sum / 65536);
  }
  return product;
}

function hex16(value: number): string {
  let text = "";
  for (let shift = 12; shift >= 0; shift -= 4) text += "0123456789abcdef".charAt((value >>> shift) & 15);
  return text;
}
