// Doing what lxc-doctor found to be done: a short list of programs and files, and nothing that a shell would read. Runs as root.

import { asLxcError } from "../base/errors.ts";
import { baseName, parentOf } from "../base/path.ts";
import { createText, exists, makeDirectories, readText } from "../kernel/files.ts";
import { tryExecSearching } from "../kernel/program-search.ts";
import { replaceFile } from "../kernel/replace-file.ts";
import { runWithOutput } from "../kernel/run-program.ts";
import { type DoctorCheck, isFixable } from "./doctor-checks.ts";
import { DELEGATE_FILE } from "./doctor-host.ts";
import { SYSCTL_FILE } from "./host-check-fixes.ts";
import type { FixStep } from "./host-facts.ts";

/** How one step went. */
export interface FixResult {
  readonly command: string;
  readonly isDone: boolean;
  /** What the program said, or why it was not run. */
  readonly said: string;
}

/** Whatever the caller's environment says. */
const ENVIRONMENT: readonly string[] = [
  "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
  "LC_ALL=C",
  "DEBIAN_FRONTEND=noninteractive",
];
const DIGITS = "0123456789";
const SMALL = "abcdefghijklmnopqrstuvwxyz";
const LETTERS = `${SMALL}ABCDEFGHIJKLMNOPQRSTUVWXYZ_`;

/** The steps that a program may do for these checks, each once. */
export function stepsFor(checks: readonly DoctorCheck[]): FixStep[][] {
  const lists: FixStep[][] = [];
  const seen: string[] = [];
  for (const check of checks) {
    if (!isFixable(check)) continue;
    const fresh = check.steps.filter((step) => !seen.includes(commandText(step)));
    for (const step of fresh) seen.push(commandText(step));
    if (fresh.length > 0) lists.push(fresh);
  }
  return lists;
}

/** The step as a line for a shell. */
export function commandText(step: FixStep): string {
  if (step.file === "") return step.words.join(" ");
  return `printf '%s\\n' ${step.lines.map((line) => `'${line}'`).join(" ")} >> ${step.file}`;
}

/** The same for an ordinary user. */
export function sudoText(step: FixStep): string {
  if (step.file === "") return `sudo ${commandText(step)}`;
  return `printf '%s\\n' ${step.lines.map((line) => `'${line}'`).join(" ")} | sudo tee -a ${step.file}`;
}

/** Whether it is of a kind that we ever do. */
export function isAllowed(step: FixStep): boolean {
  if (step.file !== "") return step.file === SYSCTL_FILE || step.file === DELEGATE_FILE;
  const [program = "", first = "", second = "", third = ""] = step.words;
  switch (program) {
    case "usermod":
      return (first === "--add-subuids" || first === "--add-subgids") && isRange(second) && isName(third);
    case "sysctl":
      return first === "-w" && isParameter(second) && step.words.length === 3;
    case "chown":
      return first === "root" && isMapProgram(second) && step.words.length === 3;
    case "chmod":
      return first === "u+s" && isMapProgram(second) && step.words.length === 3;
    case "loginctl":
      return first === "enable-linger" && isName(second) && step.words.length === 3;
    case "systemctl":
      return first === "daemon-reload" && step.words.length === 2;
    default:
      return isInstaller(program) && step.words.length <= 4 && isName(step.words[step.words.length - 1] ?? "");
  }
}

/** Of a user or a package: nothing that a program could take for an option. */
function isName(text: string): boolean {
  return isOf(text, `${LETTERS}${DIGITS}.+$-`) && isOf(text.slice(0, 1), LETTERS + DIGITS);
}

function isRange(text: string): boolean {
  const [first = "", last = "", more] = text.split("-");
  return isOf(first, DIGITS) && isOf(last, DIGITS) && more === undefined;
}

function isParameter(text: string): boolean {
  const [name = "", value = "", more] = text.split("=");
  return isOf(name, `${SMALL}_.`) && isOf(value, DIGITS) && more === undefined;
}

/** Whether it is made of those letters, of at least one. */
function isOf(text: string, letters: string): boolean {
  for (let i = 0; i < text.length; i++) if (!letters.includes(text.charAt(i))) return false;
  return text !== "";
}

function isInstaller(program: string): boolean {
  return ["apt-get", "dnf", "pacman", "apk", "zypper"].includes(program);
}

function isMapProgram(path: string): boolean {
  return path.startsWith("/") && (baseName(path) === "newuidmap" || baseName(path) === "newgidmap");
}

/** Does one step. */
export function applyStep(step: FixStep): FixResult {
  const command = commandText(step);
  if (!isAllowed(step)) return { command, isDone: false, said: "this is nothing that lxc-doctor does by itself" };
  return step.file === "" ? runProgram(step, command) : addLines(step, command);
}

function runProgram(step: FixStep, command: string): FixResult {
  const ran = runWithOutput(() => {
    tryExecSearching(step.words, ENVIRONMENT);
  });
  const end = ran.end;
  const said = ran.said;
  const isDone = end.code === 0 && end.signal === 0;
  if (isDone || said !== "") return { command, isDone, said };
  const why = end.code === 127 ? `${step.words[0] ?? ""} is not installed` : `it failed with exit code ${end.code}`;
  return { command, isDone, said: why };
}

function addLines(step: FixStep, command: string): FixResult {
  try {
    const isThere = exists(step.file);
    const text = withLines(isThere ? readText(step.file) : "", step.lines);
    makeDirectories(parentOf(step.file), 0o755);
    if (isThere) replaceFile(step.file, text);
    else createText(step.file, text, 0o644);
    return { command, isDone: true, said: "" };
  } catch (caught) {
    return { command, isDone: false, said: asLxcError(caught as Error).message };
  }
}

/** The text with these lines, each in the place of one that says otherwise, or after the one before it. */
export function withLines(text: string, lines: readonly string[]): string {
  const all: string[] = [];
  for (const line of text.split("\n")) {
    const better = replacementFor(line, lines);
    if (line !== "" && !(lines.includes(better) && all.includes(better))) all.push(better);
  }
  let at = all.length;
  for (const line of lines) {
    const there = all.indexOf(line);
    if (there < 0) all.splice(at, 0, line);
    at = (there < 0 ? at : there) + 1;
  }
  return `${all.join("\n")}\n`;
}

function replacementFor(line: string, lines: readonly string[]): string {
  const name = nameIn(line);
  for (const wanted of lines) if (name !== "" && nameIn(wanted) === name) return wanted;
  return line;
}

/** What stands before the `=`; "" for a comment or a heading. */
function nameIn(line: string): string {
  const equals = line.indexOf("=");
  return equals < 0 || line.startsWith("#") ? "" : line.slice(0, equals).trim();
}
