// What makes a copy one that is gone when it stops: lines of its configuration, and a script. Pure, but for looking at sources.

import { LxcError } from "../base/errors.ts";
import { joinPath, normalPath } from "../base/path.ts";
import type { Setting } from "./copy-config.ts";
import type { TextFile } from "./copy-job.ts";

/** `-m`: something of the host to be seen inside. */
export interface MountWish {
  readonly type: "bind" | "overlay";
  readonly source: string;
  /** Inside, without a slash in front. */
  readonly target: string;
  readonly mode: "rw" | "ro";
}

/** Reads `bind=SRC[:DST][:ro|rw]` or `overlay=SRC[:DST]`. Throws when it is none. */
export function mountWishIn(text: string): MountWish {
  const equals = text.indexOf("=");
  const word = equals < 0 ? text : text.slice(0, equals);
  const parts = equals < 0 ? [] : text.slice(equals + 1).split(":");
  const type = word === "bind" ? "bind" : word === "overlay" || word === "overlayfs" ? "overlay" : undefined;
  if (type === undefined) throw badMount(text, "it begins with neither bind= nor overlay=");
  const last = parts[parts.length - 1] ?? "";
  const hasMode = type === "bind" && parts.length > 1 && (last === "ro" || last === "rw");
  const paths = hasMode ? parts.slice(0, -1) : parts;
  const source = paths[0] ?? "";
  if (paths.length === 0 || paths.length > 2) throw badMount(text, "it is not SRC, SRC:DST or SRC:DST:ro");
  if (!source.startsWith("/")) throw badMount(text, `${source} is not an absolute path`);
  const target = normalPath(`/${paths[1] ?? source}`).slice(1);
  if (target === "") throw badMount(text, "its target is the root itself");
  if (hasControl(text)) throw badMount(text, "it has a control character");
  return { type, source: normalPath(`${source}`), target, mode: last === "ro" && hasMode ? "ro" : "rw" };
}

function badMount(text: string, reason: string): LxcError {
  return new LxcError("config-invalid", `use --mount=${text}`, reason, {
    hint: "write bind=/SRC, bind=/SRC:/DST, bind=/SRC:/DST:ro, or overlay=/SRC:/DST",
  });
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 32) return true;
  return false;
}

/** What is known of the copy before it is made. */
export interface EphemeralPlan {
  readonly name: string;
  /** Its folder. */
  readonly directory: string;
  /** The layers of its root file system that are only read, the one on top first. */
  readonly lowers: readonly string[];
  readonly tmpfs: boolean;
  readonly keepData: boolean;
  readonly keepName: boolean;
  /** Whether its root is not the host's: then overlays keep what only they know where such a root may write it. */
  readonly isMapped: boolean;
  readonly mounts: readonly MountLine[];
  /** Random, for the script. */
  readonly suffix: string;
}

export interface MountLine {
  readonly wish: MountWish;
  /** Whether the source is a folder. */
  readonly isFolder: boolean;
  /** Random, for the folders of an overlay. */
  readonly suffix: string;
}

export interface EphemeralParts {
  readonly settings: readonly Setting[];
  readonly files: readonly TextFile[];
}

export function ephemeralParts(plan: EphemeralPlan): EphemeralParts {
  const settings: Setting[] = [];
  const files: TextFile[] = [];
  if (plan.tmpfs) {
    // LXC's name for it, although it is a pre-mount hook.
    const name = `pre-start-${plan.suffix}`;
    files.push({ name, text: tmpfsScript(plan), mode: 0o755 });
    settings.push({ key: "lxc.hook.pre-mount", value: forShell(joinPath(plan.directory, name)) });
  }
  if (!plan.keepData) settings.push({ key: "lxc.ephemeral", value: "1" });
  for (const mount of plan.mounts) settings.push({ key: "lxc.mount.entry", value: entryFor(mount, plan) });
  return { settings, files };
}

function entryFor(mount: MountLine, plan: EphemeralPlan): string {
  const { wish } = mount;
  const source = escaped(wish.source);
  const target = escaped(wish.target);
  if (wish.type === "bind") {
    const create = mount.isFolder ? "dir" : "file";
    return `${source} ${target} none bind,optional,${wish.mode},create=${create} 0 0`;
  }
  const folder = escaped(plan.tmpfs ? joinPath(plan.directory, "overlay") : plan.directory);
  const upper = `${folder}/delta#${mount.suffix}`;
  const work = `${folder}/work#${mount.suffix}`;
  const own = plan.isMapped ? "userxattr," : "";
  return `${source} ${target} overlay lowerdir=${source},upperdir=${upper},workdir=${work},${own}create=dir`;
}

/** As fstab(5) has it. */
function escaped(path: string): string {
  return path.split("\\").join("\\134").split(" ").join("\\040").split("\t").join("\\011");
}

/** Run where only the container's mounts are changed, before its root file system is mounted. */
function tmpfsScript(plan: EphemeralPlan): string {
  const overlay = joinPath(plan.directory, "overlay");
  const delta = joinPath(overlay, "delta");
  const top = plan.lowers[0] ?? "";
  const lines = [
    "#! /bin/sh",
    "set -e",
    // An overlay shows the owner and the mode of its topmost layer.
    'like() { chown "$(stat -c %u:%g "$1")" "$2"; chmod "$(stat -c %a "$1")" "$2"; }',
    `mount -n -t tmpfs -o mode=0755 none ${quoted(overlay)}`,
    `mkdir ${quoted(delta)} ${quoted(joinPath(overlay, "work"))}`,
    `like ${quoted(top)} ${quoted(delta)}`,
  ];
  if (!plan.keepName) lines.push(...hostNameLines(plan, delta));
  return `${lines.join("\n")}\n`;
}

/** Nothing where /etc is a link, which the layer would hide. */
function hostNameLines(plan: EphemeralPlan, delta: string): string[] {
  const etc = joinPath(delta, "etc");
  return [
    `for layer in ${plan.lowers.map((lower): string => quoted(lower)).join(" ")}; do`,
    '  [ -e "$layer/etc" ] || continue',
    '  if [ ! -L "$layer/etc" ] && [ -f "$layer/etc/hostname" ]; then',
    `    mkdir ${quoted(etc)}`,
    `    like "$layer/etc" ${quoted(etc)}`,
    `    printf %s ${quoted(plan.name)} > ${quoted(joinPath(etc, "hostname"))}`,
    "  fi",
    "  break",
    "done",
  ];
}

/** Hooks are commands for the shell; a plain path stays as it is. */
function forShell(path: string): string {
  for (let at = 0; at < path.length; at++) {
    const letter = path.charAt(at);
    const isPlain =
      (letter >= "a" && letter <= "z") || (letter >= "A" && letter <= "Z") || (letter >= "0" && letter <= "9");
    if (!isPlain && !"/-_.+,:@%".includes(letter)) return quoted(path);
  }
  return path;
}

function quoted(text: string): string {
  return `'${text.split("'").join("'\\''")}'`;
}
