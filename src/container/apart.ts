// Work in a process of its own, whose mounts nobody else sees.

import { decodeError, encodeError } from "../base/error-fields.ts";
import { asLxcError } from "../base/errors.ts";
import { runMapped } from "../isolation/user-namespace.ts";
import { MS_REC, MS_SLAVE } from "../kernel/abi/mount.ts";
import { CLONE_NEWNS } from "../kernel/abi/sched.ts";
import { SIGKILL } from "../kernel/abi/signal.ts";
import { closeFd } from "../kernel/files.ts";
import { setPropagation } from "../kernel/mounts.ts";
import { unshare } from "../kernel/namespaces.ts";
import { cloneProcess, dieWithParent, effectiveUser, exitNow, waitForEnd } from "../kernel/process.ts";
import { receiveMessage, socketPair, trySend } from "../kernel/sockets.ts";
import type { MappedRoot } from "./mapped-root.ts";

const LONGEST_ERROR = 16384;

/**
 * Runs `work` in a child with mounts of its own: as the container's root for an ordinary user, as the host's otherwise.
 * What it throws is thrown here; nothing else of what it does to memory is seen here.
 */
export function runApart(mapped: MappedRoot | undefined, work: () => void): void {
  const inside = (): void => {
    setPropagation("/", MS_REC | MS_SLAVE);
    work();
  };
  if (mapped === undefined || effectiveUser() === 0) runAsCaller(inside);
  else
    runMapped(mapped.maps, mapped.root, () => {
      unshare(CLONE_NEWNS, "mount");
      inside();
    });
}

function runAsCaller(work: () => void): void {
  const channel = socketPair();
  const child = cloneProcess(CLONE_NEWNS, -1);
  if (child.pid === 0) {
    closeFd(channel.left);
    workApart(channel.right, work);
  }
  closeFd(channel.right);
  closeFd(child.pidfd);
  try {
    const { bytes } = receiveMessage(channel.left, LONGEST_ERROR);
    if (bytes.length > 0) throw decodeError(bytes);
  } finally {
    closeFd(channel.left);
    waitForEnd(child.pid);
  }
}

/** Runs in the child. */
function workApart(parent: number, work: () => void): never {
  try {
    dieWithParent(SIGKILL);
    work();
  } catch (caught) {
    trySend(parent, encodeError(asLxcError(caught as Error)).slice(0, LONGEST_ERROR), []);
    exitNow(1);
  }
  exitNow(0);
}
