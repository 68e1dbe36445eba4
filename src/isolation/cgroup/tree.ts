// The cgroups of one container in one hierarchy: made and removed through descriptors. Runs in the monitor.

import { joinPath } from "../../base/path.ts";
import { EBUSY, EEXIST } from "../../kernel/abi/errno.ts";
import { O_DIRECTORY, O_NOFOLLOW, O_PATH, O_WRONLY } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryPath } from "../../kernel/call.ts";
import { closeFd, tryOpenAt, tryReadTextAt, tryRemoveDirectoryAt, tryWriteAt } from "../../kernel/files.ts";
import { type Hierarchy, wordsOf } from "./layout.ts";
import { removeCgroup } from "./remove.ts";

const MODE = 0o755;
const REMOVE_TIMEOUT_MS = 2000;

/** Ours in one hierarchy. Remembers what it made, and removes that and nothing else. */
export class CgroupTree {
  readonly hierarchy: Hierarchy;
  /** O_PATH, as all descriptors here: enough for clone3, for bpf and as a place to open files from. */
  readonly baseFd: number;
  /** Whether controllers are enabled for what is made below each folder. */
  readonly delegates: boolean;
  readonly #isCpuset: boolean;
  #payload = -1;
  #limit = -1;
  #monitor = -1;
  #limitPath = "";
  #inner = "";
  #refusal = 0;
  #monitorPath = "";
  #abovePayload: string[] = [];
  #aboveMonitor: string[] = [];

  /** With `delegates`, controllers are enabled: only on pure version 2, as in LXC. */
  constructor(hierarchy: Hierarchy, baseFd: number, delegates: boolean) {
    this.hierarchy = hierarchy;
    this.baseFd = baseFd;
    this.#isCpuset = hierarchy.version === 1 && hierarchy.controllers.includes("cpuset");
    this.delegates = delegates && hierarchy.version === 2;
  }

  /** Where the container's processes live; -1 when there is none. */
  payloadFd(): number {
    return this.#payload;
  }

  /** Where limits go: the same descriptor, unless they are kept out of the container's reach. */
  limitFd(): number {
    return this.#limit;
  }

  /** Where limits go, below the mount point, with a slash in front; undefined when there is none. */
  limitPath(): string | undefined {
    return this.#limit < 0 ? undefined : joinPath(joinPath("/", this.hierarchy.base), this.#limitPath);
  }

  /** Like `limitPath`, where processes live. */
  payloadPath(): string | undefined {
    return this.#limit < 0
      ? undefined
      : joinPath(joinPath(joinPath("/", this.hierarchy.base), this.#limitPath), this.#inner);
  }

  monitorFd(): number {
    return this.#monitor;
  }

  /** Why the container has no cgroup here, as an errno; 0 when it has one, or none was made yet. */
  refusal(): number {
    return this.#refusal;
  }

  /** Makes the container's cgroup, `inner` below `limit` when that is not empty. Returns 0, or -errno and nothing made. */
  tryMakePayload(limit: string, inner: string): number {
    const result = this.#tryMakePayload(limit, inner);
    this.#refusal = Math.max(-result, 0);
    return result;
  }

  #tryMakePayload(limit: string, inner: string): number {
    const admits = this.#tryAdmit();
    if (admits < 0) return admits;
    const above: string[] = [];
    const limitFd = this.#tryMake(this.baseFd, limit, above);
    if (limitFd < 0) return limitFd;
    this.#limit = limitFd;
    this.#payload = limitFd;
    this.#limitPath = limit;
    this.#inner = inner;
    this.#abovePayload = above;
    if (inner === "") return 0;
    const payload = this.#tryMake(limitFd, inner, []);
    if (payload >= 0) this.#payload = payload;
    else this.removePayload();
    return Math.min(payload, 0);
  }

  /**
   * On version 2 whoever moves between two cgroups needs to write to `cgroup.procs` of the one above both (cgroups(7)),
   * so a folder alone that is ours is of no use. Returns 0 or -errno.
   */
  #tryAdmit(): number {
    if (this.hierarchy.version !== 2) return 0;
    const fd = tryOpenAt(this.baseFd, "cgroup.procs", O_WRONLY);
    if (fd >= 0) closeFd(fd);
    return Math.min(fd, 0);
  }

  /** Makes the monitor's cgroup. Returns 0, or -errno and nothing made. */
  tryMakeMonitor(path: string): number {
    const admits = this.#tryAdmit();
    if (admits < 0) return admits;
    const above: string[] = [];
    const fd = this.#tryMake(this.baseFd, path, above);
    if (fd < 0) return fd;
    this.#monitor = fd;
    this.#monitorPath = path;
    this.#aboveMonitor = above;
    return 0;
  }

  /** Makes `path` below `start`, which must be new, and notes in `above` which folders on the way were missing. */
  #tryMake(start: number, path: string, above: string[]): number {
    let current = start;
    let done = "";
    const parts = path.split("/");
    let left = parts.length;
    let result = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      left--;
      done = joinPath(done, part);
      if (this.delegates) enableControllers(current, this.hierarchy.controllers);
      result = tryPath(SYS.mkdirat, current, part, MODE, 0);
      if (result < 0 && (result !== -EEXIST || left === 0)) break;
      const isNew = result === 0;
      if (isNew && left > 0) above.push(done);
      result = tryOpenAt(current, part, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      if (result < 0) break;
      if (isNew && this.#isCpuset) copyCpuset(current, result);
      if (current !== start) closeFd(current);
      current = result;
    }
    if (result >= 0) return current;
    if (current !== start) closeFd(current);
    if (start === this.baseFd) this.#removeFolders(above);
    return result;
  }

  /** Opens the cgroup `path` below the base; what is missing of it is made, and stays. Returns a descriptor or -errno. */
  tryKeep(path: string): number {
    let current = this.baseFd;
    const parts = path.split("/");
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      const made = tryPath(SYS.mkdirat, current, part, MODE, 0);
      const next = made < 0 && made !== -EEXIST ? made : tryOpenAt(current, part, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      if (next >= 0 && made === 0 && this.#isCpuset) copyCpuset(current, next);
      if (current !== this.baseFd) closeFd(current);
      if (next < 0) return next;
      current = next;
    }
    return current;
  }

  /** Removes the container's cgroup with all below it. Throws when it stays. */
  removePayload(): void {
    if (this.#limit < 0) return;
    if (this.#payload !== this.#limit) closeFd(this.#payload);
    closeFd(this.#limit);
    this.#payload = -1;
    this.#limit = -1;
    removeCgroup(this.baseFd, this.#limitPath, REMOVE_TIMEOUT_MS);
    this.#removeFolders(this.#abovePayload);
  }

  /** Removes the monitor's cgroup, which nobody may be in any more. Throws when it stays. */
  removeMonitor(): void {
    if (this.#monitor < 0) return;
    closeFd(this.#monitor);
    this.#monitor = -1;
    removeCgroup(this.baseFd, this.#monitorPath, REMOVE_TIMEOUT_MS);
    this.#removeFolders(this.#aboveMonitor);
  }

  // What others put below our folders meanwhile keeps them, and that is no failure.
  #removeFolders(above: readonly string[]): void {
    for (let at = above.length - 1; at >= 0; at--) tryRemoveDirectoryAt(this.baseFd, `${above[at] ?? ""}`);
  }

  close(): void {
    closeFd(this.baseFd);
  }
}

const SUBTREE_CONTROL = "cgroup.subtree_control";

/**
 * Lets cgroups below `dir` have what may be had. The kernel takes one line as a whole or not at all, so after a refusal
 * each controller is asked for alone; one that cannot be had shows when a limit needs it. Not so where processes are in
 * the way: the kernel takes those of cpu and pids all the same, and from then on no cgroup below could hold processes
 * (cgroup-v2, "Threads"). Returns 0, or what the kernel said to the whole line.
 */
export function enableControllers(dir: number, controllers: readonly string[]): number {
  if (controllers.length === 0) return 0;
  const wanted = controllers.map((controller) => `+${controller}`);
  const result = tryWriteAt(dir, SUBTREE_CONTROL, wanted.join(" "));
  if (result >= 0 || result === -EBUSY) return result;
  for (const one of wanted) tryWriteAt(dir, SUBTREE_CONTROL, one);
  return result;
}

/** Those of `controllers` that cgroups below `dir` do not have yet. */
export function notEnabled(dir: number, controllers: readonly string[]): string[] {
  const enabled = wordsOf(tryReadTextAt(dir, SUBTREE_CONTROL) ?? "");
  return controllers.filter((controller): boolean => !enabled.includes(controller));
}

/** A new cpuset of version 1 is empty, and no process may enter it (cpuset(7)): it gets what the one above has. */
function copyCpuset(parent: number, child: number): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const value = tryReadTextAt(parent, file);
    if (value !== undefined) tryWriteAt(child, file, value.trim());
  }
}
