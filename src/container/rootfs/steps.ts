// The steps that build a container's file system, as data: decided first, printed by --dry-run, performed by run-steps.ts.
//
// Every `to` and `at` is a path below the container's root, without a slash in front.

import { MOUNT_ATTR_RDONLY, MS_BIND, MS_RDONLY, MS_REMOUNT } from "../../kernel/abi/mount.ts";

export type MountStep =
  | FileSystemStep
  | ReadOnlyStep
  | EntryStep
  | LayerStep
  | { readonly kind: "directory"; readonly at: string; readonly mode: number }
  | { readonly kind: "node"; readonly at: string; readonly major: number; readonly minor: number }
  | { readonly kind: "link"; readonly at: string; readonly target: string }
  | { readonly kind: "dependent"; readonly at: string }
  | { readonly kind: "boot-id"; readonly file: string; readonly over: string };

/** A new file system of the kernel's own, such as proc; its mount point is made when missing. */
export interface FileSystemStep {
  readonly kind: "file-system";
  readonly type: string;
  readonly source: string;
  readonly to: string;
  /** MOUNT_ATTR_* */
  readonly attributes: number;
  /** `key=value`, or `key`. */
  readonly options: readonly string[];
}

/** Makes what is at `at` read-only, but for the paths `keep` below it. Skipped when there is nothing at `at`. */
export interface ReadOnlyStep {
  readonly kind: "read-only";
  readonly at: string;
  readonly keep: readonly string[];
  /** Whether a step before this one mounted `at` itself. */
  readonly whole: boolean;
}

/** One line of fstab or lxc.mount.entry. */
export interface EntryStep {
  readonly kind: "entry";
  readonly source: string;
  /** Whether `source` is below the container's root instead of on the host. */
  readonly sourceInside: boolean;
  readonly to: string;
  readonly type: string;
  /** MS_* */
  readonly flags: number;
  readonly propagation: number;
  readonly data: string;
  readonly create: "" | "dir" | "file";
  readonly optional: boolean;
  /** Whose id map its owners are shown by: "container", the path of a user namespace, or "" for the host's. */
  readonly idmap: string;
  /** A line of lxc.mount.share: what its flags say counts for the mounts below it too, and its target is made. */
  readonly isShare: boolean;
}

/** A folder that an overlay entry writes to, made when missing, below the container's own folder on the host. */
export interface LayerStep {
  readonly kind: "layer";
  readonly folder: string;
  /** Below `folder`. */
  readonly at: string;
  readonly optional: boolean;
}

/** One line for --dry-run and for logs. */
export function explain(step: MountStep): string {
  switch (step.kind) {
    case "file-system":
      return explainFileSystem(step);
    case "read-only":
      return `make /${step.at} read-only${step.keep.length > 0 ? ` but for ${step.keep.join(", ")}` : ""}`;
    case "entry":
      return explainEntry(step);
    case "layer":
      return `make the folder ${step.folder}/${step.at} of the host`;
    case "directory":
      return `make the folder /${step.at}`;
    case "node":
      return `make the device /${step.at} (${step.major}:${step.minor})`;
    case "link":
      return `link /${step.at} to ${step.target}`;
    case "dependent":
      return `show on /${step.at} what the host mounts there, and not the reverse`;
    case "boot-id":
      return `give /${step.over} a value of its own`;
  }
}

function explainFileSystem(step: FileSystemStep): string {
  const options = step.options.length > 0 ? ` (${step.options.join(",")})` : "";
  const mode = (step.attributes & MOUNT_ATTR_RDONLY) !== 0 ? ", read-only" : "";
  return `mount ${step.type} on /${step.to}${options}${mode}`;
}

function explainEntry(step: EntryStep): string {
  const way = step.isShare
    ? "share"
    : (step.flags & MS_REMOUNT) !== 0
      ? "change the mount of"
      : (step.flags & MS_BIND) !== 0
        ? "bind"
        : "mount";
  const source = step.sourceInside ? `/${step.source} of its own` : step.source;
  const what =
    step.type === "" || step.type === "none" || step.type === step.source ? source : `${step.type} ${source}`;
  const notes: string[] = [];
  if ((step.flags & MS_RDONLY) !== 0) notes.push("read-only");
  if (step.idmap !== "") notes.push(`with the owners of ${step.idmap}`);
  if (step.optional) notes.push("if it can be done");
  return `${way} ${what} on /${step.to}${notes.length > 0 ? `, ${notes.join(", ")}` : ""}`;
}
