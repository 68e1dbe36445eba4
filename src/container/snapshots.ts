// The snapshots of a container: containers of their own in its folder `snaps`, with the files `ts` and `comment` as LXC has them.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { wholeNumberIn } from "../base/text.ts";
import { AT_FDCWD, AT_REMOVEDIR } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryPath } from "../kernel/call.ts";
import { exists, listDirectory, tryReadText } from "../kernel/files.ts";
import { type Container, containerOf, directoryOf, isDefined } from "./container.ts";
import { copyContainer } from "./copy.ts";
import type { CopyOptions, CopyProgress, TextFile } from "./copy-job.ts";
import type { CopyWish } from "./copy-plan.ts";
import { type DestroyOptions, destroyContainer } from "./destroy.ts";
import { withContainerLock } from "./lock.ts";
import { clearIfDead } from "./partial.ts";

const FILE_MODE = 0o644;
const BEGINNING = "snap";

/** As in LXC: what can share files does; a plain folder is copied whole. Nobody is to tell it from the container. */
const AS_SNAPSHOT: CopyWish = { snapshot: true, backing: "", maybe: true, tmpfs: false };

export interface Snapshot {
  readonly name: string;
  /** The folder of all snapshots of the container. */
  readonly path: string;
  /** `2024:01:31 12:00:00`; "" when nobody wrote it down. */
  readonly time: string;
  readonly comment: string;
}

export interface SnapshotOptions {
  readonly container: Container;
  readonly runDir: string;
  /** The caller's environment, `NAME=value`, for hooks. */
  readonly environment: readonly string[];
  readonly isRunning: boolean;
  readonly progress: CopyProgress;
  /** Read instead of the container's configuration when a snapshot is taken; "" for that. */
  readonly configFile: string;
}

/** The folder of a container's snapshots. */
export function snapshotsFolderOf(container: Container): string {
  return joinPath(directoryOf(container), "snaps");
}

/** A snapshot as the container that it is. Throws on a name that is none. */
export function snapshotNamed(container: Container, name: string): Container {
  return containerOf(name, snapshotsFolderOf(container));
}

/** All snapshots, by number, then those of other names. */
export function listSnapshots(container: Container): Snapshot[] {
  const path = snapshotsFolderOf(container);
  if (!exists(path)) return [];
  const names = listDirectory(path).filter((name): boolean => isDefined({ name, lxcpath: path }));
  return names.sort(bySnapshotNumber).map((name): Snapshot => {
    const folder = joinPath(path, `${name}`);
    const time = tryReadText(joinPath(folder, "ts")) ?? "";
    return { name, path, time: time.trim(), comment: tryReadText(joinPath(folder, "comment")) ?? "" };
  });
}

/** snap2 comes before snap10. */
export function bySnapshotNumber(one: string, other: string): number {
  const first = numberOf(one);
  const second = numberOf(other);
  if (first !== second) return first - second;
  return one < other ? -1 : one > other ? 1 : 0;
}

function numberOf(name: string): number {
  const number = name.startsWith(BEGINNING) ? wholeNumberIn(name.slice(BEGINNING.length)) : undefined;
  return number ?? Number.MAX_SAFE_INTEGER;
}

/** Takes a snapshot; `comment` is the text to go with it, undefined for none. Returns its name. */
export function takeSnapshot(options: SnapshotOptions, time: string, comment: string | undefined): string {
  const { container, runDir } = options;
  const files: TextFile[] = [{ name: "ts", text: time, mode: FILE_MODE }];
  if (comment !== undefined) files.push({ name: "comment", text: comment, mode: FILE_MODE });
  clearIfDead(runDir, container);
  const taken: string[] = [];
  // Nobody else takes the same number, nor destroys the container meanwhile.
  withContainerLock(runDir, container, () => {
    const name = freeName(snapshotsFolderOf(container));
    const target = snapshotNamed(container, name);
    copyContainer(snapshotCopy(options, { source: container, target, wish: AS_SNAPSHOT, isSame: true, files }));
    taken.push(name);
  });
  return taken[0] ?? "";
}

/** As in LXC: the first number that nothing has. */
function freeName(folder: string): string {
  for (let number = 0; ; number++) {
    const name = BEGINNING + String(number);
    if (!exists(joinPath(folder, name))) return name;
  }
}

interface CopyParts {
  readonly source: Container;
  readonly target: Container;
  readonly wish: CopyWish;
  /** Whether it is to be the same container, with its name and its addresses. */
  readonly isSame: boolean;
  readonly files: readonly TextFile[];
}

/** A copy from or to the folder of snapshots. */
export function snapshotCopy(options: SnapshotOptions, parts: CopyParts): CopyOptions {
  return {
    source: parts.source,
    target: parts.target,
    configFile: options.configFile,
    wish: parts.wish,
    keepName: parts.isSame,
    keepMac: parts.isSame,
    hookArgs: [],
    runDir: options.runDir,
    environment: options.environment,
    isRunning: options.isRunning,
    allowRunning: false,
    progress: options.progress,
    settings: [],
    files: parts.files,
  };
}

/** Destroys one snapshot, with its destroy hooks, as a container. */
export function destroySnapshot(options: SnapshotOptions, name: string): void {
  const snapshot = snapshotNamed(options.container, name);
  if (!isDefined(snapshot)) throw noSnapshot(options.container, name);
  destroyContainer(destroyOptions(options, snapshot));
}

/** Destroys all of them, and the folder they are in. */
export function destroyAllSnapshots(options: SnapshotOptions): void {
  const all = listSnapshots(options.container);
  // The newest first: it may need files of one before.
  for (const snapshot of all.toReversed()) destroySnapshot(options, snapshot.name);
  tryPath(SYS.unlinkat, AT_FDCWD, snapshotsFolderOf(options.container), AT_REMOVEDIR, 0);
}

function destroyOptions(options: SnapshotOptions, container: Container): DestroyOptions {
  const { runDir, environment } = options;
  return { container, runDir, environment, isRunning: false, configFile: "", force: false, stop: () => undefined };
}

export function noSnapshot(container: Container, name: string): LxcError {
  const hint = `see which there are: lxc-snapshot -n ${container.name} -P ${container.lxcpath} -L`;
  return new LxcError("not-found", `use the snapshot ${name} of ${container.name}`, "there is no such snapshot", {
    hint,
  });
}
