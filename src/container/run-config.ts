// What a container of `lxc run` is called, and what its configuration says beyond its template's. Pure.

import { LxcError } from "../base/errors.ts";
import { baseName, normalPath } from "../base/path.ts";
import { digitOf, visible } from "../base/text.ts";

const LONGEST_BASE = 20;
const HEX = "0123456789abcdef";
const PREFIX = "lxc-";

/** The first part of a name: that of a template or a folder, without what a host name cannot have. */
export function runBase(source: string): string {
  const whole = baseName(source);
  const bare = whole.startsWith(PREFIX) ? whole.slice(PREFIX.length) : whole;
  let base = "";
  for (const letter of bare) base += isOfName(letter.charCodeAt(0)) ? letter : "-";
  while (base.startsWith("-")) base = base.slice(1);
  base = base.slice(0, LONGEST_BASE);
  while (base.endsWith("-")) base = base.slice(0, -1);
  return base === "" ? "run" : base;
}

function isOfName(code: number): boolean {
  const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
  return isLetter || digitOf(code) >= 0 || code === 45;
}

/** Such as `busybox-1a2b`, from two random bytes. */
export function runName(base: string, random: Uint8Array): string {
  let digits = "";
  for (const byte of random) digits += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return `${base}-${digits}`;
}

/** Whether it is a name that `runName` makes. */
export function isRunName(name: string): boolean {
  const digits = name.slice(-4);
  if (name.length < 6 || name.charAt(name.length - 5) !== "-") return false;
  for (const digit of digits) if (!HEX.includes(digit)) return false;
  return true;
}

/** A folder or file of the host for the container. */
export interface RunMount {
  /** Absolute. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** By lxc.mount.share, which shows each owner inside by its own number. */
  readonly isShared: boolean;
}

/** Reads `[bind=|share=]SOURCE[:TARGET][:ro|rw]`, as lxc-copy has it; `folder` is where a relative source begins. */
export function runMountIn(text: string, folder: string): RunMount {
  const equals = text.indexOf("=");
  const slash = text.indexOf("/");
  const hasType = equals >= 0 && (slash < 0 || equals < slash);
  const type = hasType ? text.slice(0, equals) : "bind";
  if (type !== "bind" && type !== "share") throw badMount(text, `${visible(type)} is no kind of mount that it knows`);
  const parts = (hasType ? text.slice(equals + 1) : text).split(":");
  const mode = parts.length > 1 ? (parts[parts.length - 1] ?? "") : "";
  const hasMode = mode === "ro" || mode === "rw";
  if (hasMode) parts.pop();
  const [source = "", target = source] = parts;
  if (source === "" || parts.length > 2) throw badMount(text, "it is not SOURCE:TARGET");
  checkPlain(text);
  const path = normalPath(source.startsWith("/") ? source : `${folder}/${source}`);
  const inside = normalPath(`/${parts.length > 1 ? target : path}`);
  if (inside === "/") throw badMount(text, "its target is the root of the container");
  return { source: path, target: inside, readOnly: mode === "ro", isShared: type === "share" };
}

function badMount(text: string, problem: string): LxcError {
  return new LxcError("config-invalid", `mount ${visible(text)}`, problem, {
    hint: "write -m SOURCE:TARGET or -m SOURCE:TARGET:ro; -m share=SOURCE:TARGET keeps the owners of files",
  });
}

/** What stands in a configuration must not become a line of its own (CVE-2026-23953). */
function checkPlain(text: string): void {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) < 32) throw badMount(text, "it has a control character");
  }
}

/** The line of the configuration; `isFolder` says what the source is. */
export function runMountLine(mount: RunMount, isFolder: boolean): string {
  const source = escaped(mount.source);
  const target = escaped(mount.target.slice(1));
  if (mount.isShared) return `lxc.mount.share = ${source} ${target}${mount.readOnly ? " ro" : ""}`;
  const mode = mount.readOnly ? "ro" : "rw";
  return `lxc.mount.entry = ${source} ${target} none bind,${mode},create=${isFolder ? "dir" : "file"} 0 0`;
}

/** As a field of fstab(5). */
function escaped(path: string): string {
  return path.split("\\").join("\\134").split(" ").join("\\040");
}

/** The words of --network. */
export type RunNetwork = "default" | "empty" | "host";

/** The lines that put another network in place of the default configuration's. */
export function runNetworkLines(network: RunNetwork): string[] {
  if (network === "default") return [];
  return ["lxc.net =", `lxc.net.0.type = ${network === "empty" ? "empty" : "none"}`];
}
