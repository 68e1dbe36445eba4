// A network interface of the host that moves into a running container, and back. Runs in lxc-device.

import { LxcError } from "../base/errors.ts";
import type { Container } from "../container/container.ts";
import { openInside } from "../container/network/inside.ts";
import { EEXIST } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY } from "../kernel/abi/fs.ts";
import { closeAll, closeFd, openAt } from "../kernel/files.ts";
import { changeRequest, findLink, isDeviceName, type LinkChange } from "../kernel/links.ts";
import { NetlinkSocket } from "../kernel/netlink.ts";
import { findTarget } from "./attach-target.ts";

const OWN_NETWORK = "/proc/self/ns/net";

/** Whether the host has a network interface of this name. */
export function isHostLink(name: string): boolean {
  if (!isDeviceName(name)) return false;
  const socket = new NetlinkSocket();
  try {
    return findLink(socket, name) !== undefined;
  } finally {
    socket.close();
  }
}

/** Whether the running container has one. */
export function isLinkOf(container: Container, name: string): boolean {
  if (!isDeviceName(name)) return false;
  const socket = socketInside(container);
  try {
    return findLink(socket, name) !== undefined;
  } finally {
    socket.close();
  }
}

/** Moves the host's `name` into the container, switched off, under `newName` unless that is "". */
export function attachLink(container: Container, name: string, newName: string): void {
  const target = findTarget(container);
  const theirs = openAt(target.proc, "ns/net", O_RDONLY);
  const ours = openAt(AT_FDCWD, OWN_NETWORK, O_RDONLY);
  const socket = new NetlinkSocket();
  const inside = openInside(target.pid);
  try {
    move({ socket, namespace: ours }, { socket: inside, namespace: theirs }, name, newName);
  } finally {
    socket.close();
    inside.close();
    closeAll([theirs, ours, target.proc, target.pidfd]);
  }
}

/** Moves the container's `name` out, to the network that we are in. */
export function detachLink(container: Container, name: string, newName: string): void {
  const target = findTarget(container);
  const theirs = openAt(target.proc, "ns/net", O_RDONLY);
  const ours = openAt(AT_FDCWD, OWN_NETWORK, O_RDONLY);
  const socket = new NetlinkSocket();
  const inside = openInside(target.pid);
  try {
    move({ socket: inside, namespace: theirs }, { socket, namespace: ours }, name, newName);
  } finally {
    socket.close();
    inside.close();
    closeAll([theirs, ours, target.proc, target.pidfd]);
  }
}

function socketInside(container: Container): NetlinkSocket {
  const target = findTarget(container);
  try {
    return openInside(target.pid);
  } finally {
    closeFd(target.proc);
    closeFd(target.pidfd);
  }
}

/** One side of a move: a socket that talks to that network, and the open namespace. */
interface Side {
  readonly socket: NetlinkSocket;
  readonly namespace: number;
}

/** The kernel moves first and names then: where the name is taken the interface would be there under its old one. */
function move(from: Side, to: Side, name: string, newName: string): void {
  const wanted = newName === "" ? name : newName;
  const doing = `move the network interface ${name}`;
  if (!isDeviceName(wanted)) {
    throw new LxcError("config-invalid", `call a network interface "${wanted}"`, "the kernel takes no such name", {
      hint: "use at most 15 letters, without blanks, slashes and colons",
    });
  }
  const link = findLink(from.socket, name);
  if (link === undefined) throw new LxcError("not-found", doing, "it has just gone");
  if (findLink(to.socket, wanted) !== undefined) {
    throw new LxcError("wrong-state", doing, `there is one called ${wanted} on the other side`, {
      errno: EEXIST,
      hint: "give it another name there, behind its name here",
    });
  }
  const change: LinkChange = { toNamespaceFd: to.namespace, up: false, name: wanted === name ? "" : wanted };
  try {
    from.socket.run([changeRequest(link.index, name, change)]);
  } catch (caught) {
    bringBack(from, to, name);
    throw caught;
  }
}

/** For a name that was taken in between. */
function bringBack(from: Side, to: Side, name: string): void {
  if (findLink(from.socket, name) !== undefined) return;
  const moved = findLink(to.socket, name);
  const back: LinkChange = { toNamespaceFd: from.namespace };
  if (moved !== undefined) to.socket.tryRun([changeRequest(moved.index, name, back)]);
}
