// Everything there is to say about a configuration: errors, warnings, and what lxc-ts cannot do yet. Pure.

import type { Finding, Severity } from "../../base/finding.ts";
import { nearest } from "../../base/text.ts";
import { doubtsIn, problemsIn } from "./checks.ts";
import type { ConfigDocument, Entry } from "./document.ts";
import { notYetIn } from "./effects.ts";
import type { ReadConfig } from "./load.ts";
import { networkTypeKeyOf } from "./network-schema.ts";
import type { Config } from "./schema.ts";
import type { Complaint } from "./settings.ts";
import { findingAt, type Sources } from "./sources.ts";

/** Errors first by what makes it unreadable, then by what a start refuses; then warnings; then notes. */
export function findingsIn(read: ReadConfig): Finding[] {
  const { config, sources } = read;
  const errors = read.errors.concat(sources.findAll("error", problemsIn(config)));
  return errors.concat(warningsIn(config, sources), unsupportedIn(config, sources, "note"));
}

/** What lxc-ts cannot do yet, and a start refuses. */
export function unsupportedIn(config: Config, sources: Sources, severity: Severity): Finding[] {
  const findings = sources.findAll(severity, notYetIn(config));
  for (const { file, document } of sources.all()) findings.push(...strangeBytes(severity, file, document));
  return findings;
}

/** A name that is no UTF-8 could not be handed on to the kernel as it is. */
function strangeBytes(severity: Severity, file: string, document: ConfigDocument): Finding[] {
  const findings: Finding[] = [];
  for (const entry of document.entries()) {
    if (!entry.value.includes("\ufffd")) continue;
    const hint = "convert the file, as with iconv -f latin1 -t utf8";
    const problem = "bytes that are not UTF-8 are not supported yet";
    findings.push(findingAt(severity, file, entry, { about: "value", key: entry.key, problem, hint }));
  }
  return findings;
}

/** What LXC says nothing about, though its author hardly meant it. */
export function warningsIn(config: Config, sources: Sources): Finding[] {
  const findings: Finding[] = [];
  for (const { file, document } of sources.all()) {
    findings.push(...strayLines(file, document, config));
    findings.push(...lostLines(file, document));
    findings.push(...comments(file, document));
  }
  return findings.concat(sources.findAll("warning", doubtsIn(config)));
}

function strayLines(file: string, document: ConfigDocument, config: Config): Finding[] {
  const findings: Finding[] = [];
  for (const { line, text } of document.strayLines()) {
    const equals = text.indexOf("=");
    const near = equals < 0 ? undefined : nearest(text.slice(0, equals).trim(), config.allKeys());
    const other = near === undefined ? "begin a comment with #" : `did you mean ${near}?`;
    const hint = text.startsWith("\ufeff") ? "save the file without a byte order mark" : other;
    const problem = "this line is ignored, for it does not begin with lxc.";
    findings.push({ severity: "warning", file, line, column: 1, subject: "", problem, hint });
  }
  return findings;
}

/** What was said of a network before its type, which takes it back. */
function lostLines(file: string, document: ConfigDocument): Finding[] {
  const findings: Finding[] = [];
  const entries = document.entries();
  // From the end on: the line of each type that is still to come.
  const types = new Map<string, number>();
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i]!;
    const typeKey = networkTypeKeyOf(entry.key);
    const line = types.get(typeKey);
    // What is taken back by name was meant to go.
    if (entry.key === "lxc.net" && entry.value === "") types.clear();
    else if (typeKey !== "" && entry.key === typeKey) types.set(typeKey, entry.line);
    else if (line !== undefined && entry.value !== "") findings.push(lostLine(file, entry, typeKey, line));
  }
  return findings.toReversed();
}

function lostLine(file: string, entry: Entry, typeKey: string, line: number): Finding {
  const problem = `line ${line} takes it back: ${typeKey} resets the network`;
  return findingAt("warning", file, entry, {
    about: "key",
    key: entry.key,
    problem,
    hint: `put it below line ${line}`,
  });
}

/** `value # words`: LXC knows no comments behind a value. */
function comments(file: string, document: ConfigDocument): Finding[] {
  const findings: Finding[] = [];
  for (const entry of document.entries()) {
    if (!entry.value.includes(" # ")) continue;
    const problem = "what follows # is part of the value";
    const complaint: Complaint = { about: "value", key: entry.key, problem, hint: "give a comment a line of its own" };
    findings.push(findingAt("warning", file, entry, complaint));
  }
  return findings;
}
