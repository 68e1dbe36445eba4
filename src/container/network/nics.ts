// Who has which network devices of the host: /run/lxc/nics, and what of it /etc/lxc/lxc-usernet still allows. Pure.

import { blankSeparated } from "../../base/text.ts";
import { isDeviceName } from "../../kernel/links.ts";
import type { UsernetRule } from "../config/usernet.ts";
import type { Caller } from "./caller.ts";

/** A line of the database, whose words are these, as in LXC. */
export interface NicLine {
  /** The user, or @ and the group, whose rule it counts for. */
  readonly owner: string;
  readonly type: string;
  readonly bridge: string;
  /** On the host. */
  readonly device: string;
}

/** `bridge` where the device is to be joined to none. */
export const NO_BRIDGE = "none";
const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const RANDOM_LETTERS = 4;
const MOST_DIGITS = 6;

/** Its lines; others than it can have are left out. */
export function nicLinesIn(text: string): NicLine[] {
  const lines: NicLine[] = [];
  for (const line of text.split("\n")) {
    const words = blankSeparated(line);
    const [owner = "", type = "", bridge = "", device = ""] = words;
    if (words.length !== 4 || owner.startsWith("#") || !isDeviceName(device)) continue;
    lines.push({ owner, type, bridge, device });
  }
  return lines;
}

export function nicText(lines: readonly NicLine[]): string {
  return lines.map(({ owner, type, bridge, device }) => `${owner} ${type} ${bridge} ${device}\n`).join("");
}

/** The rules for this user on `bridge`, in file order. */
export function rulesFor(rules: readonly UsernetRule[], caller: Caller, bridge: string): UsernetRule[] {
  return rules.filter((rule) => rule.bridge === bridge && isFor(caller, rule.who, rule.isGroup));
}

/** Whether a line for `who`, a user or a group, is for this one. */
export function isFor(caller: Caller, who: string, isGroup: boolean): boolean {
  return isGroup ? caller.groups.includes(who) : caller.name === who;
}

/** The owner of the next device: that of the first rule with room left; "" when there is none. */
export function ownerWithRoom(rules: readonly UsernetRule[], lines: readonly NicLine[], type: string): string {
  for (const rule of rules) {
    const owner = rule.isGroup ? `@${rule.who}` : rule.who;
    const taken = lines.filter((line) => line.owner === owner && line.type === type && line.bridge === rule.bridge);
    if (taken.length < rule.count) return owner;
  }
  return "";
}

/** Whether all of the line is this user's (CVE-2026-39402); what counts for a group is told by its name. */
export function isOwnNic(line: NicLine, caller: Caller, wanted: NicLine): boolean {
  if (line.device !== wanted.device || line.type !== wanted.type || line.bridge !== wanted.bridge) return false;
  if (line.owner === caller.name) return true;
  return caller.groups.includes(line.owner.slice(1)) && line.owner.startsWith("@") && isNamedAfter(line, caller.uid);
}

function isNamedAfter(line: NicLine, uid: number): boolean {
  return line.device.startsWith(nicNameStart(uid)) && line.device.length === nicNameStart(uid).length + RANDOM_LETTERS;
}

/** `vethUID_XXXX`, as in LXC, of `random` bytes. */
export function nicName(uid: number, random: Uint8Array): string {
  let name = nicNameStart(uid);
  for (let i = 0; i < RANDOM_LETTERS; i++) name += LETTERS.charAt((random[i] ?? 0) % LETTERS.length);
  return name;
}

/** A name has 15 letters, so that LXC has none for a user of seven digits. Here such a number has other digits, and a dash. */
function nicNameStart(uid: number): string {
  const decimal = String(uid);
  if (decimal.length <= MOST_DIGITS) return `veth${decimal}_`;
  let digits = "";
  for (let rest = uid; rest > 0; rest = Math.floor(rest / LETTERS.length)) {
    digits = LETTERS.charAt(rest % LETTERS.length) + digits;
  }
  return `veth${digits}-`;
}
