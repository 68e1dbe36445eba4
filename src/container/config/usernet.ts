// /etc/lxc/lxc-usernet: who may have how many network devices on which bridge. Pure.

import type { Finding } from "../../base/finding.ts";
import { blankSeparated, shown, wholeNumberIn } from "../../base/text.ts";

/** One line of the file. */
export interface UsernetRule {
  /** A user's name, or a group's. */
  readonly who: string;
  readonly isGroup: boolean;
  readonly bridge: string;
  /** How many devices at once. */
  readonly count: number;
}

const TYPE = "veth";
const LONGEST_DEVICE = 15;

/** The rules that count, in file order: the first one with room left is used, as in LXC. */
export function usernetRules(text: string): UsernetRule[] {
  const rules: UsernetRule[] = [];
  for (const line of text.split("\n")) {
    const words = wordsOf(line);
    if (words.length === 0 || problemWith(words) !== "") continue;
    const [who = "", , bridge = "", count = ""] = words;
    const isGroup = who.startsWith("@");
    rules.push({ who: isGroup ? who.slice(1) : who, isGroup, bridge, count: wholeNumberIn(count) ?? 0 });
  }
  return rules;
}

/** An error for each line LXC passes over: whoever it is for gets no device. */
export function usernetFindings(file: string, text: string): Finding[] {
  const findings: Finding[] = [];
  text.split("\n").forEach((line, at) => {
    const words = wordsOf(line);
    const problem = words.length === 0 ? "" : problemWith(words);
    if (problem === "") return;
    const hint = "write USER veth BRIDGE COUNT, or @GROUP veth BRIDGE COUNT";
    findings.push({ severity: "error", file, line: at + 1, column: 1, subject: "", problem, hint });
  });
  return findings;
}

function wordsOf(line: string): string[] {
  const words = blankSeparated(line);
  return (words[0] ?? "").startsWith("#") ? [] : words;
}

function problemWith(words: readonly string[]): string {
  const [who = "", type = "", bridge = "", count = ""] = words;
  // As in LXC, what follows the four is not looked at.
  if (words.length < 4) return `expected four words, not ${words.length}`;
  if (who === "@") return "the group has no name";
  if (type !== TYPE) return `expected the type ${TYPE}, not ${shown(type)}`;
  if (bridge.length > LONGEST_DEVICE || bridge.includes("/")) return `${shown(bridge)} is no name of a device`;
  const number = wholeNumberIn(count);
  return number === undefined || number < 0 ? `expected a whole number of devices, not ${shown(count)}` : "";
}
