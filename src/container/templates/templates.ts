// Finding the template that fills a new root file system.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { nearest } from "../../base/text.ts";
import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryPath } from "../../kernel/call.ts";
import { isDirectory, listDirectory } from "../../kernel/files.ts";
import { isArchive } from "./archive.ts";

export const TEMPLATE_DIRECTORY = "/usr/share/lxc/templates";
const PREFIX = "lxc-";
const X_OK = 1;

/** `none` makes a configuration only, `busybox` is our own, a `program` is anybody's executable, an `archive` is unpacked. */
export interface Template {
  readonly kind: "none" | "busybox" | "program" | "archive";
  /** Of the program or the archive, and otherwise "". */
  readonly path: string;
}

/** The template called `name`: one of ours, an absolute path, or the program lxc-NAME of the templates' folder. */
export function findTemplate(name: string): Template {
  if (name === "none") return { kind: "none", path: "" };
  if (name === "busybox") return { kind: "busybox", path: "" };
  if (name.startsWith("/")) {
    if (isArchive(name)) return { kind: "archive", path: name };
    if (!isExecutable(name))
      throw badTemplate(name, "give a program that may be executed, or an archive that tar can read");
    return { kind: "program", path: name };
  }
  if (name === "") throw badTemplate(name, 'A template must be specified; use "none" for a container without a rootfs');
  const path = joinPath(TEMPLATE_DIRECTORY, `${PREFIX}${name}`);
  if (name.includes("/")) throw badTemplate(name, "give the absolute path of the template");
  if (!isExecutable(path)) throw badTemplate(name, hintFor(name));
  return { kind: "program", path };
}

/** The names that `-t` takes on this machine, in alphabetical order. */
export function templateNames(): string[] {
  const names = ["busybox", "none"];
  const files = isDirectory(TEMPLATE_DIRECTORY) ? listDirectory(TEMPLATE_DIRECTORY) : [];
  for (const file of files) {
    const name = file.slice(PREFIX.length);
    if (file.startsWith(PREFIX) && !names.includes(name)) names.push(name);
  }
  return names.toSorted();
}

function hintFor(name: string): string {
  const names = templateNames();
  const meant = nearest(name, names);
  const list = `there are ${names.join(", ")}`;
  return meant === undefined ? list : `did you mean ${meant}? ${list}`;
}

function badTemplate(name: string, hint: string): LxcError {
  return new LxcError("not-found", `use the template ${name}`, `bad template: ${name}`, { hint });
}

function isExecutable(path: string): boolean {
  return tryPath(SYS.faccessat, AT_FDCWD, path, X_OK, 0) === 0;
}
