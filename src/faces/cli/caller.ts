// What this process was given by its caller, as the layers below take it.

import { runDirectory } from "../../container/paths.ts";
import { isArchive } from "../../container/templates/archive.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { protectOwnProgram } from "../../kernel/self.ts";

/** The environment, as exec takes it. */
export function environment(): readonly string[] {
  return ownEnvironment().lines();
}

/** Goes on as a program that nothing inside a container can write to: for tools whose own processes enter one. */
export function protect(): void {
  protectOwnProgram(process.argv.slice(1), () => environment());
}

/** Where this user's locks are. */
export function runFolder(): string {
  return runDirectory(effectiveUser(), ownEnvironment());
}

/** Whether a template is named by the path of an archive. */
export function isArchiveWord(template: string): boolean {
  return template.includes("/") && isArchive(absolute(template));
}

/** `path`, absolute. */
export function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}
