// Loads a container's own AppArmor profile before its start, and unloads it at its end. Runs in the monitor, as root.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { EACCES, EEXIST, ENOENT, EPERM } from "../kernel/abi/errno.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryPath } from "../kernel/call.ts";
import {
  createText,
  makeDirectories,
  removeFile,
  tryReadText,
  tryRemoveDirectoryAt,
  tryWriteAt,
} from "../kernel/files.ts";
import { tryExecSearching } from "../kernel/program-search.ts";
import { runWithOutput } from "../kernel/run-program.ts";
import { APPARMOR_POLICY } from "./apparmor.ts";

/** A profile of one container. */
export interface OwnProfile {
  readonly name: string;
  /** Its namespace of policies; "" for none. */
  readonly namespace: string;
  /** The folder for it, and for its compiled form. */
  readonly folder: string;
  /** The name of its file. */
  readonly file: string;
  /** What it says; the first that the parser takes counts. */
  readonly texts: readonly string[];
}

const PARSER = "apparmor_parser";
const PARSER_PATH = "PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";
const NOT_THERE = 127;

/** Throws when it cannot be had; then nothing of it is loaded. */
export function loadProfile(profile: OwnProfile): void {
  makeNamespace(profile);
  try {
    makeDirectories(cacheOf(profile), 0o755);
    parseFirst(profile);
  } catch (caught) {
    removeNamespace(profile);
    throw caught;
  }
}

/** As in LXC. The files stay: the next start finds the compiled form, which saves it half a second. */
export function unloadProfile(profile: OwnProfile): void {
  const doing = `unload the AppArmor profile ${profile.name}`;
  const space = removeNamespace(profile);
  const result = tryWriteAt(AT_FDCWD, `${APPARMOR_POLICY}/.remove`, profile.name);
  if (result < 0 && result !== -ENOENT) throw refused(doing, "write", result);
  if (space < 0 && space !== -ENOENT) throw refused(doing, "unlinkat", space);
}

function cacheOf(profile: OwnProfile): string {
  return joinPath(profile.folder, "cache");
}

function namespaceFolder(profile: OwnProfile): string {
  return `${APPARMOR_POLICY}/policy/namespaces/${profile.namespace}`;
}

function makeNamespace(profile: OwnProfile): void {
  if (profile.namespace === "") return;
  const result = tryPath(SYS.mkdirat, AT_FDCWD, namespaceFolder(profile), 0o755, 0);
  if (result >= 0 || result === -EEXIST) return;
  const doing = `make the AppArmor namespace ${profile.namespace}`;
  if (result !== -EACCES && result !== -EPERM) throw refused(doing, "mkdirat", result);
  throw new LxcError("not-permitted", doing, "only root of the host may", {
    errno: -result,
    hint: "set lxc.apparmor.profile to one that is loaded, such as lxc-container-default-cgns, or to unconfined",
  });
}

/** Returns 0 or -errno. */
function removeNamespace(profile: OwnProfile): number {
  return profile.namespace === "" ? 0 : tryRemoveDirectoryAt(AT_FDCWD, namespaceFolder(profile));
}

/** Begins with the text that the file has: the parser took it last time. */
function parseFirst(profile: OwnProfile): void {
  const path = joinPath(profile.folder, profile.file);
  const there = tryReadText(path);
  const known = profile.texts.filter((text): boolean => text === there);
  let said = "";
  for (const text of known.concat(profile.texts.filter((each): boolean => each !== there))) {
    if (text !== there) writeProfile(path, text);
    said = parse(path, cacheOf(profile));
    if (said === "") return;
  }
  throw new LxcError("config-invalid", `load the AppArmor profile ${path}`, said, {
    hint: "correct the lines of lxc.apparmor.raw: man 5 apparmor.d",
  });
}

function writeProfile(path: string, text: string): void {
  removeFile(path);
  createText(path, text, 0o600);
}

/** Returns what the parser has against the file; "" when it loaded it. */
function parse(path: string, cache: string): string {
  const words = [PARSER, "--replace", "--write-cache", `--cache-loc=${cache}`, path];
  const run = runWithOutput(() => tryExecSearching(words, [PARSER_PATH, "LC_ALL=C"]));
  if (run.end.code === 0 && run.end.signal === 0) return "";
  if (run.end.code === NOT_THERE) throw noParser();
  return run.said === "" ? `${PARSER} ended with ${run.end.code}` : run.said.split("\n").join("; ");
}

function noParser(): LxcError {
  return new LxcError("not-found", "load the container's AppArmor profile", `there is no ${PARSER}`, {
    errno: ENOENT,
    hint: "install the package apparmor, or set lxc.apparmor.profile to one that is loaded, or to unconfined",
  });
}
