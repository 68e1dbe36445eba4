// Rules for parsers before AppArmor 4, which read more into a rule than it says (CVE-2016-1585). Pure.
//
// A rule for (ro, remount, bind) is for them also one for (bind) of any source, and like one for (rw, make-slave) one for a new
// mount of any type with the options that are left. So what no rule allows must be denied by name.

import { blankSeparated } from "../base/text.ts";
import { anyOf, patternsBut } from "./apparmor-globs.ts";

/**
 * How the names begin of types that a container may mount anywhere, or that have a place below; no other type's does. Each
 * letter takes the parser time.
 */
const KNOWN_TYPES: readonly string[] = [
  "bin*",
  "cg*",
  "deb*",
  "efi*",
  "fus*",
  "hug*",
  "mq*",
  "ov*",
  "proc*",
  "sec*",
  "sysf*",
  "tm*",
];

/** Those that show what is the host's, each with the one place where rules know its files. */
const PLACED_TYPES: readonly (readonly [string, string])[] = [
  ["binfmt_misc", "proc/sys/fs/binfmt_misc"],
  ["debugfs", "sys/kernel/debug"],
  ["efivarfs", "sys/firmware/efi/efivars"],
  ["proc", "proc"],
  ["securityfs", "sys/kernel/security"],
  ["sysfs", "sys"],
];

/**
 * The denials, each of them told in the kernel's log as if there were no rule. What lxc.apparmor.raw allows in addition must not be denied: with a line for copies of mounts, sources are not,
 * and with one for new mounts types are not; then a profile is what such parsers make of it, as with LXC.
 */
export function denialsForOldParsers(raw: readonly string[]): string[] {
  const allowed = raw.filter((line): boolean => allowsMount(line));
  const copies = allowed.filter((line): boolean => COPYING.some((word) => line.includes(word)));
  const lines: string[] = [];
  if (copies.length === 0) lines.push(...sourceDenials());
  if (copies.length === allowed.length) lines.push(...typeDenials());
  return lines;
}

/** Words of rules that are about mounts that are there already. */
const COPYING: readonly string[] = ["bind", "move", "remount", "make-", "shared", "slave", "private"];

function allowsMount(line: string): boolean {
  for (const word of blankSeparated(line)) {
    if (word === "audit" || word === "allow" || word.startsWith("priority=")) continue;
    return ["mount", "mount,", "remount", "remount,"].includes(word);
  }
  return false;
}

function sourceDenials(): string[] {
  const lines = ["", "  # What never comes to another place, where no rule would know it."];
  for (const source of ["/proc/{,**}", "/sys/{,**}", "/dev/", "/dev/.lxc/{,**}"])
    lines.push(`  audit deny mount options=(rw, bind) ${source},`);
  for (const source of ["/", "/proc/{,**}", "/sys/{,**}", "/dev/{,**}"])
    lines.push(`  audit deny mount options=(rw, rbind) ${source},`);
  return lines;
}

function typeDenials(): string[] {
  const lines = ["", "  # Types that no rule allows, and places where those of the kernel do not belong."];
  for (const pattern of patternsBut("", KNOWN_TYPES)) {
    // Names of types have no slash.
    if (pattern.endsWith("{,/**}")) lines.push(`  audit deny mount fstype=${pattern.slice(1, -"{,/**}".length)},`);
  }
  for (const [type, place] of PLACED_TYPES)
    for (const target of targetsBut(place)) lines.push(`  audit deny mount fstype=${type} -> ${target},`);
  return lines;
}

/** All folders but this one. */
function targetsBut(place: string): string[] {
  const patterns = patternsBut("", [place]);
  const targets = [anyOf(patterns.filter((pattern): boolean => pattern.endsWith("{,/**}"))), `/${place}/**`, "/"];
  for (let at = place.indexOf("/"); at >= 0; at = place.indexOf("/", at + 1)) targets.push(`/${place.slice(0, at)}/`);
  return targets;
}
