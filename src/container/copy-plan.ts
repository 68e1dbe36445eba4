// What a copy does with a root file system: all of it, or a layer above it. Pure.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import type { RootfsPath } from "./config/rootfs-codecs.ts";
import { isOverlay, overlayPathsIn } from "./rootfs/layers.ts";

export interface CopyWish {
  /** `-s`: shares what it can with the source. */
  readonly snapshot: boolean;
  /** `-B`, "" for what suits. */
  readonly backing: string;
  /** As for lxc-snapshot: a plain folder is copied whole where it cannot be shared. */
  readonly maybe: boolean;
  /** Whether what is changed goes to a tmpfs, which hides what was changed before. */
  readonly tmpfs: boolean;
}

export type RootfsCopy =
  | { readonly kind: "none" }
  /** A folder, whole. */
  | { readonly kind: "folder"; readonly from: string }
  /** An overlay as its container sees it, whole: `lowers` with the one on top first, and `upper` where there is one. */
  | { readonly kind: "merged"; readonly lowers: readonly string[]; readonly upper: string }
  /** An overlay: the lower layers stay where they are; `from` is what was changed already, "" for nothing. */
  | {
      readonly kind: "layers";
      readonly lowers: readonly string[];
      readonly from: string;
      /** Whether `from` becomes a lower layer, and not the one for changes. */
      readonly below: boolean;
    };

/** Decides it. Throws in LXC's words where there is no such copy. */
export function planRootfsCopy(place: RootfsPath | undefined, wish: CopyWish): RootfsCopy {
  if (place === undefined) return { kind: "none" };
  const toLayers = isOverlay(wish.backing);
  if (isOverlay(place.type)) {
    const { lowers, upper } = overlayPathsIn(place.path);
    if (wish.snapshot && !isFolder(wish.backing)) return { kind: "layers", lowers, from: upper, below: wish.tmpfs };
    if (wish.snapshot && !wish.maybe) throw noSnapshotOfFolders();
    if (toLayers) throw onlySnapshots();
    return { kind: "merged", lowers, upper };
  }
  if (wish.maybe || !wish.snapshot) {
    if (toLayers) throw onlySnapshots();
    return { kind: "folder", from: place.path };
  }
  if (isFolder(wish.backing)) throw noSnapshotOfFolders();
  return { kind: "layers", lowers: [place.path], from: "", below: false };
}

/** What `lxc.rootfs.path` says of a copy in `directory`; "" when there is none. */
export function rootfsSourceOf(copy: RootfsCopy, directory: string): string {
  if (copy.kind === "none") return "";
  return copy.kind === "layers" ? `overlay:${layersOf(copy, directory)}` : `dir:${joinPath(directory, "rootfs")}`;
}

/** The folders of the overlay, with colons between them. */
export function layersOf(copy: RootfsCopy, directory: string): string {
  if (copy.kind !== "layers") return "";
  const lowers = copy.below ? [joinPath(directory, "base")].concat(copy.lowers) : copy.lowers;
  return lowers.concat([joinPath(directory, "overlay/delta")]).join(":");
}

function isFolder(backing: string): boolean {
  return backing === "dir" || backing === "none";
}

const HINT_OF_FOLDERS = "leave -B out for an overlay above it, or -s out for a copy of all files";

function noSnapshotOfFolders(): LxcError {
  return new LxcError("config-invalid", "use -B dir", "Directories cannot be snapshotted", { hint: HINT_OF_FOLDERS });
}

function onlySnapshots(): LxcError {
  const reason = "The overlay storage driver can only be used for snapshots";
  return new LxcError("config-invalid", "use -B overlay", reason, { hint: "add -s for an overlay above its files" });
}
