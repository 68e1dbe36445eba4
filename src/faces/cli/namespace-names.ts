// Namespaces by the names that lxc-unshare and lxc-attach take.

import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from "../../kernel/abi/sched.ts";
import { badValue, type Option } from "./command.ts";

/** LXC's names and the kernel's, in capitals. */
const FLAGS: Readonly<Record<string, number>> = {
  MOUNT: CLONE_NEWNS,
  MNT: CLONE_NEWNS,
  PID: CLONE_NEWPID,
  UTSNAME: CLONE_NEWUTS,
  UTS: CLONE_NEWUTS,
  IPC: CLONE_NEWIPC,
  USER: CLONE_NEWUSER,
  NETWORK: CLONE_NEWNET,
  NET: CLONE_NEWNET,
  CGROUP: CLONE_NEWCGROUP,
  TIME: CLONE_NEWTIME,
};

/** The CLONE_NEW* flags of a list such as `MOUNT|PID`, in any case. Throws on a name that is none. */
export function namespaceFlags(option: Option, list: string): number {
  let flags = 0;
  for (const word of list.split("|")) {
    if (word === "") continue;
    const known = FLAGS[word.toUpperCase()];
    if (known === undefined) {
      const hint = "join some of MOUNT, PID, UTSNAME, IPC, USER, NETWORK, CGROUP and TIME with |";
      throw badValue(option, list, `there is no namespace ${word}`, hint);
    }
    flags |= known;
  }
  return flags;
}
