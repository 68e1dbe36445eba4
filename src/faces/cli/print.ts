// Words to people and to programs: lines, tables, and failures as text or JSON.

import { describe, type LxcError, nearestHint } from "../../base/errors.ts";
import type { Finding } from "../../base/finding.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes } from "../../kernel/call.ts";
import { writeAll } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { type Arguments, quiet } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";

/** Writes to standard output at once: a buffer would be written twice after a fork. */
export function print(text: string): void {
  if (text !== "") writeAll(1, bytesOfText(text), "the output");
}

/** Writes to standard error; there is nobody to tell when that fails. */
export function printError(text: string): void {
  const bytes = bytesOfText(text);
  tryBytes(SYS.write, 2, bytes, bytes.length, 0);
}

export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) print(`${lines.join("\n")}\n`);
}

/** Tells of something that is no failure, in the log too. */
export function warn(args: Arguments, text: string): void {
  args.log.warn("lxc", text);
  if (args.has(quiet)) return;
  if (!isJson(args)) printError(`${args.tool}: warning: ${text}\n`);
  else printError(`${new JsonObject().text("warning", text).text("tool", args.tool).encode()}\n`);
}

/** Rows of cells, each as wide as its column and followed by one blank, as lxc-ls prints them. */
export function table(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (let at = 0; at < row.length; at++) {
      const length = row[at]!.length;
      if (at >= widths.length) widths.push(length);
      else if (length > widths[at]!) widths[at] = length;
    }
  }
  const lines: string[] = [];
  for (const row of rows) {
    let line = "";
    for (let at = 0; at < row.length; at++) line += `${row[at]!.padEnd(widths[at]!)} `;
    lines.push(line);
  }
  return lines;
}

/** A failure as a person reads it. An empty `headline` is the error's own first line. */
export function failureLines(tool: string, headline: string, error: LxcError): string[] {
  const lines = describe(error);
  if (headline !== "") lines[0] = headline;
  lines[0] = `${tool}: ${lines[0] ?? ""}`;
  return lines;
}

/** A failure as a program reads it: one line of JSON. */
export function failureJson(tool: string, container: string, headline: string, error: LxcError): string {
  const because: JsonObject[] = [];
  for (let cause = error.because; cause !== undefined; cause = cause.because) because.push(fields(cause, cause.hint));
  const all = fields(error, nearestHint(error)).objects("because", because);
  const findings = allFindings(error);
  if (findings.length > 0) all.objects("findings", findings.map(findingJson));
  if (headline !== "") all.text("message", headline);
  return new JsonObject().object("error", all).text("tool", tool).text("container", container).encode();
}

function fields(error: LxcError, hint: string): JsonObject {
  return new JsonObject()
    .text("code", error.code)
    .text("doing", error.doing)
    .text("reason", error.reason)
    .number("errno", error.errno)
    .text("hint", hint);
}

function allFindings(error: LxcError): Finding[] {
  const findings = error.findings.slice();
  for (let cause = error.because; cause !== undefined; cause = cause.because) findings.push(...cause.findings);
  return findings;
}

/** One finding as a program reads it. */
export function findingJson(finding: Finding): JsonObject {
  return new JsonObject()
    .text("severity", finding.severity)
    .text("file", finding.file)
    .number("line", finding.line)
    .number("column", finding.column)
    .text("key", finding.subject)
    .text("problem", finding.problem)
    .text("hint", finding.hint);
}
