// All cgroups of one container: made before its first process, removed when it is over. Runs in the caller and the monitor.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import type { Undo } from "../../base/undo.ts";
import { EACCES, EEXIST, ENOENT, EPERM, EROFS } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_WRONLY } from "../../kernel/abi/fs.ts";
import { refused } from "../../kernel/call.ts";
import { openAt, readText, tryOpenAt, writeAt } from "../../kernel/files.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { type CgroupFolder, type CgroupOwner, delegateCgroup, delegatedFiles } from "./delegate.ts";
import { enterByTasks } from "./enter.ts";
import { type CgroupKind, type CgroupLayout, hierarchyOf, membershipsIn, unifiedOf } from "./layout.ts";
import { type LeftOut, leftOutSentence } from "./left-out.ts";
import { LiveDevices } from "./live-devices.ts";
import { continueOutside, goOut, type MonitorExit } from "./monitor-exit.ts";
import { type CgroupNames, isMonitorPlaced, monitorPath, payloadPaths, pivotPath } from "./names.ts";
import { inTheWay, makeRoom } from "./room.ts";
import { CgroupTree } from "./tree.ts";

const DEVICES_UTILITY = 1;
const FREEZER_UTILITY = 2;

/** What command GET_CGROUP_CTX sends: lxc.md 3.7, number 23. */
export interface CgroupContext {
  /** 0 legacy, 1 hybrid, 2 unified. */
  readonly layout: number;
  /** 1: devices by a program, 2: cgroup.freeze. */
  readonly utilities: number;
  readonly fds: readonly number[];
}

/**
 * Makes the container's cgroups, and with `forMonitor` those of a monitor that will outlive its caller. A hierarchy in
 * which we may not make any is left out; `cgroups.isEmpty()` when that is all of them. `undo` removes all of them.
 */
export function createCgroups(
  layout: CgroupLayout,
  names: CgroupNames,
  forMonitor: boolean,
  undo: Undo,
): ContainerCgroups {
  const cgroups = new ContainerCgroups(layout, names);
  if (forMonitor) {
    undo.add("remove the monitor's cgroups", () => cgroups.abandonMonitor());
    cgroups.makeMonitor();
  }
  undo.add("remove the container's cgroups", () => cgroups.remove());
  cgroups.makePayload();
  return cgroups;
}

/** The cgroups of one container in all hierarchies. */
export class ContainerCgroups {
  readonly layout: CgroupLayout;
  readonly names: CgroupNames;
  /** The scope that a user's service manager made for them; "" for none. */
  scope = "";
  /** The device rules in force in the unified hierarchy. */
  readonly devices = new LiveDevices();
  readonly #trees: CgroupTree[] = [];
  /** Where a process of ours goes that has to leave a cgroup. */
  readonly #pivot: string;
  /** How many names were taken. */
  #attempt = 0;
  /** Where the monitor's caller was, as /proc says it: there it goes back to in the end. */
  #origin = "";
  #monitorIsInside = false;
  /** Whether the monitor was born there: only then another process may go on in its place. */
  #bornInside = false;
  /** Processes that keep controllers from the container's cgroups. */
  #inTheWay: readonly number[] = [];

  constructor(layout: CgroupLayout, names: CgroupNames) {
    this.layout = layout;
    this.names = names;
    this.#pivot = pivotPath(names);
    for (const h of layout.hierarchies) {
      const fd = tryOpenAt(AT_FDCWD, joinPath(h.mountPoint, h.base), O_PATH | O_DIRECTORY);
      if (fd >= 0) this.#trees.push(new CgroupTree(h, fd, layout.kind === "unified"));
    }
  }

  /** Makes the container's cgroups in all hierarchies. */
  makePayload(): void {
    this.makeUnifiedPayload();
    this.makeLegacyPayload();
  }

  /** Makes the one that the first process is born in. */
  makeUnifiedPayload(): void {
    this.#makeRoom();
    this.#makePayloads(2);
  }

  #makeRoom(): void {
    for (const tree of this.#trees) {
      const others = makeRoom(tree, this.#pivot);
      if (others.length > 0) this.#inTheWay = others;
    }
  }

  /**
   * Makes those of version 1, about 0.1 ms each: may be done while the first process, already in `payloadV2Fd`, prepares
   * its root file system. Returns the path to give to its `enterLegacyPayload`.
   */
  makeLegacyPayload(): string {
    return this.#makePayloads(1);
  }

  #makePayloads(version: number): string {
    for (; ; this.#attempt++) {
      const paths = payloadPaths(this.names, this.#attempt);
      if (paths === undefined) throw taken(this.names.container, `lxc.payload.${this.names.name}`);
      const trees = this.#trees.filter((tree): boolean => tree.hierarchy.version === version);
      if (this.#tryMakeAll(trees, paths.limit, false) >= 0) return paths.payload;
    }
  }

  /** Enters the container's v1 cgroups at `path`; in its first process, when they were made after it was born. */
  enterLegacyPayload(path: string): void {
    const tasks: number[] = [];
    for (const tree of this.#trees) {
      if (tree.hierarchy.version !== 1) continue;
      const fd = tryOpenAt(tree.baseFd, joinPath(path, "tasks"), O_WRONLY);
      // One that we may not have cgroups in was left out.
      if (fd >= 0) tasks.push(fd);
      else if (fd !== -ENOENT) throw refused(`open ${path}/tasks`, "openat", fd);
    }
    enterByTasks(tasks);
  }

  /**
   * Makes the monitor's cgroups where they matter: in the unified hierarchy and in that of systemd, which decide how
   * long a process may live. In the others only when a place for them was asked for: each costs 0.15 ms.
   */
  makeMonitor(): void {
    this.#makeRoom();
    this.#origin = readText("/proc/self/cgroup");
    for (let attempt = 0; ; attempt++) {
      const path = monitorPath(this.names, attempt);
      if (path === undefined) throw taken(this.names.monitor, `lxc.monitor.${this.names.name}`);
      const everywhere = isMonitorPlaced(this.names);
      const trees = this.#trees.filter((tree): boolean => everywhere || decidesLife(tree));
      if (this.#tryMakeAll(trees, path, true) >= 0) return;
    }
  }

  /**
   * The same for a monitor in the foreground, which is its own caller: it stays where it is unless somebody has said
   * where it is to be.
   */
  makePlacedMonitor(): void {
    if (isMonitorPlaced(this.names)) this.makeMonitor();
  }

  /** Returns -EEXIST, and nothing made, when the name is taken in one of the hierarchies. */
  #tryMakeAll(trees: readonly CgroupTree[], path: string, forMonitor: boolean): number {
    for (const tree of trees) {
      const result = forMonitor ? tree.tryMakeMonitor(path) : tree.tryMakePayload(path, this.names.inner);
      // Not delegated to us, or mounted read-only: the container does without (as in LXC).
      if (result >= 0 || result === -EACCES || result === -EPERM || result === -EROFS) continue;
      for (const made of trees) {
        if (forMonitor) made.removeMonitor();
        else made.removePayload();
      }
      if (result !== -EEXIST)
        throw refused(
          `make the cgroup ${joinPath(joinPath(tree.hierarchy.mountPoint, tree.hierarchy.base), path)}`,
          "mkdirat",
          result,
        );
      return result;
    }
    return 0;
  }

  /** Whether nothing can be limited or counted: the container runs in its caller's cgroups. */
  isEmpty(): boolean {
    for (const tree of this.#trees) {
      if (tree.payloadFd() >= 0) return false;
    }
    return true;
  }

  /** Where the container's first process is to be born with clone3; -1 without a unified hierarchy. */
  payloadV2Fd(): number {
    return this.#unified()?.payloadFd() ?? -1;
  }

  /** Where limits of version 2 go, and device programs. */
  limitV2Fd(): number {
    return this.#unified()?.limitFd() ?? -1;
  }

  /** Where the monitor is to be born with clone3; -1 when it has no cgroup of its own there. */
  monitorV2Fd(): number {
    return this.#unified()?.monitorFd() ?? -1;
  }

  /** Open `tasks` files of the container's v1 cgroups, for `enterByTasks` in its first process. Close them afterwards. */
  openPayloadTasks(): number[] {
    const fds: number[] = [];
    for (const tree of this.#trees) {
      if (tree.hierarchy.version === 1 && tree.payloadFd() >= 0) fds.push(openAt(tree.payloadFd(), "tasks", O_WRONLY));
    }
    return fds;
  }

  /** Moves another process into the container's v2 cgroup: takes a grace period, only where clone3 cannot do it. */
  movePayload(pid: number): void {
    if (this.payloadV2Fd() >= 0) writeAt(this.payloadV2Fd(), "cgroup.procs", String(pid));
  }

  /**
   * Enters the monitor's cgroups, if it has any; in the monitor, which is `bornInside` when clone3 put it into
   * `monitorV2Fd`.
   */
  enterMonitor(bornInside: boolean): void {
    const tasks: number[] = [];
    for (const tree of this.#trees) {
      if (tree.monitorFd() < 0) continue;
      this.#monitorIsInside = true;
      if (tree.hierarchy.version === 1) tasks.push(openAt(tree.monitorFd(), "tasks", O_WRONLY));
      else if (!bornInside) writeAt(tree.monitorFd(), "cgroup.procs", "0");
    }
    enterByTasks(tasks);
    this.#bornInside = bornInside;
  }

  /**
   * Leaves the monitor's cgroups and removes them: the last thing a monitor does. One that was born in them goes on as
   * another process.
   */
  leaveMonitor(): void {
    this.#leave(this.#bornInside, this.#exit(this.names.pivot === "" ? "" : this.#pivot));
  }

  /** Like `leaveMonitor`, but slowly and as the same process: for a start that failed, or before there is a monitor. */
  abandonMonitor(): void {
    this.#leave(false, this.#exit(""));
  }

  #leave(asAnother: boolean, exit: MonitorExit): void {
    if (this.#monitorIsInside) {
      this.#monitorIsInside = false;
      for (const tree of this.#trees) {
        if (tree.monitorFd() >= 0 && tree.hierarchy.version === 1) goOut(tree, exit);
      }
      const unified = this.#unified();
      if (unified !== undefined && unified.monitorFd() >= 0) {
        if (asAnother) continueOutside(unified, exit);
        else goOut(unified, exit);
      }
    }
    for (const tree of this.#trees) tree.removeMonitor();
  }

  #exit(pivot: string): MonitorExit {
    return { origin: membershipsIn(this.#origin), pivot };
  }

  /** Gives the cgroups that the container's processes are in to its root, whose numbers on the host these are. */
  delegate(uid: number, gid: number): void {
    const owner: CgroupOwner = { uid, gid, keeper: effectiveUser() };
    const files = delegatedFiles();
    for (const folder of this.payloadFolders()) delegateCgroup(folder, owner, files);
  }

  /** The cgroups that the container's processes are in, for a process that may do there what we may not. */
  payloadFolders(): CgroupFolder[] {
    const folders: CgroupFolder[] = [];
    for (const tree of this.#trees) {
      const fd = tree.payloadFd();
      if (fd >= 0) folders.push({ fd, version: tree.hierarchy.version });
    }
    return folders;
  }

  /** The hierarchies in which the container has no cgroup, because we may not make any there. */
  leftOut(): LeftOut[] {
    const found: LeftOut[] = [];
    for (const tree of this.#trees) {
      if (tree.refusal() !== 0) found.push({ hierarchy: tree.hierarchy, errno: tree.refusal() });
    }
    return found;
  }

  /** Whether processes of others keep the controllers of version 2 from the container's cgroups. */
  hasOthersInBase(): boolean {
    return this.#inTheWay.length > 0;
  }

  /** What will not hold or be counted for this container, one sentence each; once all cgroups are made. */
  warnings(): string[] {
    const isRoot = effectiveUser() === 0;
    const sentence = leftOutSentence(this.leftOut(), { kind: this.layout.kind, isRoot, isEmpty: this.isEmpty() });
    const warnings = sentence === "" ? [] : [sentence];
    const unified = unifiedOf(this.layout);
    if (this.hasOthersInBase() && this.payloadV2Fd() >= 0 && unified !== undefined) {
      warnings.push(inTheWay(joinPath(unified.mountPoint, unified.base), this.#inTheWay));
    }
    return warnings;
  }

  /**
   * What command GET_CGROUP answers: the container's cgroup for `controller` below the mount point, or, for an empty
   * one, that in the unified hierarchy; undefined when there is none.
   */
  payloadPathOf(controller: string): string | undefined {
    return this.#treeOf(controller)?.payloadPath();
  }

  /** What command GET_LIMIT_CGROUP answers. */
  limitPathOf(controller: string): string | undefined {
    return this.#treeOf(controller)?.limitPath();
  }

  /** The container's (not the limiting) cgroup for `controller`, or -1. */
  payloadFdOf(controller: string): number {
    return this.#treeOf(controller)?.payloadFd() ?? -1;
  }

  /** Where a limit of `controller` is written, or -1. */
  limitFdOf(controller: string): number {
    return this.#treeOf(controller)?.limitFd() ?? -1;
  }

  #treeOf(controller: string): CgroupTree | undefined {
    const mountPoint = hierarchyOf(this.layout, controller)?.mountPoint;
    for (const tree of this.#trees) {
      if (tree.hierarchy.mountPoint === mountPoint) return tree;
    }
    return undefined;
  }

  #unified(): CgroupTree | undefined {
    for (const tree of this.#trees) {
      if (tree.hierarchy.version === 2) return tree;
    }
    return undefined;
  }

  /** What command GET_CGROUP_CTX answers. */
  context(): CgroupContext {
    const fds: number[] = [];
    for (const tree of this.#trees) {
      if (tree.payloadFd() >= 0) fds.push(tree.payloadFd());
    }
    const devices = this.layout.kind === "unified" ? DEVICES_UTILITY : 0;
    const freezer = this.#unified() === undefined ? 0 : FREEZER_UTILITY;
    return { layout: layoutNumber(this.layout.kind), utilities: devices | freezer, fds };
  }

  /** Removes the container's cgroups, which must have no processes but ending ones; the monitor's stay. */
  remove(): void {
    this.devices.forget();
    let failure: LxcError | undefined;
    for (const tree of this.#trees) failure = tryRemovePayload(tree) ?? failure;
    if (failure !== undefined) throw failure;
  }
}

/** Whether a service manager ends a process by its cgroup there. */
function decidesLife(tree: CgroupTree): boolean {
  return tree.hierarchy.version === 2 || tree.hierarchy.underSystemd;
}

function tryRemovePayload(tree: CgroupTree): LxcError | undefined {
  try {
    tree.removePayload();
  } catch (caught) {
    return asLxcError(caught as Error);
  }
  return undefined;
}

function taken(fixed: string, name: string): LxcError {
  return new LxcError("wrong-state", `make the cgroup ${fixed === "" ? name : fixed}`, "it is there already", {
    hint:
      fixed === ""
        ? `remove what is left of earlier ones: find /sys/fs/cgroup -depth -name '${name}-*' -exec rmdir {} +`
        : "another container uses it; choose another lxc.cgroup.dir.container and lxc.cgroup.dir.monitor",
  });
}

function layoutNumber(kind: CgroupKind): number {
  if (kind === "none") return -1;
  return kind === "legacy" ? 0 : kind === "hybrid" ? 1 : 2;
}
