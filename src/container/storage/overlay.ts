// A root file system of layers: a folder that stays as it is, and one below the container for what is changed.

import { below, joinPath } from "../../base/path.ts";
import { AT_FDCWD, AT_REMOVEDIR, O_DIRECTORY, O_NOFOLLOW, O_PATH } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryPath } from "../../kernel/call.ts";
import { closeFd, tryOpenAt } from "../../kernel/files.ts";
import { type Container, directoryOf } from "../container.ts";
import { type Creation, removePath } from "../partial.ts";
import { type OverlayPaths, overlayPathsIn } from "../rootfs/layers.ts";
import { DirStorage } from "./dir.ts";
import { type RootFileSystem, Storage, type StoragePlace } from "./storage.ts";

/** What the kernel makes in the folder for its work. */
const OF_THE_KERNEL: readonly string[] = ["work", "index"];

export class OverlayStorage extends Storage {
  readonly #folders = new DirStorage();

  /**
   * As in LXC: the template fills the lower layer, and what the container changes goes to `overlay/delta`. That is made
   * by the first start, in which it gets the owner it must have.
   */
  override create(place: StoragePlace, creation: Creation): RootFileSystem {
    const lower = this.#folders.create(place, creation);
    const delta = joinPath(directoryOf(place.container), "overlay/delta");
    return { ...lower, source: `overlay:${lower.folder}:${delta}` };
  }

  override checkDestroy(path: string, container: Container): void {
    this.#folders.checkDestroy(overlayPathsIn(path).upper, container);
  }

  /** Only what was changed is the container's own: a lower layer may be that of others. */
  override destroy(path: string): void {
    const { upper, work } = overlayPathsIn(path);
    removePath(upper);
    removeWork(work);
  }

  override keptFolder(path: string, container: Container): string {
    return keptLayer(overlayPathsIn(path), directoryOf(container));
  }
}

/** The layer for changes when it is in the container's folder, else the lower one that is. */
function keptLayer(paths: OverlayPaths, folder: string): string {
  if (below(folder, paths.upper) !== undefined) return paths.upper;
  for (const lower of paths.lowers) if (below(folder, lower) !== undefined) return lower;
  return paths.upper;
}

/** Somebody else may have a folder of that name there: it goes only when it holds nothing but the kernel's. */
function removeWork(work: string): void {
  const fd = tryOpenAt(AT_FDCWD, work, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (fd < 0) return;
  for (let i = 0; i < OF_THE_KERNEL.length; i++) tryPath(SYS.unlinkat, fd, OF_THE_KERNEL[i]!, AT_REMOVEDIR, 0);
  closeFd(fd);
  tryPath(SYS.unlinkat, AT_FDCWD, work, AT_REMOVEDIR, 0);
}
