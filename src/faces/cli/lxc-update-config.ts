// lxc-update-config: the keys of LXC 1 and 2 in a configuration file become those of today.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { bytesOfLetters, lettersOf } from "../../base/latin1.ts";
import { baseName, joinPath } from "../../base/path.ts";
import { ConfigDocument } from "../../container/config/document.ts";
import { INCLUDE_KEY } from "../../container/config/schema.ts";
import { type Change, upgradeText } from "../../container/config/upgrade.ts";
import { exists, isDirectory, listDirectory } from "../../kernel/files.ts";
import { createBeside, readRegular, replaceBytes } from "../../kernel/replace-file.ts";
import { type Arguments, quiet, Refusal, type Tool, valued } from "./command.ts";
import { helpFor } from "./help.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print, printLines, warn } from "./print.ts";

const config = valued("config", "FILE", "c", "The configuration file to update");
/** After so many other texts there is something wrong. */
const MOST_BACKUPS = 100;

export const lxcUpdateConfig: Tool = {
  name: "lxc-update-config",
  usage: "-c FILE",
  doc: "lxc-update-config writes the keys of LXC 1 and 2 in FILE as those of today, and keeps the text before in FILE.backup",
  options: [config],
  named: false,
  isForHost: true,
  run,
};

function run(args: Arguments): number {
  const path = args.text(config, "");
  if (!args.has(config) && args.operands.length === 0) {
    // As in LXC, where this is no failure.
    printLines(helpFor(lxcUpdateConfig));
    return 0;
  }
  if (path === "") throw noFile(args.operands[0] ?? "FILE");
  const before = readRegular(path);
  const upgrade = upgradeText(lettersOf(before));
  const changed = upgrade.changes.length > 0;
  const backup = changed || !exists(`${path}.backup`) ? keepBackup(path, before) : "";
  if (changed) replaceBytes(path, bytesOfLetters(upgrade.text));
  const old = oldIncludes(new TextDecoder().decode(before));
  if (isJson(args)) print(`${jsonOf(path, backup, upgrade.changes, old)}\n`);
  else if (!args.has(quiet)) printLines(reportOf(path, backup, upgrade.changes));
  if (!isJson(args))
    for (const file of old) warn(args, `${path} includes ${file}, which has old keys: lxc-update-config -c ${file}`);
  return 0;
}

function noFile(guess: string): Refusal {
  const hint = `name the file after -c: lxc-update-config -c ${guess}`;
  return new Refusal("", new LxcError("config-invalid", "update a configuration", "no file was named", { hint }));
}

/**
 * Keeps the bytes in FILE.backup. LXC would write over what is there, which may be the only text from before a first run; here
 * another text goes to FILE.backup.1 and so on. Returns the path that has the bytes now.
 */
function keepBackup(path: string, bytes: Uint8Array): string {
  for (let number = 0; number < MOST_BACKUPS; number++) {
    const backup = number === 0 ? `${path}.backup` : `${path}.backup.${number}`;
    if (!exists(backup)) {
      createBeside(path, baseName(backup), bytes);
      return backup;
    }
    if (hasBytes(backup, bytes)) return backup;
  }
  throw new LxcError("wrong-state", `keep the text before of ${path}`, "there are too many backups", {
    hint: `move some away: ls ${path}.backup*`,
  });
}

/** Whether that is in the file; anything that cannot be read as one has something else. */
function hasBytes(path: string, bytes: Uint8Array): boolean {
  try {
    return sameBytes(readRegular(path), bytes);
  } catch (caught) {
    if (asLxcError(caught as Error).code === "bug") throw caught as Error;
    return false;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** The files that the configuration includes and that have old keys themselves: LXC leaves them, for others may use them too. */
function oldIncludes(text: string): string[] {
  const old: string[] = [];
  for (const entry of new ConfigDocument(text).entries()) {
    if (entry.key !== INCLUDE_KEY || entry.value === "") continue;
    for (const file of filesOf(entry.value)) if (isOld(file) && !old.includes(file)) old.push(file);
  }
  return old;
}

function filesOf(include: string): string[] {
  if (!isDirectory(include)) return [include];
  try {
    const names = listDirectory(include).filter((name): boolean => name.endsWith(".conf"));
    return names.map((name) => joinPath(include, `${name}`));
  } catch (caught) {
    if (asLxcError(caught as Error).code === "bug") throw caught as Error;
    return [];
  }
}

function isOld(file: string): boolean {
  try {
    return upgradeText(lettersOf(readRegular(file))).changes.length > 0;
  } catch (caught) {
    if (asLxcError(caught as Error).code === "bug") throw caught as Error;
    return false;
  }
}

function reportOf(path: string, backup: string, changes: readonly Change[]): string[] {
  if (changes.length === 0) return [`${path}: nothing to change, its keys are those of today`];
  const lines: string[] = [];
  for (const { line, from, to } of changes) {
    lines.push(`${path}:${line}: ${to === "" ? `${from} removed, there is no such key today` : `${from} -> ${to}`}`);
  }
  lines.push(`the text before is in ${backup}`);
  return lines;
}

function jsonOf(path: string, backup: string, changes: readonly Change[], old: readonly string[]): string {
  const json = new JsonObject().text("file", path);
  if (backup === "") json.nothing("backup");
  else json.text("backup", backup);
  const rows: JsonObject[] = [];
  for (const { line, from, to } of changes) {
    const row = new JsonObject().number("line", line).text("from", from);
    rows.push(to === "" ? row.nothing("to") : row.text("to", to));
  }
  return json.objects("changes", rows).texts("old_includes", old).encode();
}
