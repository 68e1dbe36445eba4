// What every kind of place for a root file system offers. The kinds are listed in `backends.ts`.

import type { Container } from "../container.ts";
import type { Creation } from "../partial.ts";

/** Where a root file system is to be made. */
export interface StoragePlace {
  readonly container: Container;
  /** `--dir`: an absolute path, or "" for the container's own folder. */
  readonly dir: string;
  /** `lxc.rootfs.path` of the base configuration without its kind, or "". */
  readonly given: string;
}

/** A root file system as its container names it. */
export interface RootFileSystem {
  /** The folder to fill. */
  readonly folder: string;
  /** For `lxc.rootfs.path`. */
  readonly source: string;
  /** Whether it was made for this container, and may be removed with it. */
  readonly managed: boolean;
  /** Whether it was empty, so that all in it is ours. */
  readonly isFresh: boolean;
}

/** One kind of storage. */
export abstract class Storage {
  /** Makes the root file system, and notes each thing it makes in `creation` before. */
  abstract create(place: StoragePlace, creation: Creation): RootFileSystem;

  /** Throws when the root file system at `path` must not be removed with its container. Removes nothing. */
  abstract checkDestroy(path: string, container: Container): void;

  /** Removes the root file system at `path`, as `lxc.rootfs.path` has it behind the kind. */
  abstract destroy(path: string): void;

  /**
   * The folder that stays when the root file system at `path` is not to be removed with its container: the one in the
   * container's own folder, when there is any.
   */
  abstract keptFolder(path: string, container: Container): string;
}
