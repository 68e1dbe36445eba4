// The configuration of a copy: the lines of the source, byte for byte, but for what names the source or must be its own. Pure.
//
// Texts are letters for bytes (base/latin1.ts), for a configuration need not be UTF-8.

import { below, joinPath } from "../base/path.ts";
import { ConfigDocument, filledAddress, settingIn } from "./config/document.ts";

export interface ConfigCopy {
  /** The source's file. */
  readonly text: string;
  /** The folders of source and copy. */
  readonly from: string;
  readonly to: string;
  /** `lxc.rootfs.path` of the copy, "" for none. */
  readonly rootfs: string;
  /** Whether these are the source's own files, which were moved. */
  readonly isMoved: boolean;
  /** Its `lxc.uts.name`; "" leaves what the source says. */
  readonly hostName: string;
  /** Its `lxc.mount.fstab`; "" leaves what the source says. */
  readonly fstab: string;
  /** Three bytes for each of `addressesIn(text)`; none to keep the addresses. */
  readonly random: Uint8Array;
  /** Further lines. */
  readonly settings: readonly Setting[];
}

export interface Setting {
  readonly key: string;
  readonly value: string;
}

/** A file that a configuration names in the source's folder, and its place in the copy's. */
export interface FileCopy {
  readonly from: string;
  readonly to: string;
}

export interface CopiedConfig {
  readonly text: string;
  readonly files: readonly FileCopy[];
}

export const BYTES_AN_ADDRESS = 3;

/** How many hardware addresses the text has. */
export function addressesIn(text: string): number {
  let count = 0;
  for (const entry of new ConfigDocument(text).entries()) if (isAddress(entry.key, entry.value)) count++;
  return count;
}

export function copiedConfig(copy: ConfigCopy): CopiedConfig {
  const lines: string[] = [];
  const files: FileCopy[] = [];
  let addresses = 0;
  for (const line of copy.text.split("\n")) {
    const setting = settingIn(line);
    if (setting === undefined) {
      lines.push(line);
      continue;
    }
    const { key, value } = setting;
    if (isReplaced(copy, key)) continue;
    let fresh = value;
    if (isAddress(key, value) && copy.random.length > 0) {
      fresh = freshAddress(value, copy.random.slice(addresses * BYTES_AN_ADDRESS));
      addresses++;
    } else if (key.startsWith("lxc.hook.")) fresh = movedHook(copy, value, files);
    else if (key === "lxc.mount.entry") fresh = movedLayers(copy, value);
    lines.push(fresh === value ? line : withValue(line, setting.valueColumn - 1, value, fresh));
  }
  const document = new ConfigDocument(lines.join("\n"));
  if (copy.rootfs !== "") document.append("lxc.rootfs.path", copy.rootfs);
  if (copy.hostName !== "") document.append("lxc.uts.name", copy.hostName);
  if (copy.fstab !== "") document.append("lxc.mount.fstab", copy.fstab);
  for (const { key, value } of copy.settings) document.append(key, value);
  return { text: document.text(), files };
}

/** Whether the copy's own line comes at the end. What `lxc.rootfs.managed` says is of the source's files. */
function isReplaced(copy: ConfigCopy, key: string): boolean {
  if (key === "lxc.uts.name") return copy.hostName !== "";
  if (key === "lxc.mount.fstab") return copy.fstab !== "";
  return key === "lxc.rootfs.path" || (key === "lxc.rootfs.managed" && copy.rootfs !== "" && !copy.isMoved);
}

function isAddress(key: string, value: string): boolean {
  return key.startsWith("lxc.net.") && key.endsWith(".hwaddr") && value !== "";
}

/** Random after the three bytes that stand for LXC; those before LXC 7 are kept. */
export function freshAddress(address: string, random: Uint8Array): string {
  const prefix = address.startsWith("00:16:3e") || address.startsWith("00:16:3E") ? "00:16:3e" : "10:66:6a";
  const nibbles = new Uint8Array(2 * BYTES_AN_ADDRESS);
  for (let at = 0; at < nibbles.length; at++) {
    const byte = at >> 1 < random.length ? random[at >> 1]! : 0;
    nibbles[at] = at % 2 === 0 ? byte >> 4 : byte & 15;
  }
  return filledAddress(`${prefix}:xx:xx:xx`, nibbles);
}

/** A hook that is a file in the source's folder becomes one in the copy's; its arguments stay. */
function movedHook(copy: ConfigCopy, value: string, files: FileCopy[]): string {
  const blank = value.indexOf(" ");
  const program = blank < 0 ? value : value.slice(0, blank);
  const rest = below(copy.from, program) ?? "";
  if (rest === "") return value;
  const moved = joinPath(copy.to, rest);
  if (!files.some((file): boolean => file.from === program)) files.push({ from: program, to: moved });
  return moved + value.slice(program.length);
}

/** As in LXC: the folders an overlay entry writes to are the copy's own, the ones it only reads stay. */
function movedLayers(copy: ConfigCopy, value: string): string {
  if (!value.includes("overlay")) return value;
  const from = copy.from.split(" ").join("\\040");
  const to = copy.to.split(" ").join("\\040");
  let moved = value;
  for (const option of ["upperdir=", "workdir="]) moved = moved.split(`${option}${from}/`).join(`${option}${to}/`);
  return moved;
}

function withValue(line: string, from: number, value: string, fresh: string): string {
  const at = line.indexOf(value, from);
  return line.slice(0, at) + fresh + line.slice(at + value.length);
}
