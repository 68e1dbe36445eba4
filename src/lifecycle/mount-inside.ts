// Mounting in the mount namespace of a running container, by a child that joins it for that one call. Runs in lxc-device.

import { decodeError, encodeError } from "../base/error-fields.ts";
import { asLxcError, LxcError } from "../base/errors.ts";
import { MNT_DETACH, UMOUNT_NOFOLLOW } from "../kernel/abi/mount.ts";
import { CLONE_NEWNS } from "../kernel/abi/sched.ts";
import { call } from "../kernel/call.ts";
import { closeFd } from "../kernel/files.ts";
import { attachTree, cloneTree } from "../kernel/mounts.ts";
import { join } from "../kernel/namespaces.ts";
import { cloneProcess, exitNow, waitForEnd } from "../kernel/process.ts";
import { receiveMessage, socketPair, trySend } from "../kernel/sockets.ts";

const LONGEST_ERROR = 16384;

/** Mounts the open file `from` of ours on the open file `to` of the container. */
export function bindInside(pidfd: number, from: number, to: number): void {
  const tree = cloneTree(from, "", false);
  try {
    inMountsOf(pidfd, () => attachTree(tree, to, "the host's device in the container"));
  } finally {
    closeFd(tree);
  }
}

/** Unmounts what is mounted on `name` in the open `folder` of the container. */
export function unmountInside(pidfd: number, folder: number, name: string): void {
  inMountsOf(pidfd, () => {
    call("enter a folder of the container", "fchdir", folder);
    call(`unmount ${name} in the container`, "umount2", name, MNT_DETACH | UMOUNT_NOFOLLOW);
  });
}

/** The child looks up no path of the container but below a folder that is open. */
function inMountsOf(pidfd: number, act: () => void): void {
  const channel = socketPair();
  const child = cloneProcess(0, -1);
  if (child.pid === 0) report(channel.right, pidfd, act);
  closeFd(channel.right);
  closeFd(child.pidfd);
  try {
    const said = receiveMessage(channel.left, LONGEST_ERROR).bytes;
    if (said.length === 1) return;
    if (said.length > 1) throw decodeError(said);
    throw new LxcError("bug", "mount in the container", "our process there ended without a word");
  } finally {
    closeFd(channel.left);
    waitForEnd(child.pid);
  }
}

/** Runs in the child. */
function report(parent: number, pidfd: number, act: () => void): never {
  try {
    join(pidfd, CLONE_NEWNS, "the container's mounts");
    act();
    trySend(parent, new Uint8Array(1), []);
  } catch (caught) {
    trySend(parent, encodeError(asLxcError(caught as Error)), []);
  }
  return exitNow(0);
}
