// What --help and --usage say of a tool: its option table, as text in LXC's layout.

import { upperCase } from "../../base/text.ts";
import { commonOptionsOf, type Option, optionsOf, type Tool } from "./command.ts";

const OPTIONS_A_LINE = 4;
const WIDEST_LEFT = 34;

export function helpFor(tool: Tool): string[] {
  let width = 20;
  for (const option of tool.options) width = Math.max(width, Math.min(WIDEST_LEFT, spelled(option).length));
  const lines = [`Usage: ${tool.name} ${tool.usage}`, "", tool.doc, "", "Options :"];
  for (const option of tool.options) lines.push(...entry(option, width));
  lines.push("", "Common options :");
  for (const option of commonOptionsOf(tool)) lines.push(...entry(option, 29));
  lines.push("", "What a long option needs or may have, its letter needs or may have as well.", "");
  lines.push(`See the ${tool.name} man page for further information.`, "");
  return lines;
}

export function usageFor(tool: Tool): string[] {
  const lines: string[] = [];
  let line = `Usage: ${tool.name} `;
  let count = 0;
  for (const option of optionsOf(tool)) {
    line += `${bracketed(option)} `;
    count++;
    if (count % OPTIONS_A_LINE === 0) {
      lines.push(line);
      line = "\t";
    }
  }
  lines.push(line);
  return lines;
}

function entry(option: Option, width: number): string[] {
  const left = spelled(option);
  const doc = option.later ? `${option.doc} (not there yet)` : option.doc;
  if (left.length > width) return [left, `${" ".repeat(width)} ${doc}`];
  return [`${left.padEnd(width)} ${doc}`];
}

function spelled(option: Option): string {
  const short = option.short === "" ? "    " : `-${option.short}, `;
  if (option.takes === "nothing") return `  ${short}--${option.long}`;
  return option.takes === "maybe"
    ? `  ${short}--${option.long}[=${option.value}]`
    : `  ${short}--${option.long}=${option.value}`;
}

function bracketed(option: Option): string {
  const short = option.short === "" ? "" : `-${option.short}|`;
  const value = upperCase(option.long);
  if (option.takes === "nothing") return `[${short}--${option.long}]`;
  return option.takes === "maybe" ? `[${short}--${option.long}[=${value}]]` : `[${short}--${option.long}=${value}]`;
}
