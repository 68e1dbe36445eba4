// The namespaces of a container, held open for its stop hooks: they outlive its processes. Runs in the monitor.

import { upperCase } from "../base/text.ts";
import { AT_FDCWD, O_RDONLY } from "../kernel/abi/fs.ts";
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
} from "../kernel/abi/sched.ts";
import { closeFd, tryOpenAt } from "../kernel/files.ts";

interface NamespaceFile {
  readonly name: string;
  readonly flag: number;
}

/** In the order LXC hands them to hooks. */
const FILES: readonly NamespaceFile[] = [
  { name: "mnt", flag: CLONE_NEWNS },
  { name: "pid", flag: CLONE_NEWPID },
  { name: "uts", flag: CLONE_NEWUTS },
  { name: "ipc", flag: CLONE_NEWIPC },
  { name: "net", flag: CLONE_NEWNET },
  { name: "cgroup", flag: CLONE_NEWCGROUP },
];

/** Open descriptors, and how hooks name them. */
export class PreservedNamespaces {
  readonly #fds: number[] = [];
  /** `LXC_MNT_NS=/proc/PID/fd/N` and so on. */
  readonly variables: string[] = [];
  /** `mnt:/proc/PID/fd/N` and so on. */
  readonly words: string[] = [];

  /** Opens those of process `pid` that `flags` (CLONE_NEW*) names; `monitorPid` is where hooks find them. */
  open(pid: number, flags: number, monitorPid: number): void {
    for (const file of FILES) {
      if ((flags & file.flag) === 0) continue;
      const fd = tryOpenAt(AT_FDCWD, `/proc/${pid}/ns/${file.name}`, O_RDONLY);
      if (fd < 0) continue;
      this.#fds.push(fd);
      const path = `/proc/${monitorPid}/fd/${fd}`;
      this.variables.push(`LXC_${upperCase(file.name)}_NS=${path}`);
      this.words.push(`${file.name}:${path}`);
    }
  }

  close(): void {
    for (const fd of this.#fds) closeFd(fd);
  }
}
