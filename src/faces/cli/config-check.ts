// lxc-config check: everything there is to say about configuration files, and no change to any.

import { asLxcError } from "../../base/errors.ts";
import { type Finding, findingLine } from "../../base/finding.ts";
import { baseName } from "../../base/path.ts";
import { readConfigText } from "../../container/config/config-file.ts";
import { ConfigDocument } from "../../container/config/document.ts";
import { findingsIn } from "../../container/config/findings.ts";
import { readConfig, readIncludes } from "../../container/config/load.ts";
import { systemFindings } from "../../container/config/system-config.ts";
import { usernetFindings } from "../../container/config/usernet.ts";
import { configFileOf, containerOf } from "../../container/container.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { definedContainers } from "../../lifecycle/list.ts";
import { absolute } from "./caller.ts";
import { type Arguments, columns, rcFile } from "./command.ts";
import { findingColumns } from "./finding-columns.ts";
import { JsonObject, listed } from "./json.ts";
import { columnsFrom, printListing } from "./listing.ts";
import { formatOf, isJson } from "./output.ts";
import { findingJson, print, printLines } from "./print.ts";
import { lxcpathFrom } from "./target.ts";

interface Checked {
  readonly file: string;
  readonly findings: readonly Finding[];
}

/** Checks the files named, or else the configuration of each container. Exit code 1 when one of them has errors. */
export function checkFiles(args: Arguments, files: readonly string[]): number {
  const named = args.has(rcFile) ? files.concat([args.text(rcFile, "")]) : files;
  const findings: Finding[] = [];
  const all = findingColumns(findings);
  const wanted = columnsFrom(args, all, all);
  const checked = (named.length > 0 ? named : ownFiles(args)).map(check);
  for (const each of checked) findings.push(...each.findings);
  if (formatOf(args) === "csv" || args.has(columns)) printListing(args, wanted, findings.length);
  else if (formatOf(args) === "ndjson") printLines(checked.map((each) => jsonOf(each).encode()));
  else if (isJson(args)) print(`${listed(checked.map(jsonOf))}\n`);
  else for (const each of checked) printLines(linesOf(each));
  return checked.some((each) => count(each, "error") > 0) ? 1 : 0;
}

function ownFiles(args: Arguments): string[] {
  const lxcpath = lxcpathFrom(args);
  const names = args.name === "" ? definedContainers(lxcpath) : [args.name];
  return names.map((name) => configFileOf(containerOf(`${name}`, lxcpath)));
}

function check(file: string): Checked {
  try {
    return { file, findings: findingsFor(file, readConfigText(`${absolute(file)}`)) };
  } catch (caught) {
    const { message: problem, hint } = asLxcError(caught as Error);
    return { file, findings: [{ severity: "error", file, line: 0, column: 0, subject: "", problem, hint }] };
  }
}

/** The two other files of LXC are known by their name. */
function findingsFor(file: string, text: string): Finding[] {
  const name = baseName(`${file}`);
  if (name === "lxc.conf") return systemFindings(file, text);
  if (name === "lxc-usernet") return usernetFindings(file, text);
  return findingsIn(readConfig(new ConfigDocument(text), `${file}`, readIncludes, ownEnvironment()));
}

function count(checked: Checked, severity: Finding["severity"]): number {
  return checked.findings.filter((finding) => finding.severity === severity).length;
}

function linesOf(checked: Checked): string[] {
  const lines: string[] = [];
  for (const finding of checked.findings) lines.push(findingLine(finding));
  const parts = [plural(count(checked, "error"), "error"), plural(count(checked, "warning"), "warning")];
  const told = parts.filter((part): boolean => part !== "");
  lines.push(`${checked.file}: ${told.length === 0 ? "ok" : told.join(", ")}`);
  return lines;
}

function plural(amount: number, word: string): string {
  return amount === 0 ? "" : amount === 1 ? `1 ${word}` : `${amount} ${word}s`;
}

function jsonOf(checked: Checked): JsonObject {
  return new JsonObject()
    .text("file", checked.file)
    .number("errors", count(checked, "error"))
    .number("warnings", count(checked, "warning"))
    .objects("findings", checked.findings.map(findingJson));
}
