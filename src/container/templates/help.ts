// What `lxc-create -t TEMPLATE -h` shows of the template.

import { baseName } from "../../base/path.ts";
import { closeFd } from "../../kernel/files.ts";
import { cloneProcess, exitNow, tryExec, waitForEnd } from "../../kernel/process.ts";
import { busyboxHelp } from "./busybox.ts";
import { findTemplate } from "./templates.ts";

/** The help of a built-in template; "" for a program, which prints its own to our output, and for `none`. */
export function templateHelp(name: string, environment: readonly string[]): string {
  const template = findTemplate(name);
  if (template.kind === "busybox") return busyboxHelp();
  if (template.kind === "program") printHelpOf(template.path, environment);
  return "";
}

function printHelpOf(path: string, environment: readonly string[]): void {
  const child = cloneProcess(0, -1);
  if (child.pid === 0) {
    tryExec(path, [baseName(path), "-h"], environment);
    exitNow(127);
  }
  waitForEnd(child.pid);
  closeFd(child.pidfd);
}
