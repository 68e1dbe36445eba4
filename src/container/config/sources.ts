// The files a configuration came from, to say where a key was set. Pure.

import type { Finding, Severity } from "../../base/finding.ts";
import { visible } from "../../base/text.ts";
import type { ConfigDocument, Entry } from "./document.ts";
import type { Complaint } from "./settings.ts";

export interface Source {
  readonly file: string;
  readonly document: ConfigDocument;
}

/** Where a key was set that stands in no file. */
const COMMAND_LINE = "-s";

/** The files, in the order in which they were begun: first the one that includes the others. */
export class Sources {
  readonly #sources: Source[] = [];

  add(file: string, document: ConfigDocument): void {
    this.#sources.push({ file, document });
  }

  /** A complaint where the key was set last, in the first file that sets it: that is the one its reader will change. */
  find(severity: Severity, complaint: Complaint): Finding {
    for (const source of this.#sources) {
      const entry = lastEntryOf(source.document, complaint.key);
      if (entry !== undefined) return findingAt(severity, source.file, entry, complaint);
    }
    return findingAt(severity, COMMAND_LINE, undefined, complaint);
  }

  findAll(severity: Severity, complaints: readonly Complaint[]): Finding[] {
    const findings: Finding[] = [];
    for (const complaint of complaints) findings.push(this.find(severity, complaint));
    return findings;
  }

  all(): readonly Source[] {
    return this.#sources;
  }
}

/** `entry` is undefined for the whole file. */
export function findingAt(severity: Severity, file: string, entry: Entry | undefined, complaint: Complaint): Finding {
  const subject = visible(complaint.key);
  const problem = complaint.problem;
  const hint = complaint.hint;
  if (entry === undefined) return { severity, file, line: 0, column: 0, subject, problem, hint };
  const column = complaint.about === "key" ? entry.keyColumn : entry.valueColumn;
  return { severity, file, line: entry.line, column, subject, problem, hint };
}

/** The last line of the key itself, or else of a key below it. */
function lastEntryOf(document: ConfigDocument, key: string): Entry | undefined {
  let own: Entry | undefined;
  let below: Entry | undefined;
  for (const entry of document.entries()) {
    if (entry.key === key) own = entry;
    else if (entry.key.startsWith(`${key}.`)) below = entry;
  }
  return own ?? below;
}
