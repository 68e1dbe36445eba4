// The folders that `lxc.rootfs.path` names: one, or the layers of an overlay. Pure.

import { LxcError } from "../../base/errors.ts";
import { joinPath, normalPath, parentOf } from "../../base/path.ts";
import type { RootfsPath } from "../config/rootfs-codecs.ts";

/** What `overlay:LOWER[:LOWER...]:UPPER` means. */
export interface OverlayPaths {
  /** The one on top first. */
  readonly lowers: readonly string[];
  /** Where changes go. */
  readonly upper: string;
  /** For the kernel: the folder `work` beside the upper one, as in LXC. */
  readonly work: string;
}

/** Whether the kind of storage is an overlay; the second name is LXC's old one. */
export function isOverlay(type: string): boolean {
  return type === "overlay" || type === "overlayfs";
}

/** Reads the path behind `overlay:`, cut where LXC cuts it: before each slash that follows a colon. Throws when wrong. */
export function overlayPathsIn(path: string): OverlayPaths {
  const folders = path.split(":/").map((part, i): string => normalPath(i === 0 ? part : `/${part}`));
  const upper = folders.pop() ?? "";
  const work = joinPath(parentOf(upper), "work");
  const problem =
    folders.length === 0
      ? "it names one folder, and an overlay has two at least"
      : !path.startsWith("/")
        ? "a layer's path is not absolute"
        : upper === "/" || folders.includes(upper)
          ? `${upper} cannot be the layer for changes`
          : upper === work
            ? "the folder work beside the upper layer is for the kernel"
            : "";
  if (problem === "") return { lowers: folders, upper, work };
  throw new LxcError("config-invalid", `use lxc.rootfs.path = overlay:${path}`, problem, {
    hint: "write overlay:LOWER:UPPER, such as overlay:/srv/base:/srv/c1/delta",
  });
}

/** The folders a container's files are from, the one on top first; none for the host's own root. */
export function rootFolders(place: RootfsPath | undefined): readonly string[] {
  if (place === undefined) return [];
  return isOverlay(place.type) ? overlayPathsIn(place.path).lowers : [place.path];
}

/** The folder whose disk gets what the container writes; "/" for the host's own root. */
export function writtenFolder(place: RootfsPath | undefined): string {
  if (place === undefined) return "/";
  return isOverlay(place.type) ? overlayPathsIn(place.path).upper : place.path;
}
