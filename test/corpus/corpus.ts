// The corpus for tests: its files, what is expected of each, and the files that they include.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../src/base/finding.ts";
import type { IncludedFile } from "../../src/container/config/load.ts";
import { INSTALLED, SHIPPED } from "../compat/shipped-table.ts";

export const CORPUS = import.meta.dirname;

/** What verdicts.txt says of a file. */
export interface Verdict {
  readonly file: string;
  /** `clean`, `warned LINES` or `refused LINE KEY; ...`. */
  readonly says: string;
}

export function verdicts(): Verdict[] {
  const lines = readFileSync(join(CORPUS, "verdicts.txt"), "utf8").trim().split("\n");
  return lines.map((line) => ({ file: line.slice(0, line.indexOf(": ")), says: line.slice(line.indexOf(": ") + 2) }));
}

/** Every file there is, sorted. */
export function corpusFiles(): string[] {
  const names = readdirSync(CORPUS, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".conf")).sort();
}

/** Those that need LXC 7. */
export function newerFiles(): string[] {
  return readFileSync(join(CORPUS, "newer.txt"), "utf8").trim().split("\n");
}

/** The same words for what a check found. Other warnings than of lines that are ignored have no verdict. */
export function verdictOf(findings: readonly Pick<Finding, "severity" | "line" | "subject">[]): string {
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) return `refused ${errors.map(({ line, subject }) => `${line} ${subject}`).join("; ")}`;
  const strays = findings.filter(({ severity, subject }) => severity === "warning" && subject === "");
  return strays.length === 0 ? "clean" : `warned ${strays.map(({ line }) => line).join(",")}`;
}

/** Reads what is included from where it will be installed. */
export function includeShipped(path: string): IncludedFile[] {
  const here = path.replace(INSTALLED, SHIPPED);
  const status = statSync(here, { throwIfNoEntry: false });
  if (status === undefined && path.endsWith("/")) return [];
  if (status?.isDirectory() !== true) return [{ path, text: readFileSync(here, "utf8") }];
  const names = readdirSync(here).filter((name) => name.endsWith(".conf"));
  return names.map((name) => ({ path: join(path, name), text: readFileSync(join(here, name), "utf8") }));
}
