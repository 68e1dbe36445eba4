// The namespaces of a container, held open for its stop hooks: they outlive its processes. Runs in the monitor.

import { upperCase } from "../base/text.ts";
import { hasNamespace, type NamespaceName } from "../isolation/namespaces.ts";
import { AT_FDCWD, O_RDONLY } from "../kernel/abi/fs.ts";
import { closeAll, tryOpenAt } from "../kernel/files.ts";

/** In the order LXC hands them to hooks. */
const NAMES: readonly NamespaceName[] = ["user", "mnt", "pid", "uts", "ipc", "net", "cgroup", "time"];

/** Open descriptors, and how hooks name them. */
export class PreservedNamespaces {
  readonly #fds: number[] = [];
  /** `LXC_MNT_NS=/proc/PID/fd/N` and so on. */
  readonly variables: string[] = [];
  /** `mnt:/proc/PID/fd/N` and so on. */
  readonly words: string[] = [];

  /** Opens those of process `pid` that `flags` (CLONE_NEW*) names; `monitorPid` is where hooks find them. */
  open(pid: number, flags: number, monitorPid: number): void {
    for (const name of NAMES) {
      if (!hasNamespace(flags, name)) continue;
      const fd = tryOpenAt(AT_FDCWD, `/proc/${pid}/ns/${name}`, O_RDONLY);
      if (fd < 0) continue;
      this.#fds.push(fd);
      const path = `/proc/${monitorPid}/fd/${fd}`;
      this.variables.push(`LXC_${upperCase(name)}_NS=${path}`);
      this.words.push(`${name}:${path}`);
    }
  }

  close(): void {
    closeAll(this.#fds);
  }
}
