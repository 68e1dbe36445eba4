// Removing a container: its root file system, its folder, and what other containers know of it.

import { Deadline } from "../base/deadline.ts";
import { LxcError } from "../base/errors.ts";
import { below, joinPath } from "../base/path.ts";
import { ENOENT } from "../kernel/abi/errno.ts";
import { AT_FDCWD, AT_REMOVEDIR, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, tryPath } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { closeFd, exists, openFile } from "../kernel/files.ts";
import { removeContents } from "../kernel/remove.ts";
import { pause } from "../kernel/waiting.ts";
import { clonesFileOf, originalsOf, removeClone } from "./clones.ts";
import type { LoadedConfig } from "./config/load.ts";
import { loadConfig } from "./config/load.ts";
import { type Container, configFileOf, directoryOf, isDefined } from "./container.ts";
import { type HookCall, runHook } from "./hooks.ts";
import { withContainerLock } from "./lock.ts";
import { asRootOrOwner, mappedRootOf } from "./mapped-root.ts";
import { findMonitor } from "./monitor-title.ts";
import { clearDeadCreation, clearIfDead } from "./partial.ts";
import { storageNamed } from "./storage/backends.ts";
import { refuseMountsBelow } from "./storage/mounted.ts";

export interface DestroyOptions {
  readonly container: Container;
  readonly runDir: string;
  /** The caller's environment, `NAME=value`, which the destroy hooks get with LXC's variables. */
  readonly environment: readonly string[];
  readonly isRunning: boolean;
  /** Read in place of the container's own configuration; "" for that. */
  readonly configFile: string;
  /** Whether a running container may be stopped first. */
  readonly force: boolean;
  /** Stops it at once; not called before it is known that nothing else stands in the way. */
  readonly stop: () => void;
}

/** Destroys a container, or throws an LxcError before anything was removed if it must not be. */
export function destroyContainer(options: DestroyOptions): void {
  const container = options.container;
  checkDestroyable(options);
  if (options.isRunning) options.stop();
  withContainerLock(options.runDir, container, () => removeContainer(options));
}

/** A monitor that has just said STOPPED needs a moment to end. */
const MONITOR_TIMEOUT_MS = 5000;
const LOOK_AGAIN_MS = 5;

/**
 * Abstract sockets belong to a network namespace: a container that was started in another one looks stopped. What still
 * runs is not removed.
 */
function refuseUnreachable(container: Container): void {
  const deadline = new Deadline(MONITOR_TIMEOUT_MS);
  for (;;) {
    const pid = findMonitor(container);
    if (pid === 0) return;
    if (deadline.hasPassed()) {
      throw new LxcError("wrong-state", `destroy ${container.name}`, `${container.name} is running`, {
        hint: `its monitor, process ${pid}, is in another network namespace: nsenter -t ${pid} -n lxc-stop -P ${container.lxcpath} -n ${container.name}`,
      });
    }
    pause(LOOK_AGAIN_MS);
  }
}

/** What LXC asks before it touches anything, in its order. */
function checkDestroyable(options: DestroyOptions): void {
  const container = options.container;
  const name = container.name;
  const doing = `destroy ${name}`;
  if (!isDefined(container)) {
    clearIfDead(options.runDir, container);
    throw new LxcError("not-found", doing, "Container is not defined", {
      hint: `there is no ${configFileOf(container)}; lxc-ls -P ${container.lxcpath} lists what there is`,
    });
  }
  if (exists(clonesFileOf(container))) {
    throw new LxcError("wrong-state", doing, `${name} has clones`, {
      hint: `${clonesFileOf(container)} lists them; destroy them first`,
    });
  }
  // As in LXC: an empty folder goes, whatever comes after.
  const removed = tryPath(SYS.unlinkat, AT_FDCWD, joinPath(directoryOf(container), "snaps"), AT_REMOVEDIR, 0);
  if (removed < 0 && removed !== -ENOENT) {
    throw new LxcError("wrong-state", doing, `${name} has snapshots`, {
      hint: `they are in ${joinPath(directoryOf(container), "snaps")}; destroy them first`,
    });
  }
  if (!options.isRunning) refuseUnreachable(container);
  if (options.isRunning && !options.force) {
    throw new LxcError("wrong-state", doing, `${name} is running`, {
      hint: `stop it with lxc-stop -n ${name} -P ${container.lxcpath}, or use --force`,
    });
  }
}

function removeContainer(options: DestroyOptions): void {
  const container = options.container;
  clearDeadCreation(container);
  // Its monitor may have removed an ephemeral one while we waited for the lock.
  if (!isDefined(container)) return;
  const loaded = loadConfig(options.configFile === "" ? configFileOf(container) : options.configFile, ownEnvironment());
  const config = loaded.config;
  const place = config.rootfsPath.value;
  const storage = storageNamed(place === undefined ? "" : place.type);
  const rootfs = place !== undefined && config.rootfsManaged.value ? place.path : "";
  if (rootfs !== "") storage.checkDestroy(rootfs, container);
  refuseMountsBelow(directoryOf(container));
  for (const command of config.hookDestroy.values) runHook(hookCall(options, loaded, command));
  const mapped = mappedRootOf(config.idmap.values);
  if (rootfs !== "") asRootOrOwner(mapped, () => storage.destroy(rootfs));
  forgetClone(options.runDir, container);
  const kept = rootfs === "" && place !== undefined ? storage.keptFolder(place.path, container) : "";
  asRootOrOwner(mapped, () => removeFolder(container, kept));
}

/** `kept` is a root file system that is not ours to remove, or "". */
function removeFolder(container: Container, kept: string): void {
  const directory = directoryOf(container);
  const inside = below(directory, kept) ?? "";
  // The configuration goes last: until then the container is there, and can be destroyed again.
  if (inside === "") removeAllBut(directory, "config");
  call(`remove ${configFileOf(container)}`, "unlinkat", AT_FDCWD, configFileOf(container), 0);
  if (inside === "") call(`remove the folder ${directory}`, "unlinkat", AT_FDCWD, directory, AT_REMOVEDIR);
}

function removeAllBut(directory: string, keep: string): void {
  const fd = openFile(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    removeContents(fd, directory, keep);
  } finally {
    closeFd(fd);
  }
}

function hookCall(options: DestroyOptions, loaded: LoadedConfig, command: string): HookCall {
  const config = loaded.config;
  const name = options.container.name;
  const versionOne = config.hookVersion.value === 1;
  const environment = options.environment.concat([
    `LXC_NAME=${name}`,
    `LXC_CONFIG_FILE=${loaded.path}`,
    `LXC_ROOTFS_MOUNT=${config.rootfsMount.value}`,
  ]);
  const rootfs = config.rootfsPath.value;
  if (rootfs !== undefined)
    environment.push(`LXC_ROOTFS_PATH=${rootfs.type === "" ? rootfs.path : `${rootfs.type}:${rootfs.path}`}`);
  if (versionOne) environment.push("LXC_HOOK_TYPE=destroy", "LXC_HOOK_SECTION=lxc");
  return { key: "lxc.hook.destroy", command, args: versionOne ? [] : [name, "lxc", "destroy"], environment };
}

/** Tells the containers this one is a clone of that it is gone: their list loses its pair of lines, as in LXC. */
function forgetClone(runDir: string, container: Container): void {
  for (const original of originalsOf(container)) removeClone(runDir, original, container);
}
