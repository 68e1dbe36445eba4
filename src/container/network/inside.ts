// A socket of rtnetlink that belongs to a container's network namespace.

import { decodeError, encodeError } from "../../base/error-fields.ts";
import { asLxcError, LxcError } from "../../base/errors.ts";
import { CLONE_NEWNET, CLONE_NEWUSER } from "../../kernel/abi/sched.ts";
import { refused } from "../../kernel/call.ts";
import { closeFd, tryReadLink } from "../../kernel/files.ts";
import { join } from "../../kernel/namespaces.ts";
import { NetlinkSocket, openNetlink } from "../../kernel/netlink.ts";
import { cloneProcess, effectiveUser, exitNow, tryOpenProcess, waitForEnd } from "../../kernel/process.ts";
import { receiveMessage, socketPair, trySend } from "../../kernel/sockets.ts";

const LONGEST_ERROR = 16384;

/**
 * Opened by a child that joins the namespaces of process `pid`: whoever made its user namespace may, and a socket stays
 * where it was opened. In our own network it is a socket like any other.
 */
export function openInside(pid: number): NetlinkSocket {
  const socket = new NetlinkSocket();
  if (tryReadLink(`/proc/${pid}/ns/net`) !== tryReadLink("/proc/self/ns/net")) socket.adopt(socketOf(pid));
  return socket;
}

function socketOf(pid: number): number {
  const channel = socketPair();
  const child = cloneProcess(0, -1);
  if (child.pid === 0) sendSocket(channel.right, pid);
  closeFd(channel.right);
  closeFd(child.pidfd);
  try {
    const received = receiveMessage(channel.left, LONGEST_ERROR);
    const fd = received.descriptors[0];
    if (fd !== undefined) return fd;
    const because = decodeError(received.bytes);
    throw new LxcError(because.code, `look into the network of process ${pid}`, because.reason, { because });
  } finally {
    closeFd(channel.left);
    waitForEnd(child.pid);
  }
}

/** Runs in the child. */
function sendSocket(parent: number, pid: number): never {
  try {
    const process = tryOpenProcess(pid);
    if (process < 0) throw refused("open the first process", "pidfd_open", process);
    // Root may without, and keeps what it may on the host: to bring a device back, for instance.
    const isOwn = tryReadLink(`/proc/${pid}/ns/user`) === tryReadLink("/proc/self/ns/user");
    const user = isOwn || effectiveUser() === 0 ? 0 : CLONE_NEWUSER;
    join(process, user + CLONE_NEWNET, "the container's network");
    trySend(parent, new Uint8Array(1), [openNetlink()]);
  } catch (caught) {
    trySend(parent, encodeError(asLxcError(caught as Error)), []);
  }
  return exitNow(0);
}
