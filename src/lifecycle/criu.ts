// The program criu, which saves processes to files and brings them back: its words, as LXC puts them, and what it says.

import { LxcError } from "../base/errors.ts";
import { wholeNumberIn } from "../base/text.ts";
import { tryReadText } from "../kernel/files.ts";
import { tryExecSearching } from "../kernel/program-search.ts";
import { type ProgramEnd, runWithOutput } from "../kernel/run-program.ts";

/** From this version on it takes --external, which LXC's tools use for networks. */
const LEAST_VERSION = 208;
const EXIT_NOT_THERE = 127;
const ERRORS_SHOWN = 5;
/** criu writes megabytes with -v4; the end says why. */
const LOG_TAIL = 65536;

/** What a checkpoint is made of, or made from. */
export interface CheckpointFiles {
  /** Absolute. */
  readonly folder: string;
  readonly verbose: boolean;
  /** "" for none. */
  readonly actionScript: string;
}

/** A mount of the configuration that is the host's. */
export interface BoundMount {
  readonly target: string;
  readonly source: string;
}

export interface CriuFacts {
  readonly files: CheckpointFiles;
  /** `memory:/lxc.payload.c1`, one for each hierarchy. */
  readonly cgroups: readonly string[];
  readonly mounts: readonly BoundMount[];
}

export interface DumpFacts {
  readonly preDump: boolean;
  /** The files of an earlier dump, from the folder; "" for none. */
  readonly earlier: string;
  readonly stop: boolean;
  readonly pid: number;
  /** The cgroup's folder on the host by which it is stopped meanwhile; "" for none. */
  readonly freezer: string;
}

/** The words of a dump, without the program. */
export function dumpWords(facts: CriuFacts, dump: DumpFacts): string[] {
  const action = dump.preDump ? "pre-dump" : "dump";
  const words = commonWords(action, facts);
  for (const { target, source } of facts.mounts) {
    words.push("--ext-mount-map", dump.preDump ? `${target}:${source}` : `/${target}:${target}`);
  }
  words.push("-t", String(dump.pid), "--skip-in-flight");
  if (dump.freezer !== "") words.push("--freeze-cgroup", dump.freezer);
  if (dump.earlier !== "") words.push("--prev-images-dir", dump.earlier, "--track-mem");
  words.push("--force-irmap");
  if (!dump.stop && !dump.preDump) words.push("--leave-running");
  return words;
}

/** The words of a restore: the first process becomes a child of whoever runs criu. `networks` are values of --external. */
export function restoreWords(facts: CriuFacts, root: string, networks: readonly string[]): string[] {
  const words = commonWords("restore", facts);
  for (const { target, source } of facts.mounts) words.push("--ext-mount-map", `${target}:${source}`);
  words.push("--root", root, "--restore-detached", "--restore-sibling");
  for (const network of networks) words.push("--external", network);
  return words;
}

function commonWords(action: string, facts: CriuFacts): string[] {
  const files = facts.files;
  const words = [action, "--tcp-established", "--file-locks", "--link-remap", "--manage-cgroups=full"];
  words.push("--ext-mount-map", "auto", "--enable-external-sharing", "--enable-external-masters");
  words.push(
    "--enable-fs",
    "hugetlbfs",
    "--enable-fs",
    "tracefs",
    "-D",
    files.folder,
    "-o",
    logOf(files.folder, action),
  );
  for (const cgroup of facts.cgroups) words.push("--cgroup-root", cgroup);
  if (files.verbose) words.push("-v4");
  if (files.actionScript !== "") words.push("--action-script", files.actionScript);
  return words;
}

function logOf(folder: string, action: string): string {
  return `${folder}/${action}.log`;
}

/** Throws when there is no criu in the caller's PATH, or one that is too old. */
export function checkCriu(environment: readonly string[]): void {
  const doing = "use criu";
  const run = runWithOutput(() => tryExecSearching(["criu", "--version"], environment));
  if (run.end.code === EXIT_NOT_THERE) {
    throw new LxcError("not-found", doing, "it is not in PATH", { hint: "install it: apt install criu" });
  }
  const version = criuVersionIn(run.said);
  if (version === undefined) throw new LxcError("unsupported", doing, `it says no version: ${run.said}`);
  if (version < LEAST_VERSION) {
    throw new LxcError("unsupported", doing, `version ${run.said} is too old`, { hint: "install criu 2.8 or newer" });
  }
}

/** 317 of `Version: 3.17.1`. */
export function criuVersionIn(said: string): number | undefined {
  const at = said.indexOf("Version: ");
  if (at < 0) return undefined;
  const end = said.indexOf("\n", at);
  const parts = said
    .slice(at + "Version: ".length, end < 0 ? said.length : end)
    .trim()
    .split(".");
  const major = wholeNumberIn(parts[0] ?? "");
  const minor = wholeNumberIn(parts[1] ?? "0");
  return major === undefined || minor === undefined ? undefined : major * 100 + minor;
}

/** Throws when criu has failed, with the last errors of its log. */
export function checkCriuEnd(run: ProgramEnd, doing: string, words: readonly string[]): void {
  if (run.end.code === 0 && run.end.signal === 0) return;
  const at = words.indexOf("-o");
  const log = at < 0 ? "" : (words[at + 1] ?? "");
  const errors = errorLinesIn(tryReadText(`${log}`) ?? "");
  const how = run.end.signal !== 0 ? `signal ${run.end.signal} ended it` : `exit code ${run.end.code}`;
  const said = errors.length > 0 ? errors.join("; ") : run.said;
  throw new LxcError("syscall-failed", doing, `criu failed (${how})${said === "" ? "" : `: ${said}`}`, {
    hint: `all it says is in ${log}, more with -v; see whether it works here: criu check`,
  });
}

/** The last lines of a log that tell of an error, without the time in front. */
export function errorLinesIn(log: string): string[] {
  const errors: string[] = [];
  for (const line of log.slice(-LOG_TAIL).split("\n")) {
    const at = line.indexOf("Error (");
    if (at >= 0) errors.push(line.slice(at).trim());
  }
  return errors.slice(-ERRORS_SHOWN);
}
