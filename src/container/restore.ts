// Restoring a snapshot: as a new container, or in the place of the one it was taken of.

import { asLxcError, LxcError } from "../base/errors.ts";
import { below, joinPath } from "../base/path.ts";
import { Undo } from "../base/undo.ts";
import { AT_FDCWD, AT_REMOVEDIR, RENAME_NOREPLACE } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryCall, tryPath } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { exists, listDirectory, makeDirectory } from "../kernel/files.ts";
import { clonesFileOf } from "./clones.ts";
import { loadConfig } from "./config/load.ts";
import type { RootfsPath } from "./config/rootfs-codecs.ts";
import { type Container, configFileOf, directoryOf, isDefined } from "./container.ts";
import { copyContainer, withoutMask } from "./copy.ts";
import { type CopyJob, fillCopy, planCopy } from "./copy-job.ts";
import type { CopyWish } from "./copy-plan.ts";
import { Interrupts } from "./interrupts.ts";
import { withContainerLock } from "./lock.ts";
import { asRootOrOwner } from "./mapped-root.ts";
import { clearIfDead, removePath } from "./partial.ts";
import { isOverlay, overlayPathsIn } from "./rootfs/layers.ts";
import { noSnapshot, type SnapshotOptions, snapshotCopy, snapshotNamed } from "./snapshots.ts";
import { storageNamed } from "./storage/backends.ts";

/** Folders in the container's own, for the time of a restore. */
const FRESH = "restoring";
const OLD = "replaced";
const FOLDER_MODE = 0o770;

/** Makes a new container of the snapshot `name`, with a name and addresses of its own. */
export function restoreAs(options: SnapshotOptions, name: string, target: Container): void {
  const source = snapshotNamed(options.container, name);
  if (!isDefined(source)) throw noSnapshot(options.container, name);
  const place = loadConfig(configFileOf(source), ownEnvironment()).config.rootfsPath.value;
  const snapshot = place !== undefined && isOverlay(place.type);
  const wish: CopyWish = { snapshot, backing: "", maybe: false, tmpfs: false };
  const isRunning = false;
  const { container, runDir, environment, progress } = options;
  const whole: SnapshotOptions = { container, runDir, environment, isRunning, progress, configFile: "" };
  copyContainer(snapshotCopy(whole, { source, target, wish, isSame: false, files: [] }));
}

/**
 * Puts the snapshot `name` in the place of the container. All of it is made first, beside what is there; only then names
 * change, and what was there before goes.
 */
export function restoreOver(options: SnapshotOptions, name: string): void {
  const { container, runDir } = options;
  const source = snapshotNamed(container, name);
  if (!isDefined(source)) throw noSnapshot(container, name);
  refuseRestore(options);
  clearIfDead(runDir, container);
  const wish: CopyWish = { snapshot: true, backing: "", maybe: true, tmpfs: false };
  const job = planCopy(snapshotCopy(options, { source, target: container, wish, isSame: true, files: [] }));
  const before = loadConfig(configFileOf(container), ownEnvironment()).config;
  const outside = managedOutside(container, before.rootfsPath.value, before.rootfsManaged.value);
  if (outside !== undefined) storageNamed(outside.type).checkDestroy(outside.path, container);
  withoutMask(() => withContainerLock(runDir, container, () => replace(job)));
  if (outside !== undefined) asRootOrOwner(job.mapped, () => storageNamed(outside.type).destroy(outside.path));
}

function refuseRestore(options: SnapshotOptions): void {
  const { container } = options;
  const doing = `restore ${container.name}`;
  if (exists(clonesFileOf(container))) {
    throw new LxcError("wrong-state", doing, "container rootfs has dependent snapshots", {
      hint: `${clonesFileOf(container)} lists those that need its files; destroy them first, or restore to another name with -N`,
    });
  }
  if (!options.isRunning) return;
  throw new LxcError("wrong-state", doing, `${container.name} is running`, {
    hint: `stop it first: lxc-stop -n ${container.name} -P ${container.lxcpath}`,
  });
}

/** A root file system of the container's own that is not in its folder, as in LXC destroyed with what it was. */
function managedOutside(container: Container, place: RootfsPath | undefined, managed: boolean): RootfsPath | undefined {
  if (place === undefined || !managed) return undefined;
  const path = isOverlay(place.type) ? overlayPathsIn(place.path).upper : place.path;
  return below(directoryOf(container), path) === undefined ? place : undefined;
}

/** The container's lock is held. */
function replace(job: CopyJob): void {
  const directory = directoryOf(job.options.target);
  const fresh = joinPath(directory, FRESH);
  const old = joinPath(directory, OLD);
  // Of a restore that was killed; the container is whole, or we would not be here.
  for (const left of [fresh, old]) asRootOrOwner(job.mapped, () => removePath(left));
  const undo = new Undo();
  const interrupts = new Interrupts();
  try {
    undo.add(`remove ${fresh}`, () => asRootOrOwner(job.mapped, () => removePath(fresh)));
    makeDirectory(fresh, FOLDER_MODE);
    fillCopy(job, fresh, interrupts);
    makeDirectory(old, FOLDER_MODE);
    undo.add(`remove ${old}`, () => {
      tryPath(SYS.unlinkat, AT_FDCWD, old, AT_REMOVEDIR, 0);
    });
    asRootOrOwner(job.mapped, () => swap(directory, keptIn(job, directory)));
    undo.keep();
  } catch (caught) {
    const error = asLxcError(caught as Error);
    undo.run();
    throw error;
  } finally {
    interrupts.release();
  }
  for (const left of [fresh, old]) asRootOrOwner(job.mapped, () => removePath(left));
}

/** The entries of the folder that stay: the snapshots, and layers that are only read. */
function keptIn(job: CopyJob, directory: string): string[] {
  const kept = [FRESH, OLD, "snaps", "lxc_snapshots"];
  if (job.copy.kind !== "layers") return kept;
  for (const lower of job.copy.lowers) {
    const rest = below(directory, lower) ?? "";
    if (rest !== "") kept.push(rest.split("/")[0] ?? rest);
  }
  return kept;
}

/** Moves what is replaced away, and what replaces it in; all of it is taken back when one of them fails. */
function swap(directory: string, kept: readonly string[]): void {
  const undo = new Undo();
  const names = listDirectory(joinPath(directory, FRESH)).filter((name): boolean => !kept.includes(name));
  const replaced = names.concat(["rootfs", "overlay", "base"].filter((name): boolean => !names.includes(name)));
  try {
    for (const name of replaced) {
      if (!kept.includes(name) && exists(joinPath(directory, name)))
        moveWithin(directory, name, joinPath(OLD, name), undo);
    }
    for (const name of names) moveWithin(directory, joinPath(FRESH, name), name, undo);
    undo.keep();
  } catch (caught) {
    const error = asLxcError(caught as Error);
    undo.run();
    throw error;
  }
}

function moveWithin(directory: string, from: string, to: string, undo: Undo): void {
  const result = tryMove(directory, from, to);
  if (result < 0) throw refused(`move ${joinPath(directory, from)} to ${to}`, "renameat2", result);
  undo.add(`move ${to} back`, () => {
    tryMove(directory, to, from);
  });
}

function tryMove(directory: string, from: string, to: string): number {
  return tryCall(
    SYS.renameat2,
    AT_FDCWD,
    joinPath(directory, from),
    AT_FDCWD,
    joinPath(directory, to),
    RENAME_NOREPLACE,
  );
}
