// Several folders shown as one: overlay file systems, made of open folders, so that no path is looked up again.

import { EINVAL } from "./abi/errno.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FD,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
} from "./abi/mount.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryCall } from "./call.ts";
import { closeFd } from "./files.ts";

/** The folders of an overlay, open. */
export interface OverlayLayers {
  /** The one on top first. */
  readonly lowers: readonly number[];
  /** Where changes go; -1 for an overlay that is only read. */
  readonly upper: number;
  /** An empty folder on the same mount as `upper`, for the kernel; -1 with it. */
  readonly work: number;
}

/**
 * A new overlay file system that is not mounted anywhere yet, as a descriptor. `options` are `key=value` or `key`.
 * A kernel before Linux 6.13 takes no descriptors: it gets them as paths of /proc/self/fd, which lead to the same folders
 * and have none of the signs that mean something in a list of layers.
 */
export function makeOverlay(layers: OverlayLayers, options: readonly string[]): number {
  const made = tryByDescriptor(layers, options);
  return made === -EINVAL ? byPath(layers, options) : made;
}

/** Returns -EINVAL when the kernel takes no descriptors. */
function tryByDescriptor(layers: OverlayLayers, options: readonly string[]): number {
  const context = openContext();
  try {
    for (const lower of layers.lowers) {
      const result = trySetLayer(context, "lowerdir+", lower);
      if (result === -EINVAL) return result;
      if (result < 0) throw refused(DOING, "fsconfig", result);
    }
    if (layers.upper >= 0) {
      const upper = trySetLayer(context, "upperdir", layers.upper);
      if (upper < 0) throw refused(DOING, "fsconfig", upper);
      const work = trySetLayer(context, "workdir", layers.work);
      if (work < 0) throw refused(DOING, "fsconfig", work);
    }
    return finish(context, options);
  } finally {
    closeFd(context);
  }
}

function byPath(layers: OverlayLayers, options: readonly string[]): number {
  const context = openContext();
  try {
    setText(context, "lowerdir", layers.lowers.map((fd): string => pathOf(fd)).join(":"));
    if (layers.upper >= 0) {
      setText(context, "upperdir", pathOf(layers.upper));
      setText(context, "workdir", pathOf(layers.work));
    }
    return finish(context, options);
  } finally {
    closeFd(context);
  }
}

const DOING = "make an overlay of the layers";

function openContext(): number {
  return call(DOING, "fsopen", "overlay", FSOPEN_CLOEXEC);
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function trySetLayer(context: number, name: string, fd: number): number {
  return tryCall(SYS.fsconfig, context, FSCONFIG_SET_FD, name, 0, fd);
}

function setText(context: number, name: string, text: string): void {
  call(DOING, "fsconfig", context, FSCONFIG_SET_STRING, name, text, 0);
}

function finish(context: number, options: readonly string[]): number {
  for (const option of options) {
    const equals = option.indexOf("=");
    const doing = `set the overlay option ${option}`;
    if (equals < 0) call(doing, "fsconfig", context, FSCONFIG_SET_FLAG, option, 0, 0);
    else call(doing, "fsconfig", context, FSCONFIG_SET_STRING, option.slice(0, equals), option.slice(equals + 1), 0);
  }
  call(DOING, "fsconfig", context, FSCONFIG_CMD_CREATE, 0, 0, 0);
  return call(DOING, "fsmount", context, FSMOUNT_CLOEXEC, 0);
}
