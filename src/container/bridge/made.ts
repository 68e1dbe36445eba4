// What lxc-net has made, in a file that is written before each thing is made: whoever comes next can take back exactly that.

import { joinPath } from "../../base/path.ts";
import { blankSeparated } from "../../base/text.ts";
import { AT_FDCWD, O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_WRONLY } from "../../kernel/abi/fs.ts";
import {
  closeFd,
  createAt,
  exists,
  isDirectory,
  listDirectory,
  readUpTo,
  removeFile,
  tryOpenAt,
  writeAll,
} from "../../kernel/files.ts";
import { bytesOfText, textOf } from "../../kernel/memory.ts";
import { replaceFile } from "../../kernel/replace-file.ts";
import type { Rule } from "./ruleset.ts";

/** How to take a thing back is in take-back.ts. */
export type MadeKind = "bridge" | "address" | "up" | "table" | "rule" | "dnsmasq" | "names";

export interface Made {
  readonly kind: MadeKind;
  readonly words: readonly string[];
}

/** As in LXC: there from the end of a start to the beginning of a stop. */
export const NETWORK_UP = "/run/lxc/network_up";
export const BRIDGES = "/run/lxc/net";
const MOST_BYTES = 65536;

/** Where all that is known of a bridge is. */
export function bridgeFolder(bridge: string): string {
  return joinPath(BRIDGES, `${bridge}`);
}

/** Where monitors of containers put names and addresses for dnsmasq. */
export function hostsFolder(bridge: string): string {
  return joinPath(bridgeFolder(bridge), "hosts");
}

function madeFile(bridge: string): string {
  return joinPath(bridgeFolder(bridge), "made");
}

export function lineOf(made: Made): string {
  return `${[made.kind as string].concat(made.words).join(" ")}\n`;
}

/** What a file lists. A line that is cut off or makes no sense is left out. */
export function madeIn(text: string): Made[] {
  const found: Made[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const words = blankSeparated(line);
    const kind = kindNamed(words[0] ?? "");
    if (kind !== undefined && words.length > 1) found.push({ kind, words: words.slice(1) });
  }
  return found;
}

function kindNamed(word: string): MadeKind | undefined {
  switch (word) {
    case "bridge":
    case "address":
    case "up":
    case "table":
    case "rule":
    case "dnsmasq":
    case "names":
      return word;
    default:
      return undefined;
  }
}

/** A rule as words of a line, and back. */
export function wordsOfRule(rule: Rule): string[] {
  return [rule.program, rule.table, rule.chain].concat(rule.match);
}

export function ruleFrom(words: readonly string[]): Rule {
  const [program = "", table = "", chain = ""] = words;
  return { program, table, chain, isFirst: false, match: words.slice(3), isOptional: true };
}

/** The bridges that have a folder, those of other settings too. */
export function knownBridges(): string[] {
  return isDirectory(BRIDGES) ? listDirectory(BRIDGES) : [];
}

/** Notes what is about to be made. */
export function noteMade(bridge: string, made: Made): void {
  noteAll(bridge, [made]);
}

/** Notes all of it, or, where we are killed, nothing. */
export function noteAll(bridge: string, made: readonly Made[]): void {
  const path = madeFile(bridge);
  const fd = createAt(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o644);
  try {
    writeAll(fd, bytesOfText(made.map((one) => lineOf(one)).join("")), path);
  } finally {
    closeFd(fd);
  }
}

/** All that was noted and not taken back, oldest first. */
export function readMade(bridge: string): Made[] {
  const path = madeFile(bridge);
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
  if (fd < 0) return [];
  try {
    return madeIn(textOf(readUpTo(fd, path, MOST_BYTES)));
  } finally {
    closeFd(fd);
  }
}

/** Notes that this is all that is left. */
export function rewriteMade(bridge: string, made: readonly Made[]): void {
  const path = madeFile(bridge);
  if (made.length === 0) removeFile(path);
  else if (exists(path)) replaceFile(path, made.map((one) => lineOf(one)).join(""));
}
