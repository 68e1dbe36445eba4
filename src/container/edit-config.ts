// Changing the configuration file of a container, while no other tool does.

import { LxcError } from "../base/errors.ts";
import type { Finding } from "../base/finding.ts";
import { bytesOfLetters, lettersOf } from "../base/latin1.ts";
import type { Environment } from "../kernel/environment.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { readRegular, replaceBytes } from "../kernel/replace-file.ts";
import { configTextOf } from "./config/config-file.ts";
import { type Change, edited } from "./config/edit.ts";
import { findingsIn } from "./config/findings.ts";
import { type ReadConfig, readIncludes } from "./config/load.ts";
import type { Container } from "./container.ts";
import { withContainerLock } from "./lock.ts";

export interface EditOutcome {
  readonly read: ReadConfig;
  /** What there is to say about the file as it is now. */
  readonly findings: readonly Finding[];
}

/** Which file is to be changed, and how; the container is the one whose lock is taken meanwhile. */
export interface EditRequest {
  readonly container: Container;
  readonly file: string;
  readonly change: Change;
}

/** Writes the changed file in one step. Throws, with the file as it was, when it would become wrong. */
export function editConfig(runDir: string, request: EditRequest, environment: Environment): EditOutcome {
  const file = request.file;
  const change = request.change;
  const outcomes: EditOutcome[] = [];
  withContainerLock(runDir, request.container, () => {
    const bytes = readRegular(file);
    const isText = isSame(bytesOfText(configTextOf(bytes)), bytes);
    const text = isText ? configTextOf(bytes) : lettersOf(bytes);
    const wanted = isText ? change : inLetters(change);
    const result = edited(text, wanted, { file, readInclude: readIncludes, environment });
    if (result.refused.length > 0) {
      const { refused: findings } = result;
      throw new LxcError("config-invalid", `change ${file}`, "it would be wrong then", { findings });
    }
    if (result.text !== text) replaceBytes(file, isText ? bytesOfText(result.text) : bytesOfLetters(result.text));
    outcomes.push({ read: result.read, findings: findingsIn(result.read) });
  });
  const outcome = outcomes[0];
  if (outcome === undefined) throw new LxcError("bug", `change ${file}`, "nothing was done");
  return outcome;
}

/** A file that is not UTF-8 is changed byte by byte, so that its other lines stay as they are. */
function inLetters(change: Change): Change {
  const values: string[] = [];
  for (const value of change.values) values.push(lettersOf(bytesOfText(value)));
  return { key: change.key, values, append: change.append };
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
