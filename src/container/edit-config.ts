// Changing the configuration file of a container, while no other tool does.

import { LxcError } from "../base/errors.ts";
import type { Finding } from "../base/finding.ts";
import { readText } from "../kernel/files.ts";
import { replaceFile } from "../kernel/replace-file.ts";
import { type Change, edited } from "./config/edit.ts";
import { findingsIn } from "./config/findings.ts";
import type { Environment } from "./config/keys.ts";
import { type ReadConfig, readIncludes } from "./config/load.ts";
import { type Container, configFileOf } from "./container.ts";
import { withContainerLock } from "./lock.ts";

export interface EditOutcome {
  readonly read: ReadConfig;
  /** What there is to say about the file as it is now. */
  readonly findings: readonly Finding[];
}

/** Writes the changed file in one step. Throws, with the file as it was, when it would become wrong. */
export function editConfig(
  runDir: string,
  container: Container,
  change: Change,
  environment: Environment,
): EditOutcome {
  const file = configFileOf(container);
  const outcomes: EditOutcome[] = [];
  withContainerLock(runDir, container, () => {
    const text = readText(file);
    const result = edited(text, change, { file, readInclude: readIncludes, environment });
    if (result.refused.length > 0) {
      const { refused: findings } = result;
      throw new LxcError("config-invalid", `change ${file}`, "it would be wrong then", { findings });
    }
    if (result.text !== text) replaceFile(file, result.text);
    outcomes.push({ read: result.read, findings: findingsIn(result.read) });
  });
  const outcome = outcomes[0];
  if (outcome === undefined) throw new LxcError("bug", `change ${file}`, "nothing was done");
  return outcome;
}
