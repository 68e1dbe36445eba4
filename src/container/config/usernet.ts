// /etc/lxc/lxc-usernet: who may have how many network devices on which bridge, and publish which ports of the host. Pure.

import type { Finding } from "../../base/finding.ts";
import { blankSeparated, shown, wholeNumberIn } from "../../base/text.ts";
import { type AllowedPorts, allowedPortsIn } from "./allowed-ports.ts";

/** A line of type veth. */
export interface UsernetRule {
  /** A user's name, or a group's. */
  readonly who: string;
  readonly isGroup: boolean;
  readonly bridge: string;
  /** How many devices at once. */
  readonly count: number;
}

/** A line of type publish, which LXC passes over. */
export interface PublishRule {
  readonly who: string;
  readonly isGroup: boolean;
  readonly bridge: string;
  readonly ports: readonly AllowedPorts[];
}

const DEVICES = "veth";
const PORTS = "publish";
const LONGEST_DEVICE = 15;

/** The rules that count, in file order: the first one with room left is used, as in LXC. */
export function usernetRules(text: string): UsernetRule[] {
  const rules: UsernetRule[] = [];
  for (const line of text.split("\n")) {
    const words = wordsOf(line);
    if (words.length === 0 || problemWith(words) !== "" || words[1] !== DEVICES) continue;
    const [word = "", , bridge = "", count = ""] = words;
    rules.push({ who: ownerIn(word), isGroup: isGroupWord(word), bridge, count: wholeNumberIn(count) ?? 0 });
  }
  return rules;
}

/** What users may publish: any line allows its ports. */
export function publishRules(text: string): PublishRule[] {
  const rules: PublishRule[] = [];
  for (const line of text.split("\n")) {
    const words = wordsOf(line);
    if (words.length === 0 || problemWith(words) !== "" || words[1] !== PORTS) continue;
    const [word = "", , bridge = "", ports = ""] = words;
    rules.push({ who: ownerIn(word), isGroup: isGroupWord(word), bridge, ports: allowedPortsIn(ports) ?? [] });
  }
  return rules;
}

function isGroupWord(word: string): boolean {
  return word.startsWith("@");
}

function ownerIn(word: string): string {
  return isGroupWord(word) ? word.slice(1) : word;
}

/** An error for each line that allows nobody anything. */
export function usernetFindings(file: string, text: string): Finding[] {
  const findings: Finding[] = [];
  text.split("\n").forEach((line, at) => {
    const words = wordsOf(line);
    const problem = words.length === 0 ? "" : problemWith(words);
    if (problem === "") return;
    const hint = "write USER veth BRIDGE COUNT or USER publish BRIDGE PORTS, with @GROUP for a group";
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
  if (type !== DEVICES && type !== PORTS) return `expected the type ${DEVICES} or ${PORTS}, not ${shown(type)}`;
  if (bridge.length > LONGEST_DEVICE || bridge.includes("/")) return `${shown(bridge)} is no name of a device`;
  if (type === PORTS) {
    const isRange = allowedPortsIn(count) !== undefined;
    return isRange ? "" : `expected ports such as 8000-8999,53/udp,127.0.0.1:22, not ${shown(count)}`;
  }
  const number = wholeNumberIn(count);
  return number === undefined || number < 0 ? `expected a whole number of devices, not ${shown(count)}` : "";
}
