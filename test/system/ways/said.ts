// What a tool says of a failure, read from its JSON, and the table of docs/errors.md that shows it.

import { readFileSync, writeFileSync } from "node:fs";

/** One row of the table, in words that do not change with the machine. */
export interface Said {
  readonly code: string;
  readonly errno: number;
  /** What was being done, and why it could not be; for a line of a file its key and what is wrong with it. */
  readonly text: string;
  /** The next step. */
  readonly hint: string;
}

interface Failure {
  readonly code: string;
  readonly doing: string;
  readonly reason: string;
  readonly errno: number;
  readonly hint: string;
  readonly message?: string;
  readonly because?: readonly Failure[];
  readonly findings?: readonly Finding[];
}

interface Finding {
  readonly key: string;
  readonly problem: string;
  readonly hint: string;
}

/** The innermost cause of the one failure that was printed, with the hint that is nearest to it. */
export function failureIn(json: string): Said {
  const line = json.split("\n").find((each) => each.startsWith('{"error"'));
  if (line === undefined) throw new Error(`no failure is printed as JSON: ${json}`);
  const outer = (JSON.parse(line) as { error: Failure }).error;
  const all = [outer, ...(outer.because ?? [])];
  const inner = all[all.length - 1] as Failure;
  const finding = outer.findings?.[0];
  if (finding !== undefined) {
    const { key, problem, hint } = finding;
    return { code: outer.code, errno: outer.errno, text: `${key}: ${problem}`, hint };
  }
  const hints = all.map((each) => each.hint).filter((hint) => hint !== "");
  const text = `cannot ${inner.doing}: ${inner.reason}`;
  return { code: outer.code, errno: outer.errno, text, hint: hints[hints.length - 1] ?? "" };
}

/** The first warning that was printed: its next step is behind the last semicolon. */
export function warningIn(json: string): Said {
  const line = json.split("\n")[0] ?? "";
  const { warning } = JSON.parse(line) as { warning: string };
  const end = warning.lastIndexOf("; ");
  return { code: "warning", errno: 0, text: warning.slice(0, end), hint: warning.slice(end + 2) };
}

const PAGE = new URL("../../../docs/errors.md", import.meta.url);

/** Rows of the table below the heading, by way. */
export function documented(heading: string): Map<string, string> {
  const page = readFileSync(PAGE, "utf8");
  const { start, end } = rowsBelow(page, heading);
  const rows = new Map<string, string>();
  for (const row of page.slice(start, end).split("\n"))
    if (row !== "") rows.set(row.split(" | ")[0]?.slice(2) ?? "", row);
  return rows;
}

export function rowFor(way: string, said: Said): string {
  return `| ${way} | \`${said.code}\` | ${cell(said.text)} | ${cell(said.hint)} |`;
}

/** For UPDATE_GOLDEN=1: puts these rows in the place of those that are there. */
export function document(heading: string, rows: readonly string[]): void {
  const page = readFileSync(PAGE, "utf8");
  const { start, end } = rowsBelow(page, heading);
  writeFileSync(PAGE, page.slice(0, start) + rows.map((row) => `${row}\n`).join("") + page.slice(end));
}

const LINE_BELOW_HEADS = "|---|---|---|---|\n";

/** From behind the heads of the table to the empty line below it, or to the end. */
function rowsBelow(page: string, heading: string): { readonly start: number; readonly end: number } {
  const title = page.indexOf(`### ${heading}\n`);
  if (title < 0) throw new Error(`docs/errors.md has no ${heading}`);
  const start = page.indexOf(LINE_BELOW_HEADS, title) + LINE_BELOW_HEADS.length;
  const below = page.indexOf("\n\n", start - 1);
  return { start, end: below < 0 ? page.length : below + 1 };
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
