// The kernel's side of system calls that are handed to a program (seccomp_unotify(2)).

import { ENOENT } from "../../kernel/abi/errno.ts";
import {
  SECCOMP_GET_NOTIF_SIZES,
  SECCOMP_IOCTL_NOTIF_ID_VALID,
  SECCOMP_IOCTL_NOTIF_RECV,
  SECCOMP_IOCTL_NOTIF_SEND,
  seccompNotif,
  seccompNotifResp,
  seccompNotifSizes,
} from "../../kernel/abi/seccomp.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryCall } from "../../kernel/call.ts";
import type { NotifySizes } from "./notify.ts";

/** How large the kernel's structs are, and never less than those we know. */
export function readNotifySizes(): NotifySizes {
  const bytes = new Uint8Array(seccompNotifSizes.size);
  call("ask for the size of seccomp notifications", "seccomp", SECCOMP_GET_NOTIF_SIZES, 0, bytes);
  return {
    notification: Math.max(seccompNotif.size, seccompNotifSizes.seccompNotif.get(bytes)),
    response: Math.max(seccompNotifResp.size, seccompNotifSizes.seccompNotifResp.get(bytes)),
    data: seccompNotifSizes.seccompData.get(bytes),
  };
}

/**
 * The next call that waits, or -errno: -ENOENT when its process has gone meanwhile. To be asked when the listener is
 * readable, and once for each time; it waits otherwise.
 */
export function tryReceiveNotification(listener: number, sizes: NotifySizes): Uint8Array | number {
  // The kernel wants it empty.
  const bytes = new Uint8Array(sizes.notification);
  const result = tryCall(SYS.ioctl, listener, SECCOMP_IOCTL_NOTIF_RECV, bytes);
  return result < 0 ? result : bytes;
}

/** Whether the descriptor is one of these at all: only such a one knows that there is no call of that number. */
export function isListener(fd: number): boolean {
  return tryCall(SYS.ioctl, fd, SECCOMP_IOCTL_NOTIF_ID_VALID, new Uint8Array(8)) === -ENOENT;
}

/** Whether the call still waits: then what was opened of its process since is that process's. */
export function isWaiting(listener: number, id: Uint8Array): boolean {
  return tryCall(SYS.ioctl, listener, SECCOMP_IOCTL_NOTIF_ID_VALID, id) === 0;
}

/** Lets the call go on with that response. Returns 0 or -errno: -ENOENT when it does not wait any more. */
export function tryRespond(listener: number, response: Uint8Array): number {
  return tryCall(SYS.ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}
