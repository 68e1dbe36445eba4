// Kinds of value for the root file system, mounts and the environment. Pure.

import { below, normalPath } from "../../base/path.ts";
import { blankSeparated, simplePath } from "../../base/text.ts";
import type { Environment } from "../../kernel/environment.ts";
import { unescaped } from "../../kernel/mount-table.ts";
import { type MountEntry, mountEntryIn } from "../rootfs/mount-entry.ts";
import type { Codec, ListCodec } from "./codecs.ts";

const NONE: readonly string[] = [];

/** Where the root file system is: `overlay:/lower:/upper` has the type overlay and the path `/lower:/upper`. */
export interface RootfsPath {
  /** The backend, or "" when it is to be found out. */
  readonly type: string;
  readonly path: string;
}

/** Split at the first colon, as in LXC; its getter prints the path without the type. */
export const rootfsPath: Codec<RootfsPath> = {
  name: "a path, or the storage backend, a colon and a path",
  words: ["dir:", "btrfs:", "lvm:", "loop:", "nbd:", "overlay:", "overlayfs:", "rbd:", "zfs:"],
  json: "text",
  parse: (text) => {
    const colon = text.indexOf(":");
    const type = colon < 0 ? "" : text.slice(0, colon);
    const path = simplePath(colon < 0 ? text : text.slice(colon + 1));
    return path === "" || path.length >= 4096 ? undefined : { type, path };
  },
  format: (value) => value.path,
};

/** Options for the root file system; those that only make sense for an entry are refused, as in LXC. */
export const rootfsOptions: Codec<string> = {
  name: "mount options without create=, optional and relative",
  words: NONE,
  json: "text",
  parse: (text) => {
    for (const option of text.split(",")) {
      if (option === "create=dir" || option === "create=file" || option === "optional" || option === "relative")
        return undefined;
      if (option === "idmap=") return undefined;
    }
    return text;
  },
  format: (value) => value,
};

export const mountEntries: ListCodec<MountEntry> = {
  name: 'a line of fstab such as "/srv srv none bind,create=dir 0 0"',
  words: NONE,
  json: "text",
  between: "",
  add: (values, text) => {
    const entry = mountEntryIn(text);
    if (entry === undefined) return undefined;
    values.push(entry);
    return values;
  },
  format: (value) => value.line,
};

/** A folder or file of the host that a container shares. */
export interface MountShare {
  /** Absolute, on the host. */
  readonly source: string;
  /** Below the container's root, without a slash in front. */
  readonly target: string;
  readonly readOnly: boolean;
  /** The line as written. */
  readonly line: string;
}

/** Blanks in paths are written as in fstab: `\\040`. */
export const mountShares: ListCodec<MountShare> = {
  name: "a folder of the host, one of the container, and ro when it is not to be written to, such as /srv/data data",
  words: NONE,
  json: "text",
  between: "",
  add: (values, text) => {
    const share = shareIn(text);
    if (share === undefined) return undefined;
    values.push(share);
    return values;
  },
  format: (value) => value.line,
};

function shareIn(line: string): MountShare | undefined {
  const [source, target, mode, ...more] = blankSeparated(line);
  if (source === undefined || target === undefined || more.length > 0) return undefined;
  if (mode !== undefined && mode !== "ro" && mode !== "rw") return undefined;
  const path = unescaped(target);
  const bare = below("/", normalPath(`/${path}`)) ?? "";
  if (!source.startsWith("/") || bare === "" || path.split("/").includes("..")) return undefined;
  return { source: normalPath(unescaped(source)), target: bare, readOnly: mode === "ro", line };
}

export type AutoMountKind = "proc" | "sys" | "cgroup" | "cgroup-full" | "cgroup2" | "shmounts";

/** One word of lxc.mount.auto. */
export interface AutoMount {
  readonly what: AutoMountKind;
  /** For the bare words `cgroup` and `cgroup-full` this is "", chosen at start by what the container may do, as in LXC. */
  readonly mode: "" | "mixed" | "rw" | "ro";
  /** Mount even though the container has a cgroup namespace of its own. */
  readonly force: boolean;
  /** For shmounts: the directory on the host, and where the container sees it. */
  readonly hostPath: string;
  readonly containerPath: string;
}

/** Each word LXC knows, with the mode it stands for. */
const autoMountWords: readonly string[] = [
  "proc",
  "proc:mixed",
  "proc:rw",
  "sys",
  "sys:ro",
  "sys:mixed",
  "sys:rw",
  "cgroup2",
  "cgroup2:ro",
  "cgroup2:force",
  "cgroup2:ro:force",
  "cgroup",
  "cgroup:mixed",
  "cgroup:ro",
  "cgroup:rw",
  "cgroup:force",
  "cgroup:mixed:force",
  "cgroup:ro:force",
  "cgroup:rw:force",
  "cgroup-full",
  "cgroup-full:mixed",
  "cgroup-full:ro",
  "cgroup-full:rw",
  "cgroup-full:force",
  "cgroup-full:mixed:force",
  "cgroup-full:ro:force",
  "cgroup-full:rw:force",
];

/** Words collect over lines; a later word takes the place of an earlier one for the same file system. */
export const autoMounts: ListCodec<AutoMount> = {
  name: "words such as proc:mixed, sys:ro, cgroup:mixed or shmounts:/host/path",
  words: autoMountWords,
  json: "text",
  between: " ",
  add: (values, text) => {
    let mounts = values;
    const words = blankSeparated(text);
    for (let i = 0; i < words.length; i++) {
      const mount = autoMountIn(words[i]!);
      if (mount === undefined) return undefined;
      mounts = withMount(mounts, mount);
    }
    return mounts;
  },
  format: autoMountText,
};

function autoMountIn(word: string): AutoMount | undefined {
  if (word.startsWith("shmounts:")) return sharedMountIn(word.slice(9));
  if (!autoMountWords.includes(word)) return undefined;
  const parts = word.split(":");
  const force = parts[parts.length - 1] === "force";
  const what = kindIn(parts[0] ?? "");
  // LXC always forces cgroup2.
  return {
    what,
    mode: modeOf(what, parts[1] ?? ""),
    force: force || what === "cgroup2",
    hostPath: "",
    containerPath: "",
  };
}

function kindIn(word: string): AutoMountKind {
  if (word === "proc" || word === "sys" || word === "cgroup" || word === "cgroup-full") return word;
  return "cgroup2";
}

function modeOf(what: AutoMountKind, word: string): AutoMount["mode"] {
  if (word === "mixed" || word === "rw" || word === "ro") return word;
  if (what === "cgroup2") return "rw";
  return what === "proc" || what === "sys" ? "mixed" : "";
}

function sharedMountIn(text: string): AutoMount | undefined {
  const colon = text.indexOf(":");
  const hostPath = colon < 0 ? text : text.slice(0, colon);
  const containerPath = colon < 0 || colon === text.length - 1 ? "/dev/.lxc-mounts" : text.slice(colon + 1);
  return hostPath === "" ? undefined : { what: "shmounts", mode: "", force: false, hostPath, containerPath };
}

/** Proc, sys, cgroups, shared mounts: at most one of each, in this order. */
function withMount(mounts: readonly AutoMount[], mount: AutoMount): AutoMount[] {
  const kept: AutoMount[] = [];
  if (mounts.length === 0) return [mount];
  const rank = rankOf(mount.what);
  for (const other of mounts) if (rankOf(other.what) < rank) kept.push(other);
  kept.push(mount);
  for (const other of mounts) if (rankOf(other.what) > rank) kept.push(other);
  return kept;
}

function rankOf(what: AutoMountKind): number {
  return what === "proc" ? 0 : what === "sys" ? 1 : what === "shmounts" ? 3 : 2;
}

function autoMountText(mount: AutoMount): string {
  if (mount.what === "shmounts") return `shmounts:${mount.hostPath}:${mount.containerPath}`;
  if (mount.what === "cgroup2") return mount.mode === "ro" ? "cgroup2:ro" : "cgroup2";
  return `${mount.what}${mount.mode === "" ? "" : `:${mount.mode}`}${mount.force ? ":force" : ""}`;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** Variables as `NAME=value`; a bare NAME takes the caller's value, and is wrong where the caller has none. */
export function environmentFrom(caller: () => Environment): ListCodec<EnvironmentVariable> {
  return {
    name: "NAME=value, or the NAME of a variable that is set here",
    words: NONE,
    json: "text",
    between: "",
    add: (values, text) => {
      const equals = text.indexOf("=");
      const name = equals < 0 ? text : text.slice(0, equals);
      const value = equals < 0 ? caller().get(name) : text.slice(equals + 1);
      if (value === undefined) return undefined;
      values.push({ name, value });
      return values;
    },
    format: (variable) => `${variable.name}=${variable.value}`,
  };
}

/** Names of groups, several per line. */
export const groupNames: ListCodec<string> = {
  name: "names of groups, with blanks between",
  words: NONE,
  json: "text",
  between: "",
  add: (values, text) => {
    for (const word of blankSeparated(text)) values.push(word);
    return values;
  },
  format: (value) => value,
};
