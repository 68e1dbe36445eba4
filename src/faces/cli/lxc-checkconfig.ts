// lxc-checkconfig: what this host offers for containers, and what to do about what it lacks.

import { LxcError } from "../../base/errors.ts";
import { checkHost, isVisible } from "../../container/host-check.ts";
import { type FoundConfig, findKernelConfig, PROC_CONFIG } from "../../container/host-check-kernel.ts";
import type { Checked, HostFacts, Status } from "../../container/host-facts.ts";
import { kernelRelease, readHost } from "../../container/read-host.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { exists } from "../../kernel/files.ts";
import { environment } from "./caller.ts";
import { isColored } from "./color.ts";
import { type Arguments, columns, type Tool } from "./command.ts";
import { type Column, column, columnsFrom, printListing, textValue } from "./listing.ts";
import { formatOf } from "./output.ts";
import { printLines } from "./print.ts";
import { COMPATIBLE_WITH } from "./version.ts";

const MODULE = "configs";

export const lxcCheckconfig: Tool = {
  name: "lxc-checkconfig",
  usage: "",
  doc: "lxc-checkconfig shows what this host offers for containers. CONFIG=FILE lxc-checkconfig checks a kernel by its configuration, before it is booted",
  options: [],
  named: false,
  isForHost: true,
  rows: true,
  run,
};

function run(args: Arguments): number {
  const given = ownEnvironment().get("CONFIG") ?? "";
  const found = findKernelConfig(given, kernelRelease(), environment());
  const host = readHost(found, ownEnvironment().get("PATH") ?? "");
  if (!isVisible(host)) throw nothingSeen();
  const checked = checkHost(host);
  const all = allColumns(checked);
  const wanted = columnsFrom(args, all, all);
  if (formatOf(args) !== "table" || args.has(columns)) {
    printListing(args, wanted, checked.length);
    return 0;
  }
  const lines = [`LXC version ${COMPATIBLE_WITH}`, ...whereFrom(given === "" ? PROC_CONFIG : given, found, host)];
  printLines(lines.concat(textOf(checked, isColored(1)), closing()));
  return 0;
}

function nothingSeen(): LxcError {
  return new LxcError("not-found", "look at this host", "neither /proc nor a kernel configuration can be read", {
    hint: "mount /proc: mount -t proc proc /proc; or name a configuration: CONFIG=FILE lxc-checkconfig",
  });
}

/** Where the kernel's configuration was found, as LXC says it when that is not where it looked first. */
function whereFrom(wanted: string, found: FoundConfig, host: HostFacts): string[] {
  const lines = exists(wanted) ? [] : [`Kernel configuration not found at ${wanted}; searching...`];
  if (found.path !== "") {
    if (lines.length > 0) lines.push(`Kernel configuration found at ${found.path}`);
    return lines;
  }
  if (found.packed !== "")
    lines.push(`Kernel configuration at ${found.packed} is packed: install gzip to have it read`);
  else if (hasModule(host)) lines.push(`The kernel shows its configuration after: modprobe ${moduleName()}`);
  lines.push("Without a kernel configuration, this is what the running kernel shows of itself.");
  return lines;
}

function moduleName(): string {
  const name = ownEnvironment().get("MODNAME") ?? "";
  return name === "" ? MODULE : name;
}

function hasModule(host: HostFacts): boolean {
  return host.text(`/lib/modules/${host.release}/modules.dep`).includes(`/${moduleName()}.ko`);
}

function textOf(checked: readonly Checked[], colored: boolean): string[] {
  const lines: string[] = [];
  let section = "";
  for (const item of checked) {
    if (item.section !== section) lines.push("", `--- ${item.section} ---`);
    section = item.section;
    if (item.isList) {
      // As in LXC, with a blank at the end.
      lines.push(`${item.item}: `);
      for (const place of item.places) lines.push(` - ${place}`);
      continue;
    }
    const word = colored ? coloredWord(item.status) : item.status;
    lines.push(`${item.item}: ${word}${item.detail === "" ? "" : `, ${item.detail}`}`);
    if (item.fix !== "") lines.push(`  fix: ${item.fix}`);
  }
  return lines;
}

/** LXC's colours. */
function coloredWord(status: Status): string {
  const color = status === "enabled" ? "32" : status === "required" ? "31" : "33";
  return `\x1b[1;${color}m${status}\x1b[0;39m`;
}

function closing(): string[] {
  return ["", "A kernel can be checked before it is booted: CONFIG=/boot/config-VERSION lxc-checkconfig"];
}

function allColumns(all: readonly Checked[]): Column[] {
  const of = (at: number): Checked => all[at]!;
  return [
    column("section", (at) => textValue(of(at).section)),
    column("item", (at) => textValue(of(at).item)),
    column("status", (at) => textValue(of(at).status)),
    column("detail", (at) => textValue(of(at).detail)),
    column("fix", (at) => textValue(of(at).fix)),
  ];
}
