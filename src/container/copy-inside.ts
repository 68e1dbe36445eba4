// What is changed in the root file system of a copy: what clone hooks do, and the host's name. Runs apart from the caller,
// for an overlay is mounted to be changed.

import { EACCES } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_TRUNC, O_WRONLY, S_IFMT, S_IFREG } from "../kernel/abi/fs.ts";
import { closeFd, openAt, openDirectory, statusOf, writeAll } from "../kernel/files.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { attachTree } from "../kernel/mounts.ts";
import { tryOpenInside } from "../kernel/resolve.ts";
import { runApart } from "./apart.ts";
import type { LoadedConfig } from "./config/load.ts";
import { type Container, configFileOf } from "./container.ts";
import { type HookOccasion, hookCalls } from "./hook-calls.ts";
import { runHook } from "./hooks.ts";
import type { MappedRoot } from "./mapped-root.ts";
import { MountHelper } from "./rootfs/mount-helper.ts";
import { makeOverlayRoot } from "./rootfs/overlay-root.ts";

export interface InsideChange {
  readonly source: Container;
  readonly target: Container;
  /** The copy's own configuration. */
  readonly loaded: LoadedConfig;
  /** The folder of its root file system, or the one to mount it on for a moment; "" for none. */
  readonly root: string;
  /** The layers to mount there, as `lxc.rootfs.path` has them behind the kind; "" when it is a plain folder. */
  readonly layers: string;
  readonly mapped: MappedRoot | undefined;
  readonly environment: readonly string[];
  readonly hookArgs: readonly string[];
  /** Whether the name in /etc/hostname becomes that of the copy. */
  readonly renames: boolean;
}

/** Runs the clone hooks, then writes the name, as LXC does. Throws when a hook fails. */
export function changeInside(change: InsideChange): void {
  const hooks = change.loaded.config.hookClone.values.length > 0;
  const { root } = change;
  const renames = change.renames && root !== "";
  if (!hooks && !renames) return;
  runApart(change.mapped, () => {
    if (change.layers !== "") mountLayers(change.layers, root, change.loaded.config.idmap.values.length > 0);
    for (const hook of hookCalls(change.loaded.config, occasionOf(change))) runHook(hook);
    if (renames) writeHostName(root, change.target.name);
  });
}

function occasionOf(change: InsideChange): HookOccasion {
  const rootfs = change.loaded.config.rootfsPath.value;
  const own = [`LXC_SRC_NAME=${change.source.name}`, `LXC_ROOTFS_MOUNT=${change.root}`];
  own.push(`LXC_CONFIG_FILE=${configFileOf(change.target)}`);
  if (rootfs !== undefined) own.push(`LXC_ROOTFS_PATH=${rootfs.type}:${rootfs.path}`);
  own.push(`LXC_NAME=${change.target.name}`);
  const environment = change.environment.concat(own);
  return { type: "clone", name: change.target.name, environment, args: change.hookArgs };
}

/** What only an overlay knows is kept where the container itself will look for it. */
function mountLayers(path: string, root: string, isMapped: boolean): void {
  const target = openDirectory(root);
  const options = isMapped ? ["userxattr"] : [];
  const mount = makeOverlayRoot({ path, options, idmap: "", target }, new NobodyElse());
  attachTree(mount, target, `the root file system on ${root}`);
  closeFd(mount);
  closeFd(target);
}

/** We are who we must be: what is out of our reach is so for all. */
class NobodyElse extends MountHelper {
  override folder(_path: string): number {
    return -EACCES;
  }

  override tree(_path: string, _recursive: boolean): number {
    return -EACCES;
  }

  override shift(_tree: number, _space: string): void {}
}

/**
 * Writes the name into etc/hostname, if that is there, as in LXC without a newline. Links in the path lead where they lead in
 * the container, and what is no regular file stays as it is.
 */
export function writeHostName(rootPath: string, name: string): void {
  const root = openAt(AT_FDCWD, rootPath, O_PATH | O_DIRECTORY);
  const pin = tryOpenInside(root, "etc/hostname", O_PATH);
  closeFd(root);
  if (pin < 0) return;
  try {
    if ((statusOf(pin, "etc/hostname").mode & S_IFMT) !== S_IFREG) return;
    const fd = openAt(AT_FDCWD, `/proc/self/fd/${pin}`, O_WRONLY | O_TRUNC);
    try {
      writeAll(fd, bytesOfText(name), "etc/hostname");
    } finally {
      closeFd(fd);
    }
  } finally {
    closeFd(pin);
  }
}
