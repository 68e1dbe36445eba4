// Renaming a container. LXC copies it and destroys the source; where all of it is in its own folder, moving that is the same.

import { asLxcError, LxcError } from "../base/errors.ts";
import { bytesOfLetters, lettersOf } from "../base/latin1.ts";
import { below, joinPath } from "../base/path.ts";
import { Undo } from "../base/undo.ts";
import { EEXIST } from "../kernel/abi/errno.ts";
import { AT_FDCWD, RENAME_NOREPLACE } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryCall } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { exists, listDirectory, makeDirectory } from "../kernel/files.ts";
import { readRegular, replaceBytes } from "../kernel/replace-file.ts";
import { addClone, clonesFileOf, originalsOf, removeClone } from "./clones.ts";
import { loadConfig } from "./config/load.ts";
import type { RootfsPath } from "./config/rootfs-codecs.ts";
import type { Config } from "./config/schema.ts";
import { type Container, configFileOf, directoryOf, isDefined } from "./container.ts";
import { alreadyThere, copyContainer, refuseRunning, withoutMask } from "./copy.ts";
import { copiedConfig } from "./copy-config.ts";
import { changeInside } from "./copy-inside.ts";
import { type CopyOptions, letters } from "./copy-job.ts";
import { destroyContainer } from "./destroy.ts";
import { withContainerLock } from "./lock.ts";
import { mappedRootOf } from "./mapped-root.ts";
import { clearDeadCreation, clearIfDead } from "./partial.ts";
import { isOverlay, overlayPathsIn } from "./rootfs/layers.ts";

/** Gives `source` the name of `target`, which is in the same folder. Its addresses stay, and all that can be told by its name changes. */
export function renameContainer(options: CopyOptions): void {
  const { source, target, runDir } = options;
  clearIfDead(runDir, source);
  if (isDefined(target)) throw alreadyThere(source, target);
  refuseRunning(options);
  refuseDependents(source);
  const { config } = loadConfig(configFileOf(source), ownEnvironment());
  if (isMovable(config.rootfsPath.value, directoryOf(source))) {
    withoutMask(() => {
      withContainerLock(runDir, source, () => withContainerLock(runDir, target, () => move(options, config)));
    });
    return;
  }
  copyContainer(options);
  destroyContainer({
    container: source,
    runDir,
    environment: options.environment,
    isRunning: false,
    configFile: "",
    force: false,
    stop: () => undefined,
  });
}

/** As in LXC: what is named by its old name somewhere else would not be found. */
function refuseDependents(source: Container): void {
  const snaps = joinPath(directoryOf(source), "snaps");
  if (!exists(clonesFileOf(source)) && !(exists(snaps) && listDirectory(snaps).length > 0)) return;
  throw new LxcError("wrong-state", `rename ${source.name}`, "Renaming a container with snapshots is not supported", {
    hint: `destroy them first: lxc-snapshot -n ${source.name} -d ALL; ${clonesFileOf(source)} lists its clones`,
  });
}

/** Whether nothing but its own folder must move. Only the name of an overlay's layers changes, wherever they are. Pure. */
export function isMovable(place: RootfsPath | undefined, directory: string): boolean {
  if (place === undefined || isOverlay(place.type)) return true;
  return (below(directory, place.path) ?? "") !== "";
}

/** What `lxc.rootfs.path` says after the move; "" for none. Pure. */
export function movedRootfs(place: RootfsPath | undefined, from: string, to: string): string {
  if (place === undefined) return "";
  if (!isOverlay(place.type)) return `${place.type === "" ? "dir" : place.type}:${moved(place.path, from, to)}`;
  const { lowers, upper } = overlayPathsIn(place.path);
  return `${place.type}:${lowers
    .concat([upper])
    .map((path): string => moved(path, from, to))
    .join(":")}`;
}

function moved(path: string, from: string, to: string): string {
  const rest = below(from, `${path}`);
  return rest === undefined ? path : joinPath(to, `${rest}`);
}

/** The locks of both names are held. */
function move(options: CopyOptions, config: Config): void {
  const { source, target, runDir } = options;
  clearDeadCreation(target);
  const undo = new Undo();
  const from = directoryOf(source);
  const to = directoryOf(target);
  const before = readRegular(configFileOf(source));
  try {
    moveFolder(from, to);
    undo.add(`give ${from} its name back`, () => moveFolder(to, from));
    replaceBytes(configFileOf(target), bytesOfLetters(movedConfig(options, config, before)));
    undo.add(`write ${configFileOf(target)} as it was`, () => replaceBytes(configFileOf(target), before));
    for (const original of originalsOf(target)) {
      addClone(runDir, original, target);
      undo.add("take the new name out of a list of clones", () => removeClone(runDir, original, target));
    }
    changeMoved(options);
    undo.keep();
  } catch (caught) {
    const error = asLxcError(caught as Error);
    undo.run();
    throw error;
  }
  for (const original of originalsOf(target)) removeClone(runDir, original, source);
}

function moveFolder(from: string, to: string): void {
  const result = tryCall(SYS.renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
  if (result >= 0) return;
  if (result !== -EEXIST) throw refused(`move ${from} to ${to}`, "renameat2", result);
  throw new LxcError("wrong-state", `move ${from} to ${to}`, "something of that name is there already", {
    errno: EEXIST,
    hint: "nothing is written over; use another name, or move it away",
  });
}

function movedConfig(options: CopyOptions, config: Config, before: Uint8Array): string {
  const from = directoryOf(options.source);
  const to = directoryOf(options.target);
  const fstab = config.mountFstab.value ?? "";
  const ownFstab = below(from, fstab) === undefined ? "" : moved(fstab, from, to);
  return copiedConfig({
    text: lettersOf(before),
    from: letters(from),
    to: letters(to),
    rootfs: letters(movedRootfs(config.rootfsPath.value, from, to)),
    isMoved: true,
    hostName: options.keepName || config.utsName.value === undefined ? "" : letters(options.target.name),
    fstab: letters(ownFstab),
    random: new Uint8Array(0),
    settings: options.settings,
  }).text;
}

/** Clone hooks and the host's name, as for a copy. */
function changeMoved(options: CopyOptions): void {
  const loaded = loadConfig(configFileOf(options.target), ownEnvironment());
  const place = loaded.config.rootfsPath.value;
  const layers = place !== undefined && isOverlay(place.type) ? place.path : "";
  const mountPoint = joinPath(directoryOf(options.target), "rootfs");
  if (layers !== "") makeDirectory(mountPoint, 0o755);
  const shifts = (loaded.config.rootfsOptions.value ?? "").includes("idmap=");
  changeInside({
    source: options.source,
    target: options.target,
    loaded,
    root: place === undefined ? "" : layers === "" ? place.path : mountPoint,
    layers,
    mapped: shifts ? undefined : mappedRootOf(loaded.config.idmap.values),
    environment: options.environment,
    hookArgs: options.hookArgs,
    renames: !options.keepName,
  });
}
