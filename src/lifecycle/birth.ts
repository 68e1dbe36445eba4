// How a container's first process comes into its namespaces: those of its own it is cloned into, others are joined before.
//
//     monitor                    midwife                      first process
//     clone3  ---------------->  setns into each
//                                clone3(CLONE_PARENT)  ---->  a child of the monitor
//             <----------------  born, and its pid
//     pidfd_open                 ends

import { asLxcError, LxcError } from "../base/errors.ts";
import { clonedNamespaces, flagOfNamespace, type SharedNamespace } from "../isolation/namespaces.ts";
import { EINVAL } from "../kernel/abi/errno.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryNumbers } from "../kernel/call.ts";
import { closeFd } from "../kernel/files.ts";
import { type Child, cloneProcess, cloneSibling, exitNow, tryOpenProcess, waitForEnd } from "../kernel/process.ts";
import { socketPair } from "../kernel/sockets.ts";
import { expect, tellWith, tryTellFailure } from "./handshake.ts";
import type { Namespaces } from "./plan-namespaces.ts";

/**
 * Makes the first process, born in the v2 cgroup `cgroupFd` unless that is -1, and calls `live` in it. Returns in the
 * monitor only.
 */
export function bearFirstProcess(namespaces: Namespaces, cgroupFd: number, live: () => void): Child {
  const flags = clonedNamespaces(namespaces.own);
  if (namespaces.joined.length > 0) return bearJoined(namespaces.joined, flags, cgroupFd, live);
  const child = cloneProcess(flags, cgroupFd);
  if (child.pid === 0) live();
  return child;
}

function bearJoined(joined: readonly SharedNamespace[], flags: number, cgroupFd: number, live: () => void): Child {
  const channel = socketPair();
  const midwife = cloneProcess(0, -1);
  if (midwife.pid === 0) {
    closeFd(channel.left);
    deliver(joined, flags, cgroupFd, channel.right, live);
  }
  closeFd(channel.right);
  closeFd(midwife.pidfd);
  try {
    const pid = parseInt(expect(channel.left, "born"), 10);
    const pidfd = tryOpenProcess(pid);
    if (pidfd < 0) throw refused("open the first process", "pidfd_open", pidfd);
    return { pid, pidfd };
  } finally {
    closeFd(channel.left);
    waitForEnd(midwife.pid);
  }
}

/** Runs in the midwife. */
function deliver(
  joined: readonly SharedNamespace[],
  flags: number,
  cgroupFd: number,
  monitor: number,
  live: () => void,
): void {
  try {
    for (const shared of joined) joinShared(shared);
    const pid = cloneSibling(flags, cgroupFd);
    if (pid === 0) {
      closeFd(monitor);
      live();
    }
    tellWith(monitor, "born", String(pid));
  } catch (caught) {
    tryTellFailure(monitor, asLxcError(caught as Error));
  }
  exitNow(0);
}

function joinShared(shared: SharedNamespace): void {
  const result = tryNumbers(SYS.setns, shared.fd, flagOfNamespace(shared.name), 0);
  if (result >= 0) return;
  const doing = `join the ${shared.name} namespace of ${shared.from}`;
  if (result !== -EINVAL) throw refused(doing, "setns", result);
  throw new LxcError("config-invalid", doing, `that is no ${shared.name} namespace, or one that cannot be joined`, {
    errno: EINVAL,
    hint: `name a container, a process, or a file such as /proc/1/ns/${shared.name} with lxc.namespace.share.${shared.name}`,
  });
}
