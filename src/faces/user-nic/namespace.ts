// The network namespace that a device is for: opened once as the caller, and proved to be the caller's by that descriptor.

import { LxcError } from "../../base/errors.ts";
import { AT_FDCWD, O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, statfs } from "../../kernel/abi/fs.ts";
import { NS_GET_NSTYPE, NS_GET_OWNER_UID, NS_GET_USERNS, NSFS_MAGIC } from "../../kernel/abi/nsfs.ts";
import { CLONE_NEWNET } from "../../kernel/abi/sched.ts";
import { Layout } from "../../kernel/abi/struct.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryCall, tryNumbers } from "../../kernel/call.ts";
import { closeFd, openAt } from "../../kernel/files.ts";
import { asCaller } from "../setuid/privileges.ts";
import type { NamespacePlace } from "./request.ts";

const owner = new Layout().u32();

/** Throws unless it is there, the caller may open it, and it belongs to a user namespace that the caller has made. */
export function openOwnedNamespace(place: NamespacePlace, uid: number): number {
  const fd = asCaller(uid, () => openPlace(place));
  if (!isNetwork(fd) || ownerOf(fd) !== uid) {
    throw new LxcError("not-permitted", "use this network namespace", `it is not one of user ${uid}`);
  }
  return fd;
}

/** A process that takes the number of one that has ended is not below the folder that was opened. */
function openPlace(place: NamespacePlace): number {
  const process = openAt(AT_FDCWD, `/proc/${place.pid}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const fd = openAt(process, place.file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  closeFd(process);
  return fd;
}

function isNetwork(fd: number): boolean {
  const system = new Uint8Array(statfs.size);
  if (tryCall(SYS.fstatfs, fd, system) < 0 || statfs.type.get(system) !== NSFS_MAGIC) return false;
  return tryNumbers(SYS.ioctl, fd, NS_GET_NSTYPE, 0) === CLONE_NEWNET;
}

/** Who made the user namespace that the network namespace belongs to; -1 when it is none of ours to see (CVE-2017-5985). */
function ownerOf(fd: number): number {
  const users = tryNumbers(SYS.ioctl, fd, NS_GET_USERNS, 0);
  if (users < 0) return -1;
  const bytes = new Uint8Array(4);
  const result = tryCall(SYS.ioctl, users, NS_GET_OWNER_UID, bytes);
  closeFd(users);
  return result < 0 ? -1 : owner.get(bytes);
}
